package graphtarget_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLeash holds an API client's leash beside what the target allows: for each call, and for each within a batch.
func TestLeash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create("All", with("basePath", "/me"))
	made := f.admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "leashed", "permissions": []string{"graph:call"}, "accountKeyIds": []string{f.keyID},
		"leashes": []any{map[string]any{"accountKeyId": f.keyID, "rawTokens": false, "graphMethods": []string{"GET"}, "graphPaths": []string{"/me", "/me/mailFolders/*"}}},
	}).Status(http.StatusCreated)
	issued := f.Call(http.MethodPost, "/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {made.Text("id")}, "client_secret": {made.Text("secret")},
	}).Status(http.StatusOK)
	bearer := []string{"Authorization", "Bearer " + issued.Text("access_token")}

	f.Call(http.MethodGet, path(id, "/"), nil, bearer...).Status(http.StatusOK)
	f.Call(http.MethodGet, path(id, "/mailFolders/inbox"), nil, bearer...).Status(http.StatusOK)
	before := f.Emulator.Count("graph")
	for rest, method := range map[string]string{
		"/messages": http.MethodGet, "/mailFolders/inbox/messages": http.MethodGet, "/mailFolders/inbox%2Fmessages": http.MethodGet, "/mailFolders/x": http.MethodDelete,
	} {
		got := f.Call(method, path(id, rest), nil, bearer...).Status(http.StatusForbidden)
		require.Equal(t, "leash_refused", got.Text("code"), rest)
	}
	batch := f.Call(http.MethodPost, path(id, "/$batch"), `{"requests":[{"id":"1","method":"GET","url":"/me"},{"id":"2","method":"GET","url":"/me/messages"}]}`, bearer...)
	require.Equal(t, "batch_item_refused", batch.Status(http.StatusForbidden).Text("code"))
	require.Equal(t, before, f.Emulator.Count("graph"))
	f.Call(http.MethodPost, path(id, "/$batch"), `{"requests":[{"id":"1","method":"GET","url":"/me"}]}`, bearer...).Status(http.StatusOK)
}
