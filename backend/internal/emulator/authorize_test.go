package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestAuthorize(t *testing.T) {
	t.Parallel()
	t.Run("success carries code, state and session_state", func(t *testing.T) {
		t.Parallel()
		q := newWorld(t).answer(newWorld(t).authorizeURL(), "mara", emulator.Accept)
		require.Equal(t, "state-1", q.Get("state"))
		require.NotEmpty(t, q.Get("session_state"))
		require.Greater(t, len(q.Get("code")), 600)
	})
	pages := map[string]struct {
		code    int
		changes []string
	}{
		"a missing client id":              {900144, []string{"client_id", ""}},
		"an unknown client":                {700016, []string{"client_id", "11111111-2222-4333-8444-555555555555"}},
		"another path":                     {50011, []string{"redirect_uri", "http://localhost:8080/oauth/other"}},
		"a trailing slash":                 {50011, []string{"redirect_uri", "http://localhost:8080/oauth/callback/"}},
		"another letter case in the path":  {50011, []string{"redirect_uri", "http://localhost:8080/OAuth/callback"}},
		"another host":                     {50011, []string{"redirect_uri", "http://127.0.0.1:8080/oauth/callback"}},
		"a person who does not exist here": {50034, nil},
	}
	for name, c := range pages {
		t.Run("stays on a page for "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			user := "mara"
			if c.code == 50034 {
				user = "nobody"
			}
			_, err := w.SignIn(w.authorizeURL(c.changes...), user, emulator.Accept)
			var page *emulator.PageError
			require.ErrorAs(t, err, &page)
			require.Equal(t, c.code, page.Code)
		})
	}
	redirects := map[string]struct {
		kind, code string
		changes    []string
	}{
		"a missing scope":              {"invalid_request", "AADSTS900144", []string{"scope", ""}},
		"an unknown scope":             {"invalid_scope", "AADSTS70011", []string{"scope", "openid Mail.Everything"}},
		".default mixed with names":    {"invalid_scope", "AADSTS70011", []string{"scope", "https://graph.microsoft.com/.default Mail.Read"}},
		"a missing response type":      {"invalid_request", "AADSTS900144", []string{"response_type", ""}},
		"an id_token without switch":   {"unsupported_response_type", "AADSTS700054", []string{"response_type", "code id_token", "nonce", "n"}},
		"an unknown prompt":            {"invalid_request", "AADSTS90023", []string{"prompt", "maybe"}},
		"a short challenge":            {"invalid_request", "AADSTS501491", []string{"code_challenge", "abc", "code_challenge_method", "S256"}},
		"prompt=none without session":  {"login_required", "AADSTS50058", []string{"prompt", "none"}},
		"a resource that is not Graph": {"invalid_resource", "AADSTS500011", []string{"scope", "https://vault.example/Secrets.Read"}},
	}
	for name, c := range redirects {
		t.Run("goes back to the application for "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			q := w.answer(w.authorizeURL(c.changes...), "mara", emulator.Accept)
			require.Equal(t, c.kind, q.Get("error"))
			require.True(t, strings.HasPrefix(q.Get("error_description"), c.code+":"), q.Get("error_description"))
			require.Contains(t, q.Get("error_description"), "\r\nTrace ID: ")
			require.Equal(t, "state-1", q.Get("state"))
			require.Empty(t, q.Get("code"))
		})
	}
	t.Run("the port of a loopback address does not matter", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		location, err := w.SignIn(w.authorizeURL("redirect_uri", "http://localhost:4711/oauth/callback"), "mara", emulator.Accept)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(location, "http://localhost:4711/oauth/callback?code="))
	})
	t.Run("the port of any other address does", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.AddRedirectURI("", "https://app.example/cb", ""))
		_, err := w.SignIn(w.authorizeURL("redirect_uri", "https://app.example:8443/cb"), "mara", emulator.Accept)
		require.Error(t, err)
	})
	t.Run("a registered host without a path gains one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.AddRedirectURI("", "https://app.example", ""))
		location, err := w.SignIn(w.authorizeURL("redirect_uri", "https://app.example"), "mara", emulator.Accept)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(location, "https://app.example/?code="), location)
	})
	t.Run("fragment puts the answer behind a hash", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		location, err := w.SignIn(w.authorizeURL("response_mode", "fragment"), "mara", emulator.Accept)
		require.NoError(t, err)
		require.Contains(t, location, "/oauth/callback#code=")
	})
	t.Run("unknown tenants are told apart from malformed ones", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for tenant, code := range map[string]int{"nowhere.example": 90002, "no tenant": 900023, "common": 50194} {
			_, err := w.SignIn(strings.Replace(w.authorizeURL(), w.seed.TenantID, url.PathEscape(tenant), 1), "mara", emulator.Accept)
			var page *emulator.PageError
			require.ErrorAs(t, err, &page)
			require.Equal(t, code, page.Code)
		}
	})
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	t.Run("declining consent is access_denied with 65004", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := w.answer(w.authorizeURL(), "mara", emulator.Decline)
		require.Equal(t, "access_denied", q.Get("error"))
		require.Contains(t, q.Get("error_description"), "AADSTS65004")
	})
	t.Run("declining can be consent_required by switch", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.DeclineError = "consent_required" })
		require.Equal(t, "consent_required", w.answer(w.authorizeURL(), "mara", emulator.Decline).Get("error"))
	})
	t.Run("cancelling the sign-in has a subcode and no description", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := w.answer(w.authorizeURL(), "mara", emulator.Cancel)
		require.Equal(t, "access_denied", q.Get("error"))
		require.Equal(t, "cancel", q.Get("error_subcode"))
		require.Empty(t, q.Get("error_description"))
	})
	t.Run("the managed policy lets an administrator consent for all, and then users too", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy = "managed" })
		_, err := w.SignIn(w.authorizeURL(), "mara", emulator.Accept)
		var page *emulator.PageError
		require.ErrorAs(t, err, &page)
		require.Equal(t, 90094, page.Code)
		require.NotEmpty(t, w.answer(w.authorizeURL(), "ines", emulator.AcceptForOrganization).Get("code"))
		require.NotEmpty(t, w.code())
	})
	t.Run("the managed policy leaves User.Read and Mail.Send to users", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy = "managed" })
		require.NotEmpty(t, w.code("scope", "openid User.Read Mail.Send"))
	})
	t.Run("somebody of another tenant, or not assigned, or blocked, stays on a page", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		other := w.AddTenant("Contoso", "contoso.example")
		w.AddUser(emulator.User{UserPrincipalName: "eve@contoso.example", TenantID: other})
		require.NoError(t, w.SetUserEnabled("ines", false))
		require.NoError(t, w.RequireAssignment("", true, "tomas"))
		for user, code := range map[string]int{"eve@contoso.example": 50020, "mara": 50105, "ines": 50057} {
			_, err := w.SignIn(w.authorizeURL(), user, emulator.Accept)
			var page *emulator.PageError
			require.ErrorAs(t, err, &page)
			require.Equal(t, code, page.Code, user)
		}
	})
	t.Run("admin consent has no code and serves everybody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy = "off" })
		adminURL := w.url + "/" + w.seed.TenantID + "/v2.0/adminconsent?" + url.Values{
			"client_id": {w.seed.ClientID}, "redirect_uri": {emulator.DefaultRedirectURI}, "state": {"s"}, "scope": {"https://graph.microsoft.com/.default"},
		}.Encode()
		q := w.answer(adminURL, "ines", emulator.Accept)
		require.Equal(t, "True", q.Get("admin_consent"))
		require.Equal(t, w.seed.TenantID, q.Get("tenant"))
		require.Equal(t, "s", q.Get("state"))
		require.Empty(t, q.Get("code"))
		require.NotEmpty(t, w.code())
	})
	t.Run("the form over HTTP answers with a Location, or 400 for a page", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		send := func(target string) reply {
			form := url.Values{"url": {target}, "user": {"mara@fabrikam.example"}}
			r := w.request(http.MethodPost, "/_emulator/sign-in", form.Encode())
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return w.do(r)
		}
		r := send(w.authorizeURL())
		require.Equal(t, http.StatusFound, r.status)
		require.Contains(t, r.header.Get("Location"), "?code=")
		r = send(w.authorizeURL("redirect_uri", "https://elsewhere.example/"))
		require.Equal(t, http.StatusBadRequest, r.status)
		require.EqualValues(t, 50011, r.body["code"])
	})
}
