package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/job"
)

func TestEnqueue(t *testing.T) {
	t.Parallel()

	t.Run("a job of a transaction that was undone never exists, one that committed runs once", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), &log{}
		q := start(t, newQueue(t, d, letters(job.Options{}, func(_ context.Context, l letter) error {
			done.add(l.ID)
			return nil
		})))
		undone := errors.New("undone")
		require.ErrorIs(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			require.NoError(t, q.Enqueue(tx, letter{ID: "lost"}))
			return undone
		}), undone)
		enqueue(t, d, q, "kept")
		requireState(t, d, row{State: "completed", Attempt: 1})
		require.Equal(t, []string{"kept"}, done.all())
	})

	t.Run("what else the transaction does commits with it", func(t *testing.T) {
		t.Parallel()
		d, seen := dbtest.New(t), make(chan int64, 1)
		q := start(t, newQueue(t, d, letters(job.Options{}, func(ctx context.Context, _ letter) error {
			var value int64
			err := d.Read(ctx).Raw("SELECT value FROM epochs WHERE name = 'access'").Scan(&value).Error
			seen <- value
			return err
		})))
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			require.NoError(t, q.Enqueue(tx, letter{ID: "a"}))
			return tx.Exec("UPDATE epochs SET value = 42 WHERE name = 'access'").Error
		}))
		require.EqualValues(t, 42, <-seen)
	})

	t.Run("a job may enqueue the next", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), &log{}
		var q *job.Queue
		q = newQueue(t, d, letters(job.Options{}, func(ctx context.Context, l letter) error {
			if done.add(l.ID) == 3 {
				return nil
			}
			return d.InTx(ctx, func(tx *gorm.DB) error { return q.Enqueue(tx, letter{ID: l.ID + "+"}) })
		}))
		start(t, q)
		enqueue(t, d, q, "a")
		eventually(t, func() bool { return len(done.all()) == 3 }, "the chain ends")
		require.Equal(t, []string{"a", "a+", "a++"}, done.all())
	})

	t.Run("two replicas share the work and do nothing twice", func(t *testing.T) {
		t.Parallel()
		url, done := dbtest.NewURL(t), &log{}
		work := func(_ context.Context, l letter) error { done.add(l.ID); return nil }
		d := dbtest.Open(t, url)
		one := start(t, newQueue(t, d, letters(job.Options{}, work)))
		start(t, newQueue(t, dbtest.Open(t, url), letters(job.Options{}, work)))
		var ids []string
		for i := range 100 {
			ids = append(ids, fmt.Sprintf("%03d", i))
		}
		enqueue(t, d, one, ids...)
		eventually(t, func() bool {
			for _, r := range rows(t, d, letter{}.Kind()) {
				if r.State != "completed" {
					return false
				}
			}
			return true
		}, "all are completed")
		require.ElementsMatch(t, ids, done.all())
	})

	t.Run("a job that is to be there once is left out while its like waits or runs", func(t *testing.T) {
		t.Parallel()
		d, done, held := dbtest.New(t), &log{}, make(chan struct{})
		q := newQueue(t, d, letters(job.Options{Once: true, Workers: 1}, func(_ context.Context, l letter) error {
			<-held
			done.add(l.ID)
			return nil
		}))
		enqueue(t, d, q, "a", "b", "a")
		start(t, q)
		eventually(t, func() bool { return rows(t, d, letter{}.Kind())[0].State == "running" }, "the first is taken up")
		enqueue(t, d, q, "a", "b")
		close(held)
		eventually(t, func() bool { return len(done.all()) == 2 }, "both are worked")
		eventually(t, func() bool { return rows(t, d, letter{}.Kind())[0].State == "completed" }, "the first is over")
		enqueue(t, d, q, "a")
		eventually(t, func() bool { return len(done.all()) == 3 }, "afterwards it is taken in again")
		require.ElementsMatch(t, []string{"a", "b", "a"}, done.all())
	})

	t.Run("only a running transaction of InTx is accepted", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		q := newQueue(t, d, letters(job.Options{}, func(context.Context, letter) error { return nil }))
		require.ErrorContains(t, q.Enqueue(d.Read(t.Context()), letter{}), "InTx")
		var over *gorm.DB
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error { over = tx; return nil }))
		require.ErrorContains(t, q.Enqueue(over, letter{}), "InTx")
	})

	t.Run("a kind without a worker is refused", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		q := newQueue(t, d, &job.Registry{})
		err := d.InTx(t.Context(), func(tx *gorm.DB) error { return q.Enqueue(tx, letter{}) })
		require.ErrorContains(t, err, "no worker is registered")
	})
}

func TestOutcomes(t *testing.T) {
	t.Parallel()

	t.Run("a failed job runs again after the back-off of its kind", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), &log{}
		wait, at := 600*time.Millisecond, make(chan time.Time, 2)
		q := start(t, newQueue(t, d, letters(job.Options{Backoff: func(int) time.Duration { return wait }},
			func(_ context.Context, l letter) error {
				at <- time.Now()
				if done.add(l.ID) == 1 {
					return errors.New("not this time")
				}
				return nil
			})))
		enqueue(t, d, q, "a")
		requireState(t, d, row{State: "completed", Attempt: 2})
		first, second := <-at, <-at
		require.GreaterOrEqual(t, second.Sub(first), wait*9/10, "a tenth less at most")
	})

	t.Run("a job that panics runs again", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), &log{}
		q := start(t, newQueue(t, d, letters(job.Options{}, func(_ context.Context, l letter) error {
			if done.add(l.ID) == 1 {
				panic("boom")
			}
			return nil
		})))
		enqueue(t, d, q, "a")
		requireState(t, d, row{State: "completed", Attempt: 2})
	})

	t.Run("a job that keeps failing is given up after its attempts", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), &log{}
		q := start(t, newQueue(t, d, letters(job.Options{MaxAttempts: 3}, func(_ context.Context, l letter) error {
			done.add(l.ID)
			return errors.New("never")
		})))
		enqueue(t, d, q, "a")
		requireState(t, d, row{State: "discarded", Attempt: 3})
		require.Len(t, done.all(), 3)
	})

	t.Run("a cancelled job is not tried again", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), &log{}
		q := start(t, newQueue(t, d, letters(job.Options{}, func(_ context.Context, l letter) error {
			done.add(l.ID)
			return fmt.Errorf("give up: %w", job.Cancel(errors.New("pointless")))
		})))
		enqueue(t, d, q, "a")
		requireState(t, d, row{State: "cancelled", Attempt: 1})
		require.Len(t, done.all(), 1)
	})

	t.Run("a snoozed job runs again without having spent an attempt", func(t *testing.T) {
		t.Parallel()
		d, done := dbtest.New(t), &log{}
		q := start(t, newQueue(t, d, letters(job.Options{MaxAttempts: 1}, func(_ context.Context, l letter) error {
			if done.add(l.ID) < 3 {
				return job.Snooze(10 * time.Millisecond)
			}
			return nil
		})))
		enqueue(t, d, q, "a")
		requireState(t, d, row{State: "completed", Attempt: 1})
		require.Len(t, done.all(), 3)
	})

	t.Run("the context of a job ends with its time-out", func(t *testing.T) {
		t.Parallel()
		d, ended := dbtest.New(t), make(chan error, 1)
		q := start(t, newQueue(t, d, letters(job.Options{Timeout: 50 * time.Millisecond, MaxAttempts: 1},
			func(ctx context.Context, _ letter) error {
				<-ctx.Done()
				ended <- ctx.Err()
				return ctx.Err()
			})))
		enqueue(t, d, q, "a")
		require.ErrorIs(t, <-ended, context.DeadlineExceeded)
		requireState(t, d, row{State: "discarded", Attempt: 1})
	})
}

type parcel struct{}

func (parcel) Kind() string { return "test.parcel" }

func TestQueues(t *testing.T) {
	t.Parallel()

	t.Run("kinds in other queues do not wait for one that is full", func(t *testing.T) {
		t.Parallel()
		d, done, release := dbtest.New(t), make(chan struct{}), make(chan struct{})
		r := letters(job.Options{Workers: 1}, func(context.Context, letter) error { <-release; return nil })
		job.Register(r, job.Options{Timeout: time.Second, Queue: "parcels"}, func(context.Context, parcel) error {
			close(done)
			return nil
		})
		q := start(t, newQueue(t, d, r))
		t.Cleanup(func() { close(release) })
		enqueue(t, d, q, "a", "b", "c")
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error { return q.Enqueue(tx, parcel{}) }))
		<-done
	})
}

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("every mistake in the registry is named", func(t *testing.T) {
		t.Parallel()
		r, work := &job.Registry{}, func(context.Context, letter) error { return nil }
		job.Register(r, job.Options{}, work)
		job.Register(r, job.Options{Timeout: time.Second, MaxAttempts: -1}, work)
		sweep := func(context.Context) error { return nil }
		r.Every("twice", time.Second, time.Second, sweep)
		r.Every("twice", time.Second, time.Second, sweep)
		r.Every("never", 0, time.Second, sweep)
		_, err := job.New(job.Config{DB: dbtest.New(t), Registry: r, Logger: slog.New(slog.DiscardHandler), Now: time.Now})
		for _, says := range []string{
			"time-out must be stated", "must be positive", "test.letter: registered twice",
			"sweep twice: registered twice", "sweep never: interval",
		} {
			require.ErrorContains(t, err, says)
		}
	})
}
