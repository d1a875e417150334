package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/upstream"
)

func TestNewHTTPClient(t *testing.T) {
	t.Parallel()
	t.Run("hands a redirect back", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.RedirectHandler("http://elsewhere.invalid/", http.StatusTemporaryRedirect))
		t.Cleanup(server.Close)
		response := get(t, upstream.NewHTTPClient(time.Minute), server.URL)
		require.Equal(t, http.StatusTemporaryRedirect, response.StatusCode)
	})
	t.Run("leaves a body that never ends", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush() //nolint:forcetypeassert // the test server's writer can
			<-r.Context().Done()
		}))
		t.Cleanup(server.Close)
		response := get(t, upstream.NewHTTPClient(100*time.Millisecond), server.URL)
		_, err := upstream.ReadBody(response.Body, 1<<10)
		failure := upstream.Describe(err)
		require.Equal(t, upstream.Timeout, failure.Kind)
		require.ErrorIs(t, failure, context.DeadlineExceeded)
	})
}

func get(t *testing.T, client *http.Client, address string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestReadBody(t *testing.T) {
	t.Parallel()
	body, err := upstream.ReadBody(strings.NewReader("1234"), 4)
	require.NoError(t, err)
	require.Equal(t, "1234", string(body))
	_, err = upstream.ReadBody(strings.NewReader("12345"), 4)
	require.ErrorIs(t, err, upstream.ErrBodyTooLarge)
	require.Equal(t, upstream.TooLarge, upstream.Describe(err).Kind)
}

func TestIsToken(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "eyJ0.e30.x-_~", "!", "~"} {
		require.True(t, upstream.IsToken(good), good)
	}
	for _, bad := range []string{" ", "a b", "a\n", "\x00", "é", "\x7f"} {
		require.False(t, upstream.IsToken(bad), "%q", bad)
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"https://login.example", "https://login.example:8443/a/b", "http://localhost:8090", "http://127.0.0.1", "http://[::1]:1",
		"http://127.9.9.9", "http://x.localhost", "http://[::ffff:127.0.0.1]",
	} {
		require.NoError(t, upstream.CheckURL(good), good)
	}
	for _, bad := range []string{
		"", "login.example", "//login.example", "https://", "https://:443", "http://login.example", "ftp://localhost",
		"http://localhost.evil.example", "http://127.0.0.1.evil.example", "https://a@b.example", "https://b.example?x", "https://b.example/?",
		"https://b.example#x", "https://[::1", "http://0.0.0.0", "http://10.0.0.1", "%zz",
	} {
		require.Error(t, upstream.CheckURL(bad), bad)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	t.Run("keeps a failure as it is, wrapped or not", func(t *testing.T) {
		t.Parallel()
		failure := upstream.Describe(io.ErrUnexpectedEOF)
		require.Same(t, failure, upstream.Describe(fmt.Errorf("around: %w", failure)))
		require.Equal(t, upstream.Broken, failure.Kind)
		require.ErrorIs(t, failure, io.ErrUnexpectedEOF)
	})
	t.Run("sees a refused connection", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		address := server.URL
		server.Close()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		require.NoError(t, err)
		_, err = upstream.NewHTTPClient(time.Minute).Do(request)
		failure := upstream.Describe(err)
		require.Equal(t, upstream.Unreachable, failure.Kind)
		require.ErrorIs(t, failure, syscall.ECONNREFUSED)
		require.NotErrorIs(t, failure, syscall.ECONNRESET)
	})
	t.Run("repeats nothing of an unknown cause", func(t *testing.T) {
		t.Parallel()
		failure := upstream.Describe(errors.New("malformed HTTP response \"hunter2\""))
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %q", failure, failure, failure, failure), "hunter2")
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "0x10": 0, "1e3": 0, "999999999999999999999": upstream.MaxRetryAfter,
		"Wed, 04 Mar 2026 09:00:30 GMT": 30 * time.Second, "Wednesday, 04-Mar-26 09:00:30 GMT": 30 * time.Second,
		"Wed Mar  4 09:00:30 2026": 30 * time.Second, "Wed, 04 Mar 2020 09:00:30 GMT": 0, "2026-03-04T09:00:30Z": 0,
	} {
		require.Equal(t, want, upstream.RetryAfter(http.Header{"Retry-After": {value}}, now, true), value)
	}
	require.Zero(t, upstream.RetryAfter(nil, now, true))
	for _, long := range []string{"86400", "999999999999999999999", "Thu, 05 Mar 2026 09:00:00 GMT"} {
		header := http.Header{"Retry-After": {long}}
		require.Equal(t, upstream.MaxRetryAfter, upstream.RetryAfter(header, now, true), long)
		require.Equal(t, upstream.MaxForeignRetryAfter, upstream.RetryAfter(header, now, false), long)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", int64(0))
	f.Add("Wed, 04 Mar 2026 09:00:30 GMT", int64(1772614800))
	f.Fuzz(func(t *testing.T, value string, now int64) {
		wait := upstream.RetryAfter(http.Header{"Retry-After": {value}}, time.Unix(now%(1<<40), 0), true)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, upstream.MaxRetryAfter)
	})
}
