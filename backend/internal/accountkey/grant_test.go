package accountkey_test

import (
	"net/http"
	"testing"

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
