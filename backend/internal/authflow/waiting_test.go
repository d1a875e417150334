package authflow_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestPendingConfirmation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pending := func(keyID string) any { return f.key(keyID).At("pendingConfirmation") }

	t.Run("a key tells who waits for a decision, and under which id", func(t *testing.T) {
		a := f.held(t, "Told")
		key := f.key(a.keyID)
		require.Equal(t, a.id, key.Text("pendingConfirmation", "authorizationId"))
		require.Equal(t, "tomas@fabrikam.example", key.Text("pendingConfirmation", "account", "userPrincipalName"))
		require.Equal(t, f.get(a.keyID, a.id).Text("expiresAt"), key.Text("pendingConfirmation", "expiresAt"))
		require.Equal(t, "mara@fabrikam.example", key.Text("account", "userPrincipalName"), "the key's own account stays")
	})
	t.Run("other keys tell nothing of it", func(t *testing.T) {
		f.held(t, "Waits")
		require.Nil(t, pending(f.authorized(t, "Does not wait")))
	})
	t.Run("the newest counts", func(t *testing.T) {
		first := f.held(t, "Twice")
		second := f.begin(t, first.keyID, "tomas")
		f.comeBack(t, second.callback)
		require.Equal(t, second.id, f.key(first.keyID).Text("pendingConfirmation", "authorizationId"))
	})
	t.Run("a sign-in by link can be decided about like any other", func(t *testing.T) {
		keyID := f.authorized(t, "By link")
		_, link := f.link(keyID)
		followed := f.admin.Call(http.MethodPost, link, nil).Status(http.StatusOK)
		callback, err := f.Emulator.SignIn(followed.Text("url"), "tomas", emulator.Accept)
		require.NoError(t, err)
		f.comeBack(t, callback)
		a := attempt{keyID: keyID, id: f.key(keyID).Text("pendingConfirmation", "authorizationId")}
		require.Equal(t, "succeeded", f.decide(a, "confirm").Status(http.StatusOK).Text("status"))
		require.Equal(t, "tomas@fabrikam.example", f.key(keyID).Text("account", "userPrincipalName"))
	})
	t.Run("a decision ends it", func(t *testing.T) {
		for _, verb := range []string{"confirm", "reject"} {
			a := f.held(t, "Decided by "+verb)
			f.decide(a, verb).Status(http.StatusOK)
			require.Nil(t, pending(a.keyID), verb)
		}
	})
	t.Run("time ends it", func(t *testing.T) { // last: time goes on for everybody
		a := f.held(t, "Too late")
		f.Emulator.Advance(24*time.Hour + time.Minute)
		require.Nil(t, pending(a.keyID))
	})
}
