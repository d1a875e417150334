package entra_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	t.Run("a right configuration passes in one request", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.client.Probe(t.Context(), w.provider(), w.seed.ClientID, w.secret()))
		require.Equal(t, 1, w.emulator.Count("token.client_credentials"))
	})
	faults := map[string]struct {
		arrange  func(w *world) error
		clientID string
		secret   func(w *world) string
		class    entra.Class
		field    string
		code     string
	}{
		"a wrong secret":                       {nil, "", func(*world) string { return "wrong~secret" }, entra.ClassConfiguration, "clientSecret", "invalid_client_secret"},
		"the Secret ID in place of the secret": {nil, "", func(w *world) string { return w.seed.SecretID }, entra.ClassConfiguration, "clientSecret", "invalid_client_secret"},
		"no secret":                            {nil, "", func(*world) string { return "" }, entra.ClassConfiguration, "clientSecret", "client_secret_missing"},
		"an expired secret":                    {func(w *world) error { return w.emulator.ExpireSecret("", "") }, "", nil, entra.ClassConfiguration, "clientSecret", "client_secret_expired"},
		"an unknown client ID":                 {nil, "99999999-8888-7777-6666-555555555555", nil, entra.ClassConfiguration, "clientId", "client_not_found"},
		"a deleted app":                        {func(w *world) error { return w.emulator.DeleteApp("") }, "", nil, entra.ClassConfiguration, "clientId", "client_not_found"},
		"a disabled app":                       {func(w *world) error { return w.emulator.SetAppEnabled("", false) }, "", nil, entra.ClassAdministrator, "clientId", "app_disabled"},
	}
	for name, fault := range faults {
		t.Run(name+" is shown at its field", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			provider := w.provider()
			if fault.arrange != nil {
				require.NoError(t, fault.arrange(w))
			}
			clientID, clientSecret := w.seed.ClientID, w.seed.Secret
			if fault.clientID != "" {
				clientID = fault.clientID
			}
			if fault.secret != nil {
				clientSecret = fault.secret(w)
			}
			err := w.client.Probe(t.Context(), provider, clientID, secret.New(clientSecret))
			require.NotErrorIs(t, err, entra.ErrInconclusive)
			advice := entraError(t, err).Advice()
			require.Equal(t, fault.class, advice.Class)
			require.Equal(t, fault.field, advice.Field)
			require.Equal(t, fault.code, advice.Code)
		})
	}
	t.Run("a secret of odd characters arrives as it is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		odd := `a+b&c=d%20 "é~<ü>#?/\:;`
		_, err := w.emulator.AddSecret("", odd, 0)
		require.NoError(t, err)
		require.NoError(t, w.client.Probe(t.Context(), w.provider(), w.seed.ClientID, secret.New(odd)))
	})
}

func TestProbeInconclusive(t *testing.T) {
	t.Parallel()
	rows := map[string]http.HandlerFunc{
		"a provider without the grant":          replyingJSON(400, map[string]any{"error": "unsupported_grant_type"}),
		"an app barred from the grant":          replyingJSON(400, map[string]any{"error": "unauthorized_client"}),
		"an app barred from it, with 401":       replyingJSON(401, map[string]any{"error": "unauthorized_client"}),
		"a scope the provider doesn't know":     replyingJSON(400, map[string]any{"error": "invalid_scope", "error_codes": []int{70011}}),
		"a resource it doesn't know":            replyingJSON(400, map[string]any{"error": "invalid_resource", "error_codes": []int{500011}}),
		"an assignment that only the app lacks": replyingJSON(400, map[string]any{"error": "invalid_grant", "error_codes": []int{50105}}),
		"a policy on the app alone":             replyingJSON(400, map[string]any{"error": "interaction_required", "error_codes": []int{53003}}),
		"a request it finds malformed":          replyingJSON(400, map[string]any{"error": "invalid_request"}),
		"a gateway that denies access":          replyingJSON(403, map[string]any{"error": "access_denied"}),
		"an outage":                             replying(503, "text/html", "<h1>down</h1>"),
		"an outage that names the client":       replyingJSON(503, map[string]any{"error": "invalid_client", "error_codes": []int{7000215}}),
		"a throttle":                            replying(429, "text/plain", ""),
		"a page instead of an answer":           replying(401, "text/html", `{"error":"invalid_client"}`),
		"a success without a token":             replyingJSON(200, map[string]any{"ok": true}),
		"an endpoint that isn't there":          replyingJSON(404, map[string]any{"error": "invalid_client"}),
		"a connection that breaks":              func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, handler := range rows {
		t.Run(name+" proves nothing", func(t *testing.T) {
			t.Parallel()
			s := newStub(t, handler)
			err := s.client.Probe(t.Context(), s.provider, "client", secret.New("stub-client-secret"))
			require.ErrorIs(t, err, entra.ErrInconclusive)
			require.Equal(t, entra.OpProbe, entraError(t, err).Op)
			require.NotContains(t, err.Error(), "stub-client-secret")
		})
	}
	t.Run("the emulator's throttling proves nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.Fail(emulator.Failure{Endpoint: "token", AADSTS: 90055})
		require.ErrorIs(t, w.client.Probe(t.Context(), w.provider(), w.seed.ClientID, w.secret()), entra.ErrInconclusive)
	})
	t.Run("but a client refused without a number is refused", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, replyingJSON(401, map[string]any{"error": "invalid_client"}))
		err := s.client.Probe(t.Context(), s.provider, "client", secret.New("x"))
		require.NotErrorIs(t, err, entra.ErrInconclusive)
		require.Equal(t, "clientSecret", entraError(t, err).Advice().Field)
	})
}
