package masterkey_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func replicas(t *testing.T, d *db.DB) map[string]masterkey.KeyIDs {
	t.Helper()
	var rows []masterkey.Replica
	require.NoError(t, d.Read(t.Context()).Find(&rows).Error)
	out := map[string]masterkey.KeyIDs{}
	for _, r := range rows {
		out[r.ID] = r.MasterKeyIDs
	}
	return out
}

func TestRegister(t *testing.T) {
	t.Parallel()

	t.Run("a replica is known from its start to its end, with the keys that it was given", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older := newKey(t)
		one, two := proven(t, d, at, older), proven(t, d, at, newKey(t), older)
		require.NoError(t, one.Register(t.Context(), "one", "a"))
		require.NoError(t, two.Register(t.Context(), "two", "b"))
		require.Equal(t, map[string]masterkey.KeyIDs{"one": one.Keys.KeyIDs(), "two": two.Keys.KeyIDs()}, replicas(t, d))
		require.NoError(t, one.Leave(t.Context(), "one"))
		require.Equal(t, map[string]masterkey.KeyIDs{"two": two.Keys.KeyIDs()}, replicas(t, d))
	})
	t.Run("one that lacks a key by the time it registers is refused", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older := newKey(t)
		late := proven(t, d, at, older)
		_, _, err := proven(t, d, at, newKey(t), older).Promote(t.Context())
		require.NoError(t, err)
		var missing *masterkey.MissingError
		require.ErrorAs(t, late.Register(t.Context(), "late", "a"), &missing)
		require.Empty(t, replicas(t, d))
	})
	t.Run("those that have been silent for long are swept out", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		b := proven(t, d, at, newKey(t))
		require.NoError(t, b.Register(t.Context(), "dead", "a"))
		at.advance(3 * time.Minute)
		require.NoError(t, b.Register(t.Context(), "alive", "a"))
		require.Equal(t, map[string]masterkey.KeyIDs{"alive": b.Keys.KeyIDs()}, replicas(t, d))
	})
}

func TestBeat(t *testing.T) {
	t.Parallel()

	t.Run("one that was thought gone is known again at its next beat", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		b := proven(t, d, at, newKey(t))
		require.NoError(t, b.Register(t.Context(), "r", "a"))
		require.NoError(t, b.Leave(t.Context(), "r"))
		require.NoError(t, b.Beat(t.Context(), "r", "a"))
		require.Contains(t, replicas(t, d), "r")
	})
	t.Run("one that slept through a change of the key is told to stop, by its beat and by Watch", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older := newKey(t)
		sleeper := proven(t, d, at, older)
		require.NoError(t, sleeper.Register(t.Context(), "sleeper", "a"))
		at.advance(3 * time.Minute)
		_, _, err := proven(t, d, at, newKey(t), older).Promote(t.Context())
		require.NoError(t, err)
		var missing *masterkey.MissingError
		require.ErrorAs(t, sleeper.Beat(t.Context(), "sleeper", "a"), &missing)
		err = sleeper.Watch(t.Context(), "sleeper", "a", time.Millisecond, slog.New(slog.DiscardHandler))
		require.ErrorAs(t, err, &missing)
	})
}

func TestPromote(t *testing.T) {
	t.Parallel()

	t.Run("it waits for every replica that lives, and names those that lack the key", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older, newer := newKey(t), newKey(t)
		old, ready := proven(t, d, at, older), proven(t, d, at, newer, older)
		require.NoError(t, old.Register(t.Context(), "one", "host-a"))
		require.NoError(t, old.Register(t.Context(), "two", "host-b"))
		require.NoError(t, ready.Register(t.Context(), "three", "host-c"))
		refused := func(names ...string) {
			t.Helper()
			_, _, err := ready.Promote(t.Context())
			var behind *masterkey.LaggingError
			require.ErrorAs(t, err, &behind)
			var got []string
			for _, r := range behind.Replicas {
				got = append(got, r.ID)
				require.ErrorContains(t, err, r.ID+" on "+r.Host)
			}
			require.ElementsMatch(t, names, got)
			require.ErrorContains(t, err, idOf(ready).String())
		}
		refused("one", "two")
		require.NoError(t, old.Leave(t.Context(), "one"))
		at.advance(20 * time.Second)
		require.NoError(t, old.Beat(t.Context(), "two", "host-b"))
		at.advance(20 * time.Second)
		require.ErrorContains(t, ready.Forget(t.Context(), "two"), "stop it first", "one that is alive is not forgotten")
		require.ErrorContains(t, ready.Forget(t.Context(), "nobody"), "nobody")
		refused("two")
		stored(t, ready, 1)
		require.Equal(t, map[secret.KeyID]int{idOf(old): len(masterkey.Columns())}, under(t, d), "a refusal changes nothing")
		at.advance(20 * time.Second)
		require.NoError(t, ready.Forget(t.Context(), "two"))
		from, to, err := ready.Promote(t.Context())
		require.NoError(t, err)
		require.Equal(t, []secret.KeyID{idOf(old), idOf(ready)}, []secret.KeyID{from, to})
	})
	t.Run("one that has been silent for long counts no more", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older := newKey(t)
		require.NoError(t, proven(t, d, at, older).Register(t.Context(), "dead", "a"))
		at.advance(2*time.Minute + time.Second)
		_, _, err := proven(t, d, at, newKey(t), older).Promote(t.Context())
		require.NoError(t, err)
	})
	t.Run("a process without the old key changes nothing", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		old := proven(t, d, at, newKey(t))
		_, _, err := box(t, d, at, newKey(t)).Promote(t.Context())
		var missing *masterkey.MissingError
		require.ErrorAs(t, err, &missing)
		require.NoError(t, old.Prove(t.Context()))
	})
	t.Run("a second time changes nothing, and the old key can be made the primary again", func(t *testing.T) {
		t.Parallel()
		d, at := dbtest.New(t), newClock()
		older, newer := newKey(t), newKey(t)
		old := proven(t, d, at, older)
		ids := stored(t, old, 2)
		b := proven(t, d, at, newer, older)
		for range 2 {
			_, to, err := b.Promote(t.Context())
			require.NoError(t, err)
			require.Equal(t, idOf(b), to)
			require.NoError(t, b.Reencrypt(t.Context(), quiet))
		}
		retired, unused, err := b.Retired(t.Context())
		require.NoError(t, err)
		require.Equal(t, []secret.KeyID{idOf(old)}, retired)
		require.Empty(t, unused)

		back := proven(t, d, at, older, newer)
		from, to, err := back.Promote(t.Context())
		require.NoError(t, err)
		require.Equal(t, []secret.KeyID{idOf(b), idOf(old)}, []secret.KeyID{from, to})
		var missing *masterkey.MissingError
		require.ErrorAs(t, box(t, d, at, newer).Prove(t.Context()), &missing)
		require.NoError(t, back.Reencrypt(t.Context(), quiet))
		requireAllOpen(t, proven(t, d, at, older))
		require.Len(t, rows(t, d, masterkey.Columns()[0]), len(ids))
	})
}
