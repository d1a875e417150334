package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func allowed(a answer) []string {
	methods := strings.Split(a.Header.Get("Allow"), ", ")
	return slices.DeleteFunc(slices.Sorted(slices.Values(methods)), func(m string) bool { return m == "OPTIONS" })
}

func TestRouting(t *testing.T) {
	t.Parallel()
	s := serve(t, func(s *server) {
		s.Root().Public(http.MethodGet, "/healthz", ok)
		s.Root().Public(http.MethodPost, "/oauth/token", ok)
		s.API().Public(http.MethodGet, "/things", ok)
		s.API().Public(http.MethodPost, "/things", ok)
		s.API().Public(http.MethodPatch, "/things/:id", ok)
		s.API().GET("/guarded", auth.AccountKeysRead, ok)
	})

	t.Run("a method that a known address doesn't take is told with those that it does", func(t *testing.T) {
		for _, row := range []struct {
			method, path string
			allow        []string
		}{
			{http.MethodDelete, "/api/v1/things", []string{"GET", "HEAD", "POST"}},
			{http.MethodGet, "/api/v1/things/1", []string{"PATCH"}},
			{http.MethodGet, "/oauth/token", []string{"POST"}},
			{http.MethodPost, "/healthz", []string{"GET", "HEAD"}},
			{"BREW", "/healthz", []string{"GET", "HEAD"}},
			{http.MethodPut, "/api/v1/guarded", []string{"GET", "HEAD"}},
			{http.MethodPost, "/account-keys", []string{"GET", "HEAD"}}, // a page
		} {
			got := s.call(t, row.method, row.path, nil)
			require.Equal(t, http.StatusMethodNotAllowed, got.StatusCode, "%s %s", row.method, row.path)
			require.Equal(t, "method_not_allowed", got.problem.Code)
			require.Equal(t, "Method Not Allowed", got.problem.Title)
			require.Equal(t, row.allow, allowed(got), "%s %s", row.method, row.path)
		}
	})
	t.Run("HEAD tells of every GET what it would answer", func(t *testing.T) {
		for path, headers := range map[string][]string{
			"/healthz": nil, "/api/v1/things": nil, "/account-keys": nil, "/api/v1/guarded": {"Authorization", "Bearer billing"},
		} {
			get, head := s.call(t, http.MethodGet, path, nil, headers...), s.call(t, http.MethodHead, path, nil, headers...)
			require.Equal(t, http.StatusOK, head.StatusCode, path)
			require.Empty(t, head.body)
			require.Equal(t, get.Header.Get("Content-Type"), head.Header.Get("Content-Type"), path)
			require.Equal(t, get.ContentLength, head.ContentLength, path)
		}
		require.Equal(t, http.StatusUnauthorized, s.call(t, http.MethodHead, "/api/v1/guarded", nil).StatusCode, "and is guarded like it")
		require.Equal(t, http.StatusNotFound, s.call(t, http.MethodHead, "/api/v1/nothing", nil).StatusCode)
	})
	t.Run("an address for programs never shows a page", func(t *testing.T) {
		for _, path := range []string{
			"/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/things/", "/api/v2/things", "/oauth", "/oauth/nothing", "/oauth/token/",
			"/.well-known/openid-configuration", "/identity/token", "/graph/notifications", "/healthz/", "/readyz/x", "/metrics/", "/openapi.yaml",
			"/openapi", "//api/v1/nothing", "/x/../api/v1/nothing", "/%61pi/v1/nothing",
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				got := s.call(t, method, path, nil)
				require.Equal(t, http.StatusNotFound, got.StatusCode, "%s %s", method, path)
				require.Equal(t, "not_found", got.problem.Code, "%s %s", method, path)
			}
		}
	})
	t.Run("every other address shows one", func(t *testing.T) {
		for _, path := range []string{"/", "/account-keys", "/api-clients", "/apiary", "/authorization/1", "/docs", "/metricsx"} {
			got := s.call(t, http.MethodGet, path, nil)
			require.Equal(t, http.StatusOK, got.StatusCode, path)
			require.Equal(t, "text/html", got.Header.Get("Content-Type"), path)
		}
	})
}

func TestGuard(t *testing.T) {
	t.Parallel()
	s := serve(t, func(s *server) {
		s.API().GET("/keys", auth.AccountKeysRead, ok)
		s.API().POST("/keys", auth.AccountKeysWrite, ok)
		s.API().People(http.MethodPost, "/confirm", auth.AccountKeysRead, ok)
		s.API().People(http.MethodGet, "/me", "", ok)
	})
	ada := []string{"Cookie", "latchkey_session=ada"}
	billing := []string{"Authorization", "Bearer billing"}

	t.Run("nobody comes in without a credential, or with a wrong one", func(t *testing.T) {
		for _, headers := range [][]string{
			nil,
			{"Cookie", "latchkey_session=eve"},
			{"Authorization", "Bearer stolen"},
			{"Authorization", "Bearer "},
			{"Authorization", "Bearer ada"},
			{"Cookie", "latchkey_session=billing"},
			{"Authorization", "Basic YTpi"},
			{"Authorization", "Bearer stolen", "Cookie", "latchkey_session=ada"}, // the bearer is what counts
		} {
			got := s.call(t, http.MethodGet, "/api/v1/keys", nil, headers...)
			require.Equal(t, http.StatusUnauthorized, got.StatusCode, headers)
			require.NotEmpty(t, got.Header.Get("WWW-Authenticate"))
		}
	})
	t.Run("a permission lets in, and its lack is named", func(t *testing.T) {
		for _, headers := range [][]string{ada, billing} {
			require.Equal(t, http.StatusOK, s.call(t, http.MethodGet, "/api/v1/keys", nil, headers...).StatusCode)
			got := s.call(t, http.MethodPost, "/api/v1/keys", nil, headers...)
			require.Equal(t, http.StatusForbidden, got.StatusCode)
			require.Equal(t, "permission_denied", got.problem.Code)
			require.Contains(t, got.problem.Detail, auth.AccountKeysWrite)
		}
	})
	t.Run("what is for people is forbidden to programs, whatever they may do", func(t *testing.T) {
		require.Equal(t, http.StatusOK, s.call(t, http.MethodPost, "/api/v1/confirm", nil, ada...).StatusCode)
		require.Equal(t, http.StatusOK, s.call(t, http.MethodGet, "/api/v1/me", nil, ada...).StatusCode)
		for method, path := range map[string]string{http.MethodPost: "/api/v1/confirm", http.MethodGet: "/api/v1/me"} {
			got := s.call(t, method, path, nil, billing...)
			require.Equal(t, http.StatusForbidden, got.StatusCode)
			require.Contains(t, got.problem.Detail, "Only people")
		}
	})
	t.Run("a page of another site is refused with a cookie, and a program is not asked for its origin", func(t *testing.T) {
		evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
		got := s.call(t, http.MethodPost, "/api/v1/confirm", nil, append(evil, ada...)...)
		require.Equal(t, http.StatusForbidden, got.StatusCode)
		require.Equal(t, "cross_origin", got.problem.Code)
		require.Equal(t, "permission_denied", s.call(t, http.MethodPost, "/api/v1/keys", nil, append(evil, billing...)...).problem.Code)
	})
}

func TestMount(t *testing.T) {
	t.Parallel()
	s := &httpapi.Server{Public: serve(t, nil).Public}
	require.NoError(t, s.Start())
	r := s.API()
	for name, mount := range map[string]func(auth.Permission, echo.HandlerFunc){
		"GET":    func(p auth.Permission, h echo.HandlerFunc) { r.GET("/x", p, h) },
		"POST":   func(p auth.Permission, h echo.HandlerFunc) { r.POST("/x", p, h) },
		"PATCH":  func(p auth.Permission, h echo.HandlerFunc) { r.PATCH("/x", p, h) },
		"DELETE": func(p auth.Permission, h echo.HandlerFunc) { r.DELETE("/x", p, h) },
	} {
		t.Run(name+" without a permission, or with one that there isn't, is a mistake told at once", func(t *testing.T) {
			t.Parallel()
			for _, p := range []auth.Permission{"", "account-keys", "account-keys:read "} {
				require.PanicsWithValue(t, "httpapi: "+name+" /api/v1/x is mounted without a permission", func() { mount(p, ok) })
			}
		})
	}
	require.Empty(t, s.Routes())
}

// busy is an API client that may send two requests a minute, and may see account keys alone.
type busy struct{}

func (busy) Authenticate(_ context.Context, credential secret.String) (auth.Principal, error) {
	p, err := anybody{}.Authenticate(context.Background(), credential)
	p.RateLimit, p.Permissions = 2, []auth.Permission{auth.AccountKeysRead}
	return p, err
}

func TestRateOfRequests(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	handled := 0
	s := newServer(t, func(s *httpapi.Server) {
		s.Clients, s.Rate = busy{}, &httpapi.RateLimiter{Now: func() time.Time { return at }}
	})
	handler := func(c echo.Context) error {
		handled++
		// What it asks about its caller while it works is no further request.
		_, err := auth.Readmit(c.Request().Context())
		if err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
	s.API().GET("/keys", auth.AccountKeysRead, handler)
	s.API().GET("/people", auth.UsersWrite, handler)
	s.API().Public(http.MethodGet, "/open", handler)
	get := func(path, bearer string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1"+path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+bearer)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w
	}
	require.Equal(t, http.StatusNoContent, get("/keys", "good").Code)
	require.Equal(t, http.StatusForbidden, get("/people", "good").Code, "what is refused is a request too")
	require.Equal(t, http.StatusUnauthorized, get("/keys", "bad").Code, "and what nobody is known by is not")
	limited := get("/keys", "good")
	require.Equal(t, http.StatusTooManyRequests, limited.Code)
	require.Contains(t, limited.Body.String(), `"code":"rate_limited"`)
	require.Equal(t, "30", limited.Header().Get("Retry-After"))
	require.Equal(t, `"default";q=2;w=60`, limited.Header().Get("RateLimit-Policy"))
	require.Equal(t, `"default";r=0;t=60`, limited.Header().Get("RateLimit"))
	require.Equal(t, http.StatusNoContent, get("/open", "good").Code)
	require.Equal(t, 2, handled)
	at = at.Add(30 * time.Second)
	require.Equal(t, http.StatusNoContent, get("/keys", "good").Code)
}
