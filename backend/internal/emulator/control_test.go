package emulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestControl(t *testing.T) {
	t.Parallel()
	call := func(w *world, method, path, body string) reply {
		return w.do(w.request(method, "/_emulator"+path, body))
	}
	t.Run("state tells what there is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.code()
		r := call(w, "GET", "/state", "")
		require.Equal(t, w.seed.TenantID, r.body["tenantId"])
		require.Equal(t, w.url, r.body["base"])
		require.Len(t, r.body["grants"], 1)
	})
	t.Run("the clock moves both ways", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		before := w.Now()
		require.Equal(t, 200, call(w, "POST", "/clock", `{"advance":"90m"}`).status)
		require.Equal(t, 200, call(w, "POST", "/clock", `{"advance":"-1h"}`).status)
		require.Equal(t, 30*time.Minute, w.Now().Sub(before))
		require.Equal(t, 400, call(w, "POST", "/clock", `{"advance":"soon"}`).status)
	})
	t.Run("settings change one by one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := call(w, "PATCH", "/settings", `{"tokenLifetime":"5s","consentPolicy":"off"}`)
		require.Equal(t, "5s", r.text("tokenLifetime"))
		require.Equal(t, "off", w.Settings().ConsentPolicy)
		require.Equal(t, "full", w.Settings().ScopeForm)
		require.Equal(t, 400, call(w, "PATCH", "/settings", `{"colour":"red"}`).status)
	})
	t.Run("failures are made, listed and cleared", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := call(w, "POST", "/failures", `{"endpoint":"jwks","status":503,"retryAfter":"3","delay":"1ms"}`)
		require.Equal(t, http.StatusCreated, r.status, r.raw)
		require.Equal(t, 503, w.do(w.request("GET", "/common/discovery/v2.0/keys", "")).status)
		require.Equal(t, time.Millisecond, w.Failures()[0].Delay)
		require.Equal(t, 204, call(w, "DELETE", "/failures/"+r.text("id"), "").status)
		require.Empty(t, w.Failures())
	})
	t.Run("people are added, changed, revoked and removed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.Equal(t, 201, call(w, "POST", "/users", `{"userPrincipalName":"new@fabrikam.example"}`).status)
		require.Equal(t, 200, call(w, "PATCH", "/users/new", `{"locked":true}`).status)
		require.True(t, w.User("new").Locked)
		require.Equal(t, 204, call(w, "POST", "/users/new/revoke-sessions", "").status)
		require.Equal(t, 204, call(w, "POST", "/users/new/reset-password", `{"password":"x","revoke":true}`).status)
		require.Equal(t, 204, call(w, "DELETE", "/users/new", "").status)
		require.Empty(t, w.User("new").ObjectID)
		require.Equal(t, 400, call(w, "POST", "/users/new/revoke-sessions", "").status)
	})
	t.Run("the application's secrets, addresses, consent and switches", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := call(w, "POST", "/apps/default/secrets", `{"validity":"1h"}`)
		require.Len(t, r.text("value"), 40)
		require.Equal(t, 204, call(w, "POST", "/apps/default/secrets/all/expire", "").status)
		requireSTS(t, w.redeem("1.A"+string(make([]byte, 200))), 401, 7000222, "invalid_client")
		require.Equal(t, 204, call(w, "POST", "/apps/default/redirect-uris", `{"uri":"https://app.example/cb"}`).status)
		require.Equal(t, 400, call(w, "POST", "/apps/default/redirect-uris", `{"uri":"http://app.example/cb"}`).status)
		require.Equal(t, 204, call(w, "POST", "/apps/default/consent", `{}`).status)
		require.Equal(t, 204, call(w, "DELETE", "/apps/default/consent", "").status)
		require.Equal(t, 204, call(w, "PATCH", "/apps/default", `{"enabled":false}`).status)
		require.Equal(t, 204, call(w, "POST", "/keys/rotate", "").status)
		require.Equal(t, 201, call(w, "POST", "/apps", `{"name":"Other","redirectUris":[{"uri":"https://o.example/cb","platform":"web"}]}`).status)
	})
}

func TestSeed(t *testing.T) {
	t.Parallel()
	t.Run("the same seed gives the same ids and secret, another gives others", func(t *testing.T) {
		t.Parallel()
		a, b := emulator.New(emulator.Options{Seed: "a"}), emulator.New(emulator.Options{Seed: "a"})
		require.Equal(t, a.Seed(), b.Seed())
		require.Equal(t, a.Users(), b.Users())
		c := emulator.New(emulator.Options{Seed: "c"})
		require.NotEqual(t, a.Seed().TenantID, c.Seed().TenantID)
		require.NotEqual(t, a.Seed().Secret, c.Seed().Secret)
	})
	t.Run("secrets have the shape of real ones", func(t *testing.T) {
		t.Parallel()
		require.Regexp(t, `^[A-Za-z0-9_.-]{3}8Q~[A-Za-z0-9_.-]{34}$`, emulator.New(emulator.Options{}).Seed().Secret)
	})
	t.Run("everybody of the seed has mail, a dozen in all", func(t *testing.T) {
		t.Parallel()
		em, n := emulator.New(emulator.Options{}), 0
		for _, u := range em.Users() {
			n += len(em.Mailbox(u.UserPrincipalName, "inbox"))
		}
		require.Equal(t, 12, n)
	})
}
