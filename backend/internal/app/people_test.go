package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
)

// accept uses a one-time link in a browser of its own.
func accept(a *apptest.App, url, password string) *apptest.Browser {
	_, token, _ := strings.Cut(url, "#")
	b := a.Browser()
	b.Call(http.MethodPost, "/api/v1/invitations/accept", map[string]any{"token": token, "password": password}).Status(http.StatusOK)
	return b
}

func TestPeople(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	invited := admin.Call(http.MethodPost, "/api/v1/users", map[string]any{
		"email": "vic@fabrikam.example", "name": "Vic", "role": "viewer",
	}).Status(http.StatusCreated)
	path := "/api/v1/users/" + invited.Text("id")
	status := func() string { return admin.Call(http.MethodGet, path, nil).Status(http.StatusOK).Text("status") }
	const who = "/api/v1/session"

	require.Equal(t, "invited", status())
	require.Nil(t, admin.Call(http.MethodGet, path, nil).At("invitation"), "the link is told once")
	require.True(t, strings.HasPrefix(invited.Text("invitation", "url"), a.URL+"/invitation#"))

	vic := accept(a, invited.Text("invitation", "url"), apptest.Password)
	require.Equal(t, "active", status())
	require.Equal(t, "Vic", vic.Call(http.MethodGet, who, nil).Status(http.StatusOK).Text("user", "name"))
	vic.Call(http.MethodPost, keysPath, draft("Not for viewers")).Status(http.StatusForbidden)
	vic.Call(http.MethodGet, "/api/v1/sessions", nil).Status(http.StatusOK)

	t.Run("a link for a new password signs in anew and ends what there was", func(t *testing.T) {
		link := admin.Call(http.MethodPost, path+"/password-reset", nil).Status(http.StatusCreated)
		again := accept(a, link.Text("url"), "teal otters skate home")
		vic.Call(http.MethodGet, who, nil).Status(http.StatusUnauthorized)
		vic = again
	})
	t.Run("signed out everywhere is signed out at once", func(t *testing.T) {
		admin.Call(http.MethodDelete, path+"/sessions", nil).Status(http.StatusNoContent)
		vic.Call(http.MethodGet, who, nil).Status(http.StatusUnauthorized)
		vic.Call(http.MethodPost, who, map[string]any{"email": "vic@fabrikam.example", "password": "teal otters skate home"}).Status(http.StatusOK)
	})
	t.Run("disabled is signed out at once, and stays out", func(t *testing.T) {
		admin.Call(http.MethodPatch, path, map[string]any{"disabled": true}).Status(http.StatusOK)
		require.Equal(t, "disabled", status())
		vic.Call(http.MethodGet, who, nil).Status(http.StatusUnauthorized)
		vic.Call(http.MethodPost, who, map[string]any{"email": "vic@fabrikam.example", "password": "teal otters skate home"}).
			Status(http.StatusUnauthorized)
		require.Equal(t, "not_active", admin.Call(http.MethodPost, path+"/password-reset", nil).Status(http.StatusConflict).Text("code"))
	})
}

func TestGuessingAcrossReplicas(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, "LATCHKEY_SIGN_IN_ATTEMPTS=3")
	if !a.OnPostgres() {
		t.Skip("SQLite has one process")
	}
	owner := a.Admin()
	other := a.Replica("LATCHKEY_SIGN_IN_ATTEMPTS=3")
	signIn := func(b *apptest.Browser, at *apptest.App, password string) apptest.Answer {
		return b.Call(http.MethodPost, at.URL+"/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": password})
	}
	for _, at := range []*apptest.App{a, other, a} {
		signIn(a.Browser(), at, "not the password").Status(http.StatusUnauthorized)
	}
	for _, at := range []*apptest.App{a, other} {
		refused := signIn(a.Browser(), at, apptest.Password).Status(http.StatusTooManyRequests)
		require.Equal(t, "too_many_attempts", refused.Text("code"))
		require.NotEmpty(t, refused.Header.Get("Retry-After"))
		signIn(owner, at, apptest.Password).Status(http.StatusOK)
	}
}
