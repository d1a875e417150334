package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// known says who holds which credential.
type known map[string]auth.Principal

func (k known) Authenticate(_ context.Context, credential secret.String) (auth.Principal, error) {
	p, ok := k[credential.Reveal()]
	if !ok {
		return auth.Principal{}, fault.New(fault.Unauthenticated, "unauthenticated", "Nobody holds this.")
	}
	return p, nil
}

// server is the HTTP edge alone, with what it logged.
type server struct {
	*httpapi.Server
	URL string

	mu  sync.Mutex
	log bytes.Buffer
}

// Write takes in what is logged.
func (s *server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *server) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// serve runs the edge with the routes that mount adds. A person holds the cookie "ada", a program the
// bearer "billing"; both may read account keys.
func serve(t *testing.T, mount func(s *server), change ...func(*httpapi.Server)) *server {
	t.Helper()
	public, err := url.Parse("http://latchkey.example")
	require.NoError(t, err)
	reads := []auth.Permission{auth.AccountKeysRead}
	s := &server{Server: &httpapi.Server{
		Now: time.Now, Public: public,
		People:  known{"ada": {Type: auth.TypeUser, ID: "1", Name: "Ada", Permissions: reads}},
		Clients: known{"billing": {Type: auth.TypeAPIClient, ID: "2", Name: "billing", Permissions: reads}},
	}}
	s.Logger = slog.New(slog.NewJSONHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, f := range change {
		f(s.Server)
	}
	require.NoError(t, s.Start())
	if mount != nil {
		mount(s)
	}
	s.Fallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html>")
	}))
	running := httptest.NewServer(s.Handler())
	t.Cleanup(running.Close)
	s.URL = running.URL
	return s
}

func ok(c echo.Context) error { return c.JSON(http.StatusOK, map[string]string{"here": c.Path()}) }

type answer struct {
	*http.Response
	body    string
	problem httpapi.Problem
}

// call sends a request with headers as name, value, name, value. A body of unknown length goes in chunks.
func (s *server) call(t *testing.T, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	a := answer{Response: response, body: string(raw)}
	if response.Header.Get("Content-Type") == "application/problem+json" && len(raw) > 0 {
		require.NoError(t, json.Unmarshal(raw, &a.problem))
		require.Equal(t, response.StatusCode, a.problem.Status)
		require.Equal(t, response.Header.Get("X-Request-Id"), a.problem.RequestID)
	}
	return a
}
