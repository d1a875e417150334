package job

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// unwind is how long a job may take to end after its time-out before it is taken for dead and started
// again, perhaps elsewhere.
const unwind = 2 * time.Second

// worker adapts a function to River.
type worker[T Args] struct {
	river.WorkerDefaults[T]
	options Options
	now     func() time.Time
	work    func(ctx context.Context, args T) error
}

// Timeout is when River takes the job for dead; Work's own comes before.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.options.Timeout + unwind }

// NextRetry says when a failed job runs again; the zero time leaves it to River.
func (w *worker[T]) NextRetry(job *river.Job[T]) time.Time {
	if w.options.Backoff == nil {
		return time.Time{}
	}
	wait := w.options.Backoff(job.Attempt)
	if spread := int64(wait / 5); spread > 0 {
		wait += time.Duration(rand.Int64N(spread) - spread/2) //nolint:gosec // nobody gains from guessing it
	}
	return w.now().Add(wait)
}

// Work does one attempt.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout)
	defer cancel()
	return w.work(ctx, job.Args)
}

// sweepArgs name a sweep; nothing of them is stored but the kind.
type sweepArgs struct{ name string }

// Kind returns the sweep's own kind: that is what keeps it from running twice at once.
func (a sweepArgs) Kind() string { return "sweep." + a.name }

// sweepWorker runs one turn of a sweep. It never fails as a job, so that it is never retried either:
// the next turn does what this one left.
type sweepWorker struct {
	river.WorkerDefaults[sweepArgs]
	sweep  sweep
	logger *slog.Logger
}

// Timeout is when River takes the turn for dead; Work's own comes before.
func (w *sweepWorker) Timeout(*river.Job[sweepArgs]) time.Duration { return w.sweep.timeout + unwind }

// Work does one turn.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	limited, cancel := context.WithTimeout(ctx, w.sweep.timeout)
	defer cancel()
	if err := w.sweep.work(limited); err != nil && ctx.Err() == nil {
		w.logger.WarnContext(ctx, "sweep failed", "sweep", w.sweep.name, "error", err)
	}
	return nil
}

// unfinished are the states of a job that waits or runs.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}

// periodic returns the sweep as River's leader enqueues it. The unique states leave out a turn while
// another waits or runs; a turn is never scheduled, which is where uniqueness would be slow.
func (s sweep) periodic() *river.PeriodicJob {
	options := &river.InsertOpts{
		Queue:       sweepQueue,
		MaxAttempts: 1,
		UniqueOpts:  river.UniqueOpts{ByState: unfinished()},
	}
	return river.NewPeriodicJob(
		river.PeriodicInterval(s.interval),
		func() (river.JobArgs, *river.InsertOpts) { return sweepArgs{s.name}, options },
		&river.PeriodicJobOpts{RunOnStart: true},
	)
}
