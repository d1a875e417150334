package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	}
	mount := func(s *server) {
		s.API().Public(http.MethodGet, "/things", ok)
		s.API().GET("/guarded", auth.AccountKeysRead, ok)
		s.API().Public(http.MethodGet, "/panic", func(echo.Context) error { panic("oh") })
	}
	paths := []string{"/api/v1/things", "/api/v1/guarded", "/api/v1/panic", "/api/v1/nothing"}

	t.Run("every answer has them, whatever it is", func(t *testing.T) {
		t.Parallel()
		s := serve(t, mount)
		for _, path := range paths {
			got := s.call(t, http.MethodGet, path, nil)
			for name, value := range want {
				require.Equal(t, []string{value}, got.Header.Values(name), path)
			}
			require.Empty(t, got.Header.Values("Strict-Transport-Security"), "there is no https to insist on")
			require.NotEmpty(t, got.Header.Get("X-Request-Id"))
		}
	})
	t.Run("under https browsers are told to stay with it", func(t *testing.T) {
		t.Parallel()
		s := serve(t, mount, func(s *httpapi.Server) { s.Public = &url.URL{Scheme: "https", Host: "latchkey.example"} })
		for _, path := range paths {
			require.Equal(t, "max-age=31536000", s.call(t, http.MethodGet, path, nil).Header.Get("Strict-Transport-Security"), path)
		}
		require.Equal(t, "__Host-latchkey_session", s.SessionCookieName())
	})
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	seen := func(t *testing.T, proxies []string, forwarded ...string) string {
		t.Helper()
		s := serve(t, func(s *server) {
			s.Root().Public(http.MethodGet, "/healthz", func(c echo.Context) error {
				return c.String(http.StatusOK, auth.RequestFrom(c.Request().Context()).IP)
			})
		}, func(s *httpapi.Server) {
			for _, p := range proxies {
				s.ProxyNets = append(s.ProxyNets, netip.MustParsePrefix(p))
			}
		})
		var headers []string
		for _, f := range forwarded {
			headers = append(headers, "X-Forwarded-For", f)
		}
		return s.call(t, http.MethodGet, "/healthz", nil, append(headers, "X-Real-Ip", "198.51.100.9", "Forwarded", "for=198.51.100.9")...).body
	}

	t.Run("nobody's word is believed where no proxy is named", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "127.0.0.1", seen(t, nil, "203.0.113.7"))
	})
	t.Run("nor where the caller is none of those named", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "127.0.0.1", seen(t, []string{"10.0.0.0/8"}, "203.0.113.7"))
	})
	t.Run("a named proxy tells who called it", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "203.0.113.7", seen(t, []string{"127.0.0.0/8"}, "203.0.113.7"))
	})
	t.Run("what the caller wrote itself, in front of that, counts for nothing", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "203.0.113.7", seen(t, []string{"127.0.0.0/8"}, "192.0.2.66, 203.0.113.7"))
		require.Equal(t, "203.0.113.7", seen(t, []string{"127.0.0.0/8"}, "192.0.2.66", "203.0.113.7"))
		require.Equal(t, "203.0.113.7", seen(t, []string{"127.0.0.0/8"}, "10.0.0.1, 203.0.113.7"))
	})
	t.Run("an address of a private network is no proxy by itself", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "10.0.0.1", seen(t, []string{"127.0.0.0/8"}, "203.0.113.7, 10.0.0.1"))
		require.Equal(t, "169.254.0.1", seen(t, []string{"127.0.0.0/8"}, "203.0.113.7, 169.254.0.1"))
	})
	t.Run("proxies behind proxies are looked through", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "203.0.113.7", seen(t, []string{"127.0.0.0/8", "10.1.0.0/16"}, "192.0.2.66, 203.0.113.7, 10.1.2.3"))
	})
	t.Run("a proxy that tells nothing is the caller", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "127.0.0.1", seen(t, []string{"127.0.0.0/8"}))
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()
	const detail = "password=hunter2"
	busy := fault.New(fault.Unavailable, "busy", "Later.")
	fails := func(err error) echo.HandlerFunc { return func(echo.Context) error { return err } }
	s := serve(t, func(s *server) {
		public := func(path string, h echo.HandlerFunc) { s.API().Public(http.MethodGet, path, h) }
		public("/things", ok)
		public("/panic", func(echo.Context) error { panic(detail) })
		public("/panic-error", func(echo.Context) error { panic(errors.New(detail)) })
		public("/broken", fails(fmt.Errorf("read: %w", errors.New(detail))))
		public("/short", fails(busy.After(1200*time.Millisecond)))
		public("/long", fails(fmt.Errorf("ask: %w", busy.After(90*time.Second))))
		public("/soon", fails(busy))
		public("/twice", func(c echo.Context) error {
			if err := c.String(http.StatusAccepted, "taken"); err != nil {
				return err
			}
			return errors.New(detail)
		})
	})

	t.Run("what is nobody's business is not told, and logged as an error", func(t *testing.T) {
		for _, path := range []string{"/panic", "/panic-error", "/broken"} {
			got := s.call(t, http.MethodGet, "/api/v1"+path, nil)
			require.Equal(t, http.StatusInternalServerError, got.StatusCode, path)
			require.Equal(t, "internal", got.problem.Code)
			require.NotContains(t, got.body, "hunter2")
			require.Regexp(t, `"level":"ERROR".*`+detail, lines(s.logged(), `"route":"/api/v1`+path+`"`), path)
		}
		require.Equal(t, http.StatusOK, s.call(t, http.MethodGet, "/api/v1/things", nil).StatusCode, "and others are served")
	})
	t.Run("when to try again is told in whole seconds, never too early", func(t *testing.T) {
		for path, want := range map[string]string{"/short": "2", "/long": "90", "/soon": ""} {
			got := s.call(t, http.MethodGet, "/api/v1"+path, nil)
			require.Equal(t, http.StatusServiceUnavailable, got.StatusCode)
			require.Equal(t, want, got.Header.Get("Retry-After"), path)
		}
	})
	t.Run("an answer that fails after it was given is cut off, so that a part never passes for the whole", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/twice", nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			require.NoError(t, response.Body.Close())
		}
		require.Error(t, err)
		require.Contains(t, s.logged(), "answer cut short")
	})
}

// lines keeps those lines of a text that contain part.
func lines(text, part string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestAbandoned(t *testing.T) {
	t.Parallel()
	busy := fault.New(fault.Unavailable, "busy", "Later.")
	// waits answers once the client has gone away.
	waits := func(began chan<- struct{}, fail func(context.Context) error) echo.HandlerFunc {
		return func(c echo.Context) error {
			close(began)
			<-c.Request().Context().Done()
			return fail(c.Request().Context())
		}
	}
	for _, row := range []struct {
		name   string
		fail   func(context.Context) error
		status int
		level  string
	}{
		{"an error that comes of it", func(ctx context.Context) error { return fmt.Errorf("read: %w", ctx.Err()) }, 499, "DEBUG"},
		{"a fault that comes of it", func(ctx context.Context) error { return busy.Because(ctx.Err()) }, 499, "DEBUG"},
		{"an error of its own", func(context.Context) error { return errors.New("disk full") }, http.StatusInternalServerError, "ERROR"},
	} {
		t.Run(row.name+" is counted as what it is when the client goes away", func(t *testing.T) {
			t.Parallel()
			began := make(chan struct{})
			s := serve(t, func(s *server) { s.API().Public(http.MethodGet, "/slow", waits(began, row.fail)) })
			ctx, goAway := context.WithCancel(t.Context())
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1/slow", nil)
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() {
				response, err := http.DefaultClient.Do(request)
				if err == nil {
					response.Body.Close()
				}
				done <- err
			}()
			<-began
			goAway()
			require.ErrorIs(t, <-done, context.Canceled)
			require.Eventually(t, func() bool { return strings.Contains(s.logged(), `"msg":"request served"`) }, 20*time.Second, 5*time.Millisecond)
			failed := lines(s.logged(), `"msg":"request failed"`)
			require.Contains(t, failed, fmt.Sprintf(`"status":%d`, row.status))
			require.Contains(t, failed, `"level":"`+row.level+`"`)
			require.Contains(t, lines(s.logged(), `"msg":"request served"`), fmt.Sprintf(`"status":%d`, row.status))
		})
	}
	t.Run("work that ended for another reason is our fault", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(s *server) {
			s.API().Public(http.MethodGet, "/ended", func(echo.Context) error { return fmt.Errorf("read: %w", context.Canceled) })
		})
		require.Equal(t, http.StatusInternalServerError, s.call(t, http.MethodGet, "/api/v1/ended", nil).StatusCode)
	})
}
