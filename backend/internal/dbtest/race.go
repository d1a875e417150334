package dbtest

import "sync"

// AtOnce runs all of it at the same time, as callers of several replicas would, and returns the errors
// in the order of the work.
func AtOnce(work ...func() error) []error {
	errs := make([]error, len(work))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, w := range work {
		wg.Go(func() {
			<-start
			errs[i] = w()
		})
	}
	close(start)
	wg.Wait()
	return errs
}
