package db_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
)

func requireCount(t *testing.T, d *db.DB, want int64) {
	t.Helper()
	n, err := count(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, want, n)
}

func TestInTx(t *testing.T) {
	t.Parallel()

	t.Run("what it did is there afterwards", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		require.NoError(t, insert(t.Context(), d, newPerson("a"), newPerson("b")))
		requireCount(t, d, 2)
	})

	t.Run("a failure undoes it and is handed back", func(t *testing.T) {
		t.Parallel()
		d, failure := dbtest.New(t), errors.New("no")
		err := d.InTx(t.Context(), func(tx *gorm.DB) error {
			p := newPerson("a")
			require.NoError(t, tx.Create(&p).Error)
			return failure
		})
		require.Equal(t, failure, err)
		requireCount(t, d, 0)
	})

	t.Run("a panic undoes it and goes on", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		require.PanicsWithValue(t, "boom", func() {
			_ = d.InTx(t.Context(), func(tx *gorm.DB) error {
				p := newPerson("a")
				require.NoError(t, tx.Create(&p).Error)
				panic("boom")
			})
		})
		requireCount(t, d, 0)
		require.NoError(t, insert(t.Context(), d, newPerson("b")), "the writer is free again")
	})

	t.Run("the end of its context undoes it", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := d.InTx(ctx, func(tx *gorm.DB) error {
			p := newPerson("a")
			require.NoError(t, tx.Create(&p).Error)
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		requireCount(t, d, 0)
		require.NoError(t, insert(t.Context(), d, newPerson("b")), "the writer is free again")
	})

	t.Run("another one inside it is refused", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		err := d.InTx(t.Context(), func(tx *gorm.DB) error {
			return d.InTx(tx.Statement.Context, func(*gorm.DB) error { return nil })
		})
		require.ErrorIs(t, err, db.ErrNested)
	})

	t.Run("another one inside it that hides behind the outer context ends as busy", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		d.WaitForConnection(200 * time.Millisecond)
		var nest func(depth int) error
		nest = func(depth int) error {
			require.Less(t, depth, 50, "connections must be bounded")
			return d.InTx(t.Context(), func(*gorm.DB) error { return nest(depth + 1) })
		}
		require.ErrorIs(t, nest(0), db.ErrBusy)
	})

	t.Run("its context may be used once it is over", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		var inner context.Context
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			inner = tx.Statement.Context
			return nil
		}))
		require.NoError(t, insert(inner, d, newPerson("a")))
	})

	t.Run("no update is lost among many callers", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewURL(t)
		replicas := []*db.DB{dbtest.Open(t, url), dbtest.Open(t, url)}
		var group errgroup.Group
		for i := range 20 {
			group.Go(func() error {
				for range 10 {
					err := replicas[i%2].InTx(t.Context(), func(tx *gorm.DB) error {
						return tx.Exec("UPDATE epochs SET value = value + 1 WHERE name = ?", "access").Error
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		var value int64
		require.NoError(t, replicas[0].Read(t.Context()).Raw("SELECT value FROM epochs WHERE name = 'access'").Scan(&value).Error)
		require.EqualValues(t, 201, value)
	})

	t.Run("a read before a write cannot be overtaken on the same row", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		var won atomic.Int32
		var group errgroup.Group
		for range 20 {
			group.Go(func() error {
				return d.InTx(t.Context(), func(tx *gorm.DB) error {
					res := tx.Exec("UPDATE epochs SET value = 2 WHERE name = 'access' AND value = 1")
					won.Add(int32(res.RowsAffected))
					return res.Error
				})
			})
		}
		require.NoError(t, group.Wait())
		require.EqualValues(t, 1, won.Load(), "a conditional update has one winner")
	})
}

func TestRead(t *testing.T) {
	t.Parallel()

	t.Run("it refuses to write", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		p := newPerson("a")
		require.Error(t, d.Read(t.Context()).Create(&p).Error)
		require.Error(t, d.Read(t.Context()).Exec("UPDATE epochs SET value = 9").Error)
		requireCount(t, d, 0)
	})

	t.Run("inside a transaction it sees what was committed before", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t)
		require.NoError(t, insert(t.Context(), d, newPerson("a")))
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			p := newPerson("b")
			require.NoError(t, tx.Create(&p).Error)
			n, err := count(tx.Statement.Context, d)
			require.EqualValues(t, 1, n)
			return err
		}))
		requireCount(t, d, 2)
	})
}

func TestCancelledQuery(t *testing.T) {
	t.Parallel()
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	d := dbtest.New(t)
	for name, run := range map[string]func(context.Context) error{
		"reading": func(ctx context.Context) error { return d.Read(ctx).Exec(endless).Error },
		"in a transaction": func(ctx context.Context) error {
			return d.InTx(ctx, func(tx *gorm.DB) error { return tx.Exec(endless).Error })
		},
	} {
		t.Run("a query whose caller goes away says so, "+name, func(t *testing.T) {
			t.Parallel()
			ctx, goAway := context.WithCancel(t.Context())
			defer time.AfterFunc(50*time.Millisecond, goAway).Stop()
			require.ErrorIs(t, run(ctx), context.Canceled)
		})
	}
}
