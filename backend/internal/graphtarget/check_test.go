package graphtarget_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create("Mail", with("basePath", "/me"), with("allowedMethods", []string{"GET", "POST", "PATCH"}), with("allowedPaths", []string{"/me/messages/**", "/me/sendMail", "/me/calendar"}))
	ask := func(t *testing.T, body any) (results map[string]string, worst string) {
		t.Helper()
		got := f.admin.Call(http.MethodPost, targetsPath+"/"+id+"/validate", body).Status(http.StatusOK)
		results = map[string]string{}
		checks, _ := got.At("checks").([]any)
		for _, check := range checks {
			c, _ := check.(map[string]any)
			results[c["id"].(string)] = c["result"].(string)
			require.NotEmpty(t, c["message"])
			if c["result"] == "failed" {
				require.NotEmpty(t, c["fix"], c["id"])
			}
		}
		require.Len(t, results, 6)
		return results, got.Text("result")
	}
	all := func(change map[string]string) map[string]string {
		want := map[string]string{"enabled": "passed", "method": "passed", "path": "passed", "account_key": "passed", "permissions": "passed", "graph": "passed"}
		for name, result := range change {
			want[name] = result
		}
		return want
	}
	for name, row := range map[string]struct {
		method, path string
		want         map[string]string
	}{
		"nothing named":                   {"", "", map[string]string{"method": "skipped", "path": "skipped", "permissions": "skipped"}},
		"something that is read":          {"GET", "/messages?$top=1", nil},
		"something that is sent":          {"post", "/sendMail", nil},
		"a method that is not allowed":    {"DELETE", "/messages/x", map[string]string{"method": "failed", "permissions": "skipped"}},
		"a path that is not allowed":      {"GET", "/mailFolders", map[string]string{"path": "failed", "permissions": "skipped"}},
		"a path that is none":             {"GET", "/messages/%2e%2e", map[string]string{"path": "failed", "permissions": "skipped"}},
		"a call that nobody knows here":   {"GET", "/calendar", map[string]string{"permissions": "inconclusive", "graph": "failed"}},
		"a message that there is none of": {"GET", "/messages/x", map[string]string{"graph": "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := ask(t, map[string]any{"method": row.method, "path": row.path})
			require.Equal(t, all(row.want), got)
		})
	}
	t.Run("a method that is none", func(t *testing.T) {
		f.admin.Call(http.MethodPost, targetsPath+"/"+id+"/validate", map[string]any{"method": "BREW"}).Status(http.StatusUnprocessableEntity)
	})
	t.Run("Graph out of order proves nothing", func(t *testing.T) {
		failure := f.Emulator.Fail(emulator.Failure{Endpoint: "graph", Status: 503})
		got, worst := ask(t, nil)
		f.Emulator.ClearFailure(failure)
		require.Equal(t, "inconclusive", got["graph"])
		require.Equal(t, "inconclusive", worst)
	})
	t.Run("a permission that was not granted", func(t *testing.T) {
		narrow := f.admin.CreateKey("Narrow", with("scopes", []string{"User.Read", "Mail.Read"}))
		require.Equal(t, "succeeded", f.admin.Authorize(narrow, "mara", emulator.Accept).Text("status"))
		f.Emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "refresh_token", Times: 1, Scopes: []string{"User.Read", "Mail.Read"}})
		f.admin.Call(http.MethodPost, keysPath+"/"+narrow+"/check", nil).Status(http.StatusOK) // refreshes
		other := f.create("Narrow", with("accountKeyId", narrow))
		got := f.admin.Call(http.MethodPost, targetsPath+"/"+other+"/validate", map[string]any{"method": "PATCH", "path": "/me/messages/x"}).Status(http.StatusOK)
		require.Equal(t, "failed", got.Text("result"))
		require.Contains(t, string(got.Body), "Mail.ReadWrite")
	})
	t.Run("a key that serves nothing", func(t *testing.T) {
		f.admin.Call(http.MethodPost, keysPath+"/"+f.keyID+"/suspend", nil).Status(http.StatusOK)
		f.admin.Call(http.MethodPatch, targetsPath+"/"+id, map[string]any{"enabled": false}).Status(http.StatusOK)
		got, worst := ask(t, map[string]any{"method": "GET", "path": "/messages"})
		require.Equal(t, all(map[string]string{"enabled": "failed", "account_key": "failed", "permissions": "skipped", "graph": "skipped"}), got)
		require.Equal(t, "failed", worst)
	})
}
