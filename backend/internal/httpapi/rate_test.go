package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// counted is a limiter with a clock that the test moves.
type counted struct {
	*httpapi.RateLimiter
	now time.Time
}

func newLimiter() *counted {
	l := &counted{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	l.RateLimiter = &httpapi.RateLimiter{Now: func() time.Time { return l.now }}
	return l
}

// ask counts one request of a client and returns the answer's headers.
func (l *counted) ask(clientID string, perMinute int64) (http.Header, error) {
	c := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", http.NoBody), httptest.NewRecorder())
	err := l.Client(c, clientID, perMinute)
	return c.Response().Header(), err
}

func (l *counted) from(ip string) echo.Context {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r = r.WithContext(auth.WithRequest(r.Context(), auth.Request{IP: ip}))
	return echo.New().NewContext(r, httptest.NewRecorder())
}

func wait(t *testing.T, err error) time.Duration {
	t.Helper()
	require.ErrorIs(t, err, httpapi.ErrRateLimited)
	f, _ := fault.From(err)
	return f.RetryAfter
}

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	t.Run("so many at once, then as time goes by", func(t *testing.T) {
		t.Parallel()
		l := newLimiter()
		for left := 59; left >= 0; left-- {
			h, err := l.ask("a", 60)
			require.NoError(t, err)
			require.Equal(t, `"default";q=60;w=60`, h.Get("RateLimit-Policy"))
			require.Equal(t, fmt.Sprintf(`"default";r=%d;t=%d`, left, 60-left), h.Get("RateLimit"))
		}
		h, err := l.ask("a", 60)
		require.Equal(t, time.Second, wait(t, err))
		require.Equal(t, `"default";r=0;t=60`, h.Get("RateLimit"))
		l.now = l.now.Add(999 * time.Millisecond)
		_, err = l.ask("a", 60)
		require.Equal(t, time.Millisecond, wait(t, err), "what was refused costs nothing")
		l.now = l.now.Add(time.Millisecond)
		_, err = l.ask("a", 60)
		require.NoError(t, err)
		_, err = l.ask("a", 60)
		require.Error(t, err)
		l.now = l.now.Add(time.Hour)
		h, err = l.ask("a", 60)
		require.NoError(t, err)
		require.Equal(t, `"default";r=59;t=1`, h.Get("RateLimit"), "a bucket is never more than full")
	})
	t.Run("each client has its own, and one without a limit none", func(t *testing.T) {
		t.Parallel()
		l := newLimiter()
		_, err := l.ask("a", 1)
		require.NoError(t, err)
		_, err = l.ask("a", 1)
		require.Error(t, err)
		_, err = l.ask("b", 1)
		require.NoError(t, err)
		for range 10 {
			h, err := l.ask("c", 0)
			require.NoError(t, err)
			require.Empty(t, h)
		}
	})
	t.Run("a lower limit and a clock that is set back shut nobody out for longer than the window", func(t *testing.T) {
		t.Parallel()
		l := newLimiter()
		for range 600 {
			_, err := l.ask("a", 600)
			require.NoError(t, err)
		}
		l.now = l.now.Add(-time.Hour)
		_, err := l.ask("a", 2)
		require.Equal(t, 30*time.Second, wait(t, err))
		l.now = l.now.Add(30 * time.Second)
		_, err = l.ask("a", 2)
		require.NoError(t, err)
	})
	t.Run("no odd limit allows or promises more", func(t *testing.T) {
		t.Parallel()
		for _, limit := range []int64{1, 7, 59, 999, 999_999} {
			l := newLimiter()
			h, err := l.ask("a", limit)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf(`"default";r=%d;t=%d`, limit-1, max(1, (60+limit-1)/limit)), h.Get("RateLimit"))
		}
	})
	t.Run("strangers are refused by their network, once they have failed often enough", func(t *testing.T) {
		t.Parallel()
		l := newLimiter()
		for range 2 {
			require.NoError(t, l.Stranger(l.from("2001:db8::1"), 2))
			l.Failed(l.from("2001:db8::1"), 2)
		}
		require.Equal(t, 30*time.Second, wait(t, l.Stranger(l.from("2001:db8::2"), 2)), "the same /64")
		require.NoError(t, l.Stranger(l.from("2001:db8:0:1::1"), 2))
		require.NoError(t, l.Stranger(l.from("192.0.2.1"), 2))
		for range 10 {
			require.NoError(t, l.Stranger(l.from("192.0.2.1"), 2), "looking counts nothing")
		}
	})
	t.Run("its memory is bounded", func(t *testing.T) {
		t.Parallel()
		l := newLimiter()
		for i := range 30_000 {
			_, err := l.ask(fmt.Sprint(i), 60)
			require.NoError(t, err)
			if i%1000 == 0 {
				l.now = l.now.Add(time.Second) // what is full again makes room
			}
		}
		require.LessOrEqual(t, l.Size(), 10_000)
	})
	t.Run("callers at once are counted once each", func(t *testing.T) {
		t.Parallel()
		l := newLimiter()
		work := slices.Repeat([]func() error{func() error {
			_, err := l.ask("a", 10)
			return err
		}}, 64)
		n := 0
		for _, err := range dbtest.AtOnce(work...) {
			if err == nil {
				n++
			}
		}
		require.Equal(t, 10, n)
	})
}
