package token_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// serveVariable makes this test binary a process of the product, which can be killed.
const serveVariable = "LATCHKEY_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" { //nolint:forbidigo // how tests run is no setting of the product
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve does what the command of that name does.
func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := config.Load(os.Environ()) //nolint:forbidigo // as main does
	if err != nil {
		return err
	}
	a, err := app.New(ctx, c, app.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return a.Run(ctx, os.Stdout)
}

// stage is a moment between Microsoft and our store.
type stage string

const (
	arrived   stage = "the request has arrived, and nothing is processed"
	processed stage = "Microsoft has processed it, and nothing of the answer is sent"
	half      stage = "half of the answer is sent"
	sent      stage = "all of the answer is sent, and nothing is stored"
	stored    stage = "the tokens are stored, and nobody is answered"
)

// wire is the emulator behind a line that can be held at a stage of a refresh.
type wire struct {
	emulator *emulator.Emulator
	mu       sync.Mutex
	holdAt   stage
	reached  chan struct{}
	proceed  chan struct{}
}

// hold makes the next refresh stop at a stage; reached is closed when it is there.
func (w *wire) hold(at stage) (reached <-chan struct{}, proceed func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	arrival, departure := make(chan struct{}), make(chan struct{})
	w.holdAt, w.reached, w.proceed = at, arrival, departure
	return arrival, sync.OnceFunc(func() { close(departure) })
}

func (w *wire) pass(at stage) {
	w.mu.Lock()
	held := w.holdAt == at
	if held {
		w.holdAt = ""
		close(w.reached)
	}
	proceed := w.proceed
	w.mu.Unlock()
	if held {
		<-proceed
	}
}

// ServeHTTP forwards to the emulator, and a refresh in pieces.
func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/token") {
		w.emulator.ServeHTTP(out, r)
		return
	}
	w.pass(arrived)
	answer := httptest.NewRecorder()
	w.emulator.ServeHTTP(answer, r)
	w.pass(processed)
	body := answer.Body.Bytes()
	for name, values := range answer.Header() {
		out.Header()[name] = values
	}
	out.Header().Set("Content-Length", strconv.Itoa(len(body)))
	out.WriteHeader(answer.Code)
	_, _ = out.Write(body[:len(body)/2]) // whoever asked may be dead
	_ = http.NewResponseController(out).Flush()
	w.pass(half)
	_, _ = out.Write(body[len(body)/2:])
	_ = http.NewResponseController(out).Flush()
	w.pass(sent)
}

// mortal is a fixture whose product runs in processes that can be killed.
type mortal struct {
	fixture
	wire    *wire
	environ []string
	address string
	process *exec.Cmd
}

func newMortal(t *testing.T) *mortal {
	t.Helper()
	m := &mortal{fixture: newFixture(t, time.Hour)}
	m.wire = &wire{emulator: m.Emulator}
	line := httptest.NewServer(m.wire)
	t.Cleanup(line.Close)
	cloud, err := json.Marshal([]map[string]string{{"id": "emulator", "name": "Emulator", "authorityUrl": line.URL, "graphUrl": line.URL}})
	require.NoError(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	m.address = listener.Addr().String()
	m.environ = append(os.Environ(), //nolint:forbidigo // a child of this process
		serveVariable+"=1", "LATCHKEY_PUBLIC_URL="+m.URL, "LATCHKEY_LISTEN_ADDR="+m.address, "LATCHKEY_DATA_DIR="+m.DataDir,
		"LATCHKEY_CLOUDS_EXTRA="+string(cloud), "LATCHKEY_DEFAULT_CLOUD=emulator", "LATCHKEY_MICROSOFT_TIMEOUT=1s",
		"LATCHKEY_REFRESH_SWEEP_INTERVAL=1h")
	if m.OnPostgres() {
		m.environ = append(m.environ, "LATCHKEY_DATABASE_URL="+m.Config.DatabaseURL.Reveal())
	}
	m.Stop() // from here on the processes have the database to themselves
	return m
}

// start runs a process and waits until it serves.
func (m *mortal) start(t *testing.T) {
	t.Helper()
	m.process = exec.CommandContext(t.Context(), os.Args[0])
	m.process.Env = m.environ
	require.NoError(t, m.process.Start())
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+m.address+"/readyz", http.NoBody)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		require.NoError(t, response.Body.Close())
		return response.StatusCode == http.StatusOK
	}, 30*time.Second, 10*time.Millisecond)
}

// kill ends the process as a power cut does.
func (m *mortal) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, m.process.Process.Kill())
	require.Error(t, m.process.Wait())
}

// force asks the process for a fresh token; ok is false when it died meanwhile.
func (m *mortal) force(ctx context.Context) (code int, accessToken string, ok bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.address+m.path+"/access-token",
		strings.NewReader(`{"forceRefresh":true}`))
	if err != nil {
		return 0, "", false
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(m.bearer[0], m.bearer[1])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", false
	}
	defer response.Body.Close()
	var body struct {
		AccessToken string `json:"accessToken"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return 0, "", false
	}
	return response.StatusCode, body.AccessToken, true
}

// refreshTo starts a process and has it refresh the key up to a stage, where it stays until proceed.
func (m *mortal) refreshTo(t *testing.T, at stage) (proceed func()) {
	t.Helper()
	m.start(t)
	reached, proceed := m.wire.hold(at)
	t.Cleanup(proceed)
	go m.force(context.WithoutCancel(t.Context()))
	<-reached
	return proceed
}

// works requires that a new process serves the key with a token that Graph takes.
func (m *mortal) works(t *testing.T) {
	t.Helper()
	m.start(t)
	var accessToken string
	require.Eventually(t, func() bool { // the lease of the dead process has to run out
		code, got, ok := m.force(t.Context())
		accessToken = got
		return ok && code == http.StatusOK
	}, 30*time.Second, 100*time.Millisecond)
	graph := m.Config.Clouds[len(m.Config.Clouds)-1].GraphURL
	require.Equal(t, http.StatusOK, m.Call(http.MethodGet, graph+"/v1.0/me", nil, "Authorization", "Bearer "+accessToken).Code)
}

// lockTokens keeps everybody else from writing the tokens until unlock.
func (m *mortal) lockTokens(t *testing.T) (unlock func()) {
	t.Helper()
	d := dbtest.Open(t, m.Config.DatabaseURL.Reveal())
	locked, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- d.InTx(context.WithoutCancel(t.Context()), func(tx *gorm.DB) error {
			if err := tx.Exec("UPDATE tokens SET version = version").Error; err != nil {
				return err
			}
			close(locked)
			<-release
			return nil
		})
	}()
	<-locked
	return sync.OnceFunc(func() {
		close(release)
		require.NoError(t, <-done)
	})
}

func (m *mortal) tokens(t *testing.T) []token.Token {
	t.Helper()
	var rows []token.Token
	require.NoError(t, dbtest.Open(t, m.Config.DatabaseURL.Reveal()).Read(t.Context()).Find(&rows).Error)
	return rows
}

func TestKilled(t *testing.T) {
	t.Parallel()
	for _, at := range []stage{arrived, processed, half} {
		t.Run("when "+string(at)+", the key works afterwards", func(t *testing.T) {
			t.Parallel()
			m := newMortal(t)
			proceed := m.refreshTo(t, at)
			m.kill(t)
			proceed()
			require.Equal(t, int64(1), m.tokens(t)[0].Version, "nothing was stored")
			m.works(t)
		})
	}
	t.Run("when "+string(sent)+", the key works afterwards", func(t *testing.T) {
		t.Parallel()
		m := newMortal(t)
		proceed := m.refreshTo(t, arrived) // the lease is taken
		unlock := m.lockTokens(t)
		reached, proceedSent := m.wire.hold(sent)
		defer proceedSent()
		proceed()
		<-reached
		m.kill(t)
		proceedSent()
		unlock()
		require.Equal(t, int64(1), m.tokens(t)[0].Version, "nothing was stored")
		m.works(t)
	})
	t.Run("when "+string(stored)+", the key works afterwards, without another refresh", func(t *testing.T) {
		t.Parallel()
		m := newMortal(t)
		proceed := m.refreshTo(t, sent)
		require.Eventually(t, func() bool { return m.tokens(t)[0].Version == 2 }, 10*time.Second, 20*time.Millisecond)
		m.kill(t)
		proceed()
		m.works(t)
		require.Equal(t, 1, m.refreshes(), "what was stored is served")
	})
}

// TestSoakKilled kills the process at random moments of refreshes, again and again.
func TestSoakKilled(t *testing.T) {
	t.Parallel()
	soak := apptest.NewSoak(t, 3)
	m := newMortal(t)
	for soak.Next() {
		m.start(t)
		go m.force(context.WithoutCancel(t.Context()))
		moment := time.NewTimer(time.Duration(soak.Rand.IntN(60)) * time.Millisecond)
		<-moment.C
		m.kill(t)
	}
	m.works(t)
	rows := m.tokens(t)
	require.Len(t, rows, 1)
}
