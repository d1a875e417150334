// Package dbtest gives each test a migrated database of its own: SQLite by default, PostgreSQL with
// LATCHKEY_TEST_DATABASE=postgres. Nothing needs to be running: it starts a PostgreSQL server from the
// installed binaries, which the test binaries of one run share and which ends with the last of them.
package dbtest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/db"
)

// New returns an open, migrated, empty database that is closed when the test ends.
func New(t testing.TB) *db.DB {
	t.Helper()
	return Open(t, NewURL(t))
}

// Open opens the database at a URL that NewURL gave, as one more replica would, and closes it when
// the test ends.
func Open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// NewURL returns the URL of a migrated, empty database, for tests in which several replicas share it.
func NewURL(t testing.TB) string {
	t.Helper()
	if onPostgres(t) {
		return PostgresURL(t)
	}
	return SQLiteURL(t)
}

// NewBareURL is NewURL without the migrations.
func NewBareURL(t testing.TB) string {
	t.Helper()
	if onPostgres(t) {
		return postgresURL(t, func(*postgresDatabases) string { return "template0" })
	}
	return "file:" + filepath.Join(t.TempDir(), "latchkey.db")
}

func onPostgres(t testing.TB) bool {
	t.Helper()
	kind := getenv("LATCHKEY_TEST_DATABASE")
	if kind != "" && kind != "sqlite" && kind != "postgres" {
		t.Fatalf("LATCHKEY_TEST_DATABASE is %q: it must be sqlite or postgres", kind)
	}
	return kind == "postgres"
}

// SQLiteURL is NewURL for SQLite, whatever the environment says.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "latchkey.db")
	require.NoError(t, os.WriteFile(path, template, 0o600))
	return "file:" + path
}

// sqliteTemplate migrates one database per test binary; each test gets a copy of the file.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "latchkey-dbtest-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }() // a left-over in the temporary folder harms nobody
	path := filepath.Join(folder, "template.db")
	if err := migrate(context.Background(), "file:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func getenv(name string) string {
	return os.Getenv(name) //nolint:forbidigo // how tests run is no configuration of the product
}
