package spa

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func get(t *testing.T, target string) *http.Response {
	t.Helper()
	files := fstest.MapFS{
		"index.html":      {Data: []byte("<p>app</p>")},
		"assets/app-1.js": {Data: []byte("1")},
		"docs/index.html": {Data: []byte("<p>docs</p>")},
		"docs/init.js":    {Data: []byte("2")},
	}
	public, err := url.Parse("https://latchkey.example")
	require.NoError(t, err)
	recorder := httptest.NewRecorder()
	handlerOf(files, public).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, target, nil))
	return recorder.Result()
}

func TestHandler(t *testing.T) {
	t.Parallel()
	t.Run("every page of the app is its index, under a strict policy", func(t *testing.T) {
		t.Parallel()
		for _, page := range []string{"/", "/account-keys", "/account-keys/0198"} {
			res := get(t, "https://latchkey.example"+page)
			require.Equal(t, http.StatusOK, res.StatusCode, page)
			require.Equal(t, appPolicy, res.Header.Get("Content-Security-Policy"))
			require.NotContains(t, res.Header.Get("Content-Security-Policy"), "unsafe")
			require.Equal(t, "same-origin-allow-popups", res.Header.Get("Cross-Origin-Opener-Policy"))
		}
	})
	t.Run("a page on another host name is sent to the public URL with path and query", func(t *testing.T) {
		t.Parallel()
		res := get(t, "http://127.0.0.1:8080/account-keys?status=draft")
		require.Equal(t, http.StatusFound, res.StatusCode)
		require.Equal(t, "https://latchkey.example/account-keys?status=draft", res.Header.Get("Location"))
	})
	t.Run("assets are cached for good, a missing file is not a page", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, get(t, "https://latchkey.example/assets/app-1.js").Header.Get("Cache-Control"), "immutable")
		require.Equal(t, http.StatusNotFound, get(t, "https://latchkey.example/assets/gone.js").StatusCode)
	})
	t.Run("the reference has a policy of its own", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, docsPolicy, get(t, "https://latchkey.example/docs").Header.Get("Content-Security-Policy"))
	})
}
