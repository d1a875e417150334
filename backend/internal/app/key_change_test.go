package app_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestKeyVersion(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Versioned")
	path := keysPath + "/" + keyID
	etag := func() string {
		tag := admin.Call(http.MethodGet, path, nil).Status(http.StatusOK).Header.Get("ETag")
		require.NotEmpty(t, tag)
		return tag
	}
	rename := func(name, ifMatch string) apptest.Answer {
		return admin.Call(http.MethodPatch, path, map[string]any{"displayName": name}, "If-Match", ifMatch)
	}

	t.Run("of two people who edit what they read, the second is told", func(t *testing.T) {
		read := etag()
		first := rename("First", read).Status(http.StatusOK)
		require.NotEqual(t, read, first.Header.Get("ETag"))
		require.Equal(t, etag(), first.Header.Get("ETag"))
		second := rename("Second", read).Status(http.StatusPreconditionFailed)
		require.Equal(t, "precondition_failed", second.Text("code"))
		require.NotEmpty(t, second.Text("fix"))
		require.Equal(t, "First", admin.Call(http.MethodGet, path, nil).Text("displayName"))
	})
	t.Run("a list of tags matches by any, a star always, a weak tag never", func(t *testing.T) {
		rename("Listed", `"999", `+etag()).Status(http.StatusOK)
		rename("Starred", "*").Status(http.StatusOK)
		rename("Weak", "W/"+etag()).Status(http.StatusPreconditionFailed)
	})
	t.Run("deleting an old version is refused too", func(t *testing.T) {
		admin.Call(http.MethodDelete, path, nil, "If-Match", `"999"`).Status(http.StatusPreconditionFailed)
		admin.Call(http.MethodGet, path, nil).Status(http.StatusOK)
	})
	t.Run("issuing and refreshing change no version", func(t *testing.T) {
		require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
		read := etag()
		bearer, _ := admin.Program("versions", []string{"tokens:issue"}, []string{keyID})
		a.Call(http.MethodPost, path+"/access-token", nil, bearer...).Status(http.StatusOK)
		a.Call(http.MethodPost, path+"/access-token", map[string]any{"forceRefresh": true}, bearer...).Status(http.StatusOK)
		require.Equal(t, 1, a.Emulator.Count("token.refresh_token.200"))
		require.Equal(t, read, etag())
	})
	t.Run("a patch that changes nothing changes no version", func(t *testing.T) {
		read := etag()
		require.Equal(t, "Starred", rename("Starred", read).Status(http.StatusOK).Text("displayName"))
		require.Equal(t, read, etag())
	})
}

func TestKeyRegistration(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	authorized := func(name string) string {
		id := admin.CreateKey(name)
		require.Equal(t, "succeeded", admin.Authorize(id, "mara", emulator.Accept).Text("status"))
		return id
	}
	token := func(id string) apptest.Answer {
		bearer, _ := admin.Program("for "+id, []string{"tokens:issue"}, []string{id})
		return a.Call(http.MethodPost, keysPath+"/"+id+"/access-token", nil, bearer...)
	}

	t.Run("another client, tenant or cloud ends the grant", func(t *testing.T) {
		for field, value := range map[string]string{
			"clientId": "11111111-2222-4333-8444-555555555556", "tenantId": "fabrikam.example", "cloud": "global",
		} {
			id := authorized("Changed " + field)
			got := admin.Call(http.MethodPatch, keysPath+"/"+id, map[string]any{field: value}).Status(http.StatusOK)
			require.Equal(t, "reauthorization_required", got.Text("status"), field)
			require.Equal(t, "registration_changed", got.Text("statusReason", "code"))
			require.NotNil(t, got.At("authorizedAt"), "that it once was is not forgotten")
			require.Equal(t, map[string]any{"expiresAt": nil, "refreshedAt": nil}, got.At("token"))
			require.Equal(t, "reauthorization_required", token(id).Status(http.StatusConflict).Text("code"))
		}
	})
	t.Run("the same ids in another case end nothing", func(t *testing.T) {
		id := authorized("Same")
		got := admin.Call(http.MethodPatch, keysPath+"/"+id, map[string]any{"clientId": " C2A9E6F0-58D4-4b7e-8f33-90b7d1e4a702 "}).Status(http.StatusOK)
		require.Equal(t, "authorized", got.Text("status"))
	})
	t.Run("another secret, name and other scopes keep it", func(t *testing.T) {
		id := authorized("Kept")
		secret, err := a.Emulator.AddSecret("", "", 0)
		require.NoError(t, err)
		got := admin.Call(http.MethodPatch, keysPath+"/"+id, map[string]any{
			"clientSecret": secret.Value, "displayName": "Kept on", "scopes": []string{"Mail.Read", "Mail.Read.Shared"},
		}).Status(http.StatusOK)
		require.Equal(t, "authorized", got.Text("status"))
		require.Equal(t, []any{"Mail.Read.Shared"}, got.At("missingScopes"))
		token(id).Status(http.StatusOK)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		require.NoError(t, a.Emulator.WaitFor(ctx, "token.refresh_token.200", 1), "the new secret is tried at once")
	})
	t.Run("a deleted key serves nothing and takes its attempts along", func(t *testing.T) {
		id := admin.CreateKey("Deleted")
		started := admin.Call(http.MethodPost, keysPath+"/"+id+"/authorizations", map[string]any{"mode": "popup"}).Status(http.StatusCreated)
		callback, err := a.Emulator.SignIn(started.Text("url"), "mara", emulator.Accept)
		require.NoError(t, err)
		bearer, _ := admin.Program("of the deleted", []string{"tokens:issue"}, []string{id})
		admin.Call(http.MethodDelete, keysPath+"/"+id, nil).Status(http.StatusNoContent)
		late := admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		require.Equal(t, a.URL+"/authorization/unknown", late.Header.Get("Location"))
		a.Call(http.MethodPost, keysPath+"/"+id+"/access-token", nil, bearer...).Status(http.StatusNotFound)
		admin.Call(http.MethodDelete, keysPath+"/"+id, nil).Status(http.StatusNotFound)
	})
}
