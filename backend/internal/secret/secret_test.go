package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

func newBox(t *testing.T, texts ...secret.String) *secret.Box {
	t.Helper()
	var raw [][]byte
	for _, text := range texts {
		keys, err := secret.ParseMasterKeys(text)
		require.NoError(t, err)
		raw = append(raw, keys...)
	}
	box, err := secret.NewBox(raw...)
	require.NoError(t, err)
	return box
}

// seal seals with the first key of a box.
func seal(b *secret.Box, plain, table, column, id string) (secret.Sealed, error) {
	return b.Seal(b.KeyIDs()[0], secret.New(plain), table, column, id)
}

func TestString(t *testing.T) {
	t.Parallel()
	const plain = "Qz8~planted-secret"
	type outer struct {
		Name   string
		Secret secret.String
		hidden secret.String
	}
	value := outer{"n", secret.New(plain), secret.New(plain)}

	t.Run("no verb prints it, alone or inside a struct", func(t *testing.T) {
		t.Parallel()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			require.NotContains(t, fmt.Sprintf(verb, value), plain, verb)
			require.NotContains(t, fmt.Sprintf(verb, &value), plain, verb)
			require.NotContains(t, fmt.Sprintf(verb, value.hidden), plain, verb)
			require.NotContains(t, fmt.Sprintf(verb, []secret.String{value.Secret}), fmt.Sprintf("%x", plain), verb)
		}
	})
	t.Run("neither JSON nor slog prints it", func(t *testing.T) {
		t.Parallel()
		body, err := json.Marshal(value)
		require.NoError(t, err)
		require.NotContains(t, string(body), plain)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value, "secret", value.Secret)
		require.NotContains(t, log.String(), plain)
	})
	t.Run("a request body fills it", func(t *testing.T) {
		t.Parallel()
		var in struct{ Secret secret.String }
		require.NoError(t, json.Unmarshal([]byte(`{"secret":"`+plain+`"}`), &in))
		require.Equal(t, plain, in.Secret.Reveal())
	})
}

func TestBox(t *testing.T) {
	t.Parallel()
	const plain = "Qz8~planted-secret"
	first, second := secret.GenerateMasterKey(), secret.GenerateMasterKey()

	t.Run("opens only in the place it was sealed for", func(t *testing.T) {
		t.Parallel()
		box := newBox(t, first)
		sealed, err := seal(box, plain, "account_keys", "client_secret", "id-1")
		require.NoError(t, err)
		require.NotContains(t, string(sealed), plain)
		opened, err := box.Open(sealed, "account_keys", "client_secret", "id-1")
		require.NoError(t, err)
		require.Equal(t, plain, opened.Reveal())
		for _, p := range [][3]string{{"tokens", "client_secret", "id-1"}, {"account_keys", "other", "id-1"}, {"account_keys", "client_secret", "id-2"}} {
			_, err := box.Open(sealed, p[0], p[1], p[2])
			require.ErrorIs(t, err, secret.ErrWrongKey)
		}
	})
	t.Run("a list of keys opens what any of them sealed, and seals with the one that it is told", func(t *testing.T) {
		t.Parallel()
		sealed, err := seal(newBox(t, first), plain, "t", "c", "1")
		require.NoError(t, err)
		both := newBox(t, second, first)
		_, err = both.Open(sealed, "t", "c", "1")
		require.NoError(t, err)
		resealed, err := seal(both, plain, "t", "c", "1")
		require.NoError(t, err)
		_, err = newBox(t, second).Open(resealed, "t", "c", "1")
		require.NoError(t, err)
		_, err = newBox(t, first).Open(resealed, "t", "c", "1")
		require.ErrorIs(t, err, secret.ErrWrongKey)
		require.ErrorContains(t, err, both.KeyIDs()[0].String(), "the key that is missing is named")
		old, err := both.Seal(both.KeyIDs()[1], secret.New(plain), "t", "c", "1")
		require.NoError(t, err)
		_, err = newBox(t, first).Open(old, "t", "c", "1")
		require.NoError(t, err)
		_, err = newBox(t, first).Seal(both.KeyIDs()[0], secret.New(plain), "t", "c", "1")
		require.ErrorIs(t, err, secret.ErrWrongKey)
	})
	t.Run("a ciphertext names its key, whose id depends on nothing but the key", func(t *testing.T) {
		t.Parallel()
		box := newBox(t, first)
		sealed, err := seal(box, plain, "t", "c", "1")
		require.NoError(t, err)
		id, ok := sealed.KeyID()
		require.True(t, ok)
		require.Equal(t, newBox(t, second, first).KeyIDs()[1], id)
		require.Equal(t, id.Prefix(), []byte(sealed[:5]))
		require.Len(t, id.String(), 8)
		stored, err := id.Value()
		require.NoError(t, err)
		var back secret.KeyID
		require.NoError(t, back.Scan(stored))
		require.Equal(t, id, back)
		for _, none := range []secret.Sealed{nil, sealed[:4], append(secret.Sealed{0}, sealed[1:]...)} {
			_, ok := none.KeyID()
			require.False(t, ok)
		}
	})
	t.Run("a changed byte is noticed", func(t *testing.T) {
		t.Parallel()
		box := newBox(t, first)
		sealed, err := seal(box, plain, "t", "c", "1")
		require.NoError(t, err)
		sealed[len(sealed)-1] ^= 1
		_, err = box.Open(sealed, "t", "c", "1")
		require.ErrorIs(t, err, secret.ErrWrongKey)
	})
	t.Run("an empty secret is no ciphertext", func(t *testing.T) {
		t.Parallel()
		sealed, err := seal(newBox(t, first), "", "t", "c", "1")
		require.NoError(t, err)
		require.Nil(t, sealed)
	})
	t.Run("a sealed value refuses to become JSON", func(t *testing.T) {
		t.Parallel()
		_, err := json.Marshal(secret.Sealed("x"))
		require.Error(t, err)
	})
}

func TestParseMasterKeys(t *testing.T) {
	t.Parallel()
	good, other := secret.GenerateMasterKey().Reveal(), secret.GenerateMasterKey().Reveal()

	t.Run("takes commas, new lines and URL-safe base64", func(t *testing.T) {
		t.Parallel()
		urlSafe := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(good)
		keys, err := secret.ParseMasterKeys(secret.New(good + ",\n" + other + "\n"))
		require.NoError(t, err)
		require.Len(t, keys, 2)
		same, err := secret.ParseMasterKeys(secret.New(urlSafe))
		require.NoError(t, err)
		require.Equal(t, keys[0], same[0])
	})
	t.Run("names the bad one without showing it", func(t *testing.T) {
		t.Parallel()
		for _, bad := range []string{"", "c2hvcnQ=", good[:20], "not base64 !!"} {
			_, err := secret.ParseMasterKeys(secret.New(bad))
			require.Error(t, err)
			if bad != "" {
				require.NotContains(t, err.Error(), bad)
			}
		}
	})
	t.Run("the same key twice is refused", func(t *testing.T) {
		t.Parallel()
		_, err := secret.ParseMasterKeys(secret.New(good + " " + other + " " + strings.TrimRight(good, "=")))
		require.ErrorContains(t, err, "key 3 is the same as key 1")
		keys, err := secret.ParseMasterKeys(secret.New(good))
		require.NoError(t, err)
		_, err = secret.NewBox(keys[0], keys[0])
		require.ErrorContains(t, err, "listed twice")
	})
}
