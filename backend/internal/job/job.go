// Package job runs work outside of requests. A job is enqueued in the caller's transaction, so that it
// exists exactly when that transaction committed; it runs at least once, on any replica, is retried
// with back-off, and is found again soon after its process died. Sweeps recur, on one replica at a
// time. Only this package knows River, which does all of it.
package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
)

// Args are what a job is given: ids and nothing else, since they are stored as readable JSON. Never
// whole rows, which would be old by the time the job runs, and never secrets. Kind names the work and
// is stored too: changing it orphans jobs that wait.
type Args interface{ Kind() string }

// Options say how jobs of one kind are run.
type Options struct {
	// Timeout is how long one attempt may take before its context ends. It must be stated: a job whose
	// process died is found again after this time and up to half a minute.
	Timeout time.Duration
	// MaxAttempts is after how many failures the job is given up. 0 means 10.
	MaxAttempts int
	// Backoff is how long to wait after the given attempt, from 1, failed; a tenth of it is added or
	// taken at random. nil means the fourth power of the attempt in seconds: 1 s, 16 s, 81 s, 256 s …
	Backoff func(attempt int) time.Duration
	// Queue separates kinds that must not wait for each other. Empty means "default".
	Queue string
	// Once leaves a job out while one of the same kind and arguments waits or runs.
	Once bool
	// Workers is how many jobs of the queue one replica runs at once; among kinds of one queue the
	// largest number counts. 0 means 8.
	Workers int
}

const (
	defaultMaxAttempts = 10
	defaultWorkers     = 8
	sweepQueue         = "sweeps"
)

// Cancel makes the job that returns it end for good: trying again cannot help.
func Cancel(err error) error { return river.JobCancel(err) }

// Snooze makes the job that returns it run again after d without having spent an attempt. It is for
// "not yet"; recurring work is a row with a due time and a sweep.
func Snooze(d time.Duration) error { return river.JobSnooze(d) }

// Registry holds the kinds of jobs and the sweeps of a program. The zero value is empty and ready.
type Registry struct {
	kinds  map[string]kind
	sweeps []sweep
	errs   []error
}

type kind struct {
	options Options
	add     func(workers *river.Workers, now func() time.Time)
}

type sweep struct {
	name              string
	interval, timeout time.Duration
	work              func(context.Context) error
}

// Register makes work the one that does jobs with arguments of type T. A mistake in it is reported by
// New. Work must be repeatable: it runs again when the process dies before its end was recorded.
func Register[T Args](r *Registry, o Options, work func(ctx context.Context, args T) error) {
	var zero T
	name := zero.Kind()
	if o.Queue == "" {
		o.Queue = river.QueueDefault
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = defaultMaxAttempts
	}
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	if o.Timeout <= 0 {
		r.errs = append(r.errs, fmt.Errorf("job kind %s: the time-out must be stated", name))
	}
	if o.MaxAttempts < 0 || o.Workers < 0 {
		r.errs = append(r.errs, fmt.Errorf("job kind %s: attempts and workers must be positive", name))
	}
	r.add(name, kind{options: o, add: func(workers *river.Workers, now func() time.Time) {
		river.AddWorker(workers, &worker[T]{options: o, now: now, work: work})
	}})
}

// Every runs work each interval, first at start, on one replica at a time and never twice at once: a
// turn that comes while the last one still runs is left out, also one that was cut short by a crash
// and not found yet. A turn that fails is logged, and the next comes as usual.
func (r *Registry) Every(name string, interval, timeout time.Duration, work func(ctx context.Context) error) {
	if interval <= 0 || timeout <= 0 {
		r.errs = append(r.errs, fmt.Errorf("sweep %s: interval and time-out must be positive", name))
	}
	r.sweeps = append(r.sweeps, sweep{name: name, interval: interval, timeout: timeout, work: work})
}

func (r *Registry) add(name string, k kind) {
	if _, taken := r.kinds[name]; taken {
		r.errs = append(r.errs, fmt.Errorf("job kind %s: registered twice", name))
		return
	}
	if r.kinds == nil {
		r.kinds = map[string]kind{}
	}
	r.kinds[name] = k
}

func (r *Registry) check() error {
	names := map[string]bool{}
	errs := r.errs
	for _, s := range r.sweeps {
		if names[s.name] {
			errs = append(errs, fmt.Errorf("sweep %s: registered twice", s.name))
		}
		names[s.name] = true
	}
	return errors.Join(errs...)
}

// queues returns how many jobs of each queue may run at once.
func (r *Registry) queues() map[string]river.QueueConfig {
	queues := map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: defaultWorkers}}
	for _, k := range r.kinds {
		most := max(queues[k.options.Queue].MaxWorkers, k.options.Workers)
		queues[k.options.Queue] = river.QueueConfig{MaxWorkers: most}
	}
	if len(r.sweeps) > 0 {
		queues[sweepQueue] = river.QueueConfig{MaxWorkers: len(r.sweeps)}
	}
	return queues
}
