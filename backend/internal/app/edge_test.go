package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// counted returns how many requests with these labels Prometheus is told of, "" when there were none.
func counted(a *apptest.App, code int, method, route string) string {
	body := string(a.Call(http.MethodGet, "/metrics", nil).Status(http.StatusOK).Body)
	labels := fmt.Sprintf(`latchkey_requests_total{code="%d",host="%s",method="%s",url="%s"} `, code, a.Config.Public.Host, method, route)
	for line := range strings.Lines(body) {
		if n, ok := strings.CutPrefix(line, labels); ok {
			return strings.TrimSpace(n)
		}
	}
	return ""
}

func TestClientGone(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Asked for")
	require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
	bearer, _ := admin.Program("impatient", []string{"tokens:issue"}, []string{keyID})
	require.NoError(t, a.Queue.Stop(t.Context()), "so that no sweep asks first")
	release := a.Emulator.Hold(emulator.EndpointToken, "refresh_token")
	defer release()

	ctx, goAway := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+keysPath+"/"+keyID+"/access-token", strings.NewReader(`{"forceRefresh":true}`))
	require.NoError(t, err)
	request.Header.Set(bearer[0], bearer[1])
	request.Header.Set("Content-Type", "application/json")
	done := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
		}
		done <- err
	}()
	asked, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, a.Emulator.WaitFor(asked, "token.refresh_token", 1))
	goAway()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Eventually(t, func() bool {
		return counted(a, 499, http.MethodPost, keysPath+"/:id/access-token") == "1"
	}, 20*time.Second, 20*time.Millisecond)
}

func TestMetricLabels(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	t.Run("what callers make up is no label", func(t *testing.T) {
		for _, path := range []string{"/made-up/0815", "/api/v1/made-up/0815"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, "MADE-UP-METHOD"} {
				a.Call(method, path, nil)
			}
		}
		a.Call("MADE-UP-METHOD", "/healthz", nil, "Host", "made-up.example").Status(http.StatusMethodNotAllowed)
		require.NotContains(t, strings.ToLower(string(a.Call(http.MethodGet, "/metrics", nil).Status(http.StatusOK).Body)), "made-up")
		require.Equal(t, "1", counted(a, http.StatusNotFound, "other", "/*"))
		require.Equal(t, "1", counted(a, http.StatusMethodNotAllowed, "other", "/healthz"))
	})
	t.Run("HEAD is counted as such", func(t *testing.T) {
		a.Call(http.MethodHead, "/api/v1/instance", nil).Status(http.StatusOK)
		require.Equal(t, "1", counted(a, http.StatusOK, http.MethodHead, "/api/v1/instance"))
	})
}

func TestTokenWithoutBody(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Plain")
	require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
	bearer, _ := admin.Program("plain", []string{"tokens:issue"}, []string{keyID})
	for name, body := range map[string]io.Reader{"none": nil, "none, in chunks": io.MultiReader()} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL+keysPath+"/"+keyID+"/access-token", body)
		require.NoError(t, err)
		request.Header.Set(bearer[0], bearer[1])
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, name)
		require.NoError(t, response.Body.Close())
	}
}
