package emulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	first := func(w *world) string { return w.redeem(w.code()).text("refresh_token") }
	t.Run("each use gives another token and the old one stays good", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		old := first(w)
		r := w.refresh(old)
		require.Equal(t, 200, r.status, r.raw)
		require.NotEqual(t, old, r.text("refresh_token"))
		require.NotEmpty(t, r.text("id_token"))
		require.Equal(t, 200, w.refresh(old).status)
		require.Equal(t, 200, w.refresh(r.text("refresh_token")).status)
	})
	t.Run("ninety idle days kill it, use renews it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := first(w)
		_, err := w.AddSecret("", w.seed.Secret, 20*365*24*time.Hour)
		require.NoError(t, err)
		w.Advance(89 * 24 * time.Hour)
		require.Equal(t, 200, w.refresh(token).status)
		w.Advance(89 * 24 * time.Hour)
		require.Equal(t, 200, w.refresh(token).status)
		w.Advance(90 * 24 * time.Hour)
		r := w.refresh(token)
		requireSTS(t, r, 400, 700082, "invalid_grant")
		require.Contains(t, r.text("error_description"), "inactivity.\u00a0The token")
	})
	revocations := map[string]struct {
		code     int
		suberror string
		do       func(w *world) error
	}{
		"revoking the sessions":    {50173, "", func(w *world) error { return w.RevokeSessions("mara") }},
		"an administrator's reset": {50173, "", func(w *world) error { return w.ResetPassword("mara", "new", true) }},
		"blocking the person":      {50057, "", func(w *world) error { return w.SetUserEnabled("mara", false) }},
		"deleting the person":      {51004, "", func(w *world) error { return w.DeleteUser("mara") }},
		"removing the consent":     {65001, "consent_required", func(w *world) error { return w.RemoveConsent("", "mara") }},
		"removing all consent":     {65001, "consent_required", func(w *world) error { return w.RemoveConsent("", "") }},
		"a sign-in frequency": {70043, "token_expired", func(w *world) error {
			w.Configure(func(s *emulator.Settings) { s.SignInFrequency = time.Hour })
			w.Advance(time.Hour)
			return nil
		}},
		"a rule for a second factor":   {50076, "basic_action", func(w *world) error { w.Configure(func(s *emulator.Settings) { s.RequireMFA = true }); return nil }},
		"requiring assignment of some": {50105, "", func(w *world) error { return w.RequireAssignment("", true, "tomas") }},
	}
	for name, c := range revocations {
		t.Run(name+" ends it", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := w.browserRefreshToken()
			require.NoError(t, c.do(w))
			r := w.refresh(token)
			require.Equal(t, 400, r.status, r.raw)
			require.Equal(t, []any{float64(c.code)}, r.body["error_codes"])
			require.Equal(t, c.suberror, r.text("suberror"))
		})
	}
	t.Run("a changed password, a signed-out browser and another secret leave it alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := first(w)
		require.NoError(t, w.ResetPassword("mara", "new", false))
		require.Equal(t, 200, w.do(w.request("GET", "/"+w.seed.TenantID+"/oauth2/v2.0/logout", "")).status)
		require.NoError(t, w.RemoveSecret("", ""))
		requireSTS(t, w.refresh(token), 401, 7000215, "invalid_client")
		fresh, err := w.AddSecret("", "", 0)
		require.NoError(t, err)
		require.Equal(t, 200, w.refresh(token, "client_secret", fresh.Value).status)
	})
	t.Run("it is good again after signing in anew when sessions were revoked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		old := first(w)
		require.NoError(t, w.RevokeSessions("mara"))
		fresh := first(w)
		require.Equal(t, 400, w.refresh(old).status)
		require.Equal(t, 200, w.refresh(fresh).status)
	})
	t.Run("of a single-page app it ends after a fixed day", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.AddRedirectURI("", "https://app.example/spa", emulator.PlatformSPA))
		token := w.spaToken()
		w.Advance(23 * time.Hour)
		token = w.spaRefresh(token).text("refresh_token")
		require.NotEmpty(t, token)
		w.Advance(2 * time.Hour)
		requireSTS(t, w.spaRefresh(token), 400, 700084, "invalid_grant")
	})
	t.Run("more than was consented is 65001, less is fine, letter case is not minded", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.redeem(w.code("scope", "openid offline_access Mail.Read")).text("refresh_token")
		requireSTS(t, w.refresh(token, "scope", "Mail.Send"), 400, 65001, "invalid_grant")
		require.Equal(t, 200, w.refresh(token, "scope", "https://graph.microsoft.com/mail.read").status)
		requireSTS(t, w.refresh(token, "scope", "Mail.Everything"), 400, 70011, "invalid_scope")
	})
	t.Run("garbage and another application's are told apart", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := first(w)
		other := w.AddApp(emulator.App{})
		r := w.refresh(token, "client_id", other.ClientID, "client_secret", other.Secret)
		requireSTS(t, r, 400, 70000, "invalid_grant")
		require.Equal(t, "client_mismatch", r.text("suberror"))
		requireSTS(t, w.refresh("garbage"), 400, 9002313, "invalid_grant")
	})
}

func TestTokenSwitches(t *testing.T) {
	t.Parallel()
	t.Run("scopes are written as the switch says", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for form, want := range map[string]string{"short": "Mail.Read openid", "full": "https://graph.microsoft.com/Mail.Read openid", "lower": "mail.read openid"} {
			w.Configure(func(s *emulator.Settings) { s.ScopeForm = form })
			require.Equal(t, want, w.redeem(w.code("scope", "openid Mail.Read")).text("scope"))
		}
	})
	t.Run("lifetimes from seconds to a day", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, d := range []time.Duration{5 * time.Second, 24 * time.Hour} {
			w.SetTokenLifetime(d)
			r := w.redeem(w.code())
			require.InDelta(t, d.Seconds(), r.body["expires_in"], 0)
			w.Advance(d - time.Second)
			require.Equal(t, 200, w.graph(r.text("access_token"), "GET", "/v1.0/me", "").status)
			w.Advance(time.Second)
			require.Equal(t, 401, w.graph(r.text("access_token"), "GET", "/v1.0/me", "").status)
		}
	})
	t.Run("opaque access tokens have no dots and work", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.OpaqueAccessTokens = true })
		token := w.token("mara", "User.Read")
		require.NotContains(t, token, ".")
		require.Equal(t, 200, w.graph(token, "GET", "/v1.0/me", "").status)
	})
	t.Run("a live access token outlives blocking and removed consent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "User.Read")
		require.NoError(t, w.SetUserEnabled("mara", false))
		require.NoError(t, w.RemoveConsent("", ""))
		require.Equal(t, 200, w.graph(token, "GET", "/v1.0/me", "").status)
	})
}
