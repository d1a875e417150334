package graph_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/graph"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// world is a client with the emulator's Graph behind it and a token of mara's.
type world struct {
	emulator *emulator.Emulator
	client   *graph.Client
	base     string
	token    secret.String
}

func newWorld(t *testing.T, scopes ...string) *world {
	t.Helper()
	em := emulator.New(emulator.Options{})
	server := httptest.NewServer(em)
	t.Cleanup(server.Close)
	w := &world{emulator: em, client: newClient(em.Now), base: server.URL}
	if len(scopes) == 0 {
		scopes = []string{"Mail.Read", "User.Read"}
	}
	w.token = w.signIn(t, scopes)
	return w
}

func newClient(now func() time.Time) *graph.Client {
	return &graph.Client{HTTP: upstream.NewHTTPClient(10 * time.Second), Now: now, Logger: slog.New(slog.DiscardHandler)}
}

func (w *world) signIn(t *testing.T, scopes []string) secret.String {
	t.Helper()
	client := &entra.Client{HTTP: upstream.NewHTTPClient(10 * time.Second), Now: w.emulator.Now, Logger: slog.New(slog.DiscardHandler)}
	cloud := entra.Cloud{ID: "emulator", Name: "Emulator", AuthorityURL: w.base, GraphURL: w.base}
	seed := w.emulator.Seed()
	provider, err := client.Discover(t.Context(), cloud, seed.TenantID)
	require.NoError(t, err)
	request := entra.AuthorizeRequest{
		ClientID: seed.ClientID, RedirectURI: "http://localhost:8080/oauth/callback", Scopes: scopes,
		State: secret.Random(), Nonce: secret.Random(), Verifier: secret.Random(), LoginHint: "mara@fabrikam.example",
	}
	location, err := w.emulator.SignIn(client.AuthorizeURL(provider, request), "mara", emulator.Accept)
	require.NoError(t, err)
	callback, err := url.Parse(location)
	require.NoError(t, err)
	tokens, err := client.Redeem(t.Context(), provider, entra.RedeemRequest{
		ClientID: seed.ClientID, ClientSecret: secret.New(seed.Secret), RedirectURI: request.RedirectURI,
		Code: secret.New(callback.Query().Get("code")), Verifier: request.Verifier, Scopes: scopes,
	})
	require.NoError(t, err)
	return tokens.AccessToken
}

// stubbed calls /me at a Graph that answers in one odd way.
func stubbed(t *testing.T, handler http.HandlerFunc) (graph.User, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := newClient(func() time.Time { return time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC) })
	return client.Me(t.Context(), server.URL, secret.New("stub-access-token"))
}

func replying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func graphError(t *testing.T, err error) *graph.Error {
	t.Helper()
	var failed *graph.Error
	require.ErrorAs(t, err, &failed)
	return failed
}
