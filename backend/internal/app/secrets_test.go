package app_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/token"
)

const planted = `Pl4nted+sec/ret&="%~0815`

// spellings are the forms in which a secret may turn up.
func spellings(value string) []string {
	quoted, _ := json.Marshal(value) // a string always has a JSON form
	out := []string{value, strings.Trim(string(quoted), `"`), url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString([]byte(value))}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		out = append(out, e.EncodeToString([]byte(value)))
	}
	return out
}

// storedTokens opens what the database holds with the master key of the data folder.
func storedTokens(t *testing.T, a *apptest.App) map[string]string {
	t.Helper()
	box := boxOf(t, a)
	var row token.Token
	require.NoError(t, a.DB.Read(t.Context()).Take(&row).Error)
	out := map[string]string{}
	for column, sealed := range map[string]secret.Sealed{"access_token": row.AccessToken, "refresh_token": row.RefreshToken} {
		plain, err := box.Open(sealed, "tokens", column, row.GrantID)
		require.NoError(t, err)
		require.NotEmpty(t, plain.Reveal())
		out[column] = plain.Reveal()
	}
	return out
}

// databaseContent is every value of every row.
func databaseContent(t *testing.T, a *apptest.App) string {
	t.Helper()
	var all strings.Builder
	tables, err := a.DB.Read(t.Context()).Migrator().GetTables()
	require.NoError(t, err)
	for _, table := range tables {
		var rows []map[string]any
		require.NoError(t, a.DB.Read(t.Context()).Table(table).Find(&rows).Error)
		for _, row := range rows {
			for column, value := range row {
				if raw, ok := value.([]byte); ok {
					value = string(raw)
				}
				fmt.Fprintf(&all, "%s.%s=%v\n", table, column, value)
			}
		}
	}
	return all.String()
}

// fileContent is all that lies in the data folder, write-ahead log included.
func fileContent(t *testing.T, a *apptest.App) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(a.DataDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		all.Write(raw)
		return err
	}))
	return all.String()
}

// answers are the bodies of everything that can be read by GET.
func answers(a *apptest.App, admin *apptest.Browser, ids map[string]string) string {
	var all strings.Builder
	for _, route := range a.Server.Routes() {
		if route.Method != http.MethodGet || strings.HasPrefix(route.Path, "/oauth/callback") {
			continue
		}
		path := route.Path
		for prefix, id := range ids {
			if strings.HasPrefix(path, prefix) {
				path = strings.ReplaceAll(path, ":id", id)
			}
		}
		path = strings.ReplaceAll(path, ":aid", ids["attempt"])
		got := admin.Call(http.MethodGet, path, nil)
		fmt.Fprintf(&all, "%s %d %v\n%s\n", path, got.Code, got.Header, got.Body)
	}
	return all.String()
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	microsoft := a.Config.Clouds[len(a.Config.Clouds)-1].AuthorityURL
	a.Call(http.MethodPost, microsoft+"/_emulator/apps/default/secrets", map[string]any{"value": planted}).Status(http.StatusCreated)
	admin := a.Admin()
	a.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password + "x"}).
		Status(http.StatusUnauthorized)

	keyID := admin.CreateKey("Secretive mailbox", with("clientSecret", planted))
	path := keysPath + "/" + keyID
	admin.Call(http.MethodPatch, path, map[string]any{"clientSecret": planted + "\n" + planted}).Status(http.StatusUnprocessableEntity)
	started := admin.Call(http.MethodPost, path+"/authorizations", map[string]any{"mode": "popup"}).Status(http.StatusCreated)
	callback, err := a.Emulator.SignIn(started.Text("url"), "mara", emulator.Accept)
	require.NoError(t, err)
	for range 2 { // the second time as a replay, which is refused
		admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	}
	back, err := url.Parse(callback)
	require.NoError(t, err)

	made := admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "billing", "permissions": []string{"tokens:issue"}, "accountKeyIds": []string{keyID},
	}).Status(http.StatusCreated)
	issued := a.Call(http.MethodPost, "/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {made.Text("id")}, "client_secret": {made.Text("secret")},
	}).Status(http.StatusOK)
	bearer := []string{"Authorization", "Bearer " + issued.Text("access_token")}
	first := storedTokens(t, a)
	served := a.Call(http.MethodPost, path+"/access-token", nil, bearer...).Status(http.StatusOK)
	require.Equal(t, first["access_token"], served.Text("accessToken"), "these are the tokens in force")
	refresh := func(status int, failure emulator.Failure) {
		a.Emulator.Advance(time.Minute) // insisting works again
		failure.Endpoint, failure.Detail, failure.Times = "token", "refresh_token", 1
		a.Emulator.Fail(failure)
		a.Call(http.MethodPost, path+"/access-token", map[string]any{"forceRefresh": true}, bearer...).Status(status)
	}
	a.Call(http.MethodPost, path+"/access-token", map[string]any{"forceRefresh": true}, bearer...).Status(http.StatusOK)
	second := storedTokens(t, a)
	refresh(http.StatusConflict, emulator.Failure{AADSTS: 7000215})
	cookies, err := http.ParseCookie(admin.Cookies())
	require.NoError(t, err)
	invited := admin.Call(http.MethodPost, "/api/v1/users", map[string]any{
		"email": "bo@fabrikam.example", "name": "Bo", "role": "viewer",
	}).Status(http.StatusCreated)
	_, invitation, _ := strings.Cut(invited.Text("invitation", "url"), "#")
	inspect := map[string]any{"token": invitation}
	a.Call(http.MethodPost, "/api/v1/invitations/inspect", inspect).Status(http.StatusOK)
	a.Call(http.MethodPost, "/api/v1/invitations/accept", map[string]any{"token": invitation, "password": "short"}).
		Status(http.StatusUnprocessableEntity)
	a.Call(http.MethodPost, "/api/v1/invitations/inspect", map[string]any{"token": invitation + "x"}).Status(http.StatusNotFound)

	for _, value := range []string{planted, planted + "wrong"} {
		admin.Call(http.MethodPost, keysPath+"/check", map[string]any{
			"tenantId": a.Emulator.Seed().TenantID, "clientId": a.Emulator.Seed().ClientID, "clientSecret": value,
		}).Status(http.StatusOK)
	}
	admin.Call(http.MethodPost, path+"/check", nil).Status(http.StatusOK)
	consent := admin.Call(http.MethodPost, path+"/admin-consent", nil).Status(http.StatusCreated)
	asked, err := url.Parse(consent.Text("url"))
	require.NoError(t, err)
	agreed, err := a.Emulator.SignIn(consent.Text("url"), "ines", emulator.Accept)
	require.NoError(t, err)
	admin.Call(http.MethodGet, agreed, nil).Status(http.StatusSeeOther)

	secrets := map[string]string{
		"client secret": planted, "password": apptest.Password, "invitation": invitation, "set-up code": a.SetupCode,
		"API client's secret": made.Text("secret"), "JWT": issued.Text("access_token"),
		"access token": first["access_token"], "refresh token": first["refresh_token"],
		"next access token": second["access_token"], "next refresh token": second["refresh_token"],
		"authorization code": back.Query().Get("code"), "state": back.Query().Get("state"),
		"state of a consent": asked.Query().Get("state"),
	}
	require.Len(t, cookies, 2)
	for _, cookie := range cookies {
		secrets["cookie "+cookie.Name] = cookie.Value
	}
	for place, content := range map[string]string{
		"the database": databaseContent(t, a), "the data folder": fileContent(t, a), "what is logged": a.Output.String(),
		"what can be read": answers(a, admin, map[string]string{
			keysPath: keyID, "/api/v1/api-clients": made.Text("id"), "attempt": started.Text("id"),
			"/api/v1/users": admin.Call(http.MethodGet, "/api/v1/session", nil).Text("user", "id"),
		}),
	} {
		t.Run("no secret is in "+place, func(t *testing.T) {
			if place != "the data folder" || strings.HasPrefix(a.Config.DatabaseURL.Reveal(), "file:") {
				require.Contains(t, content, keyID, "this is the place to look")
			}
			for name, value := range secrets {
				require.NotEmpty(t, value, name)
				for _, spelling := range spellings(value) {
					found := strings.Contains(content, spelling) // told without repeating either
					require.False(t, found, "%s is in %s", name, place)
				}
			}
		})
	}
}

func TestMasterKey(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	restart := func(t *testing.T, dataDir string, keys ...[]byte) error {
		t.Helper()
		c := *a.Config
		c.DataDir, c.MasterKeys = dataDir, keys
		again, err := app.New(t.Context(), &c, app.Options{Logger: slog.New(slog.DiscardHandler), Now: a.Emulator.Now})
		if err == nil {
			require.NoError(t, again.DB.Close())
		}
		return err
	}

	t.Run("a database whose key file is gone refuses to start, and makes no new one", func(t *testing.T) {
		t.Parallel()
		empty := t.TempDir()
		require.ErrorContains(t, restart(t, empty), "LATCHKEY_MASTER_KEY")
		require.NoFileExists(t, filepath.Join(empty, "master.key"))
	})
	t.Run("another key is refused, in a variable or in the file", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, restart(t, a.DataDir, []byte(strings.Repeat("k", 32))), "LATCHKEY_MASTER_KEY")
		other := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(other, "master.key"), []byte(secret.GenerateMasterKey().Reveal()), 0o600))
		require.ErrorContains(t, restart(t, other), "LATCHKEY_MASTER_KEY")
	})
	t.Run("its own key opens it, alone or behind a newer one", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, restart(t, a.DataDir))
		file, err := os.ReadFile(filepath.Join(a.DataDir, "master.key"))
		require.NoError(t, err)
		own, err := secret.ParseMasterKeys(secret.New(string(file)))
		require.NoError(t, err)
		require.NoError(t, restart(t, t.TempDir(), []byte(strings.Repeat("n", 32)), own[0]))
	})
	t.Run("the key file is for its owner alone", func(t *testing.T) {
		t.Parallel()
		info, err := os.Stat(filepath.Join(a.DataDir, "master.key"))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
}
