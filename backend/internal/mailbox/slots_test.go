package mailbox_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/mailbox"
)

// clock is one that a test moves ahead of the machine's.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead).UTC().Truncate(time.Microsecond)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// replica is one process, whose loop runs until stop.
func replica(t *testing.T, d *db.DB, c *clock) (s *mailbox.Slots, stop func()) {
	t.Helper()
	s = &mailbox.Slots{DB: d, Replica: uuid.NewString(), Now: c.now, Logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return s, stop
}

func take(t *testing.T, s *mailbox.Slots, id string) *mailbox.Slot {
	t.Helper()
	slot, err := s.Take(t.Context(), id)
	require.NoError(t, err)
	return slot
}

func TestTake(t *testing.T) {
	t.Parallel()
	t.Run("four at a time, the others in turn", func(t *testing.T) {
		t.Parallel()
		s, _ := replica(t, dbtest.New(t), &clock{})
		var held []*mailbox.Slot
		for range 4 {
			held = append(held, take(t, s, "a"))
		}
		take(t, s, "b").Release() // another mailbox has places of its own
		short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := s.Take(short, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		order := make(chan int, 3)
		var group sync.WaitGroup
		for i := range 3 {
			begun := make(chan struct{})
			group.Go(func() {
				close(begun)
				slot, err := s.Take(context.Background(), "a")
				if err == nil {
					order <- i
					slot.Release()
				}
			})
			<-begun
			require.Eventually(t, func() bool { return s.Waiting("a") == i+1 }, 5*time.Second, time.Millisecond)
		}
		held[0].Release()
		held[0].Release() // twice is once
		group.Wait()
		for i := range 3 {
			require.Equal(t, i, <-order)
		}
	})
	t.Run("a queue that is full refuses", func(t *testing.T) {
		t.Parallel()
		s, _ := replica(t, dbtest.New(t), &clock{})
		for range 4 {
			take(t, s, "a")
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() { _, _ = s.Take(ctx, "a") })
		}
		require.Eventually(t, func() bool { return s.Waiting("a") == 64 }, 5*time.Second, time.Millisecond)
		_, err := s.Take(t.Context(), "a")
		require.ErrorIs(t, err, mailbox.ErrBusy)
		cancel()
		group.Wait()
		require.Zero(t, s.Waiting("a"), "who goes away leaves the queue")
	})
	t.Run("a mailbox that is to be left alone is", func(t *testing.T) {
		t.Parallel()
		c := &clock{}
		s, _ := replica(t, dbtest.New(t), c)
		s.LeaveAlone("a", time.Minute)
		s.LeaveAlone("a", time.Second) // less than what was asked before
		_, err := s.Take(t.Context(), "a")
		require.ErrorIs(t, err, mailbox.ErrThrottled)
		take(t, s, "b").Release()
		c.advance(59500 * time.Millisecond)
		began := c.now()
		take(t, s, "a").Release()
		require.Greater(t, c.now().Sub(began), 300*time.Millisecond, "it waits when it is short")
	})
}

// TestShared has several replicas on one database, which takes PostgreSQL.
func TestShared(t *testing.T) {
	t.Parallel()
	if !dbtest.HasPostgres() {
		t.Skip("needs PostgreSQL")
	}
	// open makes as many connections to one database as there are replicas.
	open := func(t *testing.T, n int) []*db.DB {
		t.Helper()
		url := dbtest.PostgresURL(t)
		all := []*db.DB{dbtest.Open(t, url)}
		for len(all) < n {
			d, err := db.Open(t.Context(), url, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, d.Close()) })
			all = append(all, d)
		}
		return all
	}
	t.Run("never more than four, and everybody gets on", func(t *testing.T) {
		t.Parallel()
		c := &clock{}
		var mu sync.Mutex
		now, most := 0, 0
		done := make([]int, 3)
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		var group sync.WaitGroup
		for i, d := range open(t, 3) {
			s, _ := replica(t, d, c)
			for range 8 {
				group.Go(func() {
					for ctx.Err() == nil {
						slot, err := s.Take(ctx, "a")
						if err != nil {
							return
						}
						mu.Lock()
						now++
						most = max(most, now)
						mu.Unlock()
						<-time.After(5 * time.Millisecond) // the call
						mu.Lock()
						now--
						done[i]++
						mu.Unlock()
						slot.Release()
					}
				})
			}
		}
		group.Wait()
		require.Equal(t, 4, most)
		for i, n := range done {
			require.Greater(t, n, 50, "replica %d of %v", i, done)
		}
	})
	t.Run("who has all gives up its half as calls end, and no call is cut for it", func(t *testing.T) {
		t.Parallel()
		c := &clock{}
		ds := open(t, 2)
		first, _ := replica(t, ds[0], c)
		second, _ := replica(t, ds[1], c)
		held := []*mailbox.Slot{take(t, first, "a"), take(t, first, "a"), take(t, first, "a"), take(t, first, "a")}
		got := make(chan *mailbox.Slot, 2)
		for range 2 {
			go func() {
				if slot, err := second.Take(context.Background(), "a"); err == nil {
					got <- slot
				}
			}()
		}
		require.Eventually(t, func() bool { return second.Waiting("a") == 2 }, 5*time.Second, time.Millisecond)
		select {
		case <-got:
			require.Fail(t, "a fifth place")
		case <-time.After(time.Second):
		}
		for _, slot := range held {
			slot.Release()
		}
		(<-got).Release()
		(<-got).Release()
	})
	t.Run("what a dead replica held comes free by itself", func(t *testing.T) {
		t.Parallel()
		c := &clock{}
		ds := open(t, 2)
		dead, _ := replica(t, ds[0], c)
		for range 4 {
			take(t, dead, "a")
		}
		require.NoError(t, ds[0].Close()) // it can renew nothing any more
		living, _ := replica(t, ds[1], c)
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := living.Take(short, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		c.advance(7 * time.Second)
		take(t, living, "a").Release()
	})
	t.Run("a replica that stops gives up all it has", func(t *testing.T) {
		t.Parallel()
		c := &clock{}
		ds := open(t, 2)
		leaving, stop := replica(t, ds[0], c)
		for range 4 {
			take(t, leaving, "a").Release()
		}
		stop()
		staying, _ := replica(t, ds[1], c)
		for range 4 {
			take(t, staying, "a")
		}
	})
	t.Run("what is idle is given up, and what is in use is kept", func(t *testing.T) {
		t.Parallel()
		c := &clock{}
		ds := open(t, 1)
		s, _ := replica(t, ds[0], c)
		held := take(t, s, "a")
		rows := func() (n int64) {
			require.NoError(t, ds[0].Read(t.Context()).Table("mailbox_slots").Count(&n).Error)
			return n
		}
		require.Equal(t, int64(1), rows())
		c.advance(10 * time.Second) // beyond the lease
		require.Eventually(t, func() bool {
			var live int64
			require.NoError(t, ds[0].Read(t.Context()).Table("mailbox_slots").Where("expires_at > ?", c.now()).Count(&live).Error)
			return live == 1
		}, 5*time.Second, 10*time.Millisecond)
		held.Release()
		c.advance(3 * time.Second)
		require.Eventually(t, func() bool { return rows() == 0 }, 5*time.Second, 10*time.Millisecond)
	})
}
