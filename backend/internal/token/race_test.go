package token_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/token"
)

func TestReplicas(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10*time.Minute)
	processes := []*apptest.App{f.App, f.App, f.App}
	if f.OnPostgres() {
		processes[1], processes[2] = f.Replica(), f.Replica()
	}

	t.Run("sixty callers at three processes cause one refresh and get the same token", func(t *testing.T) {
		// Before the clock: a sweep may be the first to find the token expired.
		before := f.refreshes()
		release := f.Emulator.Hold(emulator.EndpointToken, "refresh_token")
		defer release()
		f.Emulator.Advance(20 * time.Minute)
		answers := make([]apptest.Answer, 60)
		var callers sync.WaitGroup
		for i := range answers {
			callers.Go(func() {
				answers[i] = processes[i%3].Call(http.MethodPost, f.path+"/access-token", nil, f.bearer...)
			})
		}
		f.arrived(t, "token.refresh_token", before+1)
		release()
		callers.Wait()
		for _, got := range answers {
			require.Equal(t, answers[0].Status(http.StatusOK).Text("accessToken"), got.Status(http.StatusOK).Text("accessToken"))
		}
		require.Equal(t, before+1, f.refreshes())
	})
	t.Run("the lease of a process that died runs out", func(t *testing.T) {
		before := f.refreshes()
		until := f.Emulator.Now().Add(21 * time.Minute)
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Model(&token.Token{}).Where("account_key_id = ?", f.keyID).
				Updates(map[string]any{"lease_holder": "dead", "lease_until": until}).Error
		}))
		f.Emulator.Advance(20 * time.Minute)
		answer := make(chan apptest.Answer, 1)
		go func() { answer <- f.issue() }()
		select {
		case got := <-answer:
			require.Fail(t, "nobody waited for the lease", "%d %s", got.Code, got.Body)
		case <-time.After(200 * time.Millisecond):
		}
		require.Equal(t, before, f.refreshes())
		f.Emulator.Advance(2 * time.Minute)
		got := <-answer
		got.Status(http.StatusOK)
		require.Equal(t, before+1, f.refreshes())
	})
}

func TestRefreshMeetsEdit(t *testing.T) {
	t.Parallel()
	t.Run("a refresh and an edit at one time lose neither", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		before := f.rows(t)[0]
		finish := f.heldRefresh(t)
		f.patch("displayName", "Renamed meanwhile").Status(http.StatusOK)
		f.patch("scopes", []string{"Mail.Read"}).Status(http.StatusOK)
		fresh := finish().Status(http.StatusOK).Text("accessToken")
		after := f.key().Status(http.StatusOK)
		require.Equal(t, "Renamed meanwhile", after.Text("displayName"))
		require.Equal(t, []any{"Mail.Read"}, after.At("scopes"))
		require.Equal(t, "authorized", after.Text("status"))
		require.Equal(t, fresh, f.issue().Status(http.StatusOK).Text("accessToken"))
		require.NotEqual(t, before.RefreshToken, f.rows(t)[0].RefreshToken)
		require.Equal(t, 1, f.refreshes())
	})
	t.Run("a key that is revoked during a refresh keeps nothing of it", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		f.admin.Call(http.MethodPost, f.path+"/revoke", nil).Status(http.StatusOK)
		require.Equal(t, "revoked", finish().Status(http.StatusConflict).Text("code"))
		require.Equal(t, 1, f.Emulator.Count("token.refresh_token.200"), "Microsoft did answer")
		require.Empty(t, f.rows(t))
		require.Equal(t, "revoked", f.key().Text("status"))
	})
	t.Run("a key that is deleted during a refresh keeps nothing of it", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		f.admin.Call(http.MethodDelete, f.path, nil).Status(http.StatusNoContent)
		finish().Status(http.StatusNotFound)
		require.Empty(t, f.rows(t))
	})
	t.Run("a key that is suspended during a refresh serves nothing but keeps the tokens", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		f.admin.Call(http.MethodPost, f.path+"/suspend", nil).Status(http.StatusOK)
		require.Equal(t, "suspended", finish().Status(http.StatusConflict).Text("code"))
		f.admin.Call(http.MethodPost, f.path+"/resume", nil).Status(http.StatusOK)
		f.issue().Status(http.StatusOK)
		require.Equal(t, 1, f.refreshes())
	})
	t.Run("a late answer does not replace the tokens of a newer authorization", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		require.Equal(t, "succeeded", f.admin.Authorize(f.keyID, "mara", emulator.Accept).Text("status"))
		newer := f.rows(t)
		require.Len(t, newer, 1)
		finish().Status(http.StatusOK)
		require.Equal(t, newer[0].AccessToken, f.rows(t)[0].AccessToken)
		require.Equal(t, newer[0].RefreshToken, f.rows(t)[0].RefreshToken)
		f.issue().Status(http.StatusOK)
		require.Equal(t, 1, f.refreshes())
	})
	t.Run("what Microsoft says of a secret that was replaced meanwhile is not held against the new one", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		added, err := f.Emulator.AddSecret("", "", 0)
		require.NoError(t, err)
		finish := f.heldRefresh(t)
		f.patch("clientSecret", added.Value).Status(http.StatusOK)
		require.NoError(t, f.Emulator.RemoveSecret("", f.Emulator.Seed().SecretID))
		finish().Status(http.StatusServiceUnavailable)
		require.Equal(t, 1, f.Emulator.Count("token.refresh_token.401"), "the old secret was refused")
		require.Equal(t, "authorized", f.key().Text("status"))
		f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"forceRefresh": true}, f.bearer...).Status(http.StatusOK)
	})
}

func TestFrozenHolder(t *testing.T) {
	t.Parallel()
	same := func(t *testing.T, want token.Token, f fixture) {
		t.Helper()
		got := f.rows(t)[0]
		got.LastUsedAt, got.RefreshDueAt = want.LastUsedAt, want.RefreshDueAt // serving the caller notes the use
		require.Equal(t, want, got)
	}
	// takeOver makes the row look as if another process had taken the lease over from a frozen one.
	takeOver := func(f fixture, refreshed bool) token.Token {
		until := f.Emulator.Now().Add(time.Minute).UTC().Truncate(time.Microsecond)
		columns := map[string]any{"lease_holder": "other", "lease_until": until}
		if refreshed {
			columns["version"] = gorm.Expr("version + 1")
		}
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Model(&token.Token{}).Where("account_key_id = ?", f.keyID).Updates(columns).Error
		}))
		return f.rows(t)[0]
	}
	t.Run("a late answer does not replace what the next holder stored, nor end its lease", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		theirs := takeOver(f, true)
		finish().Status(http.StatusOK)
		same(t, theirs, f)
	})
	t.Run("a late refusal does not condemn a key that the next holder works on", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		finish := f.heldRefresh(t)
		theirs := takeOver(f, false)
		require.NoError(t, f.Emulator.RevokeSessions("mara"))
		finish().Status(http.StatusServiceUnavailable)
		same(t, theirs, f)
		require.Equal(t, "authorized", f.key().Text("status"))
	})
	t.Run("a late outage does not hold the next holder off", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		f.Emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "refresh_token", Status: http.StatusServiceUnavailable, Times: 1})
		finish := f.heldRefresh(t)
		theirs := takeOver(f, true)
		finish().Status(http.StatusServiceUnavailable)
		same(t, theirs, f)
	})
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Hour)
	asked := f.Emulator.Now()
	finish := f.heldRefresh(t)
	f.Emulator.Advance(10 * time.Minute) // the answer is slow
	finish().Status(http.StatusOK)
	require.WithinDuration(t, asked.Add(time.Hour), f.rows(t)[0].ExpiresAt, 5*time.Second)
}

func TestForceRefresh(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Hour)
	force := func() string {
		return f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"forceRefresh": true}, f.bearer...).
			Status(http.StatusOK).Text("accessToken")
	}
	first := force()
	require.Equal(t, first, force(), "insisting at once again changes nothing")
	require.Equal(t, 1, f.refreshes())
	f.Emulator.Advance(5 * time.Second)
	require.NotEqual(t, first, force())
	require.Equal(t, 2, f.refreshes())
}

func TestKeyDeletedDuringRefusal(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Hour)
	if !f.OnPostgres() {
		t.Skip("one transaction writes at a time")
	}
	f.Emulator.Fail(emulator.Failure{AADSTS: 7000215, Endpoint: emulator.EndpointToken, Detail: "refresh_token"})
	answer := make(chan apptest.Answer, 1)
	require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		if _, err := accountkey.Lock(tx, f.keyID); err != nil {
			return err
		}
		go func() {
			answer <- f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"forceRefresh": true}, f.bearer...)
		}()
		require.Eventually(t, func() bool {
			var waiting int64
			require.NoError(t, f.DB.Read(t.Context()).Table("pg_stat_activity").
				Where("datname = current_database() AND wait_event_type = 'Lock'").Count(&waiting).Error)
			return waiting > 0
		}, 20*time.Second, 10*time.Millisecond, "the refusal is about to be noted on the key")
		return tx.Where("id = ?", f.keyID).Delete(&accountkey.Key{}).Error
	}), "deleting doesn't wait for what waits for it")
	(<-answer).Status(http.StatusNotFound)
}
