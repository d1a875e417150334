package token_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// wanting asks for more life than the token in hand has left.
func (f fixture) wanting(minTTL time.Duration) apptest.Answer {
	return f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"minTtlSeconds": minTTL.Seconds()}, f.bearer...)
}

func (f fixture) forced() apptest.Answer {
	return f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"forceRefresh": true}, f.bearer...)
}

// change writes columns of the tokens as another process would.
func (f fixture) change(t *testing.T, columns map[string]any) {
	t.Helper()
	require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Model(&token.Token{}).Where("account_key_id = ?", f.keyID).Updates(columns).Error
	}))
}

func TestPatience(t *testing.T) {
	t.Parallel()
	t.Run("a token that is still good is served soon while Microsoft hangs, and the answer is stored when it comes", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, 30*time.Minute)
		held := f.issue().Status(http.StatusOK).Text("accessToken")
		release := f.Emulator.Hold(emulator.EndpointToken, "refresh_token")
		defer release()
		f.Emulator.Advance(18 * time.Minute)
		require.Equal(t, held, f.wanting(15*time.Minute).Status(http.StatusOK).Text("accessToken"))
		require.Equal(t, held, f.wanting(15*time.Minute).Status(http.StatusOK).Text("accessToken"))
		require.Equal(t, 1, f.refreshes())
		release()
		require.Eventually(t, func() bool { return f.rows(t)[0].Version == 2 }, 20*time.Second, 10*time.Millisecond)
		require.NotEqual(t, held, f.wanting(15*time.Minute).Status(http.StatusOK).Text("accessToken"))
		require.Equal(t, 1, f.refreshes())
	})
	t.Run("nor does anybody wait for the lease of a dead process, not even the end of this one", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, 30*time.Minute)
		held := f.issue().Status(http.StatusOK).Text("accessToken")
		f.Emulator.Advance(18 * time.Minute)
		f.change(t, map[string]any{"lease_holder": "dead", "lease_until": f.Emulator.Now().Add(10 * time.Minute)})
		require.Equal(t, held, f.wanting(15*time.Minute).Status(http.StatusOK).Text("accessToken"))
		require.Zero(t, f.refreshes())
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		require.NoError(t, f.Broker.Drain(ctx))
		f.forced().Status(http.StatusServiceUnavailable)
	})
	t.Run("a caller who was shut out while Microsoft was being asked gets nothing", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		client, _ := f.admin.Call(http.MethodGet, "/api/v1/api-clients", nil).Items()[0]["id"].(string)
		f.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+client, map[string]any{"disabled": true}).Status(http.StatusOK)
		finish().Status(http.StatusUnauthorized)
	})
	t.Run("nor does one who was put on a leash meanwhile", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		client, _ := f.admin.Call(http.MethodGet, "/api/v1/api-clients", nil).Items()[0]["id"].(string)
		f.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+client, map[string]any{"leashes": []any{map[string]any{"rawTokens": false}}}).
			Status(http.StatusOK)
		require.Equal(t, "leashed", finish().Status(http.StatusForbidden).Text("code"))
	})
	t.Run("nor does one who lost the key, and to them it is gone", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		client, _ := f.admin.Call(http.MethodGet, "/api/v1/api-clients", nil).Items()[0]["id"].(string)
		f.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+client, map[string]any{"accountKeyIds": []string{}}).Status(http.StatusOK)
		finish().Status(http.StatusNotFound)
	})
}

func TestCloudNotConfigured(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Minute)
	held := f.issue().Status(http.StatusOK).Text("accessToken")
	lacking := f
	lacking.App = f.Restart("LATCHKEY_CLOUDS_EXTRA=", "LATCHKEY_DEFAULT_CLOUD=global")
	f.Emulator.Advance(18 * time.Minute)
	require.Equal(t, held, lacking.wanting(15*time.Minute).Status(http.StatusOK).Text("accessToken"), "a token that is still good is served")
	f.Emulator.Advance(15 * time.Minute)
	require.Equal(t, "cloud_not_configured", lacking.issue().Status(http.StatusServiceUnavailable).Text("code"))
	require.Contains(t, lacking.Output.String(), "account key's cloud not configured")

	f.App = f.Restart()
	f.issue().Status(http.StatusOK)
	require.Equal(t, "authorized", f.admin.At(f.App).Call(http.MethodGet, f.path, nil).Text("status"))
}

func TestStoredSurely(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Hour)
	run := func(statements ...string) {
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			for _, statement := range statements {
				require.NoError(t, tx.Exec(statement).Error)
			}
			return nil
		}))
	}
	refuse, allow := []string{"CREATE TRIGGER away BEFORE UPDATE OF access_token ON tokens BEGIN SELECT RAISE(ABORT, 'away'); END"}, "DROP TRIGGER away"
	if f.OnPostgres() {
		refuse = []string{
			"CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''away''; END'",
			"CREATE TRIGGER away BEFORE UPDATE OF access_token ON tokens FOR EACH ROW EXECUTE FUNCTION away()",
		}
		allow = "DROP TRIGGER away ON tokens"
	}
	before := f.rows(t)[0]
	finish := f.heldRefresh(t)
	run(refuse...)
	answer := make(chan apptest.Answer, 1)
	go func() { answer <- finish() }()
	require.Eventually(t, func() bool { return strings.Contains(f.Output.String(), "tokens not stored yet") },
		20*time.Second, 10*time.Millisecond)
	require.Equal(t, before.RefreshToken, f.rows(t)[0].RefreshToken)
	run(allow)
	(<-answer).Status(http.StatusOK)
	require.NotEqual(t, before.RefreshToken, f.rows(t)[0].RefreshToken)
	require.Equal(t, 1, f.refreshes())
}

func TestLeftAlone(t *testing.T) {
	t.Parallel()
	t.Run("what Microsoft holds one key of an app off for holds for its other keys", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, 30*time.Minute)
		other := f
		other.keyID = f.admin.CreateKey("Second mailbox")
		other.path = "/api/v1/account-keys/" + other.keyID
		require.Equal(t, "succeeded", f.admin.Authorize(other.keyID, "tomas", emulator.Accept).Text("status"))
		other.bearer, _ = f.admin.Program("shipping", []string{"tokens:issue"}, []string{other.keyID})
		f.Emulator.Fail(emulator.Failure{
			Endpoint: emulator.EndpointToken, Detail: "refresh_token", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "600",
		})
		f.Emulator.Advance(31 * time.Minute)
		f.issue().Status(http.StatusServiceUnavailable)
		require.Equal(t, "600", other.issue().Status(http.StatusServiceUnavailable).Header.Get("Retry-After"))
		require.Equal(t, 1, f.refreshes())
		f.Emulator.Advance(601 * time.Second)
		other.issue().Status(http.StatusOK)
	})
	t.Run("tokens that are dead on arrival are not asked for on every call", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		f.Emulator.Fail(emulator.Failure{
			Endpoint: emulator.EndpointToken, Detail: "refresh_token", Status: http.StatusOK, ContentType: "application/json",
			Body: `{"token_type":"Bearer","scope":"Mail.Read","expires_in":0,"access_token":"dead","refresh_token":"next"}`,
		})
		f.forced().Status(http.StatusServiceUnavailable)
		for range 5 {
			f.issue().Status(http.StatusServiceUnavailable)
		}
		require.Equal(t, 1, f.refreshes())
	})
}

func TestStaleMemory(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Hour)
	held := f.issue().Status(http.StatusOK).Text("accessToken")
	f.Emulator.Advance(5 * time.Minute)
	// Another replica refreshes, which no replica needs to be told of.
	due := f.Emulator.Now().Add(50 * time.Minute).UTC().Truncate(time.Microsecond)
	f.change(t, map[string]any{
		"version": 2, "refreshed_at": f.Emulator.Now(), "expires_at": f.Emulator.Now().Add(time.Hour), "refresh_due_at": due,
	})
	require.Equal(t, held, f.issue().Status(http.StatusOK).Text("accessToken"), "it is remembered here")
	require.Equal(t, due, f.rows(t)[0].RefreshDueAt, "and its use does not bring the next refresh forward")
}

// Whoever waits for the database keeps nobody waiting who does not need it.
func TestUseBesideBusyDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Hour)
	other := f
	other.keyID = f.admin.CreateKey("Second mailbox")
	other.path = "/api/v1/account-keys/" + other.keyID
	require.Equal(t, "succeeded", f.admin.Authorize(other.keyID, "tomas", emulator.Accept).Text("status"))
	other.bearer, _ = f.admin.Program("shipping", []string{"tokens:issue"}, []string{other.keyID})
	f.issue().Status(http.StatusOK)
	first := make(chan apptest.Answer, 1)
	require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		if _, err := accountkey.Lock(tx, other.keyID); err != nil {
			return err
		}
		go func() { first <- other.issue() }()
		for range 20 {
			flushed, ask := make(chan error, 1), make(chan apptest.Answer, 1)
			go func() { flushed <- f.Broker.FlushUses(context.WithoutCancel(t.Context())) }()
			go func() { ask <- f.issue() }()
			select {
			case got := <-ask:
				got.Status(http.StatusOK)
			case <-time.After(10 * time.Second):
				return context.DeadlineExceeded
			}
		}
		return nil
	}))
	(<-first).Status(http.StatusOK)
}
