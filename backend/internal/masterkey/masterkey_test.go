package masterkey_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestProve(t *testing.T) {
	t.Parallel()

	t.Run("an empty database is sealed under the first key that is listed", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older, newer := newKey(t), newKey(t)
		b := proven(t, d, at, newer, older)
		stored(t, b, 1)
		require.Equal(t, map[secret.KeyID]int{idOf(b): len(masterkey.Columns())}, under(t, d))
		proven(t, d, at, newer)
	})
	t.Run("a list that lacks the key is refused, and the key is named by its id", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		first := proven(t, d, at, newKey(t))
		other := box(t, d, at, newKey(t), newKey(t))
		err := other.Prove(t.Context())
		var missing *masterkey.MissingError
		require.ErrorAs(t, err, &missing)
		require.Equal(t, []secret.KeyID{idOf(first)}, missing.Missing)
		require.ErrorContains(t, err, idOf(first).String())
		require.ErrorContains(t, err, idOf(other).String())
		require.ErrorContains(t, err, "LATCHKEY_MASTER_KEY")
	})
	t.Run("of two that start first with different keys, one wins and the other is refused", func(t *testing.T) {
		t.Parallel()
		url, at := dbtest.NewURL(t), newClock()
		errs := make([]error, 2)
		var group sync.WaitGroup
		for i := range errs {
			b := box(t, dbtest.Open(t, url), at, newKey(t))
			group.Go(func() { errs[i] = b.Prove(t.Context()) })
		}
		group.Wait()
		if errs[0] != nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		require.NoError(t, errs[0])
		var missing *masterkey.MissingError
		require.ErrorAs(t, errs[1], &missing)
	})
	t.Run("a canary that was tampered with is noticed", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		b := proven(t, d, at, newKey(t))
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			forged, err := b.Seal(tx, secret.New("something else"), "instance", "canary", "1")
			if err != nil {
				return err
			}
			return tx.Exec("UPDATE instance SET canary = ?", forged).Error
		}))
		require.ErrorContains(t, b.Prove(t.Context()), "damaged")
	})
}

func TestSeal(t *testing.T) {
	t.Parallel()

	t.Run("the database's key is used, wherever it is in the list", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older := newKey(t)
		first := proven(t, d, at, older)
		second := proven(t, d, at, newKey(t), older)
		stored(t, second, 1)
		require.Equal(t, map[secret.KeyID]int{idOf(first): len(masterkey.Columns())}, under(t, d))
		requireAllOpen(t, first)
	})
	t.Run("a process that lacks the key of the moment writes nothing, whatever it was told at its start", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older, newer := newKey(t), newKey(t)
		frozen := proven(t, d, at, older)
		rotated := proven(t, d, at, newer, older)
		_, _, err := rotated.Promote(t.Context())
		require.NoError(t, err)
		require.NoError(t, rotated.Reencrypt(t.Context(), quiet))

		_, err = store(t.Context(), frozen)
		var missing *masterkey.MissingError
		require.ErrorAs(t, err, &missing)
		require.Equal(t, []secret.KeyID{idOf(rotated)}, missing.Missing)
		require.Empty(t, under(t, d))
	})
	t.Run("a change of the key waits for what was sealed under the old one and is not committed yet", func(t *testing.T) {
		t.Parallel()
		url, at := dbtest.NewURL(t), newClock()
		older, newer := newKey(t), newKey(t)
		b := proven(t, dbtest.Open(t, url), at, older)
		rotator := proven(t, dbtest.Open(t, url), at, newer, older)
		rotated := make(chan error, 1)
		require.NoError(t, b.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			if err := insert(tx, b, "pending"); err != nil {
				return err
			}
			go func() {
				_, _, err := rotator.Promote(t.Context())
				if err == nil {
					err = rotator.Reencrypt(t.Context(), quiet)
				}
				rotated <- err
			}()
			waits(t, b.DB, rotated)
			return nil
		}))
		require.NoError(t, <-rotated)
		require.Equal(t, map[secret.KeyID]int{idOf(rotator): len(masterkey.Columns())}, under(t, b.DB))
	})
	t.Run("an empty secret is no ciphertext", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		b := proven(t, d, at, newKey(t))
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			sealed, err := b.Seal(tx, secret.String{}, "account_keys", "client_secret", "1")
			require.Nil(t, sealed)
			return err
		}))
	})
}

// waits returns when somebody waits for a lock in the database, and fails when done comes first. SQLite
// lets nobody else write anyhow, and tells nothing of who waits.
func waits(t *testing.T, d *db.DB, done <-chan error) {
	t.Helper()
	if d.SQLitePool() != nil {
		return
	}
	require.Eventually(t, func() bool {
		var n int64
		require.NoError(t, d.Read(t.Context()).Raw(
			"SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n).Error)
		return n > 0 || len(done) > 0
	}, 20*time.Second, 10*time.Millisecond)
	require.Empty(t, done, "the key was changed in the middle of a transaction that seals")
}

// TestColumns holds the list of what is encrypted anew against the schema: every column of bytes is on it.
func TestColumns(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	tables, err := d.Read(t.Context()).Migrator().GetTables()
	require.NoError(t, err)
	var found []string
	for _, table := range tables {
		if strings.HasPrefix(table, "river_") || strings.HasPrefix(table, "goose_") || strings.HasPrefix(table, "sqlite_") {
			continue
		}
		columns, err := d.Read(t.Context()).Migrator().ColumnTypes(table)
		require.NoError(t, err)
		for _, c := range columns {
			kind := strings.ToLower(c.DatabaseTypeName())
			name := table + "." + c.Name()
			if (kind == "bytea" || kind == "blob") && name != "instance.canary" {
				found = append(found, name)
			}
		}
	}
	var listed []string
	for _, c := range masterkey.Columns() {
		listed = append(listed, c.String())
		columns, err := d.Read(t.Context()).Migrator().ColumnTypes(c.Table)
		require.NoError(t, err)
		for _, of := range columns {
			key, _ := of.PrimaryKey()
			require.Equal(t, of.Name() == c.Key, key, "the primary key of %s is %s", c.Table, of.Name())
		}
	}
	require.ElementsMatch(t, found, listed, "a column of bytes holds secrets: add it to masterkey.Columns, or rotate-key forgets it")
}

// TestMigration runs what the migration does with a database that was in use before keys were listed.
func TestMigration(t *testing.T) {
	t.Parallel()
	d, at := dbtest.New(t), newClock()
	folder := "postgres"
	if d.SQLitePool() != nil {
		folder = "sqlite"
	}
	text, err := os.ReadFile(filepath.Join("..", "db", "migrations", folder, "0004_master_keys.sql"))
	require.NoError(t, err)
	_, statement, ok := strings.Cut(string(text), "INSERT INTO")
	require.True(t, ok)
	statement, _, ok = strings.Cut(statement, ";")
	require.True(t, ok)
	again := func() {
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Exec("DELETE FROM master_keys").Error; err != nil {
				return err
			}
			return tx.Exec("INSERT INTO" + statement).Error
		}))
	}

	again()
	needed, err := masterkey.Needed(t.Context(), d)
	require.NoError(t, err)
	require.Empty(t, needed, "a database that holds nothing needs no key")

	older, newer := newKey(t), newKey(t)
	b := proven(t, d, at, newer, older)
	stored(t, b, 1)
	second := box(t, d, at, older)
	require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error {
		sealed, err := second.Keys.Seal(idOf(second), secret.New("x"), "account_keys", "client_secret", "1")
		if err != nil {
			return err
		}
		return tx.Exec("UPDATE account_keys SET client_secret = ?", sealed).Error
	}))
	again()
	needed, err = masterkey.Needed(t.Context(), d)
	require.NoError(t, err)
	require.ElementsMatch(t, b.Keys.KeyIDs(), needed)
}
