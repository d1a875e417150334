package entra_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

const redirectURI = "http://localhost:8080/oauth/callback"

// world is a client with the emulator behind it, reached over HTTP.
type world struct {
	t        *testing.T
	emulator *emulator.Emulator
	seed     emulator.Seed
	cloud    entra.Cloud
	client   *entra.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	em := emulator.New(emulator.Options{})
	server := httptest.NewServer(em)
	t.Cleanup(server.Close)
	return &world{
		t: t, emulator: em, seed: em.Seed(),
		cloud:  entra.Cloud{ID: "emulator", Name: "Emulator", AuthorityURL: server.URL, GraphURL: server.URL},
		client: newClient(em.Now),
	}
}

func newClient(now func() time.Time) *entra.Client {
	return &entra.Client{
		HTTP: entra.NewHTTPClient(10 * time.Second), Now: now, Logger: slog.New(slog.DiscardHandler),
	}
}

func (w *world) provider() entra.Provider {
	w.t.Helper()
	provider, err := w.client.Discover(w.t.Context(), w.cloud, w.seed.TenantID)
	require.NoError(w.t, err)
	return provider
}

func (w *world) secret() secret.String { return secret.New(w.seed.Secret) }

// signIn has mara accept and returns the request that redeems her code, with the nonce it was for.
func (w *world) signIn() (entra.RedeemRequest, secret.String) {
	w.t.Helper()
	request, nonce := w.authorizeRequest()
	location, err := w.emulator.SignIn(w.client.AuthorizeURL(w.provider(), request), "mara", emulator.Accept)
	require.NoError(w.t, err)
	callback, err := url.Parse(location)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, callback.Query().Get("code"))
	return entra.RedeemRequest{
		ClientID: w.seed.ClientID, ClientSecret: w.secret(), RedirectURI: redirectURI,
		Code: secret.New(callback.Query().Get("code")), Verifier: request.Verifier, Scopes: request.Scopes,
	}, nonce
}

func (w *world) authorizeRequest() (entra.AuthorizeRequest, secret.String) {
	nonce := secret.Random()
	return entra.AuthorizeRequest{
		ClientID: w.seed.ClientID, RedirectURI: redirectURI,
		Scopes: []string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"},
		State:  secret.Random(), Nonce: nonce, Verifier: secret.Random(), LoginHint: "mara@fabrikam.example",
	}, nonce
}

func (w *world) tokens() entra.Tokens {
	w.t.Helper()
	request, _ := w.signIn()
	tokens, err := w.client.Redeem(w.t.Context(), w.provider(), request)
	require.NoError(w.t, err)
	return tokens
}

func (w *world) refreshRequest(token secret.String) entra.RefreshRequest {
	return entra.RefreshRequest{ClientID: w.seed.ClientID, ClientSecret: w.secret(), RefreshToken: token}
}

// stub is a provider that answers its token endpoint in one odd way.
type stub struct {
	provider entra.Provider
	client   *entra.Client
	calls    *atomic.Int32
}

func newStub(t *testing.T, token http.HandlerFunc) stub {
	t.Helper()
	calls := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		token(w, r)
	}))
	t.Cleanup(server.Close)
	return stub{
		provider: entra.Provider{
			Cloud:  entra.Cloud{ID: "stub", Name: "Stub", AuthorityURL: server.URL, GraphURL: server.URL},
			Issuer: server.URL, AuthorizationEndpoint: server.URL + "/authorize",
			TokenEndpoint: server.URL + "/token", JWKSURI: server.URL + "/keys",
		},
		client: newClient(func() time.Time { return time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC) }),
		calls:  calls,
	}
}

// replying answers with a status, a content type and a body.
func replying(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func replyingJSON(status int, body any) http.HandlerFunc {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return replying(status, "application/json; charset=utf-8", string(text))
}

func (s stub) refresh(t *testing.T) (entra.Tokens, error) {
	t.Helper()
	return s.client.Refresh(t.Context(), s.provider, entra.RefreshRequest{
		ClientID: "client", ClientSecret: secret.New("stub-client-secret"), RefreshToken: secret.New("stub-refresh-token"),
	})
}

func (s stub) refreshError(t *testing.T) *entra.Error {
	t.Helper()
	_, err := s.refresh(t)
	return entraError(t, err)
}

func entraError(t *testing.T, err error) *entra.Error {
	t.Helper()
	var failed *entra.Error
	require.ErrorAs(t, err, &failed)
	return failed
}
