package accountkey_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestWhoFoundOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.authorized(t, "Found out")
	billing, _ := f.admin.Program("billing", []string{"tokens:issue"}, []string{id})
	force := func() {
		f.Call(http.MethodPost, keysPath+"/"+id+"/access-token", map[string]any{"forceRefresh": true}, billing...)
	}
	foundBy := func(action string) (actor any) {
		for _, entry := range f.admin.Call(http.MethodGet, keysPath+"/"+id+"/activity", nil).Status(http.StatusOK).Items() {
			if entry["action"] == action {
				return entry["actor"]
			}
		}
		return nil
	}
	itself := map[string]any{"type": "system", "id": "system", "name": "Latchkey"}

	f.Emulator.Fail(emulator.Failure{Endpoint: emulator.EndpointToken, Detail: "refresh_token", Times: 1, AADSTS: 7000222})
	force()
	require.Equal(t, itself, foundBy("account_key.misconfigured"))
	var grant accountkey.Grant
	require.NoError(t, f.DB.Read(t.Context()).Where("account_key_id = ?", id).Take(&grant).Error)
	asSomebody := auth.WithPrincipal(t.Context(), auth.Principal{Type: auth.TypeAPIClient, ID: "7", Name: "billing"})
	require.NoError(t, f.DB.InTx(asSomebody, func(tx *gorm.DB) error {
		recovered, err := accountkey.Recover(tx, f.Emulator.Now(), id, grant.ID)
		require.True(t, recovered)
		return err
	}))
	require.Equal(t, itself, foundBy("account_key.recovered"))
	require.NoError(t, f.Emulator.RevokeSessions("mara"))
	force()
	require.Equal(t, itself, foundBy("account_key.reauthorization_required"))
}

func TestNoteUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.admin.CreateKey("Used")
	note := func(at time.Time, then func()) {
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			err := accountkey.NoteUse(tx, id, at)
			then()
			return err
		}))
	}
	last := f.Emulator.Now().UTC().Truncate(time.Microsecond)

	t.Run("the last use counts, in whichever order they are noted", func(t *testing.T) {
		for _, at := range []time.Time{last.Add(-time.Hour), last, last.Add(-time.Minute)} {
			note(at, func() {})
		}
		require.Equal(t, last.Format(time.RFC3339Nano), f.get(id).Text("lastUsedAt"))
	})
	t.Run("the key's row is taken though there is nothing to note", func(t *testing.T) {
		if !f.OnPostgres() {
			t.Skip("SQLite has one writer, who holds everything")
		}
		note(last.Add(-time.Hour), func() {
			var free []string
			require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
				return tx.Raw("SELECT id FROM account_keys WHERE id = ? FOR UPDATE SKIP LOCKED", id).Scan(&free).Error
			}))
			require.Empty(t, free)
		})
	})
}
