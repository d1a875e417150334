package apiclient_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

const day = 24 * time.Hour

// replicaOf is another process on the same database.
func replicaOf(s *apiclient.Service) *apiclient.Service {
	return &apiclient.Service{
		DB: s.DB, Box: s.Box, Now: s.Now, Issuer: s.Issuer, Audience: s.Audience, TokenLifetime: s.TokenLifetime, KeyRotation: s.KeyRotation,
	}
}

// published returns the ids of the keys that the JWKS of a replica holds, newest first.
func published(t *testing.T, s *apiclient.Service) (ids []string) {
	t.Helper()
	_, set := call(t, newHandler(t, replicaOf(s)), http.MethodGet, "/.well-known/jwks.json", "")
	keys, ok := set["keys"].([]any)
	require.True(t, ok)
	for _, k := range keys {
		ids = append(ids, k.(map[string]any)["kid"].(string))
	}
	return ids
}

func kid(t *testing.T, token secret.String) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token.Reveal(), jwt.MapClaims{})
	require.NoError(t, err)
	id, ok := parsed.Header["kid"].(string)
	require.True(t, ok)
	return id
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	t.Run("are made once, and one replica takes the tokens of another", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		require.NoError(t, s.EnsureSigningKey(t.Context()))
		other := replicaOf(s)
		require.NoError(t, other.EnsureSigningKey(t.Context()))
		require.Len(t, published(t, s), 1)
		c, plain := newClient(t, s)
		_, err := other.Authenticate(t.Context(), tokenOf(t, s, c, plain))
		require.NoError(t, err)
	})
	t.Run("a key that another replica made since is found", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, plain := newClient(t, s)
		require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE signing_keys SET retired_at = ?", at.Now()).Error
		}))
		other := replicaOf(s)
		require.NoError(t, other.EnsureSigningKey(t.Context()))
		at.advance(5 * time.Second)
		_, err := s.Authenticate(t.Context(), tokenOf(t, other, c, plain))
		require.NoError(t, err)
	})
}

func TestRotateSigningKeys(t *testing.T) {
	t.Parallel()

	t.Run("the next key is published a day ahead, signs when its time has come, and the last one verifies on", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		other := replicaOf(s)
		c, plain := newClient(t, s)
		rotate := func(keys int) []string {
			t.Helper()
			require.NoError(t, s.RotateSigningKeys(t.Context()))
			ids := published(t, s)
			require.Len(t, ids, keys)
			return ids
		}
		first := kid(t, tokenOf(t, other, c, plain))

		at.advance(29*day - time.Second)
		rotate(1)
		at.advance(time.Second)
		second := rotate(2)[0]
		rotate(2)
		at.advance(day - time.Second)
		rotate(2)
		last := tokenOf(t, s, c, plain)
		require.Equal(t, first, kid(t, last))
		require.Equal(t, first, kid(t, tokenOf(t, other, c, plain)))

		at.advance(time.Second)
		require.Equal(t, second, kid(t, tokenOf(t, s, c, plain)))
		require.Equal(t, second, kid(t, tokenOf(t, other, c, plain)), "whoever rotated: the clock decides")
		at.advance(s.TokenLifetime - 2*time.Second)
		rotate(2)
		for _, replica := range []*apiclient.Service{s, other, replicaOf(s)} {
			_, err := replica.Authenticate(t.Context(), last)
			require.NoError(t, err, "it verifies to the end of its life")
		}

		at.advance(day - 15*time.Minute)
		rotate(2)
		at.advance(10 * time.Minute)
		require.Equal(t, []string{second}, rotate(1))
		require.Equal(t, second, kid(t, tokenOf(t, s, c, plain)))

		at.advance(28 * day)
		third := rotate(2)[0]
		at.advance(3 * day)
		require.Equal(t, []string{third}, rotate(1))
		var rows int64
		require.NoError(t, s.DB.Read(t.Context()).Table("signing_keys").Count(&rows).Error)
		require.EqualValues(t, 2, rows, "one that was retired a month ago is gone")
	})
	t.Run("tokens that live for longer than a day keep their key for as long", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		s.TokenLifetime = 3 * day
		at.advance(30 * day)
		require.NoError(t, s.RotateSigningKeys(t.Context())) // nobody was there to do it in time
		at.advance(day - time.Second)
		c, plain := newClient(t, s)
		last := tokenOf(t, s, c, plain)
		at.advance(3*day - time.Second)
		require.NoError(t, s.RotateSigningKeys(t.Context()))
		require.NotEqual(t, kid(t, last), kid(t, tokenOf(t, s, c, plain)))
		_, err := replicaOf(s).Authenticate(t.Context(), last)
		require.NoError(t, err)
		at.advance(10 * time.Minute)
		require.NoError(t, s.RotateSigningKeys(t.Context()))
		require.Len(t, published(t, s), 1)
	})
	t.Run("a server that was off for long signs on with the old key until the new one has been published for a day", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, plain := newClient(t, s)
		first := kid(t, tokenOf(t, s, c, plain))
		at.advance(200 * day)
		require.NoError(t, s.RotateSigningKeys(t.Context()))
		require.Len(t, published(t, s), 2)
		at.advance(day - time.Second)
		require.Equal(t, first, kid(t, tokenOf(t, s, c, plain)))
		at.advance(time.Second)
		require.NotEqual(t, first, kid(t, tokenOf(t, s, c, plain)))
	})
	t.Run("a short interval publishes half of it ahead", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		s.KeyRotation = time.Hour
		at.advance(29 * time.Minute)
		require.NoError(t, s.RotateSigningKeys(t.Context()))
		require.Len(t, published(t, s), 1)
		at.advance(time.Minute)
		require.NoError(t, s.RotateSigningKeys(t.Context()))
		require.Len(t, published(t, s), 2)
	})
	t.Run("when every key was taken out of use, the next turn makes one that signs at once", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, plain := newClient(t, s)
		before := tokenOf(t, s, c, plain)
		require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE signing_keys SET retired_at = ?", at.Now()).Error
		}))
		require.NoError(t, s.RotateSigningKeys(t.Context()))
		at.advance(2 * time.Minute)
		_, err := s.Authenticate(t.Context(), tokenOf(t, s, c, plain))
		require.NoError(t, err)
		_, err = s.Authenticate(t.Context(), before)
		require.ErrorIs(t, err, apiclient.ErrBadToken)
	})
	t.Run("replicas that find a key due at once make one", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		at.advance(-day)
		for range 5 {
			at.advance(30 * day)
			race(t, s, (*apiclient.Service).RotateSigningKeys)
			require.Len(t, published(t, s), 2)
		}
	})
	t.Run("replicas that start first at once make one", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		for range 5 {
			require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DELETE FROM signing_keys").Error }))
			race(t, s, (*apiclient.Service).EnsureSigningKey)
			require.Len(t, published(t, s), 1)
		}
	})
}

// race lets eight replicas do the same at once. Done a few times, all have a connection at hand.
func race(t *testing.T, s *apiclient.Service, do func(*apiclient.Service, context.Context) error) {
	t.Helper()
	errs := make([]error, 8)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = do(replicaOf(s), t.Context()) })
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}
