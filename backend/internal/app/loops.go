package app

import (
	"context"
	"sync"
)

// loops are the goroutines that run beside requests and jobs until the product stops.
type loops struct {
	running sync.WaitGroup
	cancel  context.CancelFunc
}

// start runs each function until stop.
func (l *loops) start(ctx context.Context, run ...func(context.Context)) {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, f := range run {
		l.running.Go(func() { f(ctx) })
	}
}

// stop ends what start began and waits for it. Without a start it does nothing.
func (l *loops) stop() {
	if l.cancel != nil {
		l.cancel()
	}
	l.running.Wait()
}
