// Package apptest runs the whole product for a test: the real wiring and the real database, real HTTP,
// and the emulator in Microsoft's place. Whatever its client sends and gets is compared with the OpenAPI
// document, so that handlers and document cannot drift apart.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// Password is that of every person whom tests make.
const Password = "correct-horse-battery-41"

// App is a running product with its surroundings.
type App struct {
	*app.App
	URL       string
	Emulator  *emulator.Emulator
	SetupCode string
	Output    *Output // everything the product logged and printed
	DataDir   string

	skew *atomic.Int64
	t    *testing.T
	stop func()
}

// SkewClock sets the product's clock ahead of the emulator's, or behind it.
func (a *App) SkewClock(ahead time.Duration) { a.skew.Store(int64(ahead)) }

// Output collects what a process writes; it is safe for concurrent use.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns what was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// New runs the product on a fresh database, with further settings as VARIABLE=value. Product and
// emulator share the emulator's clock, so that Advance moves both.
func New(t *testing.T, settings ...string) *App {
	t.Helper()
	return NewBehind(t, func(emulator http.Handler) http.Handler { return emulator }, settings...)
}

// NewBehind is New with a handler in front of the emulator, for what Microsoft might do and the emulator
// doesn't.
func NewBehind(t *testing.T, before func(emulator http.Handler) http.Handler, settings ...string) *App {
	t.Helper()
	emu := emulator.New(emulator.Options{})
	microsoft := httptest.NewServer(before(emu))
	t.Cleanup(microsoft.Close)
	return start(t, emu, microsoft.URL, t.TempDir(), dbtest.NewURL(t), settings)
}

func start(t *testing.T, emu *emulator.Emulator, microsoftURL, dataDir, databaseURL string, settings []string) *App {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	a := &App{URL: "http://localhost:" + port, Emulator: emu, Output: &Output{}, DataDir: dataDir, skew: &atomic.Int64{}, t: t}
	cloud, err := json.Marshal([]map[string]string{{
		"id": "emulator", "name": "Emulator", "authorityUrl": microsoftURL, "graphUrl": microsoftURL,
	}})
	require.NoError(t, err)
	environ := []string{
		"LATCHKEY_PUBLIC_URL=" + a.URL, "LATCHKEY_DATA_DIR=" + dataDir, "LATCHKEY_LOG_LEVEL=debug",
		"LATCHKEY_CLOUDS_EXTRA=" + string(cloud), "LATCHKEY_DEFAULT_CLOUD=emulator",
	}
	if strings.HasPrefix(databaseURL, "postgres") {
		environ = append(environ, "LATCHKEY_DATABASE_URL="+databaseURL)
	}
	c, err := config.Load(append(environ, settings...))
	require.NoError(t, err)
	logger := app.NewLogger(a.Output, "json", slog.LevelDebug)
	now := func() time.Time {
		return emu.Now().Add(time.Duration(a.skew.Load())).UTC().Truncate(time.Microsecond)
	}
	a.App, err = app.New(t.Context(), c, app.Options{Logger: logger, Now: now})
	require.NoError(t, err)
	server := &httptest.Server{Listener: listener, Config: a.HTTPServer()}
	server.Start()
	var printed bytes.Buffer
	require.NoError(t, a.Start(context.WithoutCancel(t.Context()), &printed))
	a.stop = sync.OnceFunc(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, a.Close(ctx))
	})
	t.Cleanup(a.stop)
	if _, code, ok := strings.Cut(printed.String(), "Set-up code: "); ok {
		a.SetupCode = strings.TrimSpace(code)
	}
	return a
}

// Browser is somebody at a browser: cookies, our origin, no redirects followed.
type Browser struct {
	app  *App
	http *http.Client
}

// Browser returns a fresh one.
func (a *App) Browser() *Browser {
	jar, err := cookiejar.New(nil)
	require.NoError(a.t, err)
	return &Browser{app: a, http: &http.Client{Jar: jar, CheckRedirect: stay}}
}

// At returns the same browser as another replica sees it.
func (b *Browser) At(replica *App) *Browser { return &Browser{app: replica, http: b.http} }

// stay follows no redirect: the answer to look at is the one that was asked for.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Admin sets the product up and returns the first administrator, signed in.
func (a *App) Admin() *Browser {
	b := a.Browser()
	b.Call(http.MethodPost, "/api/v1/setup", map[string]any{
		"setupCode": a.SetupCode, "email": "ada@fabrikam.example", "name": "Ada", "password": Password,
	}).Status(http.StatusCreated)
	return b
}

// Answer is what came back.
type Answer struct {
	t      *testing.T
	app    *App
	Code   int
	Header http.Header
	Body   []byte
	JSON   map[string]any
}

// Status requires a status and returns the answer.
func (r Answer) Status(want int) Answer {
	r.t.Helper()
	log := ""
	if r.Code >= http.StatusInternalServerError && r.Code != want {
		for line := range strings.Lines(r.app.Output.String()) {
			if strings.Contains(line, r.Header.Get("X-Request-Id")) {
				log += line
			}
		}
	}
	require.Equal(r.t, want, r.Code, "%s\n%s", r.Body, log)
	return r
}

// Text returns a member of the JSON answer, reached by names; it must be a string.
func (r Answer) Text(path ...string) string {
	r.t.Helper()
	s, ok := r.At(path...).(string)
	require.True(r.t, ok, "%v is no string in %s", path, r.Body)
	return s
}

// At returns a member of the JSON answer, reached by names.
func (r Answer) At(path ...string) any {
	var at any = r.JSON
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	return at
}

// Items returns the items of a page.
func (r Answer) Items() []map[string]any {
	list, _ := r.JSON["items"].([]any)
	items := make([]map[string]any, 0, len(list))
	for _, item := range list {
		object, ok := item.(map[string]any)
		require.True(r.t, ok)
		items = append(items, object)
	}
	return items
}

// FieldErrors returns field and code of each error of a problem, as field:code.
func (r Answer) FieldErrors() []string {
	list, _ := r.JSON["errors"].([]any)
	var out []string
	for _, item := range list {
		object, _ := item.(map[string]any)
		field, _ := object["field"].(string)
		code, _ := object["code"].(string)
		out = append(out, field+":"+code)
	}
	return out
}

// Call sends a request as the app's own page would; target may be a whole URL.
func (b *Browser) Call(method, target string, body any, headers ...string) Answer {
	b.app.t.Helper()
	return b.app.send(b.http, method, target, body, append([]string{
		"Origin", b.app.Config.PublicURL, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty",
	}, headers...))
}

// Call sends a request as a program would, with the given headers as name, value, name, value.
func (a *App) Call(method, target string, body any, headers ...string) Answer {
	a.t.Helper()
	return a.send(&http.Client{CheckRedirect: stay}, method, target, body, headers)
}

func (a *App) send(client *http.Client, method, target string, body any, headers []string) Answer {
	t := a.t
	t.Helper()
	target = strings.TrimPrefix(target, a.Config.PublicURL) // what is sent to the product's one address comes here
	if strings.HasPrefix(target, "/") {
		target = a.URL + target
	}
	content, contentType := encode(t, body)
	request, err := http.NewRequestWithContext(t.Context(), method, target, bytes.NewReader(content))
	require.NoError(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	answer := Answer{t: t, app: a, Code: response.StatusCode, Header: response.Header, Body: raw}
	// Not every answer is a JSON object; what needs one asks for its members.
	_ = json.Unmarshal(raw, &answer.JSON)
	if strings.HasPrefix(target, a.URL+"/") {
		require.NoError(t, exchange{
			method: method, url: request.URL, request: request.Header, body: content,
			code: answer.Code, header: answer.Header, answer: raw,
		}.check())
	}
	return answer
}

// encode writes a body as its type asks for: a form, text that is JSON already, anything else as JSON.
func encode(t *testing.T, body any) (content []byte, contentType string) {
	t.Helper()
	switch v := body.(type) {
	case nil:
		return nil, ""
	case url.Values:
		return []byte(v.Encode()), "application/x-www-form-urlencoded"
	case string:
		return []byte(v), "application/json"
	default:
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		return raw, "application/json"
	}
}

// CreateKey creates a complete account key for the emulator's app and returns its id.
func (b *Browser) CreateKey(name string, change ...func(map[string]any)) string {
	b.app.t.Helper()
	seed := b.app.Emulator.Seed()
	body := map[string]any{
		"type": "oauth2_microsoft_graph", "displayName": name,
		"tenantId": seed.TenantID, "clientId": seed.ClientID, "clientSecret": seed.Secret,
	}
	for _, f := range change {
		f(body)
	}
	return b.Call(http.MethodPost, "/api/v1/account-keys", body).Status(http.StatusCreated).Text("id")
}

// Authorize starts an authorization of a key, signs in at the emulator, comes back to the callback in
// this browser, and returns the attempt's state.
func (b *Browser) Authorize(keyID, person string, decision emulator.Decision) Answer {
	b.app.t.Helper()
	started := b.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/authorizations", map[string]any{"mode": "popup"}).
		Status(http.StatusCreated)
	callback, err := b.app.Emulator.SignIn(started.Text("url"), person, decision)
	require.NoError(b.app.t, err)
	back := b.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	require.Equal(b.app.t, b.app.Config.PublicURL+"/authorization/"+started.Text("id"), back.Header.Get("Location"))
	return b.Call(http.MethodGet, "/api/v1/account-keys/"+keyID+"/authorizations/"+started.Text("id"), nil).Status(http.StatusOK)
}

// Program creates an API client for the given keys and returns the bearer header of its JWT.
func (b *Browser) Program(name string, permissions, keyIDs []string) (header []string, clientID string) {
	b.app.t.Helper()
	made := b.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": name, "permissions": permissions, "accountKeyIds": keyIDs,
	}).Status(http.StatusCreated)
	issued := b.app.Call(http.MethodPost, "/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {made.Text("id")}, "client_secret": {made.Text("secret")},
	}).Status(http.StatusOK)
	return []string{"Authorization", "Bearer " + issued.Text("access_token")}, made.Text("id")
}

// Cookies returns what the browser would send to the API, as a header's value.
func (b *Browser) Cookies() string {
	u, err := url.Parse(b.app.URL + "/api/v1")
	require.NoError(b.app.t, err)
	var pairs []string
	for _, cookie := range b.http.Jar.Cookies(u) {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; ")
}
