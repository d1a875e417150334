package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/job"
)

const (
	soon = 20 * time.Second // more than any wait needs, even on a busy machine
	tick = 10 * time.Millisecond
)

type letter struct {
	ID string `json:"id"`
}

func (letter) Kind() string { return "test.letter" }

// log records which letters were worked, in order.
type log struct {
	mu  sync.Mutex
	ids []string
}

func (l *log) add(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = append(l.ids, id)
	return len(l.ids)
}

func (l *log) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.ids...)
}

func newQueue(t *testing.T, d *db.DB, r *job.Registry) *job.Queue {
	t.Helper()
	q, err := job.New(job.Config{
		DB: d, Registry: r, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().UTC() },
	})
	require.NoError(t, err)
	return q
}

func start(t *testing.T, q *job.Queue) *job.Queue {
	t.Helper()
	require.NoError(t, q.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, stop(q, 5*time.Second)) })
	return q
}

func stop(q *job.Queue, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return q.Stop(ctx)
}

// letters returns a registry whose one kind is worked by work.
func letters(o job.Options, work func(ctx context.Context, l letter) error) *job.Registry {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Backoff == nil {
		o.Backoff = func(int) time.Duration { return 20 * time.Millisecond }
	}
	r := &job.Registry{}
	job.Register(r, o, work)
	return r
}

func enqueue(t *testing.T, d *db.DB, q *job.Queue, ids ...string) {
	t.Helper()
	require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
		for _, id := range ids {
			if err := q.Enqueue(tx, letter{ID: id}); err != nil {
				return err
			}
		}
		return nil
	}))
}

type row struct {
	State   string
	Attempt int
}

func rows(t *testing.T, d *db.DB, kind string) (found []row) {
	t.Helper()
	require.NoError(t, d.Read(t.Context()).Raw("SELECT state, attempt FROM river_job WHERE kind = ? ORDER BY id", kind).Scan(&found).Error)
	return found
}

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, soon, tick, what)
}

func requireState(t *testing.T, d *db.DB, want row) {
	t.Helper()
	var got []row
	eventually(t, func() bool {
		got = rows(t, d, letter{}.Kind())
		return len(got) == 1 && got[0] == want
	}, fmt.Sprintf("the one letter becomes %+v", want))
}
