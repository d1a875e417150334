package token_test

import (
	"context"
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

// stored returns the rows of uses and what they add up to.
func (f fixture) stored(t *testing.T) (rows []token.Use, sum int64) {
	t.Helper()
	require.NoError(t, f.DB.Read(t.Context()).Order("period_start, actor_id").Find(&rows).Error)
	for _, row := range rows {
		sum += row.Uses
	}
	return rows, sum
}

func (f fixture) countBecomes(t *testing.T, want int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, sum := f.stored(t)
		return sum == want
	}, 10*time.Second, 10*time.Millisecond)
}

func (f fixture) consumers(t *testing.T, headers ...string) []map[string]any {
	t.Helper()
	got := f.Call(http.MethodGet, f.path+"/usage", nil, headers...)
	if len(headers) == 0 {
		got = f.admin.Call(http.MethodGet, f.path+"/usage", nil)
	}
	list, ok := got.Status(http.StatusOK).At("consumers").([]any)
	require.True(t, ok)
	var out []map[string]any
	for _, item := range list {
		consumer, ok := item.(map[string]any)
		require.True(t, ok)
		out = append(out, consumer)
	}
	return out
}

func TestUsage(t *testing.T) {
	t.Parallel()
	t.Run("the first use in a minute is stored before it is answered", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		f.issue().Status(http.StatusOK)
		rows, sum := f.stored(t)
		require.Len(t, rows, 1)
		require.Equal(t, int64(1), sum)
		require.Equal(t, "billing", rows[0].ActorName)
		require.NotNil(t, f.rows(t)[0].LastUsedAt)
		f.Emulator.Advance(time.Minute)
		f.issue().Status(http.StatusOK)
		rows, _ = f.stored(t)
		require.Len(t, rows, 2)
		require.Equal(t, time.Minute, rows[1].PeriodStart.Sub(rows[0].PeriodStart))
	})
	t.Run("each of many uses at once is counted", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		other, _ := f.admin.Program("shipping", []string{"tokens:issue"}, []string{f.keyID})
		var callers sync.WaitGroup
		for i := range 64 {
			callers.Go(func() {
				headers := f.bearer
				if i%2 == 0 {
					headers = other
				}
				f.Call(http.MethodPost, f.path+"/access-token", nil, headers...).Status(http.StatusOK)
			})
		}
		callers.Wait()
		f.countBecomes(t, 64)
		rows, _ := f.stored(t)
		counts := map[string]int64{}
		for _, row := range rows {
			counts[row.ActorName] += row.Uses
		}
		require.Equal(t, map[string]int64{"billing": 32, "shipping": 32}, counts)
	})
	t.Run("what was counted when the process stops is stored", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		for range 5 {
			f.issue().Status(http.StatusOK)
		}
		require.NoError(t, f.Broker.Drain(t.Context()))
		_, sum := f.stored(t)
		require.Equal(t, int64(5), sum)
	})
	t.Run("minutes become days, and nothing is lost or counted twice", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		for range 3 {
			f.issue().Status(http.StatusOK)
			f.issue().Status(http.StatusOK)
			f.Emulator.Advance(time.Minute)
		}
		require.NoError(t, f.Broker.FlushUses(t.Context()))
		f.Emulator.Advance(49 * time.Hour)
		require.NoError(t, f.Broker.FoldUses(t.Context()))
		require.NoError(t, f.Broker.FoldUses(t.Context()))
		rows, sum := f.stored(t)
		require.Equal(t, int64(6), sum)
		for _, row := range rows {
			require.Equal(t, "day", row.Period)
			require.Equal(t, row.PeriodStart.Truncate(24*time.Hour), row.PeriodStart)
		}
		f.Emulator.Advance(401 * 24 * time.Hour)
		require.NoError(t, f.Broker.FoldUses(t.Context()))
		rows, _ = f.stored(t)
		require.Empty(t, rows)
	})
	t.Run("a deleted key takes its uses along, and the counting goes on", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		f.issue().Status(http.StatusOK)
		f.issue().Status(http.StatusOK)
		f.admin.Call(http.MethodDelete, f.path, nil).Status(http.StatusNoContent)
		require.NoError(t, f.Broker.FlushUses(t.Context()))
		rows, _ := f.stored(t)
		require.Empty(t, rows)
	})
	t.Run("folding its uses and deleting a key cannot wait for each other", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		if !f.OnPostgres() {
			t.Skip("SQLite has one writer, who waits for nobody")
		}
		f.issue().Status(http.StatusOK)
		f.Emulator.Advance(49 * time.Hour)
		folded := make(chan error, 1)
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			if _, err := accountkey.Lock(tx, f.keyID); err != nil {
				return err
			}
			go func() { folded <- f.Broker.FoldUses(context.WithoutCancel(t.Context())) }()
			f.keyAwaited(t)
			return tx.Where("id = ?", f.keyID).Delete(&accountkey.Key{}).Error // its uses go with it
		}))
		require.NoError(t, <-folded)
		rows, _ := f.stored(t)
		require.Empty(t, rows)
	})
}

func TestConsumers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, time.Hour)
	idle, idleID := f.admin.Program("archive", []string{"account-keys:read"}, []string{f.keyID})
	stranger, _ := f.admin.Program("stranger", []string{"account-keys:read"}, nil)
	f.issue().Status(http.StatusOK)
	f.issue().Status(http.StatusOK)
	f.countBecomes(t, 2)

	t.Run("who may use it stands beside who does", func(t *testing.T) {
		list := f.consumers(t)
		require.Len(t, list, 2)
		require.Equal(t, "archive", list[0]["name"])
		require.Equal(t, true, list[0]["allowed"])
		require.Zero(t, list[0]["usesLast30Days"])
		require.Nil(t, list[0]["lastUsedAt"])
		require.Equal(t, "billing", list[1]["name"])
		require.InDelta(t, 2, list[1]["usesLast24Hours"], 0)
		require.InDelta(t, 2, list[1]["usesLast30Days"], 0)
		require.NotNil(t, list[1]["lastUsedAt"])
	})
	t.Run("a program with the key reads it, another finds no key", func(t *testing.T) {
		require.Len(t, f.consumers(t, idle...), 2)
		f.Call(http.MethodGet, f.path+"/usage", nil, stranger...).Status(http.StatusNotFound)
	})
	t.Run("a program that lost the key is listed for what it did", func(t *testing.T) {
		f.admin.Call(http.MethodDelete, "/api/v1/api-clients/"+idleID, nil).Status(http.StatusNoContent)
		used, _ := f.admin.Call(http.MethodGet, "/api/v1/api-clients", nil).Items()[1]["id"].(string)
		f.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+used, map[string]any{"disabled": true}).Status(http.StatusOK)
		list := f.consumers(t)
		require.Len(t, list, 1)
		require.Equal(t, "billing", list[0]["name"])
		require.Equal(t, false, list[0]["allowed"])
	})
}

func TestLastUsed(t *testing.T) {
	t.Parallel()
	t.Run("it outlives the tokens, and is no edit of the key", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		require.Nil(t, f.key().At("lastUsedAt"))
		authorized, version := f.key().Text("authorizedAt"), f.key().Header.Get("ETag")
		f.issue().Status(http.StatusOK)
		used := f.key().Text("lastUsedAt")
		require.Equal(t, version, f.key().Header.Get("ETag"))

		f.Emulator.Advance(5 * time.Minute)
		revoked := f.admin.Call(http.MethodPost, f.path+"/revoke", nil).Status(http.StatusOK)
		require.Equal(t, used, revoked.Text("lastUsedAt"))
		require.Equal(t, authorized, revoked.Text("authorizedAt"))
		require.Equal(t, used, f.admin.Call(http.MethodGet, "/api/v1/account-keys", nil).Items()[0]["lastUsedAt"])

		require.Equal(t, "succeeded", f.admin.Authorize(f.keyID, "mara", emulator.Accept).Text("status"))
		again := f.key()
		require.Equal(t, used, again.Text("lastUsedAt"), "being authorized is no use")
		require.Greater(t, again.Text("authorizedAt"), authorized)
		f.issue().Status(http.StatusOK)
		require.Greater(t, f.key().Text("lastUsedAt"), used)
	})
	t.Run("a use and a finding about the key cannot wait for each other", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, time.Hour)
		if !f.OnPostgres() {
			t.Skip("SQLite has one writer, who waits for nobody")
		}
		require.NoError(t, f.Emulator.RevokeSessions("mara"))
		finish := f.heldRefresh(t)
		var got apptest.Answer
		found := make(chan struct{})
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			require.NoError(t, accountkey.NoteUse(tx, f.keyID, f.Emulator.Now()))
			go func() {
				defer close(found)
				got = finish()
			}()
			f.keyAwaited(t)
			return tx.Model(&token.Token{}).Where("account_key_id = ?", f.keyID).UpdateColumn("last_used_at", f.Emulator.Now()).Error
		}))
		<-found
		require.Equal(t, "reauthorization_required", got.Status(http.StatusConflict).Text("code"))
	})
}
