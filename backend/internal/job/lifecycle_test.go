package job_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/job"
)

func TestStop(t *testing.T) {
	t.Parallel()

	t.Run("it waits for the jobs that run", func(t *testing.T) {
		t.Parallel()
		d, began, release := dbtest.New(t), make(chan struct{}), make(chan struct{})
		q := start(t, newQueue(t, d, letters(job.Options{}, func(context.Context, letter) error {
			close(began)
			<-release
			return nil
		})))
		enqueue(t, d, q, "a")
		<-began
		stopped := make(chan error, 1)
		go func() { stopped <- stop(q, soon) }()
		eventually(t, func() bool { return q.Healthy() != nil }, "it is stopping")
		select {
		case err := <-stopped:
			require.Fail(t, "it stopped while a job was running", err)
		default:
		}
		close(release)
		require.NoError(t, <-stopped)
		requireState(t, d, row{State: "completed", Attempt: 1})
	})

	t.Run("jobs that do not end in time are cancelled, and run again without having spent an attempt", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewURL(t)
		d, began, done := dbtest.Open(t, url), make(chan struct{}), make(chan struct{})
		q := start(t, newQueue(t, d, letters(job.Options{MaxAttempts: 1}, func(ctx context.Context, _ letter) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		})))
		enqueue(t, d, q, "a")
		<-began
		require.NoError(t, stop(q, 100*time.Millisecond))
		requireState(t, d, row{State: "available", Attempt: 0})

		start(t, newQueue(t, dbtest.Open(t, url), letters(job.Options{MaxAttempts: 1}, func(context.Context, letter) error {
			close(done)
			return nil
		})))
		<-done
	})

	t.Run("the end of the context that it was started with does not stop it", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), make(chan struct{})
		q := newQueue(t, d, letters(job.Options{}, func(context.Context, letter) error { close(done); return nil }))
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, q.Start(ctx))
		t.Cleanup(func() { require.NoError(t, stop(q, soon)) })
		cancel()
		enqueue(t, d, q, "a")
		<-done
	})
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	q := newQueue(t, dbtest.New(t), letters(job.Options{}, func(context.Context, letter) error { return nil }))
	require.Error(t, q.Healthy(), "not started")
	require.NoError(t, stop(q, soon), "stopping what does not run does nothing")
	require.NoError(t, q.Start(t.Context()))
	require.NoError(t, q.Healthy())
	require.Error(t, q.Start(t.Context()), "it starts once")
	require.NoError(t, stop(q, soon))
	require.Error(t, q.Healthy(), "stopped")
}

func TestRescue(t *testing.T) {
	t.Parallel()

	// abandon leaves a job as a process leaves it that was killed while it ran.
	abandon := func(tx *gorm.DB, startedBefore time.Duration) error {
		return tx.Exec("UPDATE river_job SET state = 'running', attempt = 1, attempted_at = ?", time.Now().UTC().Add(-startedBefore)).Error
	}

	t.Run("a job whose process was killed runs again", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), make(chan struct{})
		q := newQueue(t, d, letters(job.Options{}, func(context.Context, letter) error { close(done); return nil }))
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			return errors.Join(q.Enqueue(tx, letter{}), abandon(tx, time.Minute))
		}))
		start(t, q)
		<-done
		requireState(t, d, row{State: "completed", Attempt: 2})
	})

	t.Run("a job that may still be running is left alone", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		r := letters(job.Options{Timeout: time.Hour}, func(context.Context, letter) error { return nil })
		rescued := make(chan struct{})
		job.Register(r, job.Options{Timeout: time.Second, Backoff: func(int) time.Duration { return time.Millisecond }},
			func(context.Context, parcel) error { close(rescued); return nil })
		q := newQueue(t, d, r)
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			return errors.Join(q.Enqueue(tx, letter{}), q.Enqueue(tx, parcel{}), abandon(tx, time.Minute))
		}))
		start(t, q)
		<-rescued
		requireState(t, d, row{State: "running", Attempt: 1})
	})
}

func TestEvery(t *testing.T) {
	t.Parallel()

	t.Run("it runs at start, then each interval, on one replica at a time and never twice at once", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewURL(t)
		var running, overlaps, turns atomic.Int32
		sweep := func(context.Context) error {
			if running.Add(1) > 1 {
				overlaps.Add(1)
			}
			defer running.Add(-1)
			<-time.After(150 * time.Millisecond) // longer than the interval
			turns.Add(1)
			return nil
		}
		replica := func() *job.Queue {
			r := &job.Registry{}
			r.Every("test", 50*time.Millisecond, 10*time.Second, sweep)
			return start(t, newQueue(t, dbtest.Open(t, url), r))
		}
		one, two := replica(), replica()
		eventually(t, func() bool { return turns.Load() >= 5 }, "turns follow each other")

		require.NoError(t, stop(one, soon))
		before := turns.Load()
		eventually(t, func() bool { return turns.Load() >= before+3 }, "the other replica goes on")
		require.NoError(t, stop(two, soon))
		require.Zero(t, overlaps.Load())
	})

	t.Run("however many replicas start, one turn is due", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewURL(t)
		var turns atomic.Int32
		d := dbtest.Open(t, url)
		var queues []*job.Queue
		for range 3 {
			r := &job.Registry{}
			r.Every("hourly", time.Hour, 10*time.Second, func(context.Context) error { turns.Add(1); return nil })
			queues = append(queues, start(t, newQueue(t, dbtest.Open(t, url), r)))
		}
		eventually(t, func() bool { return turns.Load() == 1 }, "it runs at start")
		for _, q := range queues[1:] {
			require.NoError(t, q.Healthy())
		}
		require.Len(t, rows(t, d, "sweep.hourly"), 1)
	})

	t.Run("a turn that fails, panics or times out does not end it", func(t *testing.T) {
		t.Parallel()
		var turns atomic.Int32
		r := &job.Registry{}
		r.Every("clumsy", 20*time.Millisecond, 200*time.Millisecond, func(ctx context.Context) error {
			switch turns.Add(1) {
			case 1:
				return errors.New("failed")
			case 2:
				panic("boom")
			case 3:
				<-ctx.Done()
				return ctx.Err()
			case 4:
				return job.Cancel(errors.New("pointless"))
			}
			return nil
		})
		d := dbtest.New(t)
		start(t, newQueue(t, d, r))
		eventually(t, func() bool { return turns.Load() >= 6 }, "turns go on")
	})
}
