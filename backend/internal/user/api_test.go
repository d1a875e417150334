package user_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/user"
)

func TestAPI(t *testing.T) {
	t.Parallel()
	s, at := newService(t)
	u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
	public, err := url.Parse("https://latchkey.example")
	require.NoError(t, err)
	server := &httpapi.Server{Logger: slog.New(slog.DiscardHandler), Now: at.Now, Public: public, People: s}
	require.NoError(t, server.Start())
	(&user.API{Service: s, SessionCookie: server.SessionCookieName(), DeviceCookie: server.DeviceCookieName(), Secure: true}).Mount(server.API())
	do := func(method, path, body string, cookies ...*http.Cookie) *http.Response {
		r := httptest.NewRequest(method, "https://latchkey.example/api/v1"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		server.Handler().ServeHTTP(w, r)
		return w.Result()
	}

	require.Equal(t, http.StatusUnauthorized, do("GET", "/session", "").StatusCode)
	in := do("POST", "/session", `{"email":"ada@example.com","password":"`+goodPassword+`"}`)
	require.Equal(t, http.StatusOK, in.StatusCode)
	for i, name := range []string{"__Host-latchkey_session", "__Host-latchkey_device"} {
		cookie := in.Cookies()[i]
		require.Equal(t, name, cookie.Name)
		require.True(t, cookie.HttpOnly)
		require.True(t, cookie.Secure)
		require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
		require.Equal(t, "/", cookie.Path)
	}
	cookie, device := in.Cookies()[0], in.Cookies()[1]
	require.Equal(t, at.Now().Add(s.DeviceLifetime), device.Expires)
	require.Equal(t, http.StatusOK, do("GET", "/session", "", cookie).StatusCode)
	one := do("GET", "/users/"+u.ID, "", cookie)
	require.Equal(t, `"1"`, one.Header.Get("ETag"))
	require.Equal(t, http.StatusConflict, do("DELETE", "/users/"+u.ID, "", cookie).StatusCode)
	require.Equal(t, http.StatusNoContent, do("DELETE", "/session", "", cookie).StatusCode)
	require.Equal(t, http.StatusUnauthorized, do("GET", "/session", "", cookie).StatusCode)

	t.Run("too many attempts are told with the time to wait, and not to the browser that is known", func(t *testing.T) {
		wrong := `{"email":"ada@example.com","password":"` + otherPassword + `"}`
		for range 3 {
			require.Equal(t, http.StatusUnauthorized, do("POST", "/session", wrong).StatusCode)
		}
		refused := do("POST", "/session", wrong)
		require.Equal(t, http.StatusTooManyRequests, refused.StatusCode)
		require.Equal(t, "900", refused.Header.Get("Retry-After"))
		var problem httpapi.Problem
		require.NoError(t, json.NewDecoder(refused.Body).Decode(&problem))
		require.Equal(t, "too_many_attempts", problem.Code)
		require.Equal(t, http.StatusUnauthorized, do("POST", "/session", wrong, device).StatusCode)
	})
}
