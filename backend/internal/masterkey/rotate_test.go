package masterkey_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// promoted returns the box of a process on whose key the database has just been put, with n rows still
// under the old one.
func promoted(t *testing.T, n int) (b *masterkey.Box, at *clock, newer, older []byte) {
	t.Helper()
	d, at := dbtest.New(t), newClock()
	newer, older = newKey(t), newKey(t)
	stored(t, proven(t, d, at, older), n)
	b = proven(t, d, at, newer, older)
	_, _, err := b.Promote(t.Context())
	require.NoError(t, err)
	return b, at, newer, older
}

func TestReencrypt(t *testing.T) {
	t.Parallel()

	t.Run("everything is moved, in more than one batch, and the old key opens nothing and is refused", func(t *testing.T) {
		t.Parallel()
		b, at, newer, older := promoted(t, 60)
		var missing *masterkey.MissingError
		require.ErrorAs(t, box(t, b.DB, at, newer).Prove(t.Context()), &missing, "the old key is needed until the end")
		told := map[string]int{}
		require.NoError(t, b.Reencrypt(t.Context(), func(c masterkey.Column, n int) { told[c.String()] += n }))
		for _, c := range masterkey.Columns() {
			require.Equal(t, 60, told[c.String()], c)
		}
		alone := proven(t, b.DB, at, newer)
		requireAllOpen(t, alone)
		require.ErrorAs(t, box(t, b.DB, at, older).Prove(t.Context()), &missing)
		require.Equal(t, []secret.KeyID{idOf(b)}, missing.Missing)

		entries, err := audit.Of(b.DB.Read(t.Context()), audit.TypeMasterKey, b.Keys.KeyIDs()[1].String(), page.Request{Limit: 10})
		require.NoError(t, err)
		require.Equal(t, audit.MasterKeyRetired, entries[0].Action)
		entries, err = audit.Of(b.DB.Read(t.Context()), audit.TypeMasterKey, idOf(b).String(), page.Request{Limit: 10})
		require.NoError(t, err)
		require.Equal(t, audit.MasterKeyPromoted, entries[0].Action)
	})
	t.Run("nothing else of a row changes", func(t *testing.T) {
		t.Parallel()
		b, _, _, _ := promoted(t, 1)
		read := func() (row map[string]any) {
			require.NoError(t, b.DB.Read(t.Context()).Table("account_keys").Take(&row).Error)
			delete(row, "client_secret")
			return row
		}
		before := read()
		require.NoError(t, b.Reencrypt(t.Context(), quiet))
		require.Equal(t, before, read())
	})
	t.Run("one that is stopped half-way goes on where it was, and both keys are needed meanwhile", func(t *testing.T) {
		t.Parallel()
		b, at, newer, older := promoted(t, 60)
		ctx, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, b.Reencrypt(ctx, func(masterkey.Column, int) { cancel() }), context.Canceled)
		half := under(t, b.DB)
		require.Positive(t, half[b.Keys.KeyIDs()[0]])
		require.Positive(t, half[b.Keys.KeyIDs()[1]])
		var missing *masterkey.MissingError
		require.ErrorAs(t, box(t, b.DB, at, newer).Prove(t.Context()), &missing)
		require.ErrorAs(t, box(t, b.DB, at, older).Prove(t.Context()), &missing)
		requireAllOpen(t, proven(t, b.DB, at, older, newer))

		again := 0
		require.NoError(t, b.Reencrypt(t.Context(), func(_ masterkey.Column, n int) { again += n }))
		require.Equal(t, half[b.Keys.KeyIDs()[1]], again, "what was moved is not moved twice")
		requireAllOpen(t, proven(t, b.DB, at, newer))
	})
	t.Run("what cannot be opened is named and left, all else is moved, and no key is given up", func(t *testing.T) {
		t.Parallel()
		b, at, newer, _ := promoted(t, 3)
		var damaged string
		require.NoError(t, b.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			c := masterkey.Columns()[0]
			damaged = rows(t, b.DB, c)[1].ID
			value := rows(t, b.DB, c)[1].Sealed
			value[len(value)-1] ^= 1
			return tx.Exec("UPDATE account_keys SET client_secret = ? WHERE id = ?", value, damaged).Error
		}))
		err := b.Reencrypt(t.Context(), quiet)
		var unreadable *masterkey.UnreadableError
		require.ErrorAs(t, err, &unreadable)
		require.Len(t, unreadable.Values, 1)
		require.ErrorContains(t, err, damaged)
		require.Equal(t, 1, under(t, b.DB)[b.Keys.KeyIDs()[1]])
		var missing *masterkey.MissingError
		require.ErrorAs(t, box(t, b.DB, at, newer).Prove(t.Context()), &missing)

		require.NoError(t, b.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE account_keys SET client_secret = NULL WHERE id = ?", damaged).Error
		}))
		require.NoError(t, b.Reencrypt(t.Context(), quiet))
		requireAllOpen(t, proven(t, b.DB, at, newer))
	})
	t.Run("another change of the key meanwhile stops it", func(t *testing.T) {
		t.Parallel()
		b, at, newer, older := promoted(t, 3)
		other := proven(t, b.DB, at, older, newer)
		err := b.Reencrypt(t.Context(), func(c masterkey.Column, _ int) {
			if c == masterkey.Columns()[0] {
				_, _, err := other.Promote(t.Context())
				require.NoError(t, err)
			}
		})
		require.ErrorContains(t, err, "meanwhile")
		requireAllOpen(t, other)
		needed, err := masterkey.Needed(t.Context(), b.DB)
		require.NoError(t, err)
		require.ElementsMatch(t, b.Keys.KeyIDs(), needed)
	})
	t.Run("a change to the other key and back while the last is counted gives up no key", func(t *testing.T) {
		t.Parallel()
		b, at, newer, older := promoted(t, 3)
		other := proven(t, b.DB, at, older, newer)
		last := masterkey.Columns()[len(masterkey.Columns())-1]
		err := b.Reencrypt(t.Context(), func(c masterkey.Column, _ int) {
			if c == last {
				_, _, err := other.Promote(t.Context())
				require.NoError(t, err)
				_, _, err = b.Promote(t.Context())
				require.NoError(t, err)
			}
		})
		require.ErrorContains(t, err, "meanwhile")
		needed, err := masterkey.Needed(t.Context(), b.DB)
		require.NoError(t, err)
		require.ElementsMatch(t, b.Keys.KeyIDs(), needed)
	})
}

// TestReencryptWhileOthersWrite has two processes add and change rows all the while: one has the new key
// first, the other last. Nothing that they wrote may be undone by what was read before.
func TestReencryptWhileOthersWrite(t *testing.T) {
	t.Parallel()
	url, at := dbtest.NewURL(t), newClock()
	newer, older := newKey(t), newKey(t)
	rotator := proven(t, dbtest.Open(t, url), at, older)
	ids := stored(t, rotator, 60)
	rotator = proven(t, rotator.DB, at, newer, older)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	errs := make(chan error, 2)
	written := make([]map[string]int, 2)
	const enough = 100 // for ever would starve the rotation of SQLite's one writer
	for i, keys := range [][][]byte{{newer, older}, {older, newer}} {
		b := proven(t, dbtest.Open(t, url), at, keys...)
		mine := ids[i*30 : (i+1)*30]
		written[i] = map[string]int{}
		writers.Go(func() {
			for n := 1; ctx.Err() == nil && n <= enough; n++ {
				_, err := store(t.Context(), b)
				id := mine[n%len(mine)]
				if err == nil {
					err = change(t.Context(), b, id, n)
				}
				if err != nil {
					errs <- err
					return
				}
				written[i][id] = n
			}
		})
	}
	_, _, err := rotator.Promote(t.Context())
	require.NoError(t, err)
	require.NoError(t, rotator.Reencrypt(t.Context(), quiet))
	stop()
	writers.Wait()
	require.Empty(t, errs)
	require.Len(t, under(t, rotator.DB), 1)
	alone := proven(t, rotator.DB, at, newer)
	for _, c := range masterkey.Columns() {
		for _, r := range rows(t, alone.DB, c) {
			opened, err := alone.Open(r.Sealed, c.Table, c.Name, r.ID)
			require.NoError(t, err)
			want := plain(c, r.ID)
			if n := written[0][r.ID] + written[1][r.ID]; n > 0 {
				want = nth(c, r.ID, n)
			}
			require.Equal(t, want.Reveal(), opened.Reveal())
		}
	}
}

func nth(c masterkey.Column, id string, n int) secret.String {
	return secret.New(fmt.Sprintf("%s for the %d. time", plain(c, id).Reveal(), n))
}

// change writes the secrets of a row anew, as a refresh and an edit would.
func change(ctx context.Context, b *masterkey.Box, id string, n int) error {
	return b.DB.InTx(ctx, func(tx *gorm.DB) error {
		for _, c := range masterkey.Columns() {
			sealed, err := b.Seal(tx, nth(c, id, n), c.Table, c.Name, id)
			if err != nil {
				return err
			}
			if err := tx.Table(c.Table).Where(c.Key+" = ?", id).UpdateColumn(c.Name, sealed).Error; err != nil {
				return err
			}
		}
		return nil
	})
}
