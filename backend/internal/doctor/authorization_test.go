package doctor_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/token"
)

func (f fixture) refreshes() int { return f.Emulator.Count("token.refresh_token") }

func (f fixture) get(path string) apptest.Answer {
	return f.admin.Call(http.MethodGet, path, nil).Status(http.StatusOK)
}

// notAuthorized are the checks that an authorization which does not work takes along.
func notAuthorized(refresh string) map[string]string {
	return map[string]string{"refresh": refresh, "permissions": "skipped", "mailbox": "skipped"}
}

func TestCheckKey(t *testing.T) {
	t.Parallel()
	t.Run("a good key passes every check, by one refresh that is no use of it", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Invoices mailbox")
		before := f.get(path)
		f.Emulator.Advance(time.Minute)
		got := f.checkKey(t, path)
		got.expect(t, nil)
		require.Equal(t, "Everything is in order.", got.Text("summary", "message"))
		require.Contains(t, got.checks["mailbox"]["message"], "mara@fabrikam.example")
		require.Equal(t, 1, f.refreshes())
		after := f.get(path)
		require.Equal(t, before.Header.Get("ETag"), after.Header.Get("ETag"))
		require.NotEqual(t, before.At("token", "refreshedAt"), after.At("token", "refreshedAt"))
		delete(before.JSON, "token")
		delete(after.JSON, "token")
		require.Equal(t, before.JSON, after.JSON)
		require.Nil(t, after.At("lastUsedAt"))
	})
	t.Run("a draft is checked as far as it goes", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		got := f.checkKey(t, keysPath+"/"+f.admin.CreateKey("Draft"))
		got.expect(t, notAuthorized("skipped"))
		require.Contains(t, got.checks["refresh"]["message"], "nobody has authorized this key yet")
		require.Zero(t, f.refreshes())
		empty := f.admin.Call(http.MethodPost, keysPath, map[string]any{"type": "oauth2_microsoft_graph", "displayName": "Empty"})
		f.checkKey(t, keysPath+"/"+empty.Text("id")).expect(t, map[string]string{
			"cloud": "skipped", "tenant": "failed", "client_id": "failed", "client_secret": "failed",
			"refresh": "skipped", "permissions": "skipped", "mailbox": "skipped", "clock": "skipped",
		})
	})
	t.Run("a refresh that is bound to fail is not made, and the key keeps its authorization", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Expired secret")
		require.NoError(t, f.Emulator.ExpireSecret("", ""))
		want := notAuthorized("skipped")
		want["client_secret"] = "failed"
		got := f.checkKey(t, path)
		got.expect(t, want)
		require.Equal(t, []any{float64(7000222)}, got.checks["client_secret"]["microsoft"].(map[string]any)["codes"])
		require.Zero(t, f.refreshes())
		require.Equal(t, "authorized", f.get(path).Text("status"))
	})
	t.Run("an inconclusive probe stops nothing", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Another provider")
		f.Emulator.Fail(emulator.Failure{
			Endpoint: "token", Detail: "client_credentials", Status: 400, ContentType: "application/json",
			Body: `{"error":"unsupported_grant_type"}`,
		})
		f.checkKey(t, path).expect(t, map[string]string{"client_id": "inconclusive", "client_secret": "inconclusive"})
	})
	t.Run("a suspended key is tried, and its mailbox left alone", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Suspended")
		f.admin.Call(http.MethodPost, path+"/suspend", nil).Status(http.StatusOK)
		graphCalls := f.Emulator.Count("graph")
		got := f.checkKey(t, path)
		got.expect(t, map[string]string{"mailbox": "skipped"})
		require.Contains(t, got.checks["mailbox"]["message"], "suspended")
		require.Equal(t, graphCalls, f.Emulator.Count("graph"))
		require.Equal(t, "suspended", f.get(path).Text("status"))
	})
	t.Run("a revoked key has nothing left to try", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Revoked")
		f.admin.Call(http.MethodPost, path+"/revoke", nil).Status(http.StatusOK)
		f.checkKey(t, path).expect(t, notAuthorized("skipped"))
		require.Zero(t, f.refreshes())
	})
}

func TestCheckRefresh(t *testing.T) {
	t.Parallel()
	t.Run("an authorization that Microsoft took back is told as a refresh would", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Taken back")
		require.NoError(t, f.Emulator.RevokeSessions("mara"))
		for range 2 { // the second time from what is known: a dead grant is left alone
			got := f.checkKey(t, path)
			got.expect(t, notAuthorized("failed"))
			require.Equal(t, []any{float64(50173)}, got.checks["refresh"]["microsoft"].(map[string]any)["codes"])
			require.Contains(t, got.checks["refresh"]["fix"], "Authorize the key again")
		}
		require.Equal(t, 1, f.refreshes())
		require.Equal(t, "reauthorization_required", f.get(path).Text("status"))
	})
	t.Run("a key whose fault is mended at Microsoft works again without a sign-in", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Mended")
		f.Emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "refresh_token", Times: 2, AADSTS: 7000222})
		for range 2 {
			f.checkKey(t, path).expect(t, notAuthorized("failed"))
			require.Equal(t, "misconfigured", f.get(path).Text("status"))
		}
		f.checkKey(t, path).expect(t, nil)
		mended := f.get(path)
		require.Equal(t, "authorized", mended.Text("status"))
		require.Nil(t, mended.At("statusReason"))
		happened := f.admin.Call(http.MethodGet, path+"/activity", nil).Items()
		require.Equal(t, "account_key.recovered", happened[0]["action"])
	})
	t.Run("an outage proves nothing and costs nothing, and Microsoft is left alone after it", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Outage")
		f.Emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "refresh_token", Status: 503, RetryAfter: "120"})
		got := f.checkKey(t, path)
		got.expect(t, map[string]string{"refresh": "inconclusive"}) // the token in hand still reaches the mailbox
		require.Equal(t, 1, f.refreshes())
		got = f.checkKey(t, path)
		got.expect(t, map[string]string{"refresh": "inconclusive"})
		require.Contains(t, got.checks["refresh"]["message"], "waits")
		require.Equal(t, 1, f.refreshes(), "the wait holds for checks, too")
		require.Equal(t, "authorized", f.get(path).Text("status"))
	})
	t.Run("an outage after the token in hand has ended leaves the mailbox unchecked", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Emulator.SetTokenLifetime(10 * time.Minute)
		path := f.authorized(t, "Ended")
		f.Emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "refresh_token", Status: 503})
		f.Emulator.Advance(11 * time.Minute)
		f.checkKey(t, path).expect(t, map[string]string{"refresh": "inconclusive", "mailbox": "skipped"})
	})
	t.Run("while the sign-in service is out of order the mailbox is looked at with the token in hand", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "No discovery")
		f.Emulator.Fail(emulator.Failure{Endpoint: "discovery", Status: 503})
		f.checkKey(t, path).expect(t, map[string]string{
			"cloud": "inconclusive", "tenant": "skipped", "client_id": "skipped", "client_secret": "skipped", "refresh": "skipped",
		})
		require.Zero(t, f.refreshes())
	})
	t.Run("while another replica refreshes it waits, and no longer than a check may take", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, "LATCHKEY_MICROSOFT_TIMEOUT=2s")
		path := f.authorized(t, "Leased")
		lease := func(holder string, until *time.Time) {
			require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
				return tx.Model(&token.Token{}).Where("account_key_id = ?", path[len(keysPath)+1:]).
					Updates(map[string]any{"lease_holder": holder, "lease_until": until}).Error
			}))
		}
		later := f.Emulator.Now().Add(time.Hour)
		lease("another replica", &later)
		got := f.checkKey(t, path)
		got.expect(t, map[string]string{"refresh": "inconclusive", "mailbox": "inconclusive", "clock": "inconclusive"})
		require.Contains(t, got.checks["refresh"]["message"], "had not ended")
		require.Zero(t, f.refreshes())
		require.Equal(t, "authorized", f.get(path).Text("status"))
		lease("", nil) // what the check began goes on without it
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		require.NoError(t, f.Emulator.WaitFor(ctx, "token.refresh_token.200", 1))
	})
}

func TestCheckPermissions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := f.authorized(t, "Too few")
	f.Emulator.Fail(emulator.Failure{
		Endpoint: "token", Detail: "refresh_token", Times: 1, Scopes: []string{"User.Read", "Mail.Read"},
	})
	got := f.checkKey(t, path)
	got.expect(t, map[string]string{"permissions": "failed"})
	require.Equal(t, "scopes", got.checks["permissions"]["field"])
	require.Contains(t, got.checks["permissions"]["message"], "Mail.ReadWrite, Mail.Send")
	f.checkKey(t, path).expect(t, nil)
}

func TestCheckMailbox(t *testing.T) {
	t.Parallel()
	t.Run("an account without a mailbox", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "No mailbox")
		require.NoError(t, f.Emulator.ChangeUser("mara", func(u *emulator.User) { u.HasMailbox = false }))
		got := f.checkKey(t, path)
		got.expect(t, map[string]string{"mailbox": "failed"})
		require.Equal(t, "MailboxNotEnabledForRESTAPI", got.checks["mailbox"]["microsoft"].(map[string]any)["error"])
		require.Contains(t, got.checks["mailbox"]["fix"], "licence")
	})
	t.Run("what Graph says of it", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Refused")
		for _, row := range []struct {
			failure    emulator.Failure
			want, says string
		}{
			{emulator.Failure{Detail: "GET /me/mailFolders/{id}", Status: 403}, "failed", "denies access"},
			{emulator.Failure{Detail: "GET /me/mailFolders/{id}", Status: 429, RetryAfter: "30"}, "inconclusive", "at the moment"},
			{emulator.Failure{Detail: "GET /me/mailFolders/{id}", Status: 503, HTML: true}, "inconclusive", "at the moment"},
			{emulator.Failure{Detail: "GET /me/mailFolders/{id}", Drop: emulator.DropBefore}, "inconclusive", "at the moment"},
			{emulator.Failure{Detail: "GET /me", Status: 401}, "failed", "does not accept the token"},
			{emulator.Failure{Detail: "GET /me", CAE: true}, "failed", "does not accept the token"},
			{emulator.Failure{Detail: "GET /me", Status: 500}, "inconclusive", "at the moment"},
			{emulator.Failure{Detail: "GET /me", Status: 403}, "passed", "The mailbox of the account answers"},
		} {
			row.failure.Endpoint = "graph"
			id := f.Emulator.Fail(row.failure)
			got := f.checkKey(t, path)
			f.Emulator.ClearFailure(id)
			got.expect(t, map[string]string{"mailbox": row.want})
			require.Contains(t, got.checks["mailbox"]["message"], row.says)
		}
	})
	t.Run("a key that may only send says nothing of its mailbox", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		path := f.authorized(t, "Sender", with("scopes", []string{"Mail.Send", "User.Read"}))
		f.checkKey(t, path).expect(t, map[string]string{"mailbox": "inconclusive"})
	})
}
