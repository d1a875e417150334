package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// person makes a person of a role and signs them in.
func person(t *testing.T, a *apptest.App, admin *apptest.Browser, role string) *apptest.Browser {
	t.Helper()
	email := role + "@fabrikam.example"
	admin.Call(http.MethodPost, "/api/v1/users", map[string]any{
		"email": email, "name": role, "role": role, "password": apptest.Password,
	}).Status(http.StatusCreated)
	b := a.Browser()
	b.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": email, "password": apptest.Password}).Status(http.StatusOK)
	return b
}

func TestRoles(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Shared")
	require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
	operator, viewer := person(t, a, admin, "operator"), person(t, a, admin, "viewer")
	const allowed, denied = 0, http.StatusForbidden

	for _, row := range []struct {
		name, method, path string
		body               any
		operator, viewer   int
	}{
		{"list keys", http.MethodGet, keysPath, nil, allowed, allowed},
		{"read a key", http.MethodGet, keysPath + "/" + keyID, nil, allowed, allowed},
		{"read a key's activity", http.MethodGet, keysPath + "/" + keyID + "/activity", nil, allowed, allowed},
		{"look up what Microsoft's pages say", http.MethodGet, "/api/v1/microsoft-errors", nil, allowed, allowed},
		{"create a key", http.MethodPost, keysPath, draft("Of an operator"), allowed, denied},
		{"change a key", http.MethodPatch, keysPath + "/" + keyID, map[string]any{"description": "x"}, allowed, denied},
		{"authorize a key", http.MethodPost, keysPath + "/" + keyID + "/authorizations", map[string]any{"mode": "popup"}, allowed, denied},
		{"get a token", http.MethodPost, keysPath + "/" + keyID + "/access-token", nil, allowed, denied},
		{"suspend a key", http.MethodPost, keysPath + "/" + keyID + "/suspend", nil, allowed, denied},
		{"resume a key", http.MethodPost, keysPath + "/" + keyID + "/resume", nil, allowed, denied},
		{"list API clients", http.MethodGet, "/api/v1/api-clients", nil, denied, denied},
		{"create an API client", http.MethodPost, "/api/v1/api-clients", map[string]any{"name": "x", "permissions": []string{}}, denied, denied},
		{"list people", http.MethodGet, "/api/v1/users", nil, denied, denied},
		{"create a person", http.MethodPost, "/api/v1/users", map[string]any{"role": "admin"}, denied, denied},
		{"see their session", http.MethodGet, "/api/v1/session", nil, allowed, allowed},
	} {
		check := func(t *testing.T, b *apptest.Browser, want int) {
			t.Helper()
			got := b.Call(row.method, row.path, row.body)
			if want == denied {
				require.Equal(t, "permission_denied", got.Status(http.StatusForbidden).Text("code"))
				return
			}
			require.Less(t, got.Code, http.StatusBadRequest, string(got.Body))
		}
		t.Run("an operator and a viewer "+row.name+" as their roles let them", func(t *testing.T) {
			check(t, operator, row.operator)
			check(t, viewer, row.viewer)
		})
	}
	t.Run("an administrator may do all of it", func(t *testing.T) {
		admin.Call(http.MethodGet, "/api/v1/users", nil).Status(http.StatusOK)
		admin.Call(http.MethodGet, "/api/v1/api-clients", nil).Status(http.StatusOK)
		admin.Call(http.MethodPost, keysPath+"/"+keyID+"/access-token", nil).Status(http.StatusOK)
	})
	t.Run("a role that is taken away is gone at once", func(t *testing.T) {
		id := operator.Call(http.MethodGet, "/api/v1/session", nil).Text("user", "id")
		admin.Call(http.MethodPatch, "/api/v1/users/"+id, map[string]any{"role": "viewer"}).Status(http.StatusOK)
		got := operator.Call(http.MethodPost, keysPath, draft("Too late"))
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, got.Code)
	})
}

func TestProgramCreatesKey(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	hidden := admin.CreateKey("Not for programs")
	bearer, clientID := admin.Program("provisioner", []string{"account-keys:read", "account-keys:write"}, []string{})
	call := func(method, path string, body any) apptest.Answer { return a.Call(method, path, body, bearer...) }

	require.Empty(t, call(http.MethodGet, keysPath, nil).Status(http.StatusOK).Items())
	made := call(http.MethodPost, keysPath, draft("Made by a program")).Status(http.StatusCreated)
	require.Equal(t, map[string]any{"type": "api_client", "id": clientID, "name": "provisioner"}, made.At("createdBy"))

	t.Run("the key joins what the program may use", func(t *testing.T) {
		items := call(http.MethodGet, keysPath, nil).Status(http.StatusOK).Items()
		require.Len(t, items, 1)
		require.Equal(t, made.Text("id"), items[0]["id"])
		call(http.MethodPatch, keysPath+"/"+made.Text("id"), map[string]any{"description": "x"}).Status(http.StatusOK)
		client := admin.Call(http.MethodGet, "/api/v1/api-clients/"+clientID, nil).Status(http.StatusOK)
		require.Equal(t, []any{made.Text("id")}, client.At("accountKeyIds"))
	})
	t.Run("a key it was not given does not exist for it", func(t *testing.T) {
		path := keysPath + "/" + hidden
		call(http.MethodGet, path, nil).Status(http.StatusNotFound)
		call(http.MethodPatch, path, map[string]any{"description": "x"}).Status(http.StatusNotFound)
		call(http.MethodPost, path+"/revoke", nil).Status(http.StatusNotFound)
		call(http.MethodGet, path+"/activity", nil).Status(http.StatusNotFound)
		call(http.MethodPost, path+"/authorizations", map[string]any{"mode": "link"}).Status(http.StatusNotFound)
		call(http.MethodDelete, path, nil).Status(http.StatusNotFound)
		admin.Call(http.MethodGet, path, nil).Status(http.StatusOK)
	})
}
