package masterkey_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newKey(t *testing.T) []byte {
	t.Helper()
	keys, err := secret.ParseMasterKeys(secret.GenerateMasterKey())
	require.NoError(t, err)
	return keys[0]
}

// box is what a process that is given the keys makes of them, newest first.
func box(t *testing.T, d *db.DB, c *clock, keys ...[]byte) *masterkey.Box {
	t.Helper()
	held, err := secret.NewBox(keys...)
	require.NoError(t, err)
	return &masterkey.Box{DB: d, Keys: held, Now: c.Now}
}

// proven is box on a database that it fits.
func proven(t *testing.T, d *db.DB, c *clock, keys ...[]byte) *masterkey.Box {
	t.Helper()
	b := box(t, d, c, keys...)
	require.NoError(t, b.Prove(t.Context()))
	return b
}

// store makes an account key with a secret in each column there is, as the domains would, and returns its
// id. Tokens and attempt have the same.
func store(ctx context.Context, b *masterkey.Box) (string, error) {
	id := uuid.Must(uuid.NewV7()).String()
	return id, b.DB.InTx(ctx, func(tx *gorm.DB) error { return insert(tx, b, id) })
}

func insert(tx *gorm.DB, b *masterkey.Box, id string) error {
	now, sealed := b.Now(), map[string]secret.Sealed{}
	for _, c := range masterkey.Columns() {
		var err error
		if sealed[c.String()], err = b.Seal(tx, plain(c, id), c.Table, c.Name, id); err != nil {
			return err
		}
	}
	for _, row := range []struct {
		table   string
		columns map[string]any
	}{
		{"account_keys", map[string]any{
			"id": id, "type": "t", "display_name": id, "display_name_key": id, "cloud": "global", "status": "authorized",
			"client_secret": sealed["account_keys.client_secret"], "created_at": now, "updated_at": now,
			"created_by_type": "user", "created_by_id": "u", "created_by_name": "U",
		}},
		{"grants", map[string]any{"id": id, "account_key_id": id, "scopes": "", "authorized_at": now}},
		{"tokens", map[string]any{
			"grant_id": id, "account_key_id": id, "access_token": sealed["tokens.access_token"], "scopes": "",
			"refresh_token": sealed["tokens.refresh_token"], "expires_at": now, "lifetime_seconds": 1, "refreshed_at": now, "refresh_due_at": now,
		}},
		{"authorizations", map[string]any{ // one that expired long ago and was not cleaned up yet
			"id": id, "account_key_id": id, "mode": "popup", "status": "needs_confirmation", "attempt_epoch": 1,
			"code_verifier": sealed["authorizations.code_verifier"], "sealed_tokens": sealed["authorizations.sealed_tokens"],
			"cloud": "global", "tenant_id": "t", "client_id": "c", "created_at": now, "expires_at": now.AddDate(0, 0, -7),
			"started_by_type": "user", "started_by_id": "u", "started_by_name": "U",
		}},
		{"signing_keys", map[string]any{
			"id": id, "private_key": sealed["signing_keys.private_key"], "public_key": "", "created_at": now, "active_from": now, "retired_at": now,
		}},
	} {
		if err := tx.Table(row.table).Create(row.columns).Error; err != nil {
			return err
		}
	}
	return nil
}

func plain(c masterkey.Column, id string) secret.String {
	return secret.New(fmt.Sprintf("%s of %s", c, id))
}

func stored(t *testing.T, b *masterkey.Box, n int) []string {
	t.Helper()
	var ids []string
	for range n {
		id, err := store(t.Context(), b)
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

type row struct {
	ID     string
	Sealed secret.Sealed
}

func rows(t *testing.T, d *db.DB, c masterkey.Column) (found []row) {
	t.Helper()
	require.NoError(t, d.Read(t.Context()).Table(c.Table).Select(c.Key+" AS id", c.Name+" AS sealed").
		Where(c.Name+" IS NOT NULL").Order(c.Key).Find(&found).Error)
	return found
}

// requireAllOpen requires that a box opens every secret there is, and that there are some.
func requireAllOpen(t *testing.T, b *masterkey.Box) {
	t.Helper()
	for _, c := range masterkey.Columns() {
		found := rows(t, b.DB, c)
		require.NotEmpty(t, found, c)
		for _, r := range found {
			opened, err := b.Open(r.Sealed, c.Table, c.Name, r.ID)
			require.NoError(t, err)
			require.Equal(t, plain(c, r.ID).Reveal(), opened.Reveal())
		}
	}
	require.NoError(t, b.Prove(t.Context()), "the canary too")
}

// under counts the secrets by the id of their key.
func under(t *testing.T, d *db.DB) map[secret.KeyID]int {
	t.Helper()
	counts := map[secret.KeyID]int{}
	for _, c := range masterkey.Columns() {
		for _, r := range rows(t, d, c) {
			id, ok := r.Sealed.KeyID()
			require.True(t, ok)
			counts[id]++
		}
	}
	return counts
}

func quiet(masterkey.Column, int) {}

func idOf(b *masterkey.Box) secret.KeyID { return b.Keys.KeyIDs()[0] }
