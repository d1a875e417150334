package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
)

// connect gives the queue River's client for the database at hand. Both insert on the connection of
// the caller's transaction; what works the jobs shares the one writer of SQLite, and has connections
// of its own on PostgreSQL.
func (q *Queue) connect(d *db.DB, config *river.Config) error {
	if pool := d.SQLitePool(); pool != nil {
		client, err := river.NewClient(riversqlite.New(pool), config)
		if err != nil {
			return fmt.Errorf("set up jobs: %w", err)
		}
		q.runner = client
		q.insert = func(tx *gorm.DB, args Args, options *river.InsertOpts) error {
			sqlTx, err := db.SQLTx(tx)
			if err != nil {
				return err
			}
			_, err = client.InsertTx(tx.Statement.Context, sqlTx, args, options)
			return err
		}
		return nil
	}

	pool, err := d.PostgresPool()
	if err != nil {
		return err
	}
	client, err := river.NewClient(riverpgxv5.New(pool), config)
	if err != nil {
		return fmt.Errorf("set up jobs: %w", err)
	}
	q.runner = client
	q.insert = func(tx *gorm.DB, args Args, options *river.InsertOpts) error {
		return db.WithPgxConn(tx, func(conn *pgx.Conn) error {
			_, err := client.InsertTx(tx.Statement.Context, lentTx{conn}, args, options)
			return err
		})
	}
	return nil
}

// lentTx shows River the connection of a transaction that db.InTx began and will end.
type lentTx struct{ conn *pgx.Conn }

var errLent = errors.New("the transaction belongs to db.InTx")

// Begin refuses: River needs no savepoint to insert.
func (t lentTx) Begin(context.Context) (pgx.Tx, error) { return nil, errLent }

// Commit refuses: db.InTx commits.
func (t lentTx) Commit(context.Context) error { return errLent }

// Rollback refuses: db.InTx rolls back.
func (t lentTx) Rollback(context.Context) error { return errLent }

// Conn returns the connection.
func (t lentTx) Conn() *pgx.Conn { return t.conn }

// LargeObjects is not used by River; what it returns fails at first use.
func (t lentTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// CopyFrom runs in the transaction.
func (t lentTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

// SendBatch runs in the transaction.
func (t lentTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

// Prepare prepares on the connection.
func (t lentTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, sql)
}

// Exec runs in the transaction.
func (t lentTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, sql, args...)
}

// Query runs in the transaction.
func (t lentTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

// QueryRow runs in the transaction.
func (t lentTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}
