package db_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
)

func open(t *testing.T, url string) (*db.DB, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return db.Open(ctx, url, slog.New(slog.DiscardHandler))
}

func TestOpen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	for name, c := range map[string]struct{ url, says string }{
		"no URL":                     {"", "is empty"},
		"another kind of database":   {"mysql://root:s3cr3t@127.0.0.1/x", "must start with file: or postgres://"},
		"a missing folder":           {"file:" + folder + "/no/latchkey.db", "the data folder " + folder + "/no does not exist"},
		"a file instead of a folder": {"file:" + file + "/latchkey.db", "data folder"},
		"a folder without writing":   {"file:/proc/latchkey.db", "must be writable"},
		"SQLite with parameters":     {"file:" + folder + "/latchkey.db?mode=ro", "takes no parameters"},
		"SQLite in memory":           {"file::memory:", "must name a file"},
		"a folder as the file":       {"file:" + folder + "/", "must name a file"},
		"a bad port":                 {"postgres://u:s3cr3t@127.0.0.1:no/x", "is not valid"},
		"a bad escape":               {"postgres://u:s3cr3t%zz@127.0.0.1/x", "is not valid"},
		"a raw slash in a password":  {"postgres://u:s3cr3t/s3cr3t@127.0.0.1/x", "database"},
		"nobody listening":           {"postgres://u:s3cr3t@127.0.0.1:1/x", "reach the PostgreSQL server"},
	} {
		t.Run(name+" is reported without secrets", func(t *testing.T) {
			t.Parallel()
			_, err := open(t, c.url)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}

	t.Run("a path with odd characters is taken literally", func(t *testing.T) {
		t.Parallel()
		folder := filepath.Join(t.TempDir(), "a b#c%41")
		require.NoError(t, os.Mkdir(folder, 0o700))
		escaped := strings.NewReplacer(" ", "%20", "#", "%23", "%", "%25").Replace(folder)
		d, err := open(t, "file:"+escaped+"/latchkey.db")
		require.NoError(t, err)
		require.NoError(t, d.Migrate(t.Context()))
		require.NoError(t, d.Close())
		info, err := os.Stat(filepath.Join(folder, "latchkey.db"))
		require.NoError(t, err)
		require.Positive(t, info.Size())
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "only its owner may read it")
	})
}

func TestMigrate(t *testing.T) {
	t.Parallel()

	t.Run("an empty database lacks migrations until it ran, and running again changes nothing", func(t *testing.T) {
		t.Parallel()
		d := dbtest.Open(t, dbtest.NewBareURL(t))
		require.ErrorIs(t, d.MigrationsCurrent(t.Context()), db.ErrMigrationsPending)
		require.NoError(t, d.Migrate(t.Context()))
		require.NoError(t, d.MigrationsCurrent(t.Context()))
		require.NoError(t, d.Migrate(t.Context()))
		requireCount(t, d, 0)
	})

	t.Run("replicas that start together do it once", func(t *testing.T) {
		t.Parallel()
		url := dbtest.NewBareURL(t)
		var group errgroup.Group
		for range 4 {
			d := dbtest.Open(t, url)
			group.Go(func() error { return errors.Join(d.Migrate(t.Context()), d.MigrationsCurrent(t.Context())) })
		}
		require.NoError(t, group.Wait())
	})
}

func TestPing(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	require.NoError(t, d.Ping(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, d.Ping(ctx))
}

func TestClose(t *testing.T) {
	t.Parallel()

	t.Run("SQLite leaves everything in the one file", func(t *testing.T) {
		t.Parallel()
		url := dbtest.SQLiteURL(t)
		d, err := open(t, url)
		require.NoError(t, err)
		require.NoError(t, insert(t.Context(), d, newPerson("a")))
		require.NoError(t, d.Close())
		path := strings.TrimPrefix(url, "file:")
		require.NoFileExists(t, path+"-wal")

		copied := filepath.Join(t.TempDir(), "copy.db")
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied, content, 0o600))
		requireCount(t, dbtest.Open(t, "file:"+copied), 1)
	})
}
