package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// anybody is whoever sends the credential "good", and may do everything.
type anybody struct{}

func (anybody) Authenticate(_ context.Context, credential secret.String) (auth.Principal, error) {
	if credential.Reveal() != "good" {
		return auth.Principal{}, fault.New(fault.Unauthenticated, "invalid_token", "The bearer token is not good.")
	}
	return auth.Principal{Type: auth.TypeAPIClient, ID: "c", Permissions: auth.AllPermissions()}, nil
}

// newServer returns a server with further settings, started and without routes.
func newServer(t *testing.T, change ...func(*httpapi.Server)) *httpapi.Server {
	t.Helper()
	public, err := url.Parse("http://localhost:8080")
	require.NoError(t, err)
	s := &httpapi.Server{
		Logger: slog.New(slog.DiscardHandler), Now: time.Now, Public: public, People: anybody{}, Clients: anybody{},
	}
	for _, f := range change {
		f(s)
	}
	require.NoError(t, s.Start())
	return s
}

// problem is what a server answered.
type problem struct {
	Status int
	Code   string
	Detail string
	Errors []struct{ Field, Code string }
}

func (p problem) String() string {
	out := p.Code
	for _, e := range p.Errors {
		out += " " + e.Field + ":" + e.Code
	}
	return out
}

// send serves one request to a route and reads the problem, if there is one.
func send(t *testing.T, s *httpapi.Server, method, target, body string, headers ...string) problem {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer good")
	if body != "" {
		r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	p := problem{Status: w.Code}
	if w.Code >= http.StatusBadRequest {
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
		require.Equal(t, w.Code, p.Status)
		require.NotEmpty(t, p.Code)
		require.NotEmpty(t, p.Detail)
	}
	return p
}
