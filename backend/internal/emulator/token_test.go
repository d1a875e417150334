package emulator_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestRedeem(t *testing.T) {
	t.Parallel()
	t.Run("a code is good once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		code := w.code()
		r := w.redeem(code, "client_info", "1")
		require.Equal(t, http.StatusOK, r.status, r.raw)
		require.Equal(t, "Bearer", r.text("token_type"))
		require.Contains(t, r.text("scope"), "https://graph.microsoft.com/Mail.Read")
		require.NotContains(t, r.text("scope"), "offline_access")
		life, _ := r.body["expires_in"].(float64)
		require.GreaterOrEqual(t, life, 3600.0)
		require.LessOrEqual(t, life, 5399.0)
		info, err := base64.RawURLEncoding.DecodeString(r.text("client_info"))
		require.NoError(t, err)
		require.JSONEq(t, `{"uid":"4d5f7a10-0c2b-4e1d-b6d8-77f0a9c31e54","utid":"`+w.seed.TenantID+`"}`, string(info))
		require.Equal(t, "no-store, no-cache", r.header.Get("Cache-Control"))
		requireSTS(t, w.redeem(code), 400, 54005, "invalid_grant")
	})
	t.Run("a code dies after ten minutes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		code := w.code()
		w.Advance(10*time.Minute + time.Second)
		requireSTS(t, w.redeem(code), 400, 70008, "invalid_grant")
	})
	t.Run("the redirect URI must be the same", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		requireSTS(t, w.redeem(w.code(), "redirect_uri", "http://localhost:9/oauth/callback"), 400, 500112, "invalid_grant")
	})
	t.Run("the verifier must match, and must not be left out", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		pkce := []string{"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method", "S256"} // RFC 7636 appendix B
		requireSTS(t, w.redeem(w.code(pkce...)), 400, 501481, "invalid_grant")
		requireSTS(t, w.redeem(w.code(pkce...), "code_verifier", strings.Repeat("x", 43)), 400, 501481, "invalid_grant")
		require.Equal(t, 200, w.redeem(w.code(pkce...), "code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").status)
	})
	t.Run("without offline_access there is no refresh token, without openid no id_token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.redeem(w.code("scope", "Mail.Read"))
		require.Equal(t, 200, r.status)
		require.NotContains(t, r.body, "refresh_token")
		require.NotContains(t, r.body, "id_token")
	})
	t.Run("of another application or tenant it is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		other := w.AddApp(emulator.App{Name: "Other"})
		requireSTS(t, w.redeem(w.code(), "client_id", other.ClientID, "client_secret", other.Secret), 400, 70000, "invalid_grant")
	})
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	t.Run("the shape of the code is checked before the secret", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		requireSTS(t, w.redeem("fake", "client_secret", "wrong"), 400, 9002313, "invalid_grant")
	})
	t.Run("the secret is checked before the code itself", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		requireSTS(t, w.redeem("1.A"+strings.Repeat("x", 300), "client_secret", "wrong"), 401, 7000215, "invalid_client")
	})
	probe := []string{"grant_type", "client_credentials", "scope", "https://graph.microsoft.com/.default"}
	cases := map[string]struct {
		status, code int
		kind         string
		change       []string
	}{
		"a wrong secret":               {401, 7000215, "invalid_client", []string{"client_secret", "wrong"}},
		"no credential":                {401, 7000218, "invalid_client", []string{"client_secret", ""}},
		"an unknown client":            {400, 700016, "unauthorized_client", []string{"client_id", "11111111-2222-4333-8444-555555555555"}},
		"no client":                    {400, 900144, "invalid_request", []string{"client_id", ""}},
		"an unknown grant":             {400, 70003, "unsupported_grant_type", []string{"grant_type", "password"}},
		"no grant":                     {400, 900144, "invalid_request", []string{"grant_type", ""}},
		"a v1 resource":                {400, 901002, "invalid_request", []string{"resource", "https://graph.microsoft.com"}},
		"a named scope at app-only":    {400, 1002012, "invalid_scope", []string{"scope", "Mail.Read"}},
		"a resource that is not Graph": {400, 500011, "invalid_resource", []string{"scope", "https://vault.example/.default"}},
	}
	for name, c := range cases {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			requireSTS(t, w.post(append(probe, c.change...)...), c.status, c.code, c.kind)
		})
	}
	t.Run("the secret's id is not the secret", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		requireSTS(t, w.post(append(probe, "client_secret", w.seed.SecretID)...), 401, 7000215, "invalid_client")
	})
	t.Run("app-only gives neither refresh token nor id_token, and no /me", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.post(probe...)
		require.Equal(t, 200, r.status, r.raw)
		require.NotContains(t, r.body, "refresh_token")
		require.NotContains(t, r.body, "id_token")
		require.Equal(t, 400, w.graph(r.text("access_token"), "GET", "/v1.0/me", "").status)
	})
	t.Run("Basic is form-encoded first", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s, err := w.AddSecret("", "per%cent+plus colon:~", 0)
		require.NoError(t, err)
		r := w.request("POST", "/"+w.seed.TenantID+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}}.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(url.QueryEscape(w.seed.ClientID), url.QueryEscape(s.Value))
		require.Equal(t, 200, w.do(r).status)
	})
	t.Run("an expired secret is 7000222, an old one beside a new one still works", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		fresh, err := w.AddSecret("", "", 2*365*24*time.Hour)
		require.NoError(t, err)
		require.Equal(t, 200, w.post(probe...).status)
		w.Advance(366 * 24 * time.Hour)
		requireSTS(t, w.post(probe...), 401, 7000222, "invalid_client")
		require.Equal(t, 200, w.post(append(probe, "client_secret", fresh.Value)...).status)
	})
	t.Run("a switched-off or deleted application is unauthorized_client", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.SetAppEnabled("", false))
		requireSTS(t, w.post(probe...), 400, 7000112, "unauthorized_client")
		require.NoError(t, w.DeleteApp(""))
		requireSTS(t, w.post(probe...), 400, 700016, "unauthorized_client")
	})
	t.Run("anything but POST is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		requireSTS(t, w.do(w.request("GET", "/"+w.seed.TenantID+"/oauth2/v2.0/token", "")), 400, 900561, "invalid_request")
	})
	t.Run("the client's request id becomes the correlation id", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.request("POST", "/"+w.seed.TenantID+"/oauth2/v2.0/token", "")
		r.Header.Set("client-request-id", "0d9b1111-2222-4333-8444-555555555555")
		r.Header.Set("return-client-request-id", "true")
		got := w.do(r)
		require.Equal(t, "0d9b1111-2222-4333-8444-555555555555", got.text("correlation_id"))
		require.Equal(t, "0d9b1111-2222-4333-8444-555555555555", got.header.Get("client-request-id"))
	})
	t.Run("a public client must not send a secret, a single-page app needs an Origin", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.AddRedirectURI("", "https://app.example/public", emulator.PlatformPublic))
		require.NoError(t, w.AddRedirectURI("", "https://app.example/spa", emulator.PlatformSPA))
		public := []string{"redirect_uri", "https://app.example/public"}
		requireSTS(t, w.redeem(w.code(public...), public...), 401, 700025, "invalid_client")
		require.Equal(t, 200, w.redeem(w.code(public...), append(public, "client_secret", "")...).status)
		spa := []string{"redirect_uri", "https://app.example/spa"}
		requireSTS(t, w.redeem(w.code(spa...), spa...), 400, 9002327, "invalid_request")
	})
	t.Run("the same failing request again and again is a loop", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.LoopLimit = 3 })
		for range 3 {
			requireSTS(t, w.post(append(probe, "client_secret", "wrong")...), 401, 7000215, "invalid_client")
		}
		requireSTS(t, w.post(append(probe, "client_secret", "wrong")...), 400, 50196, "invalid_grant")
		w.Advance(2 * time.Minute)
		requireSTS(t, w.post(append(probe, "client_secret", "wrong")...), 401, 7000215, "invalid_client")
	})
}
