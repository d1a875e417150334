package bench_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

// The ceiling is what the same stack can do at best: Echo, a check of an HS256 signature, and two
// kilobytes that are ready.

const (
	ceilingVariable  = "LATCHKEY_TEST_BENCH_CEILING"  // the address it serves, in a process of its own
	upstreamVariable = "LATCHKEY_TEST_BENCH_UPSTREAM" // where what it passes on goes, if it passes on anything
)

var ceilingKey = []byte("a key that protects nothing at all")

func TestMain(m *testing.M) {
	if address := os.Getenv(ceilingVariable); address != "" {
		if err := serveCeiling(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveCeiling(address string) error {
	e := echo.New()
	body := []byte(`{"accessToken":"` + strings.Repeat("x", 2000) + `"}`)
	e.GET("/readyz", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.POST("/token", func(c echo.Context) error {
		bearer := strings.TrimPrefix(c.Request().Header.Get(echo.HeaderAuthorization), "Bearer ")
		_, err := jwt.ParseWithClaims(bearer, &jwt.RegisteredClaims{}, func(*jwt.Token) (any, error) { return ceilingKey, nil },
			jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			return echo.ErrUnauthorized
		}
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, body)
	})
	handler := http.Handler(e)
	if upstream := os.Getenv(upstreamVariable); upstream != "" {
		proxy, err := bareProxy(upstream)
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		mux.Handle("/", e)
		mux.Handle("/v1.0/", proxy)
		handler = mux
	}
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close() // the process ends
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// bareProxy is what the standard library does at best: tuned connections, shared buffers, and a check of an
// HS256 signature.
func bareProxy(upstream string) (http.Handler, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Set("Authorization", "Bearer "+strings.Repeat("a", 1900))
		},
		Transport:  &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 256, DisableCompression: true},
		BufferPool: &bufferPool{},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		_, err := jwt.ParseWithClaims(bearer, &jwt.RegisteredClaims{}, func(*jwt.Token) (any, error) { return ceilingKey, nil },
			jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}), nil
}

type bufferPool struct{ pool sync.Pool }

// Get returns a buffer.
func (b *bufferPool) Get() []byte {
	if buffer, ok := b.pool.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, 32<<10)
}

// Put takes it back.
func (b *bufferPool) Put(buffer []byte) { b.pool.Put(&buffer) }

func startCeiling(t *testing.T, upstream ...string) (*process, []byte) {
	t.Helper()
	address := freeAddress(t)
	command := exec.Command(os.Args[0]) // stopped by its clean-up
	command.Env = append(os.Environ(), ceilingVariable+"="+address)
	method, path := http.MethodPost, "/token"
	if len(upstream) > 0 {
		command.Env = append(command.Env, upstreamVariable+"="+upstream[0])
		method, path = http.MethodGet, upstream[1]
	}
	bearer, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: "http://localhost:8080", Subject: "0198d1b2-7c3e-7a4f-8b5c-6d7e8f901234", Audience: jwt.ClaimStrings{"http://localhost:8080/api/v1"},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)), IssuedAt: jwt.NewNumericDate(time.Now()),
	}).SignedString(ceilingKey)
	require.NoError(t, err)
	return run(t, address, "/readyz", command), rawRequest(method, address, path, "Authorization", "Bearer "+bearer)
}
