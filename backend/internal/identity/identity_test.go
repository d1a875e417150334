package identity_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// fixture is an authorized key and a program with a secret of its own.
type fixture struct {
	*apptest.App
	admin    *apptest.Browser
	keyID    string
	clientID string
	secret   string
	graph    string
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	f := fixture{App: apptest.New(t)}
	f.admin = f.Admin()
	f.keyID = f.admin.CreateKey("Invoices mailbox")
	require.Equal(t, "succeeded", f.admin.Authorize(f.keyID, "mara", emulator.Accept).Text("status"))
	f.clientID, f.secret = f.program([]string{"tokens:issue"}, f.keyID)
	f.graph = f.Config.Clouds[len(f.Config.Clouds)-1].GraphURL
	return f
}

func (f fixture) program(permissions []string, keys ...string) (id, secret string) {
	made := f.admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "mailer " + uuid.NewString(), "permissions": permissions, "accountKeyIds": keys,
	}).Status(http.StatusCreated)
	return made.Text("id"), made.Text("secret")
}

// ask sends what an SDK does, changed by pairs of parameters.
func (f fixture) ask(path, secret string, changes ...string) apptest.Answer {
	q := url.Values{"api-version": {"2019-08-01"}, "resource": {f.graph}}
	for i := 0; i+1 < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return f.Call(http.MethodGet, path+"?"+q.Encode(), nil, "X-IDENTITY-HEADER", secret)
}

func (f fixture) path() string { return "/identity/" + f.keyID + "/token" }

func TestToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	t.Run("it is the key's, with the seconds as strings", func(t *testing.T) {
		got := f.ask(f.path(), f.secret).Status(http.StatusOK)
		require.Equal(t, "Bearer", got.Text("token_type"))
		require.Equal(t, f.graph, got.Text("resource"))
		ends, err := strconv.ParseInt(got.Text("expires_on"), 10, 64)
		require.NoError(t, err)
		require.Greater(t, time.Unix(ends, 0), f.Emulator.Now().Add(5*time.Minute))
		require.Equal(t, "no-store", got.Header.Get("Cache-Control"))
		me := f.Call(http.MethodGet, f.graph+"/v1.0/me", nil, "Authorization", "Bearer "+got.Text("access_token"))
		require.Equal(t, "mara@fabrikam.example", me.Status(http.StatusOK).Text("userPrincipalName"))
		used := f.admin.Call(http.MethodGet, "/api/v1/account-keys/"+f.keyID, nil)
		require.NotNil(t, used.At("lastUsedAt"))
		require.NotNil(t, f.admin.Call(http.MethodGet, "/api/v1/api-clients/"+f.clientID, nil).At("lastUsedAt"))
	})
	t.Run("every way to write the resource is understood", func(t *testing.T) {
		for _, resource := range []string{f.graph + "/", f.graph + "/.default", "00000003-0000-0000-c000-000000000000"} {
			f.ask(f.path(), f.secret, "resource", resource).Status(http.StatusOK)
		}
	})
	t.Run("the key can be named", func(t *testing.T) {
		object := f.admin.Call(http.MethodGet, "/api/v1/account-keys/"+f.keyID, nil).Text("account", "objectId")
		for _, row := range [][2]string{
			{"client_id", f.keyID},
			{"client_id", "invoices MAILBOX"},
			{"client_id", f.Emulator.Seed().ClientID},
			{"clientid", f.keyID},
			{"mi_res_id", "/subscriptions/x/userAssignedIdentities/" + f.keyID},
			{"mi_res_id", "Invoices mailbox"},
			{"object_id", object},
			{"principal_id", object},
		} {
			got := f.ask("/identity/token", f.secret, row[0], row[1])
			require.Equal(t, http.StatusOK, got.Code, "%v %s", row, got.Body)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, reader := f.program([]string{"account-keys:read"}, f.keyID)
	_, stranger := f.program([]string{"tokens:issue"})
	for name, row := range map[string]struct {
		got    apptest.Answer
		status int
		code   string
	}{
		"without a secret":                  {f.ask(f.path(), ""), http.StatusUnauthorized, "identity_header"},
		"with another secret":               {f.ask(f.path(), "lk_guess"), http.StatusUnauthorized, "identity_header"},
		"without the permission":            {f.ask(f.path(), reader), http.StatusForbidden, "permission_denied"},
		"for a key of others":               {f.ask(f.path(), stranger), http.StatusBadRequest, "identity_not_found"},
		"for a key that others call so":     {f.ask("/identity/token", stranger, "client_id", f.keyID), http.StatusBadRequest, "identity_not_found"},
		"for no key":                        {f.ask("/identity/nothing/token", f.secret), http.StatusBadRequest, "identity_not_found"},
		"without a name":                    {f.ask("/identity/token", f.secret), http.StatusBadRequest, "selector"},
		"with two names":                    {f.ask("/identity/token", f.secret, "client_id", "a", "object_id", "b"), http.StatusBadRequest, "selector"},
		"with a path and a name":            {f.ask(f.path(), f.secret, "client_id", f.keyID), http.StatusBadRequest, "selector"},
		"in another version":                {f.ask(f.path(), f.secret, "api-version", "2017-09-01"), http.StatusBadRequest, "api_version"},
		"without a version":                 {f.ask(f.path(), f.secret, "api-version", ""), http.StatusBadRequest, "api_version"},
		"for another service":               {f.ask(f.path(), f.secret, "resource", "https://vault.azure.net"), http.StatusBadRequest, "invalid_resource"},
		"for a host that begins like Graph": {f.ask(f.path(), f.secret, "resource", f.graph+".evil.example"), http.StatusBadRequest, "invalid_resource"},
		"for nothing":                       {f.ask(f.path(), f.secret, "resource", ""), http.StatusBadRequest, "invalid_resource"},
	} {
		t.Run(name, func(t *testing.T) {
			row.got.Status(row.status)
			require.Equal(t, row.code, row.got.Text("error", "code"))
			require.InDelta(t, row.status, row.got.At("statusCode"), 0)
			require.Equal(t, row.got.Header.Get("X-Request-Id"), row.got.Text("correlationId"))
			require.NotEmpty(t, row.got.Text("message"))
		})
	}
	t.Run("two keys of one app are not told apart by it", func(t *testing.T) {
		other := f.admin.CreateKey("Second mailbox")
		_, both := f.program([]string{"tokens:issue", "account-keys:read"}, f.keyID, other)
		got := f.ask("/identity/token", both, "client_id", f.Emulator.Seed().ClientID).Status(http.StatusBadRequest)
		require.Equal(t, "identity_ambiguous", got.Text("error", "code"))
	})
	t.Run("a key that serves nothing says so at once", func(t *testing.T) {
		f.admin.Call(http.MethodPost, "/api/v1/account-keys/"+f.keyID+"/suspend", nil).Status(http.StatusOK)
		require.Equal(t, "suspended", f.ask(f.path(), f.secret).Status(http.StatusConflict).Text("error", "code"))
		f.admin.Call(http.MethodPost, "/api/v1/account-keys/"+f.keyID+"/resume", nil).Status(http.StatusOK)
	})
	t.Run("a client that is disabled is out at once", func(t *testing.T) {
		f.ask(f.path(), f.secret).Status(http.StatusOK)
		f.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+f.clientID, map[string]any{"disabled": true}).Status(http.StatusOK)
		f.ask(f.path(), f.secret).Status(http.StatusUnauthorized)
	})
}

func TestSecretThatEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	added := f.admin.Call(http.MethodPost, "/api/v1/api-clients/"+f.clientID+"/secrets", map[string]any{
		"expiresAt": f.Emulator.Now().Add(30 * time.Second),
	}).Status(http.StatusCreated).Text("secret")
	f.ask(f.path(), added).Status(http.StatusOK)
	f.Emulator.Advance(31 * time.Second)
	f.ask(f.path(), added).Status(http.StatusUnauthorized)
	f.ask(f.path(), f.secret).Status(http.StatusOK)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client := "/api/v1/api-clients/" + f.clientID
	t.Run("a leash without raw tokens counts here too", func(t *testing.T) {
		f.admin.Call(http.MethodPatch, client, map[string]any{"leashes": []any{map[string]any{"rawTokens": false}}}).Status(http.StatusOK)
		require.Equal(t, "leashed", f.ask(f.path(), f.secret).Status(http.StatusForbidden).Text("error", "code"))
		f.admin.Call(http.MethodPatch, client, map[string]any{"leashes": []any{}}).Status(http.StatusOK)
	})
	t.Run("a secret that was taken here is no bearer token", func(t *testing.T) {
		require.Eventually(t, func() bool { // until it is remembered: the epoch is read a few times a second
			f.ask(f.path(), f.secret).Status(http.StatusOK)
			_, sure := f.Clients.Remembered.Mark()
			return sure
		}, 5*time.Second, 10*time.Millisecond)
		f.ask(f.path(), f.secret).Status(http.StatusOK)
		f.Call(http.MethodGet, "/api/v1/account-keys", nil, "Authorization", "Bearer "+f.secret).Status(http.StatusUnauthorized)
	})
	t.Run("so many requests a minute", func(t *testing.T) {
		f.admin.Call(http.MethodPatch, client, map[string]any{"rateLimitPerMinute": 1}).Status(http.StatusOK)
		f.Emulator.Advance(time.Minute)
		require.Equal(t, `"default";q=1;w=60`, f.ask(f.path(), f.secret).Status(http.StatusOK).Header.Get("RateLimit-Policy"))
		require.Equal(t, "rate_limited", f.ask(f.path(), f.secret).Status(http.StatusTooManyRequests).Text("code"))
	})
}
