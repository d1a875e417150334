package graphtarget_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const (
	keysPath    = "/api/v1/account-keys"
	targetsPath = "/api/v1/targets"
)

// fixture is a running product with an administrator and a key that mara authorized.
type fixture struct {
	*apptest.App
	admin *apptest.Browser
	keyID string
	probe *probe
}

// probe answers everything below /v1.0/probe in Graph's place, as a test says, and remembers what came.
type probe struct {
	handler atomic.Pointer[http.HandlerFunc]
}

func (p *probe) before(emulator http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := p.handler.Load(); h != nil && strings.Contains(r.URL.Path, "/probe") {
			(*h)(w, r)
			return
		}
		emulator.ServeHTTP(w, r)
	})
}

// answer sets what the probe does.
func (p *probe) answer(h http.HandlerFunc) { p.handler.Store(&h) }

// program is a bearer that may call through targets of the fixture's key.
func (f fixture) program() []string {
	bearer, _ := f.admin.Program("caller "+uuid.NewString(), []string{"graph:call"}, []string{f.keyID})
	return bearer
}

// path is where a target's calls go.
func path(id, rest string) string { return targetsPath + "/" + id + "/graph" + rest }

// open sends bytes to the product.
func (f fixture) open(t *testing.T, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.Replace(strings.TrimPrefix(f.URL, "http://"), "localhost", "127.0.0.1", 1))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	return conn
}

// after fires when so much time has passed: it stands for a server that is slow.
func (fixture) after(t *testing.T, text string) <-chan time.Time {
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return time.After(d)
}

// raw sends bytes to the product and returns the answer to them.
func (f fixture) raw(t *testing.T, request string) (*http.Response, string) {
	t.Helper()
	conn := f.open(t, request)
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	for err == nil && answer.StatusCode == http.StatusContinue {
		answer, err = http.ReadResponse(reader, nil)
	}
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(body)
}

func newFixture(t *testing.T, settings ...string) fixture {
	t.Helper()
	probe := &probe{}
	a := apptest.NewBehind(t, probe.before, settings...)
	f := fixture{App: a, admin: a.Admin(), probe: probe}
	f.keyID = f.authorized(t, "Mailbox", "mara")
	return f
}

// authorized returns a new key that somebody authorized.
func (f fixture) authorized(t *testing.T, name, person string) string {
	t.Helper()
	id := f.admin.CreateKey(name)
	require.Equal(t, "succeeded", f.admin.Authorize(id, person, emulator.Accept).Text("status"))
	return id
}

// target is the body of a new target for the fixture's key.
func (f fixture) target(name string, change ...func(map[string]any)) map[string]any {
	body := map[string]any{"name": name, "accountKeyId": f.keyID}
	for _, apply := range change {
		apply(body)
	}
	return body
}

// create makes a target and returns its id.
func (f fixture) create(name string, change ...func(map[string]any)) string {
	return f.admin.Call(http.MethodPost, targetsPath, f.target(name, change...)).Status(http.StatusCreated).Text("id")
}

func with(field string, value any) func(map[string]any) {
	return func(body map[string]any) { body[field] = value }
}
