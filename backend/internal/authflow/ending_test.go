package authflow_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/authflow"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// endings are what ends the open attempts of a key; deleting it ends them too, but leaves nothing to look at.
func (f fixture) endings() map[string]func(t *testing.T, keyID string) {
	act := func(verb string) func(*testing.T, string) {
		return func(_ *testing.T, keyID string) {
			f.admin.Call(http.MethodPost, keyPath(keyID)+"/"+verb, nil).Status(http.StatusOK)
		}
	}
	patch := func(member, value string) func(*testing.T, string) {
		return func(_ *testing.T, keyID string) {
			f.admin.Call(http.MethodPatch, keyPath(keyID), map[string]any{member: value}).Status(http.StatusOK)
		}
	}
	return map[string]func(*testing.T, string){
		"suspending it": act("suspend"), "revoking it": act("revoke"),
		"another cloud": patch("cloud", "global"), "another tenant": patch("tenantId", "fabrikam.example"),
		"another client": patch("clientId", "11111111-2222-4333-8444-555555555556"),
		"another sign-in": func(t *testing.T, keyID string) {
			t.Helper()
			require.Equal(t, "succeeded", f.admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
		},
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	unknown := "/authorization/unknown"
	remove := func(keyID string) {
		f.admin.Call(http.MethodDelete, keyPath(keyID), nil).Status(http.StatusNoContent)
	}

	for name, end := range f.endings() {
		t.Run(name+" ends an attempt that is under way", func(t *testing.T) {
			a := f.begin(t, f.authorized(t, "Under way, "+name), "mara")
			end(t, a.keyID)
			redeemed := f.Emulator.Count("token.authorization_code")
			require.Equal(t, unknown, f.comeBack(t, a.callback))
			require.Equal(t, redeemed, f.Emulator.Count("token.authorization_code"), "the code is not even redeemed")
			got := f.get(a.keyID, a.id)
			require.Equal(t, "failed", got.Text("status"))
			require.Equal(t, "superseded", got.Text("failure", "code"))
		})
		t.Run(name+" ends one that waits for a decision", func(t *testing.T) {
			a := f.held(t, "Waiting, "+name)
			end(t, a.keyID)
			require.Equal(t, "nothing_to_confirm", f.decide(a, "confirm").Status(http.StatusConflict).Text("code"))
			require.Equal(t, "superseded", f.get(a.keyID, a.id).Text("failure", "code"))
			require.Nil(t, f.key(a.keyID).At("pendingConfirmation"))
			require.NotContains(t, string(f.key(a.keyID).Body), "tomas")
		})
		t.Run(name+" ends a link", func(t *testing.T) {
			keyID := f.authorized(t, "Linked, "+name)
			id, link := f.link(keyID)
			end(t, keyID)
			f.admin.Call(http.MethodGet, link, nil).Status(http.StatusNotFound)
			f.admin.Call(http.MethodPost, link, nil).Status(http.StatusNotFound)
			require.Equal(t, "superseded", f.get(keyID, id).Text("failure", "code"))
		})
		if name == "another sign-in" {
			continue // it would be held up, too
		}
		t.Run(name+" ends one whose code is being redeemed", func(t *testing.T) {
			a := f.begin(t, f.admin.CreateKey("Redeeming, "+name), "mara")
			f.whileHeld(t, "authorization_code", func() { f.comeBack(t, a.callback) }, func() { end(t, a.keyID) })
			require.Equal(t, "superseded", f.get(a.keyID, a.id).Text("failure", "code"))
			require.Zero(t, f.grants(t, a.keyID))
			require.Empty(t, f.row(t, a.id).CodeVerifier)
			require.NotEqual(t, "authorized", f.key(a.keyID).Text("status"))
		})
	}
	t.Run("deleting it ends all of them", func(t *testing.T) {
		pending := f.begin(t, f.admin.CreateKey("Deleted, under way"), "mara")
		remove(pending.keyID)
		require.Equal(t, unknown, f.comeBack(t, pending.callback))
		f.get(pending.keyID, pending.id).Status(http.StatusNotFound)

		waiting := f.held(t, "Deleted, waiting")
		remove(waiting.keyID)
		f.decide(waiting, "confirm").Status(http.StatusNotFound)

		keyID := f.admin.CreateKey("Deleted, linked")
		_, link := f.link(keyID)
		remove(keyID)
		f.admin.Call(http.MethodPost, link, nil).Status(http.StatusNotFound)

		redeeming := f.begin(t, f.admin.CreateKey("Deleted, redeeming"), "mara")
		f.whileHeld(t, "authorization_code", func() {
			require.Equal(t, "/authorization/"+redeeming.id, f.comeBack(t, redeeming.callback))
		}, func() { remove(redeeming.keyID) })
		for _, gone := range []string{pending.keyID, waiting.keyID, keyID, redeeming.keyID} {
			require.Zero(t, f.grants(t, gone))
			require.Zero(t, f.count(t, &authflow.Attempt{}, gone))
		}
	})
	t.Run("a new name or secret ends nothing", func(t *testing.T) {
		a := f.begin(t, f.admin.CreateKey("Renamed"), "mara")
		f.admin.Call(http.MethodPatch, keyPath(a.keyID), map[string]any{
			"displayName": "Renamed meanwhile", "clientSecret": f.Emulator.Seed().Secret,
		}).Status(http.StatusOK)
		f.comeBack(t, a.callback)
		require.Equal(t, "succeeded", f.get(a.keyID, a.id).Text("status"))
	})
}

func TestConfirmExpiry(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	early, late := f.held(t, "Decided in time"), f.held(t, "Decided too late")
	f.Emulator.Advance(24*time.Hour - time.Minute)
	require.Equal(t, "succeeded", f.decide(early, "confirm").Status(http.StatusOK).Text("status"))
	require.Equal(t, "tomas@fabrikam.example", f.key(early.keyID).Text("account", "userPrincipalName"))
	require.Equal(t, "needs_confirmation", f.get(late.keyID, late.id).Text("status"))
	f.Emulator.Advance(2 * time.Minute)
	require.Equal(t, "expired", f.get(late.keyID, late.id).Text("status"))
	for _, verb := range []string{"confirm", "reject"} {
		require.Equal(t, "nothing_to_confirm", f.decide(late, verb).Status(http.StatusConflict).Text("code"))
	}
	require.Equal(t, "mara@fabrikam.example", f.key(late.keyID).Text("account", "userPrincipalName"))
}

func TestAttemptSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)

	t.Run("the verifier is erased when an attempt ends, however it does", func(t *testing.T) {
		keyID := f.admin.CreateKey("Ended")
		open := f.begin(t, keyID, "mara")
		require.NotEmpty(t, f.row(t, open.id).CodeVerifier, "it is there while it is needed")
		declined := f.admin.Authorize(keyID, "mara", emulator.Decline)
		succeeded := f.admin.Authorize(keyID, "mara", emulator.Accept)
		held := f.admin.Authorize(keyID, "tomas", emulator.Accept)
		for status, ended := range map[string]string{
			"failed": declined.Text("id"), "succeeded": succeeded.Text("id"), "needs_confirmation": held.Text("id"),
		} {
			row := f.row(t, ended)
			require.Equal(t, status, string(row.Status))
			require.Empty(t, row.CodeVerifier, status)
			require.Nil(t, row.StateHash, status)
		}
	})
	t.Run("the tokens of another account are destroyed by either decision", func(t *testing.T) {
		for _, verb := range []string{"confirm", "reject"} {
			a := f.held(t, "Decided by "+verb)
			require.NotEmpty(t, f.row(t, a.id).SealedTokens)
			f.decide(a, verb).Status(http.StatusOK)
			require.Empty(t, f.row(t, a.id).SealedTokens, verb)
		}
	})
}

func TestCleanUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cleanUp := func() { require.NoError(t, f.Flow.CleanUp(t.Context())) }
	undecided, superseded := f.held(t, "Undecided"), f.held(t, "Superseded")
	abandoned := f.begin(t, f.admin.CreateKey("Abandoned"), "mara")
	f.admin.Call(http.MethodPost, keyPath(superseded.keyID)+"/suspend", nil).Status(http.StatusOK)

	cleanUp()
	require.NotEmpty(t, f.row(t, undecided.id).SealedTokens, "somebody may still decide")
	require.NotEmpty(t, f.row(t, abandoned.id).CodeVerifier, "somebody may still come back")
	require.Empty(t, f.row(t, superseded.id).SealedTokens, "nobody can decide any more")

	f.Emulator.Advance(11 * time.Minute)
	cleanUp()
	require.Empty(t, f.row(t, abandoned.id).CodeVerifier)
	require.NotEmpty(t, f.row(t, undecided.id).SealedTokens)
	f.Emulator.Advance(24 * time.Hour)
	cleanUp()
	require.Empty(t, f.row(t, undecided.id).SealedTokens)
	require.Equal(t, "expired", f.get(undecided.keyID, undecided.id).Text("status"))

	f.Emulator.Advance(30 * 24 * time.Hour)
	cleanUp()
	f.get(undecided.keyID, undecided.id).Status(http.StatusNotFound)
	require.Zero(t, f.count(t, &authflow.Attempt{}, abandoned.keyID))
}

func TestCleanUpBesideDeletion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if !f.OnPostgres() {
		t.Skip("SQLite has one writer, who waits for nobody")
	}
	keyID := f.admin.CreateKey("Deleted meanwhile")
	first, second := f.begin(t, keyID, "mara"), f.begin(t, keyID, "mara")
	f.Emulator.Advance(11 * time.Minute)
	cleaned := make(chan error, 1)
	require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		if _, err := accountkey.Lock(tx, keyID); err != nil {
			return err
		}
		// A deletion that has come as far as one of the attempts.
		if err := tx.Where("id = ?", second.id).Delete(&authflow.Attempt{}).Error; err != nil {
			return err
		}
		go func() { cleaned <- f.Flow.CleanUp(context.WithoutCancel(t.Context())) }()
		f.somebodyWaits(t)
		return tx.Where("id = ?", first.id).Delete(&authflow.Attempt{}).Error
	}))
	require.NoError(t, <-cleaned)
}
