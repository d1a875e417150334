package accountkey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestRemovedCloud(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.admin.CreateKey("Left behind")
	f.removeCloud()

	t.Run("a key of it can be renamed, described and given another secret", func(t *testing.T) {
		for member, value := range map[string]any{
			"displayName": "Renamed", "description": "Of the old lab", "clientSecret": "another", "loginHint": "mara@fabrikam.example",
			"scopes": []string{"Mail.Read"}, "clientSecretExpiresOn": "2027-12-31",
		} {
			f.patch(id, member, value).Status(http.StatusOK)
		}
		require.Equal(t, "Renamed", f.get(id).Text("displayName"))
	})
	t.Run("what belongs to the cloud cannot be changed within it", func(t *testing.T) {
		for member, value := range map[string]any{
			"cloud": "emulator", "tenantId": "fabrikam.example", "clientId": "11111111-2222-4333-8444-555555555556",
		} {
			require.Equal(t, []string{"cloud:unknown"}, f.patch(id, member, value).Status(http.StatusUnprocessableEntity).FieldErrors(), member)
		}
	})
	t.Run("the key can be moved to another cloud", func(t *testing.T) {
		require.Equal(t, "global", f.patch(id, "cloud", "global").Status(http.StatusOK).Text("cloud"))
	})
}

func TestAnotherTenant(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	account := func(id string) any { return f.get(id).At("account") }

	t.Run("it ends the grant and forgets the account, in another case too where case matters", func(t *testing.T) {
		id := f.authorizedAs(t, "Of a realm", "Realm-One")
		require.NotNil(t, account(id))
		got := f.patch(id, "tenantId", "realm-one").Status(http.StatusOK)
		require.Equal(t, "reauthorization_required", got.Text("status"))
		require.Nil(t, got.At("account"))
		require.Empty(t, got.At("grantedScopes"))
	})
	t.Run("what could not be asked for is not saved", func(t *testing.T) {
		id := f.admin.CreateKey("Of an odd realm", with("tenantId", "my_Realm"))
		require.Equal(t, "my_Realm", f.get(id).Text("tenantId"))
		for _, tenant := range []string{"a..b", "_a", "a/b", "realm."} {
			require.Equal(t, []string{"tenantId:invalid"}, f.patch(id, "tenantId", tenant).Status(http.StatusUnprocessableEntity).FieldErrors(), tenant)
		}
	})
	t.Run("the ids of Microsoft are the same in every case", func(t *testing.T) {
		id := f.authorizedAs(t, "Of a domain", "fabrikam.example")
		got := f.patch(id, "tenantId", " FABRIKAM.example ").Status(http.StatusOK)
		require.Equal(t, "authorized", got.Text("status"))
		require.NotNil(t, got.At("account"))
	})
}

func TestAnotherRegistration(t *testing.T) {
	t.Parallel()
	f := newFixture(t)

	t.Run("in another directory there is no account left to compare with", func(t *testing.T) {
		id := f.authorized(t, "Moved")
		moved := f.patch(id, "tenantId", "fabrikam.example").Status(http.StatusOK)
		require.Equal(t, "reauthorization_required", moved.Text("status"))
		require.Nil(t, moved.At("account"))
		require.Empty(t, f.admin.Call(http.MethodGet, keysPath+"?q=mara", nil).Status(http.StatusOK).Items(), "nor to be found by")
		require.Equal(t, "succeeded", f.admin.Authorize(id, "tomas", emulator.Accept).Text("status"))
		require.Equal(t, "tomas@fabrikam.example", f.get(id).Text("account", "userPrincipalName"))
	})
	t.Run("by another client of the same directory the key is still for its account", func(t *testing.T) {
		id := f.authorized(t, "Re-registered")
		f.patch(id, "clientId", "11111111-2222-4333-8444-555555555556").Status(http.StatusOK)
		back := f.patch(id, "clientId", f.Emulator.Seed().ClientID).Status(http.StatusOK)
		require.Equal(t, "reauthorization_required", back.Text("status"))
		require.Equal(t, "mara@fabrikam.example", back.Text("account", "userPrincipalName"))
		require.Equal(t, "needs_confirmation", f.admin.Authorize(id, "tomas", emulator.Accept).Text("status"))
	})
	t.Run("a draft stays a draft, and a revoked key revoked", func(t *testing.T) {
		draft := f.admin.CreateKey("Draft")
		require.Equal(t, "draft", f.patch(draft, "tenantId", "fabrikam.example").Status(http.StatusOK).Text("status"))
		revoked := f.authorized(t, "Revoked")
		f.act(revoked, "revoke")
		got := f.patch(revoked, "tenantId", "fabrikam.example").Status(http.StatusOK)
		require.Equal(t, "revoked", got.Text("status"))
		require.Equal(t, "revoked", got.Text("statusReason", "code"))
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.authorized(t, "Suspended first")
	f.act(id, "suspend")
	got := f.act(id, "revoke")
	require.Equal(t, "revoked", got.Text("status"), "no longer suspended")
	require.Equal(t, "revoked", got.Text("statusReason", "code"))
	require.Equal(t, "revoked", f.act(id, "resume").Text("status"), "there is nothing to resume")
	require.Equal(t, "succeeded", f.admin.Authorize(id, "mara", emulator.Accept).Text("status"))
	require.Equal(t, "authorized", f.get(id).Text("status"))
}

func TestVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.authorized(t, "Looked at")
	etag := func() string { return f.get(id).Header.Get("ETag") }
	authorize := func(person string) apptest.Answer { return f.admin.Authorize(id, person, emulator.Accept) }
	steps := []struct {
		name string
		does func()
	}{
		{"suspending", func() { f.act(id, "suspend") }},
		{"resuming", func() { f.act(id, "resume") }},
		{"authorizing again", func() { require.Equal(t, "succeeded", authorize("mara").Text("status")) }},
		{"authorizing for another account", func() {
			held := authorize("tomas").Text("id")
			f.admin.Call(http.MethodPost, keysPath+"/"+id+"/authorizations/"+held+"/confirm", nil).Status(http.StatusOK)
		}},
		{"revoking", func() { f.act(id, "revoke") }},
	}
	for _, step := range steps {
		seen := etag()
		step.does()
		require.NotEqual(t, seen, etag(), step.name)
		path, body := keysPath+"/"+id, map[string]any{"description": "as it was"}
		f.admin.Call(http.MethodDelete, path, nil, "If-Match", seen).Status(http.StatusPreconditionFailed)
		f.admin.Call(http.MethodPatch, path, body, "If-Match", seen).Status(http.StatusPreconditionFailed)
	}
	seen := etag()
	require.Equal(t, seen, f.act(id, "revoke").Header.Get("ETag"), "revoking twice is once")
}
