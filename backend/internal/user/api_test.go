package user_test

import (
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
	(&user.API{Service: s, CookieName: server.SessionCookieName(), Secure: true}).Mount(server.API())
	do := func(method, path, body string, cookie *http.Cookie) *http.Response {
		r := httptest.NewRequest(method, "https://latchkey.example/api/v1"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if cookie != nil {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		server.Handler().ServeHTTP(w, r)
		return w.Result()
	}

	require.Equal(t, http.StatusUnauthorized, do("GET", "/session", "", nil).StatusCode)
	in := do("POST", "/session", `{"email":"ada@example.com","password":"`+goodPassword+`"}`, nil)
	require.Equal(t, http.StatusOK, in.StatusCode)
	cookie := in.Cookies()[0]
	require.Equal(t, "__Host-latchkey_session", cookie.Name)
	require.True(t, cookie.HttpOnly)
	require.True(t, cookie.Secure)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Equal(t, http.StatusOK, do("GET", "/session", "", cookie).StatusCode)
	one := do("GET", "/users/"+u.ID, "", cookie)
	require.Equal(t, `"1"`, one.Header.Get("ETag"))
	require.Equal(t, http.StatusConflict, do("DELETE", "/users/"+u.ID, "", cookie).StatusCode)
	require.Equal(t, http.StatusNoContent, do("DELETE", "/session", "", cookie).StatusCode)
	require.Equal(t, http.StatusUnauthorized, do("GET", "/session", "", cookie).StatusCode)
}
