package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations
var migrationFiles embed.FS

// ErrMigrationsPending reports that the database lacks migrations of this program.
var ErrMigrationsPending = errors.New("the database lacks migrations: run latchkey migrate")

// Migrate brings the tables up to what this program needs: its own and the job queue's. Programs that
// start together wait for the first one. A database that is already newer is left as it is.
func (d *DB) Migrate(ctx context.Context) error {
	if d.dialect == dialectSQLite {
		return d.migrateSQLite(ctx)
	}
	return d.migratePostgres(ctx)
}

func (d *DB) migrateSQLite(ctx context.Context) error {
	unlock, err := lockFile(ctx, lockPath(d.path))
	if err != nil {
		return err
	}
	queue, err := rivermigrate.New(riversqlite.New(d.writerPool), riverConfig())
	if err != nil {
		return errors.Join(fmt.Errorf("prepare job migrations: %w", err), unlock())
	}
	return errors.Join(d.up(ctx, goose.DialectSQLite3, d.writerPool), upQueue(ctx, queue), unlock())
}

// migratePostgres uses connections of its own, without the lock time-out of the others: building an
// index may have to wait for a long transaction.
func (d *DB) migratePostgres(ctx context.Context) error {
	config := poolConfig(d.pgConfig, 4)
	config.ConnConfig.RuntimeParams["lock_timeout"] = "0"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	defer pool.Close()
	sqlPool := stdlib.OpenDBFromPool(pool)
	defer func() { _ = sqlPool.Close() }() // its connections belong to pool

	unlock, err := lockSession(ctx, sqlPool)
	if err != nil {
		return err
	}
	queue, err := rivermigrate.New(riverpgxv5.New(pool), riverConfig())
	if err != nil {
		return errors.Join(fmt.Errorf("prepare job migrations: %w", err), unlock())
	}
	return errors.Join(d.up(ctx, goose.DialectPostgres, sqlPool), upQueue(ctx, queue), unlock())
}

func (d *DB) up(ctx context.Context, kind goose.Dialect, pool *sql.DB) error {
	files, err := d.migrations()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(kind, pool, files, goose.WithDisableGlobalRegistry(true), goose.WithSlog(d.logger))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	applied, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, result := range applied {
		d.logger.InfoContext(ctx, "migration applied", "version", result.Source.Version, "took_ms", result.Duration.Milliseconds())
	}
	return nil
}

func upQueue[TTx any](ctx context.Context, queue *rivermigrate.Migrator[TTx]) error {
	if _, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate job tables: %w", err)
	}
	return nil
}

// MigrationsCurrent returns ErrMigrationsPending when Migrate would have something to do.
func (d *DB) MigrationsCurrent(ctx context.Context) error {
	wanted, err := d.newestMigration()
	if err != nil {
		return err
	}
	wantedQueue, err := newestQueueMigration()
	if err != nil {
		return err
	}
	for query, version := range map[string]int64{
		"SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied": wanted,
		"SELECT coalesce(max(version), 0) FROM river_migration WHERE line = 'main'":  wantedQueue,
	} {
		var current int64
		if err := d.readerPool.QueryRowContext(ctx, query).Scan(&current); err != nil {
			if pingErr := d.Ping(ctx); pingErr != nil {
				return pingErr
			}
			return fmt.Errorf("%w (%w)", ErrMigrationsPending, err) // the table is not there yet
		}
		if current < version {
			return ErrMigrationsPending
		}
	}
	return nil
}

// newestMigration returns the highest number among this program's own migrations.
func (d *DB) newestMigration() (newest int64, err error) {
	files, err := d.migrations()
	if err != nil {
		return 0, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("read migration number: %w", err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// newestQueueMigration returns the highest number among the job queue's migrations, which counts the
// same for both databases.
func newestQueueMigration() (newest int64, err error) {
	migrator, err := rivermigrate.New(riversqlite.New(nil), riverConfig())
	if err != nil {
		return 0, fmt.Errorf("read job migrations: %w", err)
	}
	for _, migration := range migrator.AllVersions() {
		newest = max(newest, int64(migration.Version))
	}
	return newest, nil
}

// Fingerprint names the schema that Migrate leads to, so that tests know whether a database that was
// prepared earlier still fits.
func Fingerprint() (string, error) {
	queue, err := newestQueueMigration()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	if _, err := fmt.Fprintf(hash, "queue %d\n", queue); err != nil {
		return "", fmt.Errorf("hash migrations: %w", err)
	}
	err = fs.WalkDir(migrationFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := migrationFiles.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(hash, "%s %d\n%s", path, len(content), content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read migrations: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

func (d *DB) migrations() (fs.FS, error) {
	files, err := fs.Sub(migrationFiles, "migrations/"+string(d.dialect))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return files, nil
}

func riverConfig() *rivermigrate.Config {
	// River logs each of its own statements; what failed comes back as an error anyway.
	return &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
}
