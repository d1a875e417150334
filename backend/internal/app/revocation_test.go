package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// TestRevocation takes rights away on one replica and watches the others, one of which can no longer
// read the row that would tell it.
func TestRevocation(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin() // before another replica prints a newer set-up code
	processes := []*apptest.App{a}
	blind := func() {}
	if a.OnPostgres() {
		var third *apptest.App
		third, blind = a.BlindReplica("epochs")
		processes = append(processes, a.Replica(), third)
	}
	keyID := admin.CreateKey("Watched")
	path := keysPath + "/" + keyID
	require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))

	// until calls every process until each gives the status; the one that made the change must at once.
	until := func(t *testing.T, want int, call func(p *apptest.App) apptest.Answer) {
		t.Helper()
		require.Equal(t, want, call(a).Code, "on the replica that made the change")
		for _, p := range processes[1:] {
			require.Eventually(t, func() bool { return call(p).Code == want }, 5*time.Second, 20*time.Millisecond)
		}
	}
	program := func(name string) (clientID string, issue func(p *apptest.App) apptest.Answer) {
		bearer, id := admin.Program(name, []string{"tokens:issue"}, []string{keyID})
		return id, func(p *apptest.App) apptest.Answer {
			return p.Call(http.MethodPost, path+"/access-token", nil, bearer...)
		}
	}
	// warm makes every process remember what it answers.
	warm := func(t *testing.T, call func(p *apptest.App) apptest.Answer) {
		t.Helper()
		for range 2 {
			until(t, http.StatusOK, call)
		}
	}
	patch := func(clientID string, body map[string]any) {
		admin.Call(http.MethodPatch, "/api/v1/api-clients/"+clientID, body).Status(http.StatusOK)
	}
	all := func(t *testing.T, when string) {
		t.Run("a disabled API client, and its return, "+when, func(t *testing.T) {
			id, issue := program("disabled " + when)
			warm(t, issue)
			patch(id, map[string]any{"disabled": true})
			until(t, http.StatusUnauthorized, issue)
			patch(id, map[string]any{"disabled": false})
			until(t, http.StatusOK, issue)
		})
		t.Run("a deleted API client "+when, func(t *testing.T) {
			id, issue := program("deleted " + when)
			warm(t, issue)
			admin.Call(http.MethodDelete, "/api/v1/api-clients/"+id, nil).Status(http.StatusNoContent)
			until(t, http.StatusUnauthorized, issue)
		})
		t.Run("a permission taken away "+when, func(t *testing.T) {
			id, issue := program("unpermitted " + when)
			warm(t, issue)
			patch(id, map[string]any{"permissions": []string{"account-keys:read"}})
			until(t, http.StatusForbidden, issue)
		})
		t.Run("a key taken away "+when, func(t *testing.T) {
			id, issue := program("keyless " + when)
			warm(t, issue)
			patch(id, map[string]any{"accountKeyIds": []string{}})
			until(t, http.StatusNotFound, issue)
		})
		t.Run("a leash, its end, and another one, "+when, func(t *testing.T) {
			id, issue := program("leashed " + when)
			warm(t, issue)
			for _, leash := range []map[string]any{{"rawTokens": false}, {"accountKeyId": keyID, "rawTokens": false, "graphMethods": []string{"GET"}}} {
				patch(id, map[string]any{"leashes": []any{leash}})
				until(t, http.StatusForbidden, issue)
				require.Equal(t, "leashed", issue(a).Text("code"))
				patch(id, map[string]any{"leashes": []any{}})
				until(t, http.StatusOK, issue)
			}
		})
		t.Run("a suspended key, and its return, "+when, func(t *testing.T) {
			_, issue := program("suspension " + when)
			warm(t, issue)
			admin.Call(http.MethodPost, path+"/suspend", nil).Status(http.StatusOK)
			until(t, http.StatusConflict, issue)
			admin.Call(http.MethodPost, path+"/resume", nil).Status(http.StatusOK)
			until(t, http.StatusOK, issue)
		})
		t.Run("a session that was ended "+when, func(t *testing.T) {
			browser := a.Browser()
			browser.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password}).
				Status(http.StatusOK)
			cookies := browser.Cookies()
			read := func(p *apptest.App) apptest.Answer {
				return p.Call(http.MethodGet, keysPath, nil, "Cookie", cookies)
			}
			warm(t, read)
			browser.Call(http.MethodDelete, "/api/v1/session", nil).Status(http.StatusNoContent)
			until(t, http.StatusUnauthorized, read)
		})
	}
	all(t, "while every replica can read the epoch")
	blind()
	all(t, "while one replica cannot")
	t.Run("a revoked key", func(t *testing.T) {
		_, issue := program("revoked")
		warm(t, issue)
		admin.Call(http.MethodPost, path+"/revoke", nil).Status(http.StatusOK)
		until(t, http.StatusConflict, issue)
		require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
		until(t, http.StatusOK, issue)
		admin.Call(http.MethodDelete, path, nil).Status(http.StatusNoContent)
		until(t, http.StatusNotFound, issue)
	})
}
