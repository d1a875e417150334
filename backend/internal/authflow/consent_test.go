package authflow_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const keysPath = "/api/v1/account-keys"

// consents is a product whose tenant lets nobody but administrators consent to mail permissions.
type consents struct {
	*apptest.App
	admin *apptest.Browser
}

func newConsents(t *testing.T) consents {
	t.Helper()
	a := apptest.New(t)
	a.Emulator.Configure(func(s *emulator.Settings) { s.ConsentPolicy = "managed" })
	return consents{App: a, admin: a.Admin()}
}

// link returns a new key's path and a link for its administrator.
func (f consents) link(t *testing.T, name string) (path, link string) {
	t.Helper()
	path = keysPath + "/" + f.admin.CreateKey(name)
	made := f.admin.Call(http.MethodPost, path+"/admin-consent", nil).Status(http.StatusCreated)
	require.NotEmpty(t, made.Text("expiresAt"))
	return path, made.Text("url")
}

// follow opens the link as ines, the tenant's administrator, and returns where Microsoft sends her.
func (f consents) follow(t *testing.T, link string, decision emulator.Decision) string {
	t.Helper()
	callback, err := f.Emulator.SignIn(link, "ines", decision)
	require.NoError(t, err)
	return callback
}

// comesBack takes the callback in a browser of its own, and requires that it ends at a consent's page.
func (f consents) comesBack(t *testing.T, callback string) (b *apptest.Browser, id string) {
	t.Helper()
	b = f.Browser()
	page := b.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther).Header.Get("Location")
	id, ok := strings.CutPrefix(page, f.URL+"/admin-consent/")
	require.True(t, ok, page)
	return b, id
}

// refused requires that a callback changes nothing.
func (f consents) refused(t *testing.T, callback string) {
	t.Helper()
	got := f.Browser().Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	require.Equal(t, f.URL+"/authorization/unknown", got.Header.Get("Location"))
	require.Empty(t, got.Header.Get("Set-Cookie"))
}

// timeline lists what happened to a key, newest first, as action:outcome.
func (f consents) timeline(path string) []string {
	var out []string
	for _, entry := range f.admin.Call(http.MethodGet, path+"/activity", nil).Status(http.StatusOK).Items() {
		action, _ := entry["action"].(string)
		outcome, _ := entry["outcome"].(string)
		out = append(out, action+":"+outcome)
	}
	return out
}

func TestRequestConsent(t *testing.T) {
	t.Parallel()
	f := newConsents(t)
	t.Run("the link names tenant, app, permissions and redirect URI of the key", func(t *testing.T) {
		_, link := f.link(t, "Invoices mailbox")
		cloud, seed := f.Config.Clouds[len(f.Config.Clouds)-1], f.Emulator.Seed()
		parsed, err := url.Parse(link)
		require.NoError(t, err)
		require.Equal(t, cloud.AuthorityURL+"/"+seed.TenantID+"/v2.0/adminconsent", strings.SplitN(link, "?", 2)[0])
		query := parsed.Query()
		require.Equal(t, seed.ClientID, query.Get("client_id"))
		require.Equal(t, f.URL+"/oauth/callback", query.Get("redirect_uri"))
		require.Equal(t, "openid profile email offline_access "+cloud.GraphURL+"/Mail.Read "+cloud.GraphURL+"/Mail.ReadWrite "+
			cloud.GraphURL+"/Mail.Send "+cloud.GraphURL+"/User.Read", query.Get("scope"))
		require.NotEmpty(t, query.Get("state"))
		require.Len(t, query, 4)
	})
	t.Run("every link has a state of its own", func(t *testing.T) {
		path, first := f.link(t, "Twice")
		second := f.admin.Call(http.MethodPost, path+"/admin-consent", nil).Status(http.StatusCreated).Text("url")
		require.NotEqual(t, first, second)
		require.Equal(t, []string{"admin_consent.requested:success", "admin_consent.requested:success"}, f.timeline(path)[:2])
	})
	t.Run("what the link needs is named; a secret is not among it", func(t *testing.T) {
		empty := f.admin.Call(http.MethodPost, keysPath, map[string]any{"type": "oauth2_microsoft_graph", "displayName": "Empty"})
		path := keysPath + "/" + empty.Text("id")
		got := f.admin.Call(http.MethodPost, path+"/admin-consent", nil).Status(http.StatusUnprocessableEntity)
		require.Equal(t, []string{"tenantId:required", "clientId:required"}, got.FieldErrors())
		seed := f.Emulator.Seed()
		f.admin.Call(http.MethodPatch, path, map[string]any{"tenantId": seed.TenantID, "clientId": seed.ClientID}).Status(http.StatusOK)
		f.admin.Call(http.MethodPost, path+"/admin-consent", nil).Status(http.StatusCreated)
	})
	t.Run("it needs the permission and the key", func(t *testing.T) {
		path, _ := f.link(t, "Guarded")
		other := f.admin.CreateKey("Other")
		reader, _ := f.admin.Program("reader", []string{"account-keys:read"}, []string{path[len(keysPath)+1:]})
		f.Call(http.MethodPost, path+"/admin-consent", nil, reader...).Status(http.StatusForbidden)
		stranger, _ := f.admin.Program("stranger", []string{"account-keys:write"}, []string{other})
		f.Call(http.MethodPost, path+"/admin-consent", nil, stranger...).Status(http.StatusNotFound)
		f.Call(http.MethodPost, path+"/admin-consent", nil).Status(http.StatusUnauthorized)
	})
}

func TestConsent(t *testing.T) {
	t.Parallel()
	t.Run("an administrator without an account here consents, and then the owner needs nobody", func(t *testing.T) {
		t.Parallel()
		f := newConsents(t)
		path, link := f.link(t, "Invoices mailbox")
		started := f.admin.Call(http.MethodPost, path+"/authorizations", map[string]any{"mode": "popup"}).Status(http.StatusCreated)
		_, err := f.Emulator.SignIn(started.Text("url"), "mara", emulator.Accept)
		require.ErrorContains(t, err, "90094", "without consent the owner is stuck on Microsoft's page")

		ines, id := f.comesBack(t, f.follow(t, link, emulator.Accept))
		got := ines.Call(http.MethodGet, "/oauth/admin-consents/"+id, nil).Status(http.StatusOK)
		require.Equal(t, "granted", got.Text("status"))
		require.Equal(t, "Ada", got.Text("requestedBy"))
		require.Nil(t, got.At("failure"))
		require.Equal(t, "admin_consent.granted:success", f.timeline(path)[0])
		require.Equal(t, "draft", f.admin.Call(http.MethodGet, path, nil).Text("status"), "consent is no authorization")
		require.Equal(t, "succeeded", f.admin.Authorize(path[len(keysPath)+1:], "mara", emulator.Accept).Text("status"))
	})
	t.Run("declining is an answer, and uses the link up", func(t *testing.T) {
		t.Parallel()
		f := newConsents(t)
		for i, decision := range []emulator.Decision{emulator.Decline, emulator.Cancel} {
			path, link := f.link(t, "Declined "+string(decision))
			callback := f.follow(t, link, decision)
			if i == 0 {
				callback += "&admin_consent=True" // as Microsoft sends it along with an error
			}
			ines, id := f.comesBack(t, callback)
			got := ines.Call(http.MethodGet, "/oauth/admin-consents/"+id, nil).Status(http.StatusOK)
			require.Equal(t, "failed", got.Text("status"))
			require.Equal(t, "declined", got.Text("failure", "class"))
			require.Contains(t, got.Text("failure", "fix"), "new link")
			require.Equal(t, "admin_consent.failed:failure", f.timeline(path)[0])
			f.refused(t, f.follow(t, link, emulator.Accept))
		}
	})
	t.Run("an error of Microsoft's is told with its cause", func(t *testing.T) {
		t.Parallel()
		f := newConsents(t)
		_, link := f.link(t, "Broken")
		state := stateOf(t, link)
		ines, id := f.comesBack(t, f.URL+"/oauth/callback?admin_consent=True&error=invalid_client&error_description="+
			url.QueryEscape("AADSTS650052: The app needs access to a service.\r\nTrace ID: 0d9b0000-1111-4222-8333-444455556666")+"&state="+state)
		got := ines.Call(http.MethodGet, "/oauth/admin-consents/"+id, nil).Status(http.StatusOK)
		require.Equal(t, "service_not_subscribed", got.Text("failure", "code"))
		require.Equal(t, []any{float64(650052)}, got.At("failure", "microsoft", "codes"))
	})
	t.Run("a code beside it is not redeemed, and no tenant is believed", func(t *testing.T) {
		t.Parallel()
		f := newConsents(t)
		path, link := f.link(t, "With a code")
		before := f.admin.Call(http.MethodGet, path, nil)
		_, id := f.comesBack(t, f.URL+"/oauth/callback?admin_consent=True&tenant=11111111-2222-4333-8444-555555555555&code=abc&state="+stateOf(t, link))
		require.NotEmpty(t, id)
		require.Zero(t, f.Emulator.Count("token.authorization_code"))
		after := f.admin.Call(http.MethodGet, path, nil)
		require.Equal(t, before.Body, after.Body, "a consent changes nothing of the key")
	})
	t.Run("neither consent nor error is a failure", func(t *testing.T) {
		t.Parallel()
		f := newConsents(t)
		_, link := f.link(t, "Nothing")
		ines, id := f.comesBack(t, f.URL+"/oauth/callback?code=abc&state="+stateOf(t, link))
		got := ines.Call(http.MethodGet, "/oauth/admin-consents/"+id, nil).Status(http.StatusOK)
		require.Equal(t, "unexpected_answer", got.Text("failure", "code"))
	})
}

func stateOf(t *testing.T, link string) string {
	t.Helper()
	parsed, err := url.Parse(link)
	require.NoError(t, err)
	return url.QueryEscape(parsed.Query().Get("state"))
}

func TestConsentFault(t *testing.T) {
	t.Parallel()
	f := newConsents(t)
	path, link := f.link(t, "Unlucky")
	callback := f.follow(t, link, emulator.Accept)
	rename := func(from, to string) {
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Migrator().RenameTable(from, to) }))
	}
	rename("audit_entries", "audit_entries_elsewhere") // the last that is written
	got := f.Browser().Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	require.Equal(t, f.URL+"/authorization/error", got.Header.Get("Location"))
	require.Empty(t, got.Header.Get("Set-Cookie"))
	rename("audit_entries_elsewhere", "audit_entries")
	f.comesBack(t, callback) // the state is still good
	require.Equal(t, "admin_consent.granted:success", f.timeline(path)[0])
}

func TestConsentCleanUp(t *testing.T) {
	t.Parallel()
	f := newConsents(t)
	_, link := f.link(t, "Kept, then removed")
	f.comesBack(t, f.follow(t, link, emulator.Accept))
	f.Emulator.Advance(36 * 24 * time.Hour) // a week's life and most of a month
	require.NoError(t, f.Flow.CleanUp(t.Context()))
	rows := func() (n int64) {
		require.NoError(t, f.DB.Read(t.Context()).Table("admin_consents").Count(&n).Error)
		return n
	}
	require.EqualValues(t, 1, rows())
	f.Emulator.Advance(2 * 24 * time.Hour)
	require.NoError(t, f.Flow.CleanUp(t.Context()))
	require.Zero(t, rows())
}

func TestConsentState(t *testing.T) {
	t.Parallel()
	f := newConsents(t)
	t.Run("a forged one is refused", func(t *testing.T) {
		path, link := f.link(t, "Forged")
		for _, state := range []string{"", "forged", strings.ToUpper(stateOf(t, link)), stateOf(t, link) + "x"} {
			f.refused(t, f.URL+"/oauth/callback?admin_consent=True&tenant="+f.Emulator.Seed().TenantID+"&state="+state)
		}
		require.Equal(t, "admin_consent.requested:success", f.timeline(path)[0])
	})
	t.Run("it is good once", func(t *testing.T) {
		path, link := f.link(t, "Replayed")
		callback := f.follow(t, link, emulator.Accept)
		_, id := f.comesBack(t, callback)
		f.refused(t, callback)
		entries := len(f.timeline(path))
		f.refused(t, strings.Replace(callback, "admin_consent=True", "error=access_denied", 1))
		require.Len(t, f.timeline(path), entries)
		f.Browser().Call(http.MethodGet, "/oauth/admin-consents/"+id, nil).Status(http.StatusNotFound)
	})
	t.Run("many callbacks with one state spend it once", func(t *testing.T) {
		path, link := f.link(t, "Raced")
		callback := f.follow(t, link, emulator.Accept)
		taken := make([]bool, 8)
		var all sync.WaitGroup
		for i := range taken {
			all.Go(func() {
				got := f.Browser().Call(http.MethodGet, callback, nil)
				taken[i] = strings.Contains(got.Header.Get("Location"), "/admin-consent/")
			})
		}
		all.Wait()
		won := 0
		for _, mine := range taken {
			if mine {
				won++
			}
		}
		require.Equal(t, 1, won)
		require.Equal(t, []string{"admin_consent.granted:success", "admin_consent.requested:success"}, f.timeline(path)[:2])
	})
	t.Run("it goes with a key that was deleted meanwhile", func(t *testing.T) {
		path, link := f.link(t, "Deleted")
		callback := f.follow(t, link, emulator.Accept)
		f.admin.Call(http.MethodDelete, path, nil).Status(http.StatusNoContent)
		f.refused(t, callback)
	})
	t.Run("it is worth nothing once the key is for another app or tenant", func(t *testing.T) {
		path, link := f.link(t, "Re-pointed")
		callback := f.follow(t, link, emulator.Accept)
		f.admin.Call(http.MethodPatch, path, map[string]any{"tenantId": "fabrikam.example"}).Status(http.StatusOK)
		f.refused(t, callback)
		require.Equal(t, "account_key.updated:success", f.timeline(path)[0])
	})
	t.Run("it outlives what ends sign-ins", func(t *testing.T) {
		path, link := f.link(t, "Authorized meanwhile")
		f.admin.Call(http.MethodPost, path+"/suspend", nil).Status(http.StatusOK)
		f.admin.Call(http.MethodPost, path+"/resume", nil).Status(http.StatusOK)
		f.comesBack(t, f.follow(t, link, emulator.Accept))
	})
	t.Run("an attempt's state is no consent's, and the other way round", func(t *testing.T) {
		require.NoError(t, f.Emulator.GrantAdminConsent("", "openid", "profile", "email", "offline_access", "User.Read", "Mail.Read", "Mail.ReadWrite", "Mail.Send"))
		id := f.admin.CreateKey("Mixed up")
		started := f.admin.Call(http.MethodPost, keysPath+"/"+id+"/authorizations", map[string]any{"mode": "popup"}).Status(http.StatusCreated)
		forged := f.URL + "/oauth/callback?admin_consent=True&state=" + stateOf(t, started.Text("url"))
		f.refused(t, forged) // another browser
		status := func() apptest.Answer {
			return f.admin.Call(http.MethodGet, keysPath+"/"+id+"/authorizations/"+started.Text("id"), nil).Status(http.StatusOK)
		}
		require.Equal(t, "pending", status().Text("status"))
		f.admin.Call(http.MethodGet, forged, nil).Status(http.StatusSeeOther)
		require.Equal(t, "consent_without_sign_in", status().Text("failure", "code"), "no code is not an answer nobody understands")
	})
	t.Run("a sign-in that brings both is a sign-in", func(t *testing.T) {
		id := f.admin.CreateKey("Both")
		started := f.admin.Call(http.MethodPost, keysPath+"/"+id+"/authorizations", map[string]any{"mode": "popup"}).Status(http.StatusCreated)
		callback, err := f.Emulator.SignIn(started.Text("url"), "mara", emulator.Accept)
		require.NoError(t, err)
		f.admin.Call(http.MethodGet, callback+"&admin_consent=True&tenant=x", nil).Status(http.StatusSeeOther)
		require.Equal(t, "authorized", f.admin.Call(http.MethodGet, keysPath+"/"+id, nil).Text("status"))
	})
	t.Run("the outcome is told to the browser that came back, and to no other", func(t *testing.T) {
		_, link := f.link(t, "Told")
		ines, id := f.comesBack(t, f.follow(t, link, emulator.Accept))
		ines.Call(http.MethodGet, "/oauth/admin-consents/"+id, nil).Status(http.StatusOK)
		f.admin.Call(http.MethodGet, "/oauth/admin-consents/"+id, nil).Status(http.StatusNotFound)
		f.Browser().Call(http.MethodGet, "/oauth/admin-consents/no-id", nil).Status(http.StatusNotFound)
	})
	t.Run("it expires", func(t *testing.T) { // last: time goes on for everybody
		path, link := f.link(t, "Late")
		callback := f.follow(t, link, emulator.Accept)
		f.Emulator.Advance(7*24*time.Hour + time.Minute)
		f.refused(t, callback)
		f.admin = f.Browser()
		f.admin.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password}).Status(http.StatusOK)
		require.Equal(t, "admin_consent.requested:success", f.timeline(path)[0])
	})
}
