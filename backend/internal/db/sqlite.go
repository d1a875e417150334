package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

const (
	sqliteReaders = 4
	checkpointFor = 10 * time.Second
)

func openSQLite(ctx context.Context, rawURL string, logger *slog.Logger) (_ *DB, err error) {
	path, err := sqlitePath(rawURL)
	if err != nil {
		return nil, err
	}
	if err = checkDataFolder(path); err != nil {
		return nil, err
	}

	d := &DB{dialect: dialectSQLite, logger: logger, acquireFor: defaultAcquireFor, path: path}
	d.writerPool = openSQLitePool(path, 1, "_txlock=immediate&_journal_mode=WAL&_synchronous=NORMAL")
	d.readerPool = openSQLitePool(path, sqliteReaders, "_query_only=1")
	defer func() {
		if err != nil {
			err = errors.Join(err, d.readerPool.Close(), d.writerPool.Close())
		}
	}()
	// The writer comes first: it creates the file and turns write-ahead logging on.
	if err = d.writerPool.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	if err = d.openGORM(newSQLiteDialector(d.writerPool), newSQLiteDialector(d.readerPool)); err != nil {
		return nil, err
	}
	return d, nil
}

// sqlitePath returns the file that a file: URL names.
func sqlitePath(rawURL string) (string, error) {
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return "", errors.New("the SQLite database URL is not valid: it must look like file:/data/latchkey.db")
	}
	if parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", errors.New("the SQLite database URL takes no parameters: it must look like file:/data/latchkey.db")
	}
	path := parsed.Path
	if path == "" {
		if path, err = url.PathUnescape(parsed.Opaque); err != nil {
			return "", errors.New("the SQLite database URL is not valid: it must look like file:/data/latchkey.db")
		}
	}
	if path == "" || strings.HasSuffix(path, "/") || strings.Contains(path, ":memory:") {
		return "", errors.New("the SQLite database URL must name a file, like file:/data/latchkey.db")
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", fmt.Errorf("find the SQLite database file: %w", err)
	}
	return path, nil
}

// checkDataFolder turns what SQLite reports as "unable to open database file" into its cause. The
// file is created here so that only its owner can read it; SQLite gives its side files the same mode.
func checkDataFolder(path string) error {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the data folder %s does not exist", folder)
	case err != nil:
		return fmt.Errorf("look at the data folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("the data folder %s is not a folder", folder)
	}
	// The lock file of Migrate proves that the folder takes new files, as the write-ahead log needs.
	for _, name := range []string{lockPath(path), path} {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names it
		if err != nil {
			return fmt.Errorf("the data folder %s must be writable for the user that runs latchkey: %w", folder, err)
		}
		if err := file.Close(); err != nil {
			return fmt.Errorf("close %s: %w", name, err)
		}
	}
	return nil
}

func openSQLitePool(path string, conns int, settings string) *sql.DB {
	// An absolute path without an authority is what SQLite reads as a file URI on every platform.
	location := (&url.URL{Scheme: "file", Path: path, OmitHost: true}).String()
	pool := sql.OpenDB(sqliteConnector{
		dsn: location + "?_busy_timeout=5000&_foreign_keys=1&_loc=UTC&_stmt_cache_size=200&" + settings,
	})
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool
}

func (d *DB) checkpoint() error {
	ctx, cancel := context.WithTimeout(context.Background(), checkpointFor)
	defer cancel()
	if _, err := d.writerPool.ExecContext(ctx, "PRAGMA optimize"); err != nil {
		return fmt.Errorf("optimize the database: %w", err)
	}
	// Another process may be reading: then the log stays, and whoever opens the database next reads it.
	var busy, logged, moved int
	err := d.writerPool.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &moved)
	if err != nil {
		return fmt.Errorf("fold the write-ahead log into the database: %w", err)
	}
	return nil
}

// sqliteConnector opens connections that store every time in UTC to the microsecond: times are text
// in SQLite, so in any other zone they would not compare, and PostgreSQL keeps no more digits.
type sqliteConnector struct{ dsn string }

// Connect opens one connection.
func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	raw, ok := conn.(*sqlite3.SQLiteConn)
	if !ok {
		return nil, fmt.Errorf("unexpected SQLite connection %T", conn)
	}
	return sqliteConn{raw}, nil
}

// Driver returns the driver underneath.
func (c sqliteConnector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

type sqliteConn struct{ *sqlite3.SQLiteConn }

// CheckNamedValue converts what a statement is given.
func (c sqliteConn) CheckNamedValue(value *driver.NamedValue) error {
	converted, err := driver.DefaultParameterConverter.ConvertValue(value.Value)
	if err != nil {
		return fmt.Errorf("convert a value: %w", err)
	}
	if t, ok := converted.(time.Time); ok {
		converted = t.UTC().Truncate(time.Microsecond)
	}
	value.Value = converted
	return nil
}

// ResetSession and IsValid let database/sql keep a connection whose transaction was cancelled, as
// long as it really left the transaction.
func (c sqliteConn) ResetSession(context.Context) error { return nil }

// IsValid reports whether the connection may be used again.
func (c sqliteConn) IsValid() bool { return c.AutoCommit() }

// sqliteDialector adds the one constraint that GORM's own does not translate.
type sqliteDialector struct{ *sqlite.Dialector }

func newSQLiteDialector(pool *sql.DB) gorm.Dialector {
	return sqliteDialector{&sqlite.Dialector{Conn: pool}}
}

// Translate maps a violated constraint to GORM's error and keeps SQLite's, which names the column.
func (s sqliteDialector) Translate(err error) error {
	var raw sqlite3.Error
	if !errors.As(err, &raw) {
		return err
	}
	switch raw.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey, sqlite3.ErrConstraintRowID:
		return fmt.Errorf("%w: %w", gorm.ErrDuplicatedKey, err)
	case sqlite3.ErrConstraintForeignKey:
		return fmt.Errorf("%w: %w", gorm.ErrForeignKeyViolated, err)
	case sqlite3.ErrConstraintCheck:
		return fmt.Errorf("%w: %w", gorm.ErrCheckConstraintViolated, err)
	}
	return err
}
