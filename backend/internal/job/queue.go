package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
)

const (
	// River looks for jobs of dead processes twice a minute and at start, and leaves alone those whose
	// own time-out has not passed yet.
	shortestTimeout = 5 * time.Second
	rescueAfter     = 6 * time.Second

	keepCompleted = time.Hour
	keepCancelled = 24 * time.Hour
	keepDiscarded = 7 * 24 * time.Hour

	cancelFor = 5 * time.Second
)

// Config is what a Queue is made of.
type Config struct {
	DB       *db.DB
	Registry *Registry // complete: what is added after New is not seen
	Logger   *slog.Logger
	Now      func() time.Time
}

// Queue takes jobs in, and works them between Start and Stop.
type Queue struct {
	registry *Registry
	logger   *slog.Logger
	runner   runner
	insert   func(tx *gorm.DB, args Args, options *river.InsertOpts) error
	state    atomic.Int32
}

// runner is River's client without the type of its transactions.
type runner interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Stopped() <-chan struct{}
}

const (
	stateIdle int32 = iota
	stateRunning
	stateStopped
)

// New checks the registry and makes a queue that takes jobs in; Start makes it work them.
func New(c Config) (*Queue, error) {
	if err := c.Registry.check(); err != nil {
		return nil, err
	}
	q := &Queue{registry: c.Registry, logger: c.Logger}
	if err := q.connect(c.DB, riverConfig(c)); err != nil {
		return nil, err
	}
	return q, nil
}

func riverConfig(c Config) *river.Config {
	workers := river.NewWorkers()
	for _, k := range c.Registry.kinds {
		k.add(workers, c.Now)
	}
	periodic := make([]*river.PeriodicJob, 0, len(c.Registry.sweeps))
	for _, s := range c.Registry.sweeps {
		river.AddWorkerArgs(workers, sweepArgs{s.name}, &sweepWorker{sweep: s, logger: c.Logger})
		periodic = append(periodic, s.periodic())
	}
	return &river.Config{
		CancelledJobRetentionPeriod: keepCancelled,
		CompletedJobRetentionPeriod: keepCompleted,
		DiscardedJobRetentionPeriod: keepDiscarded,
		ErrorHandler:                errorHandler{logger: c.Logger},
		// While replicas of two versions run, the older leaves the newer's kinds alone.
		FetchOnlyKnownKinds:  true,
		JobTimeout:           shortestTimeout,
		Logger:               slog.New(riverHandler{c.Logger.Handler()}),
		PeriodicJobs:         periodic,
		Queues:               c.Registry.queues(),
		RescueStuckJobsAfter: rescueAfter,
		Workers:              workers,
	}
}

// Enqueue adds a job to what tx, the transaction of a db.InTx, commits. It runs soon after.
func (q *Queue) Enqueue(tx *gorm.DB, args Args) error {
	k, known := q.registry.kinds[args.Kind()]
	if !known {
		return fmt.Errorf("enqueue %s: no worker is registered for this kind", args.Kind())
	}
	options := &river.InsertOpts{Queue: k.options.Queue, MaxAttempts: k.options.MaxAttempts}
	if k.options.Once {
		options.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: unfinished()}
	}
	if err := q.insert(tx, args, options); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}

// Start begins to work jobs and returns. Only Stop ends it: the end of ctx does not.
func (q *Queue) Start(ctx context.Context) error {
	if !q.state.CompareAndSwap(stateIdle, stateRunning) {
		return errors.New("start jobs: started before")
	}
	if err := q.runner.Start(context.WithoutCancel(ctx)); err != nil {
		q.state.Store(stateStopped)
		return fmt.Errorf("start jobs: %w", err)
	}
	return nil
}

// Stop takes up no more jobs and waits for the running ones until ctx ends. It then cancels those that
// are left, waits a moment more, and leaves them to be run again. Stopping a queue that does not run
// does nothing.
func (q *Queue) Stop(ctx context.Context) error {
	if !q.state.CompareAndSwap(stateRunning, stateStopped) {
		return nil
	}
	if err := q.runner.Stop(ctx); err == nil {
		return nil
	}
	q.logger.WarnContext(ctx, "cancelling jobs that did not end in time")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelFor)
	defer cancel()
	if err := q.runner.StopAndCancel(last); err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}

// Healthy reports whether jobs are being worked.
func (q *Queue) Healthy() error {
	if q.state.Load() != stateRunning {
		return errors.New("jobs are not running")
	}
	select {
	case <-q.runner.Stopped():
		return errors.New("jobs have stopped by themselves")
	default:
		return nil
	}
}
