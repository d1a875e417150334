package token_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestSweepOnce(t *testing.T) {
	t.Parallel()
	t.Run("a key in use is refreshed before its token ends, and not earlier", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		first := f.issue().Status(http.StatusOK).Text("accessToken")
		due := f.rows(t)[0]
		require.Equal(t, due.ExpiresAt.Add(-10*time.Minute), due.RefreshDueAt)
		f.Emulator.Advance(45 * time.Minute)
		require.NoError(t, f.Broker.SweepOnce(t.Context()))
		require.Equal(t, due.RefreshDueAt, f.rows(t)[0].RefreshDueAt, "not due, so not handed to a worker")
		f.Emulator.Advance(6 * time.Minute)
		require.NoError(t, f.Broker.SweepOnce(t.Context()))
		f.arrived(t, "token.refresh_token.200", 1)
		require.Eventually(t, func() bool { return f.rows(t)[0].Version == due.Version+1 }, 20*time.Second, 10*time.Millisecond)
		require.NotEqual(t, first, f.issue().Status(http.StatusOK).Text("accessToken"))
		require.Equal(t, 1, f.refreshes(), "the caller found it fresh")
	})
	t.Run("a key that nobody used since is refreshed at the background interval", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		f.Emulator.Advance(51 * time.Minute)
		require.NoError(t, f.Broker.SweepOnce(t.Context()))
		require.Eventually(t, func() bool { return f.rows(t)[0].Version == 2 }, 20*time.Second, 10*time.Millisecond)
		row := f.rows(t)[0]
		require.Equal(t, row.RefreshedAt.Add(24*time.Hour), row.RefreshDueAt)
	})
	t.Run("a sweep that finds a key handed to a worker leaves it alone", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		release := f.Emulator.Hold(emulator.EndpointToken, "refresh_token")
		defer release()
		f.Emulator.Advance(51 * time.Minute)
		for range 3 {
			require.NoError(t, f.Broker.SweepOnce(t.Context()))
		}
		f.arrived(t, "token.refresh_token", 1)
		release()
		require.Eventually(t, func() bool { return f.rows(t)[0].Version == 2 }, 20*time.Second, 10*time.Millisecond)
		require.Equal(t, 1, f.refreshes())
	})
	t.Run("a worker that comes after a caller has refreshed the key leaves it alone", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		claimed := dueRefresh{AccountKeyID: f.keyID, Version: f.rows(t)[0].Version}
		f.Emulator.Advance(51 * time.Minute)
		f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"forceRefresh": true}, f.bearer...).Status(http.StatusOK)
		f.work(t, claimed)
		require.Equal(t, 1, f.refreshes())
	})
	t.Run("a suspended key is kept alive, so that it can be resumed after any time", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		f.admin.Call(http.MethodPost, f.path+"/suspend", nil).Status(http.StatusOK)
		f.Emulator.Advance(51 * time.Minute)
		require.NoError(t, f.Broker.SweepOnce(t.Context()))
		require.Eventually(t, func() bool { return f.rows(t)[0].Version == 2 }, 20*time.Second, 10*time.Millisecond)
		require.Equal(t, "suspended", f.issue().Status(http.StatusConflict).Text("code"))
		f.admin.Call(http.MethodPost, f.path+"/resume", nil).Status(http.StatusOK)
		f.issue().Status(http.StatusOK)
	})
	t.Run("a grant that Microsoft took back is noticed without a caller", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		require.NoError(t, f.Emulator.RevokeSessions("mara"))
		f.Emulator.Advance(51 * time.Minute)
		require.NoError(t, f.Broker.SweepOnce(t.Context()))
		got := f.becomes(t, "reauthorization_required")
		require.NotEmpty(t, got.Text("statusReason", "fix"))
		require.Equal(t, []any{float64(50173)}, got.At("statusReason", "microsoft", "codes"))
	})
}

func TestReplacedSecret(t *testing.T) {
	t.Parallel()
	t.Run("a wrong one is noticed at once though a refresh with the old one is under way", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		f.patch("clientSecret", "wrong-secret-of-some-length").Status(http.StatusOK)
		finish() // served, unless the trial of the new secret is even faster
		require.Equal(t, "invalid_client_secret", f.becomes(t, "misconfigured").Text("statusReason", "code"))
	})
	t.Run("a wrong one is noticed at once, and a right one heals the key without a person", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		f.issue().Status(http.StatusOK)
		f.patch("clientSecret", f.Emulator.Seed().SecretID).Status(http.StatusOK)
		broken := f.becomes(t, "misconfigured")
		require.NotEmpty(t, broken.Text("statusReason", "fix"))
		require.Equal(t, "misconfigured", f.issue().Status(http.StatusConflict).Text("code"))

		signIns := f.Emulator.Count("token.authorization_code")
		f.patch("clientSecret", f.Emulator.Seed().Secret).Status(http.StatusOK)
		f.arrived(t, "token.refresh_token.200", 1) // it is tried at once
		healed := f.becomes(t, "authorized")
		require.Nil(t, healed.At("statusReason"))
		f.issue().Status(http.StatusOK)
		require.Equal(t, signIns, f.Emulator.Count("token.authorization_code"))
	})
	t.Run("one that expires is found by the next refresh, which names it", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		require.NoError(t, f.Emulator.ExpireSecret("", ""))
		got := f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"forceRefresh": true}, f.bearer...).Status(http.StatusConflict)
		require.Equal(t, "misconfigured", got.Text("code"))
		require.Equal(t, []any{float64(7000222)}, f.key().At("statusReason", "microsoft", "codes"))
	})
}
