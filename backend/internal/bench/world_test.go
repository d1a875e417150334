package bench_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// provider is the emulator with refreshes of its own: they cost next to nothing and take just as long as
// they are told to, so that what is measured is Latchkey.
type provider struct {
	*emulator.Emulator
	url       string
	latency   atomic.Int64 // of a refresh
	lifetime  atomic.Int64 // of what it gives
	refreshes atomic.Int64
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{Emulator: emulator.New(emulator.Options{})}
	p.lifetime.Store(int64(time.Hour))
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// ServeHTTP answers refreshes and leaves the rest to the emulator.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer, ok := bodies()[r.URL.Path]; ok {
		w.Header().Set("Content-Type", answer.kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
		_, _ = w.Write(answer.body) // a client that has gone is none of this test's business
		return
	}
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		p.Emulator.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !bytes.Contains(body, []byte("grant_type=refresh_token")) {
		p.Emulator.ServeHTTP(w, r)
		return
	}
	n := p.refreshes.Add(1)
	time.Sleep(time.Duration(p.latency.Load()))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	fmt.Fprintf(w, `{"token_type":"Bearer","scope":"Mail.Read Mail.ReadWrite Mail.Send User.Read","expires_in":%d,`+
		`"access_token":"%s%d","refresh_token":"%s%d"}`,
		p.lifetime.Load()/int64(time.Second), strings.Repeat("a", 1900), n, strings.Repeat("r", 1200), n)
}

// world is a database with account keys, and Latchkey on it.
type world struct {
	provider *provider
	environ  []string
	database string // its URL
	host     string
	server   *process
	admin    *http.Client
	keys     []string
	bearer   string // of an API client that may use every key
}

const password = "correct-horse-battery-41"

// newWorld starts Latchkey on a database, of its own on SQLite if there is no URL, and authorizes the given
// number of keys.
func newWorld(t *testing.T, databaseURL string, keys int) *world {
	t.Helper()
	dataDir := t.TempDir()
	w := &world{provider: newProvider(t), database: cmp.Or(databaseURL, "file:"+filepath.Join(dataDir, "latchkey.db"))}
	cloud, err := json.Marshal([]map[string]string{
		{"id": "bench", "name": "Bench", "authorityUrl": w.provider.url, "graphUrl": w.provider.url},
	})
	require.NoError(t, err)
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	w.host = "localhost:" + port
	w.environ = []string{
		"PATH=" + os.Getenv("PATH"), "LATCHKEY_PUBLIC_URL=http://" + w.host, "LATCHKEY_DATA_DIR=" + dataDir,
		"LATCHKEY_DATABASE_URL=" + databaseURL, "LATCHKEY_MASTER_KEY=" + secret.GenerateMasterKey().Reveal(),
		"LATCHKEY_CLOUDS_EXTRA=" + string(cloud), "LATCHKEY_DEFAULT_CLOUD=bench", "LATCHKEY_REFRESH_SWEEP_INTERVAL=10m", // what is measured is the refresh on demand
		"LATCHKEY_API_CLIENT_RATE_LIMIT=0",
	}
	passwordFile := filepath.Join(dataDir, "password")
	require.NoError(t, os.WriteFile(passwordFile, []byte(password), 0o600))
	output, err := w.command("admin", "create", "--email", "ada@fabrikam.example", "--name", "Ada", "--password-file", passwordFile).CombinedOutput()
	require.NoError(t, err, "%s", output)
	w.server = w.start(t, address)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	w.admin = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.call(t, http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": password})
	w.authorize(t, keys)
	w.program(t)
	return w
}

// command is a run of the built binary with this world's settings.
func (w *world) command(args ...string) *exec.Cmd {
	binary := os.Getenv("LATCHKEY_TEST_BENCH_BINARY")
	command := exec.Command(binary, args...)
	command.Env = w.environ
	return command
}

// start runs one more process of Latchkey on the database.
func (w *world) start(t *testing.T, address string) *process {
	t.Helper()
	command := w.command("serve")
	command.Env = append(command.Env, "LATCHKEY_LISTEN_ADDR="+address)
	return run(t, address, "/readyz", command)
}

func (w *world) do(method, target string, body any) (int, map[string]any, error) {
	return w.as(w.admin, method, target, body)
}

func (w *world) as(client *http.Client, method, target string, body any) (int, map[string]any, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	if strings.HasPrefix(target, "/") {
		target = "http://" + w.host + target
	}
	request, err := http.NewRequest(method, target, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }() // read to its end below
	raw, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, err
	}
	var answer map[string]any
	_ = json.Unmarshal(raw, &answer) // redirects have no JSON
	if response.StatusCode >= http.StatusBadRequest {
		return response.StatusCode, answer, fmt.Errorf("%s %s: %d %s", method, request.URL.Path, response.StatusCode, raw)
	}
	return response.StatusCode, answer, nil
}

func (w *world) call(t *testing.T, method, target string, body any) map[string]any {
	t.Helper()
	_, answer, err := w.do(method, target, body)
	require.NoError(t, err)
	return answer
}

// authorize creates keys and takes each through the sign-in.
func (w *world) authorize(t *testing.T, n int) {
	t.Helper()
	w.keys = make([]string, n)
	var group errgroup.Group
	group.SetLimit(8)
	for i := range n {
		group.Go(func() (err error) {
			w.keys[i], err = w.authorizeOne(fmt.Sprintf("Mailbox %05d", i))
			return err
		})
	}
	require.NoError(t, group.Wait())
}

func (w *world) authorizeOne(name string) (string, error) {
	// A browser of its own: each attempt leaves a cookie for ten minutes, and this makes very many.
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	home := &url.URL{Scheme: "http", Host: w.host, Path: "/"}
	jar.SetCookies(home, w.admin.Jar.Cookies(home))
	browser := &http.Client{Jar: jar, CheckRedirect: w.admin.CheckRedirect}
	seed := w.provider.Seed()
	_, key, err := w.do(http.MethodPost, "/api/v1/account-keys", map[string]any{
		"type": "oauth2_microsoft_graph", "displayName": name,
		"tenantId": seed.TenantID, "clientId": seed.ClientID, "clientSecret": seed.Secret,
	})
	if err != nil {
		return "", err
	}
	id, _ := key["id"].(string)
	_, started, err := w.as(browser, http.MethodPost, "/api/v1/account-keys/"+id+"/authorizations", map[string]any{"mode": "popup"})
	if err != nil {
		return "", err
	}
	address, _ := started["url"].(string)
	callback, err := w.provider.SignIn(address, "mara", emulator.Accept)
	if err != nil {
		return "", err
	}
	_, _, err = w.as(browser, http.MethodGet, callback, nil)
	return id, err
}

// program makes an API client that may use every key, and gets it a bearer.
func (w *world) program(t *testing.T) {
	t.Helper()
	made := w.call(t, http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "bench", "permissions": []string{"tokens:issue", "graph:call"}, "allAccountKeys": true,
	})
	id, _ := made["id"].(string)
	plain, _ := made["secret"].(string)
	response, err := http.PostForm("http://"+w.host+"/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {plain},
	})
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }() // read below
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&issued))
	w.bearer = issued.AccessToken
}

// issue is the request for a token of the i-th key.
func (w *world) issue(i int) []byte {
	return rawRequest(http.MethodPost, w.host, "/api/v1/account-keys/"+w.keys[i]+"/access-token", "Authorization", "Bearer "+w.bearer)
}
