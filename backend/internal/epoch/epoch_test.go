package epoch_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/epoch"
)

// process is one of those that share a database, with something it remembers. Its clock stands still.
type process struct {
	db     *db.DB
	now    time.Time
	watch  *epoch.Watch
	memory *epoch.Memory[string, int]
	reads  int
}

func newProcess(t *testing.T, url string) *process {
	t.Helper()
	d, err := db.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() }) // a test may have closed it
	p := &process{db: d, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	p.watch = &epoch.Watch{DB: d, Logger: slog.New(slog.DiscardHandler), Clock: func() time.Time { return p.now }}
	p.memory = epoch.NewMemory[string, int](p.watch, 100)
	return p
}

// load returns the value as of the given read; a remembered one is of an earlier read.
func (p *process) load(t *testing.T) int {
	t.Helper()
	value, err := p.memory.Load(t.Context(), "who", func(context.Context) (int, error) {
		p.reads++
		return p.reads, nil
	})
	require.NoError(t, err)
	return value
}

func TestMemory(t *testing.T) {
	t.Parallel()
	t.Run("nothing is remembered before the epoch was read", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, dbtest.NewURL(t))
		require.Equal(t, 1, p.load(t))
		require.Equal(t, 2, p.load(t))
	})
	t.Run("what was read is remembered while nothing changes", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, dbtest.NewURL(t))
		p.watch.RunOnce(t.Context())
		require.Equal(t, 1, p.load(t))
		p.watch.RunOnce(t.Context())
		require.Equal(t, 1, p.load(t))
		p.memory.Forget("who")
		require.Equal(t, 2, p.load(t))
	})
	t.Run("a change of this process counts at once, also one whose commit was not confirmed", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, dbtest.NewURL(t))
		p.watch.RunOnce(t.Context())
		p.load(t)
		require.NoError(t, p.db.InTx(t.Context(), db.BumpEpoch))
		require.Equal(t, 2, p.load(t))
		lost := errors.New("the answer got lost")
		require.ErrorIs(t, p.db.InTx(t.Context(), func(tx *gorm.DB) error { return errors.Join(db.BumpEpoch(tx), lost) }), lost)
		require.Equal(t, 3, p.load(t))
	})
	t.Run("a change of another process counts from the next reading on", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewURL(t)
		p, other := newProcess(t, url), newProcess(t, url)
		p.watch.RunOnce(t.Context())
		p.load(t)
		require.NoError(t, other.db.InTx(t.Context(), db.BumpEpoch))
		p.watch.RunOnce(t.Context())
		require.Equal(t, 2, p.load(t))
	})
	t.Run("an epoch that comes to an old number again is another", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewURL(t)
		p, other := newProcess(t, url), newProcess(t, url)
		p.watch.RunOnce(t.Context())
		p.load(t)
		for _, step := range []string{"value - 1", "value + 1"} { // lost by a failover, then counted for something else
			require.NoError(t, other.db.InTx(t.Context(), func(tx *gorm.DB) error {
				return tx.Exec("UPDATE epochs SET value = " + step + " WHERE name = 'access'").Error
			}))
			p.watch.RunOnce(t.Context())
		}
		require.Equal(t, 2, p.load(t))
	})
	t.Run("what changes while a value is read is not missed", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, dbtest.NewURL(t))
		p.watch.RunOnce(t.Context())
		_, err := p.memory.Load(t.Context(), "who", func(ctx context.Context) (int, error) {
			return 0, p.db.InTx(ctx, db.BumpEpoch) // after the value was read, before it is kept
		})
		require.NoError(t, err)
		require.Equal(t, 1, p.load(t))
	})
	t.Run("a process that can't read the epoch soon trusts nothing, and recovers", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, dbtest.NewURL(t))
		p.watch.RunOnce(t.Context())
		p.load(t)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		p.now = p.now.Add(750 * time.Millisecond)
		p.watch.RunOnce(cancelled)
		require.Equal(t, 1, p.load(t), "with the time that one reading takes, a second has not passed")
		p.now = p.now.Add(time.Millisecond)
		p.watch.RunOnce(cancelled)
		require.Equal(t, 2, p.load(t))
		p.watch.RunOnce(t.Context())
		again := p.load(t)
		require.Equal(t, again, p.load(t))
	})
	t.Run("failures are not remembered", func(t *testing.T) {
		t.Parallel()
		p := newProcess(t, dbtest.NewURL(t))
		p.watch.RunOnce(t.Context())
		failed := errors.New("the database is away")
		_, err := p.memory.Load(t.Context(), "who", func(context.Context) (int, error) { return 0, failed })
		require.ErrorIs(t, err, failed)
		require.Equal(t, 1, p.load(t))
	})
	t.Run("without a memory everything is read", func(t *testing.T) {
		t.Parallel()
		p := &process{}
		require.Equal(t, 1, p.load(t))
		require.Equal(t, 2, p.load(t))
	})
}

func TestRun(t *testing.T) {
	t.Parallel()
	url := dbtest.NewURL(t)
	p, other := newProcess(t, url), newProcess(t, url)
	p.watch.Clock = nil
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		p.watch.Run(ctx)
		close(ended)
	}()
	before := 0
	require.Eventually(t, func() bool {
		before = p.load(t)
		return p.load(t) == before
	}, 5*time.Second, 10*time.Millisecond)
	require.NoError(t, other.db.InTx(t.Context(), db.BumpEpoch))
	require.Eventually(t, func() bool { return p.load(t) > before }, 5*time.Second, 10*time.Millisecond)
	cancel()
	<-ended
}
