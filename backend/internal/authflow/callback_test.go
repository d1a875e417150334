package authflow_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestCallbackLocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := func(a attempt) string { return "/authorization/" + a.id }

	t.Run("every ending has a page, whose address holds neither code nor state", func(t *testing.T) {
		keyID := f.admin.CreateKey("Ended")
		declined := f.start(keyID, "popup", "").Status(http.StatusCreated)
		back, err := f.Emulator.SignIn(declined.Text("url"), "mara", emulator.Decline)
		require.NoError(t, err)
		require.Equal(t, "/authorization/"+declined.Text("id"), f.comeBack(t, back))
		require.Equal(t, "failed", f.get(keyID, declined.Text("id")).Text("status"))

		succeeded := f.begin(t, keyID, "mara")
		require.Equal(t, page(succeeded), f.comeBack(t, succeeded.callback))
		require.Equal(t, "succeeded", f.get(keyID, succeeded.id).Text("status"))

		held := f.begin(t, keyID, "tomas")
		require.Equal(t, page(held), f.comeBack(t, held.callback))
		require.Equal(t, "needs_confirmation", f.get(keyID, held.id).Text("status"))

		require.Equal(t, "/authorization/unknown", f.comeBack(t, held.callback), "spent")
		for _, nobodys := range []string{"", "?state=", "?state=nobodys&code=x", "?error=access_denied", "?state=%ff%00"} {
			require.Equal(t, "/authorization/unknown", f.comeBack(t, f.URL+"/oauth/callback"+nobodys))
		}
	})
	t.Run("a HEAD looks and spends nothing", func(t *testing.T) {
		a := f.begin(t, f.admin.CreateKey("Scanned"), "mara")
		f.admin.Call(http.MethodHead, a.callback, nil).Status(http.StatusSeeOther)
		require.Equal(t, "pending", f.get(a.keyID, a.id).Text("status"))
		require.Equal(t, page(a), f.comeBack(t, a.callback))
		require.Equal(t, "succeeded", f.get(a.keyID, a.id).Text("status"))
	})
	t.Run("what Microsoft adds to its answer is ignored", func(t *testing.T) {
		a := f.begin(t, f.admin.CreateKey("Chatty"), "mara")
		f.comeBack(t, a.callback+"&session_state=x&iss=y&admin_consent=True&tenant=z")
		require.Equal(t, "succeeded", f.get(a.keyID, a.id).Text("status"))
	})
	t.Run("an answer without a code and without an error is a failure that can be tried again", func(t *testing.T) {
		a := f.begin(t, f.admin.CreateKey("Codeless"), "mara")
		require.Equal(t, page(a), f.comeBack(t, f.URL+"/oauth/callback?state="+url.QueryEscape(query(t, a.callback).Get("state"))))
		got := f.get(a.keyID, a.id)
		require.Equal(t, "unexpected_answer", got.Text("failure", "code"))
		require.Equal(t, "transient", got.Text("failure", "class"))
	})
}

func TestCallbackFault(t *testing.T) {
	t.Parallel()
	t.Run("a database out of order has a page too, and the state is still good afterwards", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		a := f.begin(t, f.admin.CreateKey("Unlucky"), "mara")
		rename := func(from, to string) {
			require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Migrator().RenameTable(from, to) }))
		}
		rename("authorizations", "authorizations_elsewhere")
		require.Equal(t, "/authorization/error", f.comeBack(t, a.callback))
		rename("authorizations_elsewhere", "authorizations")
		require.Equal(t, "/authorization/"+a.id, f.comeBack(t, a.callback))
		require.Equal(t, "succeeded", f.get(a.keyID, a.id).Text("status"))
		q := query(t, a.callback)
		for _, secret := range []string{q.Get("code"), q.Get("state")} {
			require.NotEmpty(t, secret)
			require.NotContains(t, f.Output.String(), secret)
		}
	})
	t.Run("a fault after the state was spent is told on the attempt", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		a := f.begin(t, f.admin.CreateKey("Unluckier"), "mara")
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Migrator().RenameTable("grants", "grants_elsewhere") }))
		require.Equal(t, "/authorization/"+a.id, f.comeBack(t, a.callback))
		row := f.row(t, a.id)
		require.Equal(t, "internal", row.Failure.Code)
		require.Empty(t, row.CodeVerifier)
	})
}

func TestWhoDecides(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	held := f.held(t, "Its own key")
	other := attempt{keyID: f.admin.CreateKey("Another key"), id: held.id}
	require.Equal(t, "not_found", f.get(other.keyID, other.id).Status(http.StatusNotFound).Text("code"))
	for _, verb := range []string{"confirm", "reject"} {
		require.Equal(t, "not_found", f.decide(other, verb).Status(http.StatusNotFound).Text("code"))
	}
	require.Equal(t, "needs_confirmation", f.get(held.keyID, held.id).Text("status"))

	owner, _ := f.admin.Program("of its own key", []string{"account-keys:read", "account-keys:write"}, []string{held.keyID})
	for _, verb := range []string{"confirm", "reject"} {
		got := f.Call(http.MethodPost, attemptPath(held.keyID, held.id)+"/"+verb, nil, owner...).Status(http.StatusForbidden)
		require.Contains(t, got.Text("detail"), "Only people")
	}
	require.Equal(t, "needs_confirmation", f.Call(http.MethodGet, attemptPath(held.keyID, held.id), nil, owner...).Text("status"))
	bearer, _ := f.admin.Program("of the other key", []string{"account-keys:read", "account-keys:write"}, []string{other.keyID})
	for _, path := range []string{attemptPath(held.keyID, held.id), attemptPath(other.keyID, held.id)} {
		f.Call(http.MethodGet, path, nil, bearer...).Status(http.StatusNotFound)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	const me = "GET /me"
	// told makes Graph answer with this account once.
	told := func(f fixture, id string) {
		f.Emulator.Fail(emulator.Failure{
			Endpoint: emulator.EndpointGraph, Detail: me, Times: 1, Status: http.StatusOK, ContentType: "application/json",
			Body: `{"id":"` + id + `","displayName":"Mara of Graph","userPrincipalName":"mara.graph@fabrikam.example"}`,
		})
	}
	authorize := func(f fixture, name string) apptest.Answer {
		return f.admin.Authorize(f.admin.CreateKey(name), "mara", emulator.Accept)
	}
	withoutIDToken := emulator.Failure{Endpoint: emulator.EndpointToken, Detail: "authorization_code", Times: 1, OmitIDToken: true}

	t.Run("names are those that Graph tells", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		told(f, f.Emulator.User("mara").ObjectID)
		got := authorize(f, "Named")
		require.Equal(t, "Mara of Graph", got.Text("account", "displayName"))
		require.Equal(t, "mara.graph@fabrikam.example", got.Text("account", "userPrincipalName"))
		require.Equal(t, f.Emulator.User("mara").ObjectID, got.Text("account", "objectId"))
	})
	t.Run("but not those of somebody else", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		told(f, f.Emulator.User("tomas").ObjectID)
		got := authorize(f, "Misnamed")
		require.Equal(t, "mara@fabrikam.example", got.Text("account", "userPrincipalName"))
		require.Equal(t, f.Emulator.User("mara").ObjectID, got.Text("account", "objectId"))
	})
	t.Run("without Graph the ID token is enough", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Emulator.Fail(emulator.Failure{Endpoint: emulator.EndpointGraph, Detail: me, Status: http.StatusForbidden})
		got := authorize(f, "Without Graph")
		require.Equal(t, "succeeded", got.Text("status"))
		require.Equal(t, "mara@fabrikam.example", got.Text("account", "userPrincipalName"))
	})
	t.Run("without an ID token Graph tells who it is", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Emulator.Fail(withoutIDToken)
		got := authorize(f, "Without ID token")
		require.Equal(t, "succeeded", got.Text("status"))
		require.Equal(t, f.Emulator.User("mara").ObjectID, got.Text("account", "objectId"))
	})
	t.Run("without either there is no grant, and the field to mend is named", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Emulator.Fail(withoutIDToken)
		f.Emulator.Fail(emulator.Failure{Endpoint: emulator.EndpointGraph, Detail: me, Status: http.StatusForbidden})
		got := authorize(f, "Anonymous")
		require.Equal(t, "failed", got.Text("status"))
		require.Equal(t, "account_unknown", got.Text("failure", "code"))
		require.Equal(t, "scopes", got.Text("failure", "field"))
		require.Nil(t, got.At("account"))
		require.Zero(t, f.grants(t, got.Text("accountKeyId")))
		require.Equal(t, "draft", f.key(got.Text("accountKeyId")).Text("status"))
	})
	t.Run("an ID token for another attempt is refused", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		keyID := f.admin.CreateKey("Injected")
		// The code of a sign-in whose nonce is another's: PKCE alone must not be what stops it.
		started := f.start(keyID, "popup", "").Status(http.StatusCreated)
		address := started.Text("url")
		other := query(t, f.start(keyID, "popup", "").Status(http.StatusCreated).Text("url")).Get("nonce")
		callback, err := f.Emulator.SignIn(strings.Replace(address, url.QueryEscape(query(t, address).Get("nonce")), url.QueryEscape(other), 1), "mara", emulator.Accept)
		require.NoError(t, err)
		f.comeBack(t, callback)
		got := f.get(keyID, started.Text("id"))
		require.Equal(t, "failed", got.Text("status"))
		require.Zero(t, f.grants(t, keyID))
	})
}
