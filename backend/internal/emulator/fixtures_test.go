package emulator_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const mailScopes = "openid profile email offline_access User.Read Mail.Read Mail.ReadWrite Mail.Send"

// world is a served emulator with an application that talks to it.
type world struct {
	*emulator.Emulator
	t    *testing.T
	url  string
	seed emulator.Seed
	// Connections of its own: closing one test's server closes the idle ones of http.DefaultTransport.
	transport *http.Transport
}

func newWorld(t *testing.T, change ...func(*emulator.Options)) *world {
	t.Helper()
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	o := emulator.Options{Now: func() time.Time { return now }}
	for _, c := range change {
		c(&o)
	}
	em := emulator.New(o)
	srv := httptest.NewServer(em)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	return &world{Emulator: em, t: t, url: srv.URL, seed: em.Seed(), transport: transport}
}

// realTime uses the machine's clock, for libraries that check times themselves.
func realTime(o *emulator.Options) { o.Now = nil }

func (w *world) config(scopes ...string) *oauth2.Config {
	if scopes == nil {
		scopes = strings.Fields(mailScopes)
	}
	at := w.url + "/" + w.seed.TenantID + "/oauth2/v2.0"
	return &oauth2.Config{
		ClientID: w.seed.ClientID, ClientSecret: w.seed.Secret, RedirectURL: emulator.DefaultRedirectURI, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: at + "/authorize", TokenURL: at + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
}

// authorizeURL is a good request with parameters replaced, or removed when empty.
func (w *world) authorizeURL(changes ...string) string {
	u, err := url.Parse(w.config().AuthCodeURL("state-1"))
	require.NoError(w.t, err)
	q := u.Query()
	for i := 0; i < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// answer signs a person in and returns the parameters that come back to the application.
func (w *world) answer(authorizeURL, user string, d emulator.Decision) url.Values {
	w.t.Helper()
	location, err := w.SignIn(authorizeURL, user, d)
	require.NoError(w.t, err)
	u, err := url.Parse(location)
	require.NoError(w.t, err)
	return u.Query()
}

// code signs mara in.
func (w *world) code(changes ...string) string {
	w.t.Helper()
	code := w.answer(w.authorizeURL(changes...), "mara", emulator.Accept).Get("code")
	require.NotEmpty(w.t, code)
	return code
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

func (w *world) do(r *http.Request) reply {
	w.t.Helper()
	resp, err := w.transport.RoundTrip(r)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	out := reply{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if json.Unmarshal(raw, &out.body) != nil {
		out.body = nil
	}
	return out
}

func (w *world) request(method, path, body string) *http.Request {
	w.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = w.url + path
	}
	r, err := http.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	require.NoError(w.t, err)
	return r
}

// post sends a form to the token endpoint; client id and secret are filled in unless given.
func (w *world) post(pairs ...string) reply {
	w.t.Helper()
	form := url.Values{"client_id": {w.seed.ClientID}, "client_secret": {w.seed.Secret}, "redirect_uri": {emulator.DefaultRedirectURI}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	r := w.request(http.MethodPost, "/"+w.seed.TenantID+"/oauth2/v2.0/token", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

func (w *world) redeem(code string, more ...string) reply {
	w.t.Helper()
	return w.post(append([]string{"grant_type", "authorization_code", "code", code}, more...)...)
}

func (w *world) refresh(token string, more ...string) reply {
	w.t.Helper()
	return w.post(append([]string{"grant_type", "refresh_token", "refresh_token", token}, more...)...)
}

func (r reply) text(name string) string {
	s, ok := r.body[name].(string)
	if !ok {
		return ""
	}
	return s
}

// requireSTS checks an error of the token endpoint.
func requireSTS(t *testing.T, r reply, status, code int, kind string) {
	t.Helper()
	require.Equal(t, status, r.status, r.raw)
	require.Equal(t, kind, r.text("error"))
	require.Equal(t, []any{float64(code)}, r.body["error_codes"])
	for _, member := range []string{"error_description", "timestamp", "trace_id", "correlation_id", "error_uri"} {
		require.NotEmpty(t, r.text(member), member)
	}
}

// decodeList reads an answer that is a list.
func decodeList(t *testing.T, r reply) []map[string]any {
	t.Helper()
	var out []map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.raw), &out), r.raw)
	return out
}

// graph calls Graph with a token and optional header pairs.
func (w *world) graph(token, method, path, body string, headers ...string) reply {
	w.t.Helper()
	r := w.request(method, path, body)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

// token signs a person in with scopes and returns the access token.
func (w *world) token(user, scopes string) string {
	w.t.Helper()
	code := w.answer(w.authorizeURL("scope", scopes), user, emulator.Accept).Get("code")
	r := w.redeem(code)
	require.Equal(w.t, http.StatusOK, r.status, r.raw)
	return r.text("access_token")
}

// browser keeps cookies and follows redirects as long as they stay at the emulator.
func (w *world) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	host := strings.TrimPrefix(w.url, "http://")
	return &http.Client{Transport: w.transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != host {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// browserRefreshToken signs mara in through the pages, so without a second factor.
func (w *world) browserRefreshToken() string {
	w.t.Helper()
	p := w.open(w.authorizeURL()).fill("username", "mara@fabrikam.example").press("next").
		fill("password", "mara-copper-42").press("next").press("no").press("accept")
	return w.redeem(p.callback().Get("code")).text("refresh_token")
}

func (w *world) spaPost(pairs ...string) reply {
	w.t.Helper()
	form := url.Values{"client_id": {w.seed.ClientID}, "redirect_uri": {"https://app.example/spa"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := w.request(http.MethodPost, "/"+w.seed.TenantID+"/oauth2/v2.0/token", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://app.example")
	return w.do(r)
}

func (w *world) spaToken() string {
	w.t.Helper()
	return w.spaPost("grant_type", "authorization_code", "code", w.code("redirect_uri", "https://app.example/spa")).text("refresh_token")
}

func (w *world) spaRefresh(token string) reply {
	w.t.Helper()
	return w.spaPost("grant_type", "refresh_token", "refresh_token", token)
}

// stage is a world in which a person has signed in, so that every failure has something to hit.
type stage struct {
	*world
	refreshToken, accessToken string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	w := newWorld(t)
	r := w.redeem(w.code())
	require.Equal(t, 200, r.status, r.raw)
	return &stage{w, r.text("refresh_token"), r.text("access_token")}
}

// order asks the control API for a failure and returns its id.
func (s *stage) order(body string) string {
	s.t.Helper()
	r := s.do(s.request(http.MethodPost, "/_emulator/failures", body))
	require.Equal(s.t, http.StatusCreated, r.status, r.raw)
	return r.text("id")
}

const letter = `{"message":{"subject":"A letter","toRecipients":[{"emailAddress":{"address":"tomas@fabrikam.example"}}]}}`

// send is POST /me/sendMail on a connection of its own; an error is a connection that broke.
func (s *stage) send() (reply, error) {
	s.t.Helper()
	r := s.request(http.MethodPost, "/v1.0/me/sendMail", letter)
	r.Header.Set("Authorization", "Bearer "+s.accessToken)
	r.Header.Set("Content-Type", "application/json")
	return s.alone(r)
}

func (s *stage) tokenRequest() *http.Request {
	s.t.Helper()
	form := url.Values{"client_id": {s.seed.ClientID}, "client_secret": {s.seed.Secret}, "grant_type": {"refresh_token"}, "refresh_token": {s.refreshToken}}
	r := s.request(http.MethodPost, "/"+s.seed.TenantID+"/oauth2/v2.0/token", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// alone sends a request on a connection that is used for nothing else, so that nobody retries it.
func (s *stage) alone(r *http.Request) (reply, error) {
	s.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	raw, err := io.ReadAll(resp.Body)
	require.NoError(s.t, resp.Body.Close())
	out := reply{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if err == nil && json.Unmarshal(raw, &out.body) != nil {
		out.body = nil
	}
	return out, err
}

func (s *stage) discover() reply {
	s.t.Helper()
	return s.do(s.request(http.MethodGet, "/"+s.seed.TenantID+"/v2.0/.well-known/openid-configuration", ""))
}

func (s *stage) keys() reply {
	s.t.Helper()
	return s.do(s.request(http.MethodGet, "/"+s.seed.TenantID+"/discovery/v2.0/keys", ""))
}

func (s *stage) me() reply {
	s.t.Helper()
	return s.graph(s.accessToken, http.MethodGet, "/v1.0/me", "")
}

// state is one number of the state.
func (s *stage) state(name string) int {
	s.t.Helper()
	n, ok := s.do(s.request(http.MethodGet, "/_emulator/state", "")).body[name].(float64)
	require.True(s.t, ok)
	return int(n)
}

// sent counts what has left mara's mailbox.
func (s *stage) sent() int { return len(s.Mailbox("mara", "sentitems")) }

// claims reads a JWT's payload without checking anything.
func claims(t *testing.T, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	require.Len(t, parts, 3)
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}
