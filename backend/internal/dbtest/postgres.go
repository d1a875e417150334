package dbtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/db"
)

const (
	objectInUse = "55006" // PostgreSQL's code for a template that somebody is connected to
	setUpFor    = time.Minute
)

// PostgresURL is NewURL for PostgreSQL, whatever the environment says.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return postgresURL(t, func(p *postgresDatabases) string { return p.template })
}

func postgresURL(t testing.TB, template func(*postgresDatabases) string) string {
	t.Helper()
	server, err := postgresTemplate()
	require.NoError(t, err)
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	require.NoError(t, server.create(name, template(server)))
	t.Cleanup(func() {
		require.NoError(t, server.admin(func(ctx context.Context, conn *pgx.Conn) error {
			return drop(ctx, conn, name)
		}))
	})
	return server.urlOf(name)
}

// HasPostgres reports whether PostgresURL can work here.
func HasPostgres() bool {
	if getenv("LATCHKEY_TEST_POSTGRES_URL") != "" {
		return true
	}
	_, err := findBinaries()
	return err == nil
}

type postgresDatabases struct {
	url      *url.URL
	template string
	share    *os.File // keeps the server: closing it, or ending the process, gives it up
}

// postgresTemplate finds or starts the server and makes sure that it holds a migrated template.
var postgresTemplate = sync.OnceValues(func() (*postgresDatabases, error) {
	p := &postgresDatabases{}
	raw := getenv("LATCHKEY_TEST_POSTGRES_URL")
	if raw == "" {
		var err error
		if raw, p.share, err = sharedServer(stateFolder()); err != nil {
			return nil, err
		}
	}
	address, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("LATCHKEY_TEST_POSTGRES_URL is not a URL")
	}
	fingerprint, err := db.Fingerprint()
	if err != nil {
		return nil, err
	}
	p.url, p.template = address, "latchkey_template_"+fingerprint
	return p, p.admin(p.prepare)
})

// prepare builds the template under a lock, since other test binaries may want it at the same time,
// and under another name, so that one that was left half-made is never used.
func (p *postgresDatabases) prepare(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(7021964)"); err != nil {
		return fmt.Errorf("lock the template: %w", err)
	}
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", p.template).Scan(&exists)
	if err != nil || exists {
		return err
	}
	unfinished := p.template + "_unfinished"
	if err := drop(ctx, conn, unfinished); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+unfinished+" TEMPLATE template0"); err != nil {
		return fmt.Errorf("create the template: %w", err)
	}
	if err := migrate(ctx, p.urlOf(unfinished)); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+p.template); err != nil {
		return fmt.Errorf("name the template: %w", err)
	}
	return nil
}

func (p *postgresDatabases) create(name, template string) error {
	return p.admin(func(ctx context.Context, conn *pgx.Conn) error {
		var version int
		if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
			return fmt.Errorf("ask for the version: %w", err)
		}
		statement := "CREATE DATABASE " + name + " TEMPLATE " + template
		if version >= 150000 {
			statement += " STRATEGY FILE_COPY" // faster than through the log, for a small template
		}
		for {
			_, err := conn.Exec(ctx, statement)
			var refused *pgconn.PgError
			if errors.As(err, &refused) && refused.Code == objectInUse && ctx.Err() == nil {
				continue // the server waits five seconds by itself before it says so
			}
			return err
		}
	})
}

func drop(ctx context.Context, conn *pgx.Conn, name string) error {
	_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	return err
}

// admin lends a connection to the server's own database.
func (p *postgresDatabases) admin(use func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), setUpFor)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.url.String())
	if err != nil {
		return fmt.Errorf("connect to the test server: %w", err)
	}
	return errors.Join(use(ctx, conn), conn.Close(ctx))
}

func (p *postgresDatabases) urlOf(name string) string {
	address := *p.url
	address.Path = "/" + name
	return address.String()
}

func migrate(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, setUpFor)
	defer cancel()
	d, err := db.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(ctx), d.Close())
}
