package emulator_test

import (
	"net/http"
	"strings"
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
		require.Equal(t, 400, call(w, "PATCH", "/settings", `{"consentPolicy":"strict"}`).status)
		require.Equal(t, 400, call(w, "PATCH", "/settings", `{"tokenLifetime":"-1s"}`).status)
		require.Equal(t, "off", w.Settings().ConsentPolicy)
	})
	t.Run("the clock runs ahead or behind, and what is issued with it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		machine := w.Now()
		for _, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute, 0} {
			require.Equal(t, 200, call(w, "POST", "/clock", `{"skew":"`+skew.String()+`"}`).status)
			r := w.redeem(w.code())
			require.Equal(t, machine.Add(skew).Format(http.TimeFormat), r.header.Get("Date"))
			issued, ok := claims(t, r.text("access_token"))["iat"].(float64)
			require.True(t, ok)
			require.Equal(t, machine.Add(skew).Unix(), int64(issued))
		}
	})
	t.Run("everything starts over", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.redeem(w.code()).text("refresh_token")
		w.Advance(time.Hour)
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointJWKS, Status: 503})
		require.NoError(t, w.DeleteUser("tomas"))
		require.NoError(t, w.DeleteTenant("fabrikam.example"))
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy = "off" })
		release := w.Hold(emulator.EndpointDiscovery, "")
		defer release()
		require.Equal(t, 204, call(w, "POST", "/reset", "").status)
		fresh := newWorld(t)
		require.Equal(t, fresh.Now(), w.Now())
		require.Equal(t, fresh.Users(), w.Users())
		require.Equal(t, fresh.Tenants(), w.Tenants())
		require.Equal(t, fresh.Apps(), w.Apps())
		require.Equal(t, fresh.Settings(), w.Settings())
		require.Empty(t, w.Failures())
		require.Empty(t, w.Requests())
		requireSTS(t, w.refresh(token), 400, 70000, "invalid_grant")
		require.Equal(t, 200, w.redeem(w.code()).status)
		require.Len(t, w.RequestsTo(emulator.EndpointToken, ""), 2)
	})
	t.Run("a directory is added, deleted and brought back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.Equal(t, 201, call(w, "POST", "/tenants", `{"name":"Contoso","domains":["contoso.example"]}`).status)
		require.Len(t, decodeList(t, call(w, "GET", "/tenants", "")), 2)
		token := w.redeem(w.code()).text("refresh_token")
		require.Equal(t, 204, call(w, "DELETE", "/tenants/fabrikam.example", "").status)
		requireSTS(t, w.refresh(token), 400, 90002, "invalid_tenant")
		require.Contains(t, w.open(w.authorizeURL()).page, "AADSTS90002")
		require.Equal(t, 204, call(w, "POST", "/tenants/fabrikam.example/restore", "").status)
		require.Equal(t, 200, w.refresh(token).status)
		require.Equal(t, 400, call(w, "DELETE", "/tenants/nowhere.example", "").status)
	})
	t.Run("an application of several tenants lets people of another one in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		other := w.AddTenant("Contoso", "contoso.example")
		w.AddUser(emulator.User{UserPrincipalName: "eve@contoso.example", TenantID: other})
		target := strings.Replace(w.authorizeURL(), w.seed.TenantID, other, 1)
		_, err := w.SignIn(target, "eve@contoso.example", emulator.Accept)
		require.ErrorContains(t, err, "AADSTS700016")
		require.Equal(t, 204, call(w, "PATCH", "/apps/default", `{"multiTenant":true,"name":"Renamed"}`).status)
		require.Equal(t, "Renamed", decodeList(t, call(w, "GET", "/apps", ""))[0]["name"])
		require.NotEmpty(t, w.answer(target, "eve@contoso.example", emulator.Accept).Get("code"))
	})
	t.Run("mail is delivered and read", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		before := len(decodeList(t, call(w, "GET", "/users/mara/messages", "")))
		require.Equal(t, 201, call(w, "POST", "/users/mara/messages", `{"subject":"From outside","from":{"address":"a@b.example"}}`).status)
		list := decodeList(t, call(w, "GET", "/users/mara/messages?folder=inbox", ""))
		require.Len(t, list, before+1)
		require.Equal(t, "From outside", list[before]["subject"])
		require.Equal(t, 400, call(w, "GET", "/users/nobody/messages", "").status)
	})
	t.Run("a counter is waited for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		answer := make(chan reply)
		go func() { answer <- call(w, "GET", "/counters?name=jwks&atLeast=1&timeout=30s", "") }()
		w.do(w.request("GET", "/common/discovery/v2.0/keys", ""))
		got := <-answer
		require.Equal(t, 200, got.status)
		require.EqualValues(t, 1, got.body["jwks"])
		require.Equal(t, http.StatusRequestTimeout, call(w, "GET", "/counters?name=jwks&atLeast=2&timeout=1ms", "").status)
		require.Equal(t, 400, call(w, "GET", "/counters?name=jwks&atLeast=many", "").status)
	})
	t.Run("a page of somebody else may not press anything", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.request("POST", "/_emulator/reset", "")
		r.Header.Set("Origin", "https://elsewhere.example")
		require.Equal(t, http.StatusForbidden, w.do(r).status)
		r = w.request("POST", "/_emulator/reset", "")
		r.Header.Set("Origin", w.url)
		require.Equal(t, http.StatusNoContent, w.do(r).status)
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
		require.Equal(t, 400, call(w, "POST", "/users", `{"userPrincipalName":"mara@fabrikam.example"}`).status)
		require.Equal(t, 400, call(w, "PATCH", "/users/mara", `{"objectId":"x"}`).status)
		require.Equal(t, 400, call(w, "PATCH", "/users/mara", `{"colour":"red"}`).status)
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
