package app_test

import (
	"bytes"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestRotateKeyCommand(t *testing.T) {
	t.Parallel()
	keys := newMasterKeys()

	t.Run("a database that holds nothing yet is left alone", func(t *testing.T) {
		t.Parallel()
		c, err := config.Load([]string{"LATCHKEY_DATA_DIR=" + t.TempDir()})
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, app.RotateKey(t.Context(), c, app.Options{Logger: slog.New(slog.DiscardHandler)}, nil, &out))
		require.Contains(t, out.String(), "holds nothing yet")
	})
	t.Run("a new key that was put last is not used, and not said to be superfluous", func(t *testing.T) {
		t.Parallel()
		a := apptest.New(t, list(keys.older, keys.newer))
		out, err := rotate(t, a, nil, keys.older, keys.newer)
		require.NoError(t, err)
		require.Contains(t, out, "encrypted under the master key "+idOf(t, keys.older).String())
		require.Contains(t, out, "never used: "+idOf(t, keys.newer).String())
		require.NotContains(t, out, "No longer needed")
	})
	t.Run("a replica that died can be left out, one that lives cannot", func(t *testing.T) {
		t.Parallel()
		a := apptest.New(t, list(keys.older))
		var replica masterkey.Replica
		require.NoError(t, a.DB.Read(t.Context()).Take(&replica).Error)
		require.NotEmpty(t, replica.Host)
		_, err := rotate(t, a, []string{replica.ID}, keys.newer, keys.older)
		require.ErrorContains(t, err, "stop it first")
		require.NoError(t, a.DB.InTx(t.Context(), func(tx *gorm.DB) error { // as one that dies leaves it
			dead := masterkey.Replica{
				ID: "dead", Host: "h", MasterKeyIDs: replica.MasterKeyIDs, StartedAt: replica.StartedAt, SeenAt: a.Emulator.Now().Add(-time.Minute),
			}
			return tx.Create(&dead).Error
		}))
		a = a.Restart(list(keys.newer, keys.older))
		_, err = rotate(t, a, nil, keys.newer, keys.older)
		require.ErrorContains(t, err, "--forget")
		require.ErrorContains(t, err, "replica dead on h")
		out, err := rotate(t, a, []string{"dead"}, keys.newer, keys.older)
		require.NoError(t, err)
		require.Contains(t, out, "No longer needed: "+idOf(t, keys.older).String())
	})
}

// TestReplicaStops has a server find out that it lacks a key which became needed while it was thought gone.
func TestReplicaStops(t *testing.T) {
	t.Parallel()
	keys := newMasterKeys()
	a := apptest.New(t, list(keys.older))
	c := *a.Config
	c.ListenAddr = "127.0.0.1:0"
	sleeper, err := app.New(t.Context(), &c, app.Options{
		Logger: slog.New(slog.DiscardHandler), Now: a.Emulator.Now, Beat: 10 * time.Millisecond,
	})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- sleeper.Run(t.Context(), io.Discard) }()
	known := func() (n int64) {
		require.NoError(t, a.DB.Read(t.Context()).Model(&masterkey.Replica{}).Count(&n).Error)
		return n
	}
	require.Eventually(t, func() bool { return known() == 2 }, 20*time.Second, 10*time.Millisecond)
	require.Empty(t, ended)
	require.NoError(t, a.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO master_keys (id, first_used_at) VALUES (?, ?)", idOf(t, keys.newer), a.Emulator.Now()).Error
	}))
	require.Eventually(t, func() bool { return len(ended) == 1 }, 20*time.Second, 10*time.Millisecond, "it serves on")
	err = <-ended
	var missing *masterkey.MissingError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, []secret.KeyID{idOf(t, keys.newer)}, missing.Missing)
	require.EqualValues(t, 1, known(), "it takes leave when it stops")
}
