package app_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// caller is somebody who sends requests, and what they may do at this moment.
type caller struct {
	name        string
	headers     []string
	known       bool // there is somebody behind the credential
	program     bool
	permissions []auth.Permission
	clientID    string // of a program
	key         string // the account key that their things hang on; empty: a fresh one for each
}

// world is the product with somebody of every sort, and a key that programs were not given.
type world struct {
	t         *testing.T
	app       *apptest.App
	admin     *apptest.Browser
	strangers []caller // whom nothing is open to
	people    []caller
	programs  map[auth.Permission][]caller // for routes that ask for the permission
	outsider  caller                       // may do everything, but with another key

	foreignKey string
	markers    []string // text that only those may see who may see the foreign key
	made       int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, app: apptest.New(t), programs: map[auth.Permission][]caller{}}
	w.admin = w.app.Admin()
	w.makeStale()
	w.makePeople()
	w.foreignKey = w.admin.CreateKey("Foreign mailbox")
	require.Equal(t, "succeeded", w.admin.Authorize(w.foreignKey, "mara", emulator.Accept).Text("status"))
	w.markers = []string{w.foreignKey, "Foreign mailbox", "mara@fabrikam.example"}
	own := w.admin.CreateKey("Other mailbox")
	w.outsider = w.program("outsider", auth.AllPermissions(), own)
	w.makeBroken()
	for _, route := range w.app.Server.Routes() {
		p := route.Access.Permission
		if p != "" && w.programs[p] == nil {
			w.programs[p] = w.programsFor(p, own)
		}
	}
	return w
}

// makeStale makes a session and a JWT whose time is over when it returns.
func (w *world) makeStale() {
	signedIn := w.person("stale", auth.RoleAdmin)
	program := w.program("stale program", auth.AllPermissions())
	w.app.Emulator.Advance(13 * time.Hour)
	w.signIn(w.admin, "ada@fabrikam.example")
	w.stranger("an expired session", signedIn.headers...)
	w.stranger("an expired JWT", program.headers...)
}

func (w *world) stranger(name string, headers ...string) {
	w.strangers = append(w.strangers, caller{name: name, headers: headers})
}

func (w *world) signIn(b *apptest.Browser, email string) {
	w.t.Helper()
	b.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": email, "password": apptest.Password}).Status(http.StatusOK)
}

// person adds a person and signs them in.
func (w *world) person(name string, role auth.Role) caller {
	w.t.Helper()
	email := name + "@fabrikam.example"
	w.admin.Call(http.MethodPost, "/api/v1/users", map[string]any{
		"email": email, "name": name, "role": role, "password": apptest.Password,
	}).Status(http.StatusCreated)
	return w.signedIn(name, role)
}

func (w *world) signedIn(name string, role auth.Role) caller {
	w.t.Helper()
	b := w.app.Browser()
	w.signIn(b, name+"@fabrikam.example")
	return caller{
		name: name, known: true, permissions: role.Permissions(),
		headers: []string{"Cookie", b.Cookies(), "Origin", w.app.URL, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty"},
	}
}

// ada is the first administrator: her sessions are nobody else's, and what she has hangs on the foreign key.
func (w *world) ada() caller { return caller{name: "ada", key: w.foreignKey} }

// signInAgain replaces the sessions that the routes before have ended.
func (w *world) signInAgain() {
	w.t.Helper()
	for i, p := range w.people {
		if w.app.Call(http.MethodGet, "/api/v1/session", nil, p.headers...).Code != http.StatusOK {
			w.people[i] = w.signedIn(p.name, auth.Role(p.name))
		}
	}
}

func (w *world) makePeople() {
	for _, role := range []auth.Role{auth.RoleAdmin, auth.RoleOperator, auth.RoleViewer} {
		w.people = append(w.people, w.person(string(role), role))
	}
	disabled := w.person("disabled", auth.RoleAdmin)
	id := w.app.Call(http.MethodGet, "/api/v1/session", nil, disabled.headers...).Status(http.StatusOK).Text("user", "id")
	w.admin.Call(http.MethodPatch, "/api/v1/users/"+id, map[string]any{"disabled": true}).Status(http.StatusOK)
	w.stranger("a disabled person", disabled.headers...)
	out := w.person("out", auth.RoleAdmin)
	w.app.Call(http.MethodDelete, "/api/v1/session", nil, out.headers...).Status(http.StatusNoContent)
	w.stranger("a signed-out session", out.headers...)
	w.stranger("nobody")
	w.stranger("a made-up session", "Cookie", w.app.Server.SessionCookieName()+"="+strings.Repeat("A", 43))
	w.stranger("an empty session", "Cookie", w.app.Server.SessionCookieName()+"=")
	w.stranger("a password", "Authorization", "Basic YWRhQGZhYnJpa2FtLmV4YW1wbGU6eA==")
	admin := w.people[0].headers[1]
	w.stranger("a bad token beside a good session", "Authorization", "Bearer x", "Cookie", admin, "Origin", w.app.URL)
	w.stranger("a session as a token", "Authorization", "Bearer "+admin[strings.Index(admin, "=")+1:])
}

// program makes an API client and gets a JWT for it.
func (w *world) program(name string, permissions []auth.Permission, keyIDs ...string) caller {
	w.t.Helper()
	names := []string{}
	for _, p := range permissions {
		names = append(names, string(p))
	}
	headers, id := w.admin.Program(name, names, append([]string{}, keyIDs...))
	return caller{name: name, headers: headers, known: true, program: true, permissions: permissions, clientID: id}
}

func (w *world) change(clientID string, change map[string]any) {
	w.t.Helper()
	w.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+clientID, change).Status(http.StatusOK)
}

// makeBroken makes programs whose credential is good for nothing any more, or never was.
func (w *world) makeBroken() {
	disabled := w.program("disabled program", auth.AllPermissions(), w.foreignKey)
	w.change(disabled.clientID, map[string]any{"disabled": true})
	w.stranger("a disabled API client", disabled.headers...)
	deleted := w.program("deleted program", auth.AllPermissions(), w.foreignKey)
	w.admin.Call(http.MethodDelete, "/api/v1/api-clients/"+deleted.clientID, nil).Status(http.StatusNoContent)
	w.stranger("a deleted API client", deleted.headers...)

	made := w.admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "program by secret", "permissions": auth.AllPermissions(), "allAccountKeys": true,
	}).Status(http.StatusCreated)
	w.stranger("a client secret as a token", "Authorization", "Bearer "+made.Text("secret"))
	w.expiredSecret(made.Text("id"))

	for name, change := range map[string]func(jwt.MapClaims){
		"a JWT of another issuer":   func(c jwt.MapClaims) { c["iss"] = "https://elsewhere.example" },
		"a JWT for somewhere else":  func(c jwt.MapClaims) { c["aud"] = "https://elsewhere.example/api/v1" },
		"a JWT for nobody":          func(c jwt.MapClaims) { c["sub"], c["client_id"] = disabled.clientID, disabled.clientID },
		"a JWT for another subject": func(c jwt.MapClaims) { c["sub"] = w.outsider.clientID },
	} {
		w.stranger(name, "Authorization", "Bearer "+w.forge(made.Text("id"), change))
	}
	// The same without a change is good, so it is the change that the others fail by.
	w.app.Call(http.MethodGet, keysPath, nil, "Authorization", "Bearer "+w.forge(made.Text("id"), func(jwt.MapClaims) {})).Status(http.StatusOK)
}

// expiredSecret checks that a secret whose time is over is exchanged for nothing.
func (w *world) expiredSecret(clientID string) {
	w.t.Helper()
	added := w.admin.Call(http.MethodPost, "/api/v1/api-clients/"+clientID+"/secrets", map[string]any{
		"expiresAt": w.app.Emulator.Now().Add(time.Minute),
	}).Status(http.StatusCreated)
	exchange := func() int {
		return w.app.Call(http.MethodPost, "/oauth/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {added.Text("secret")},
		}).Code
	}
	require.Equal(w.t, http.StatusOK, exchange())
	w.app.Emulator.Advance(2 * time.Minute)
	require.Equal(w.t, http.StatusUnauthorized, exchange())
	w.stranger("an expired secret as a token", "Authorization", "Bearer "+added.Text("secret"))
}

// forge signs a JWT with the product's own key, for all permissions but for what change makes of it.
func (w *world) forge(clientID string, change func(jwt.MapClaims)) string {
	w.t.Helper()
	var row struct {
		ID         string
		PrivateKey secret.Sealed
	}
	require.NoError(w.t, w.app.DB.Read(w.t.Context()).Table("signing_keys").Take(&row).Error)
	der, err := boxOf(w.t, w.app).Open(row.PrivateKey, "signing_keys", "private_key", row.ID)
	require.NoError(w.t, err)
	parsed, err := x509.ParsePKCS8PrivateKey([]byte(der.Reveal()))
	require.NoError(w.t, err)
	scope := []string{}
	for _, p := range auth.AllPermissions() {
		scope = append(scope, string(p))
	}
	now := w.app.Emulator.Now()
	claims := jwt.MapClaims{
		"iss": w.app.URL, "aud": w.app.URL + "/api/v1", "sub": clientID, "client_id": clientID, "scope": strings.Join(scope, " "),
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": "forged",
	}
	change(claims)
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["typ"], token.Header["kid"] = "at+jwt", row.ID
	text, err := token.SignedString(parsed.(*ecdsa.PrivateKey))
	require.NoError(w.t, err)
	return text
}

// boxOf opens what the database holds with the master key of the data folder.
func boxOf(t *testing.T, a *apptest.App) *secret.Box {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(a.DataDir, "master.key"))
	require.NoError(t, err)
	keys, err := secret.ParseMasterKeys(secret.New(string(key)))
	require.NoError(t, err)
	box, err := secret.NewBox(keys...)
	require.NoError(t, err)
	return box
}

// programsFor are the API clients that differ in how they hold one permission.
func (w *world) programsFor(p auth.Permission, key string) []caller {
	w.t.Helper()
	others := slices.DeleteFunc(auth.AllPermissions(), func(x auth.Permission) bool { return x == p })
	exactly := w.program("exactly "+string(p), []auth.Permission{p}, key)
	without := w.program("all but "+string(p), others, key)

	cut := w.program(string(p)+" taken away", []auth.Permission{p}, key)
	w.change(cut.clientID, map[string]any{"permissions": others})
	cut.permissions = nil

	narrow := w.program("a narrow scope without "+string(p), auth.AllPermissions(), key)
	narrow.headers = []string{"Authorization", "Bearer " + w.forge(narrow.clientID, func(c jwt.MapClaims) {
		c["scope"] = strings.ReplaceAll(" "+c["scope"].(string)+" ", " "+string(p)+" ", " ")
	})}
	narrow.permissions = others

	wide := w.program("a wide scope without "+string(p), others, key)
	wide.headers = []string{"Authorization", "Bearer " + w.forge(wide.clientID, func(jwt.MapClaims) {})}
	return []caller{exactly, without, cut, narrow, wide}
}
