// Package db opens the database, SQLite or PostgreSQL, runs transactions on it and holds its
// migrations. It and job are the only packages that know which of the two it is: both give back what
// they were given (times in UTC to the microsecond), report violated constraints as the same GORM
// errors, and refuse writes through the reading handle.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"
)

type dialect string

const (
	dialectSQLite   dialect = "sqlite"
	dialectPostgres dialect = "postgres"
)

// DB is an open database: one handle that writes and one that only reads.
type DB struct {
	dialect dialect
	logger  *slog.Logger

	acquireFor time.Duration // how long a transaction waits for a connection

	bumps atomic.Int64 // transactions of this process that changed the epoch

	writer, reader         *gorm.DB
	writerPool, readerPool *sql.DB

	path     string          // SQLite: the database file
	pgConfig *pgxpool.Config // PostgreSQL: how to connect
	jobPool  func() (*pgxpool.Pool, error)
	closeJob func()
}

// Shared reports whether other replicas may use the database at the same time.
func (d *DB) Shared() bool { return d.dialect == dialectPostgres }

// Open connects to the database that url names, "file:/data/latchkey.db" or "postgres://…", and
// fails at once, without ever showing the password, when it cannot be used. It changes nothing in
// it: see Migrate.
func Open(ctx context.Context, url string, logger *slog.Logger) (*DB, error) {
	switch {
	case strings.HasPrefix(url, "file:"):
		return openSQLite(ctx, url, logger)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return openPostgres(ctx, url, logger)
	case url == "":
		return nil, errors.New("the database URL is empty")
	}
	return nil, errors.New("the database URL must start with file: or postgres://, as in postgres://user:password@host/database")
}

// Read returns the handle for reading what is committed. It refuses to write on both databases, and
// inside InTx it does not see what that transaction did.
func (d *DB) Read(ctx context.Context) *gorm.DB { return d.reader.WithContext(ctx) }

// Ping reports whether the database answers. It does not wait for the writer.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	if err := d.readerPool.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close ends every connection; on SQLite it first folds the write-ahead log into the database file.
// Whoever runs jobs must have stopped.
func (d *DB) Close() error {
	if d.closeJob != nil {
		d.closeJob()
	}
	errs := []error{d.readerPool.Close()}
	if d.dialect == dialectSQLite {
		errs = append(errs, d.checkpoint())
	}
	return errors.Join(append(errs, d.writerPool.Close())...)
}

// SQLitePool returns the one writer connection, which job shares, or nil on PostgreSQL.
// Only job may call it.
func (d *DB) SQLitePool() *sql.DB {
	if d.dialect == dialectSQLite {
		return d.writerPool
	}
	return nil
}

// PostgresPool returns the pool that works the jobs, opened at the first call and closed by Close,
// or nil on SQLite. Only job may call it.
func (d *DB) PostgresPool() (*pgxpool.Pool, error) {
	if d.jobPool == nil {
		return nil, nil //nolint:nilnil // nil says "this is SQLite", which is no failure
	}
	return d.jobPool()
}

// gormConfig is the same for both databases and both handles.
func gormConfig(logger *slog.Logger) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		Logger:                 queryLogger{logger: logger},
		// GORM fills created_at and updated_at fields that the caller left empty; services set them.
		NowFunc: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }, //nolint:forbidigo // GORM asks for a clock
	}
}

func (d *DB) openGORM(write, read gorm.Dialector) (err error) {
	if d.writer, err = gorm.Open(write, gormConfig(d.logger)); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if d.reader, err = gorm.Open(read, gormConfig(d.logger)); err != nil {
		return fmt.Errorf("open database for reading: %w", err)
	}
	return nil
}

// lazyPool opens a pool at the first call and returns what closes it if it was opened.
func lazyPool(config *pgxpool.Config) (open func() (*pgxpool.Pool, error), closeIt func()) {
	var opened *pgxpool.Pool
	var mu sync.Mutex
	open = func() (*pgxpool.Pool, error) {
		mu.Lock()
		defer mu.Unlock()
		if opened == nil {
			// No connection is made here: the context would only bound those of MinConns.
			pool, err := pgxpool.NewWithConfig(context.Background(), config)
			if err != nil {
				return nil, fmt.Errorf("open the job connections: %w", err)
			}
			opened = pool
		}
		return opened, nil
	}
	return open, func() {
		mu.Lock()
		defer mu.Unlock()
		if opened != nil {
			opened.Close()
			opened = nil
		}
	}
}
