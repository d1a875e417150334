package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

// ErrNested reports a transaction begun inside another: a mistake in the program.
var ErrNested = errors.New("db.InTx called inside db.InTx: pass tx down instead")

// ErrBusy reports that no connection came free in time. An InTx inside another that was given the
// outer context ends here too.
var ErrBusy = fault.New(fault.Unavailable, "database_busy", "The database is busy. Try again in a moment.")

const (
	defaultAcquireFor = 10 * time.Second
	beginAttempts     = 3
)

type txKey struct{}

// txState is what InTx leaves in the transaction's context: for itself, to notice nesting, and for job.
type txState struct {
	conn   *sql.Conn
	tx     *sql.Tx
	done   atomic.Bool
	bumped atomic.Bool // by BumpEpoch
}

// InTx runs work in one write transaction, which commits when work returns nil and is undone when it
// fails or panics. On SQLite no other transaction writes meanwhile, so work must not call the
// network. It runs at most once, never nested.
func (d *DB) InTx(ctx context.Context, work func(tx *gorm.DB) error) (err error) {
	if outer := stateOf(ctx); outer != nil && !outer.done.Load() {
		return ErrNested
	}
	conn, sqlTx, err := d.begin(ctx)
	if err != nil {
		return err
	}
	state := &txState{conn: conn, tx: sqlTx}
	defer func() {
		state.done.Store(true)
		// Undone already, or committed: then Rollback says ErrTxDone. A connection that cannot even
		// roll back is thrown away by database/sql.
		_ = sqlTx.Rollback()
		_ = conn.Close()
		if state.bumped.Load() { // committed or not: an answer that got lost may have been yes
			d.bumps.Add(1)
		}
	}()

	tx := d.writer.Session(&gorm.Session{Context: context.WithValue(ctx, txKey{}, state), NewDB: true})
	tx.Statement.ConnPool = sqlTx
	if err := work(tx); err != nil {
		return err
	}
	err = sqlTx.Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err() // the end of the context undid it a moment before
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// begin tries again only when nothing can have reached the database: the connection was already dead.
func (d *DB) begin(ctx context.Context) (*sql.Conn, *sql.Tx, error) {
	for attempt := 1; ; attempt++ {
		conn, err := d.acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		tx, err := conn.BeginTx(ctx, nil)
		if err == nil {
			return conn, tx, nil
		}
		_ = conn.Close() // the begin error says more
		safe := errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
		if !safe || attempt == beginAttempts {
			return nil, nil, fmt.Errorf("begin: %w", err)
		}
	}
}

func (d *DB) acquire(ctx context.Context) (*sql.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, d.acquireFor)
	defer cancel()
	conn, err := d.writerPool.Conn(waiting)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() == nil && waiting.Err() != nil:
		return nil, ErrBusy.Because(fmt.Errorf("no connection for %s, or InTx inside InTx: %w", d.acquireFor, err))
	}
	return nil, fmt.Errorf("connect: %w", err)
}

// SQLTx returns the transaction under tx, which must come from InTx. Only job may call it.
func SQLTx(tx *gorm.DB) (*sql.Tx, error) {
	state, err := liveState(tx)
	if err != nil {
		return nil, err
	}
	return state.tx, nil
}

// WithPgxConn lends the connection that tx, which must come from InTx on PostgreSQL, runs on; what
// use does there belongs to the transaction. use must leave no rows open. Only job may call it.
func WithPgxConn(tx *gorm.DB, use func(conn *pgx.Conn) error) error {
	state, err := liveState(tx)
	if err != nil {
		return err
	}
	var failed error
	err = state.conn.Raw(func(driverConn any) error {
		conn, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("not a PostgreSQL connection: %T", driverConn)
		}
		failed = use(conn.Conn())
		return nil // a failed statement does not make the connection a bad one
	})
	return errors.Join(failed, err)
}

func liveState(tx *gorm.DB) (*txState, error) {
	state := stateOf(tx.Statement.Context)
	if state == nil || state.done.Load() || tx.Statement.ConnPool != gorm.ConnPool(state.tx) {
		return nil, errors.New("not the transaction of a running db.InTx")
	}
	return state, nil
}

func stateOf(ctx context.Context) *txState {
	state, _ := ctx.Value(txKey{}).(*txState)
	return state
}
