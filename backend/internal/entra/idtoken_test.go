package entra_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestVerifyIDToken(t *testing.T) {
	t.Parallel()
	verify := func(t *testing.T, w *world, change func(w *world, nonce *secret.String, clientID *string)) (entra.Identity, error) {
		t.Helper()
		request, nonce := w.signIn()
		tokens, err := w.client.Redeem(t.Context(), w.provider(), request)
		require.NoError(t, err)
		clientID := w.seed.ClientID
		if change != nil {
			change(w, &nonce, &clientID)
		}
		return w.client.VerifyIDToken(t.Context(), w.provider(), clientID, nonce, tokens.IDToken)
	}
	t.Run("says who signed in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		identity, err := verify(t, w, nil)
		require.NoError(t, err)
		require.Equal(t, "4d5f7a10-0c2b-4e1d-b6d8-77f0a9c31e54", identity.ObjectID)
		require.Equal(t, w.seed.TenantID, identity.TenantID)
		require.Equal(t, "mara@fabrikam.example", identity.PreferredUsername)
		require.NotEmpty(t, identity.Name)
	})
	t.Run("refuses another attempt's token", func(t *testing.T) {
		t.Parallel()
		_, err := verify(t, newWorld(t), func(_ *world, nonce *secret.String, _ *string) { *nonce = secret.Random() })
		require.Equal(t, "nonce_mismatch", entraError(t, err).Advice().Code)
	})
	t.Run("refuses to go without a nonce", func(t *testing.T) {
		t.Parallel()
		_, err := verify(t, newWorld(t), func(_ *world, nonce *secret.String, _ *string) { *nonce = secret.String{} })
		require.Equal(t, "nonce_mismatch", entraError(t, err).Advice().Code)
	})
	t.Run("refuses another app's token", func(t *testing.T) {
		t.Parallel()
		_, err := verify(t, newWorld(t), func(_ *world, _ *secret.String, clientID *string) { *clientID = "other" })
		require.Equal(t, "id_token_invalid", entraError(t, err).Advice().Code)
	})
	t.Run("bears a clock that is a little wrong, and no more", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		skew := time.Duration(0)
		w.client.Now = func() time.Time { return w.emulator.Now().Add(skew) }
		_, err := verify(t, w, func(*world, *secret.String, *string) { skew = -4 * time.Minute })
		require.NoError(t, err)
		skew = 0
		_, err = verify(t, w, func(*world, *secret.String, *string) { skew = -20 * time.Minute })
		require.Equal(t, "id_token_time", entraError(t, err).Advice().Code)
		skew = 0
		_, err = verify(t, w, func(*world, *secret.String, *string) { skew = time.Hour + 4*time.Minute })
		require.NoError(t, err)
		skew = 0
		_, err = verify(t, w, func(*world, *secret.String, *string) { skew = time.Hour + 20*time.Minute })
		require.Equal(t, "id_token_time", entraError(t, err).Advice().Code)
	})
	t.Run("an outage of the key server is nobody's fault", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.Fail(emulator.Failure{Endpoint: "jwks", Status: 503, HTML: true})
		_, err := verify(t, w, nil)
		require.Equal(t, "microsoft_unavailable", entraError(t, err).Advice().Code)
	})
	t.Run("the keys are fetched once for many sign-ins", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for range 3 {
			_, err := verify(t, w, nil)
			require.NoError(t, err)
		}
		require.Equal(t, 1, w.emulator.Count("jwks"))
	})
	t.Run("keys that have rolled are fetched again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := verify(t, w, nil)
		require.NoError(t, err)
		for range 3 { // Entra publishes a key before it signs with it.
			w.emulator.RotateKeys()
		}
		w.emulator.Advance(time.Minute)
		_, err = verify(t, w, nil)
		require.NoError(t, err)
		require.Equal(t, 2, w.emulator.Count("jwks"))
	})
}

// issuer is a provider whose id_tokens the test writes itself.
type issuer struct {
	stub
	key     *rsa.PrivateKey
	fetches *atomic.Int32
}

func newIssuer(t *testing.T) issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	fetches := &atomic.Int32{}
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		fetches.Add(1)
		replyingJSON(200, map[string]any{"keys": []any{
			map[string]any{"kty": "unheard-of", "kid": "x"},
			jose.JSONWebKey{Key: &key.PublicKey, KeyID: "k1", Use: "sig"},
		}})(w, r)
	})
	s.provider.TenantID = "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11"
	s.provider.SigningAlgorithms = []string{"RS256"}
	return issuer{stub: s, key: key, fetches: fetches}
}

func (i issuer) claims(change map[string]any) map[string]any {
	now := i.client.Now()
	claims := map[string]any{
		"iss": i.provider.Issuer, "aud": "client", "sub": "s", "nonce": "n", "oid": "o",
		"tid": i.provider.TenantID, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, change)
	return claims
}

func (i issuer) sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, keyID string, claims map[string]any) secret.String {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if keyID != "" {
		options = options.WithHeader("kid", keyID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	compact, err := signed.CompactSerialize()
	require.NoError(t, err)
	return secret.New(compact)
}

func (i issuer) verify(t *testing.T, token secret.String) (entra.Identity, error) {
	t.Helper()
	return i.client.VerifyIDToken(t.Context(), i.provider, "client", secret.New("n"), token)
}

func TestVerifyIDTokenForgeries(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	t.Run("the genuine one passes, with and without a key id", func(t *testing.T) {
		t.Parallel()
		for _, keyID := range []string{"k1", ""} {
			_, err := i.verify(t, i.sign(t, jose.RS256, i.key, keyID, i.claims(nil)))
			require.NoError(t, err)
		}
	})
	for name, row := range map[string]struct {
		change map[string]any
		code   string
	}{
		"of another issuer":                 {map[string]any{"iss": "https://evil.example"}, "id_token_invalid"},
		"for another app":                   {map[string]any{"aud": "other"}, "id_token_invalid"},
		"for several apps, meant for other": {map[string]any{"aud": []string{"client", "other"}, "azp": "other"}, "id_token_invalid"},
		"of another tenant":                 {map[string]any{"tid": "99999999-3f52-4c0a-9a46-1f0d6f5a2e11"}, "wrong_tenant"},
		"of another attempt":                {map[string]any{"nonce": "m"}, "nonce_mismatch"},
		"without a nonce":                   {map[string]any{"nonce": nil}, "nonce_mismatch"},
		"without an expiry":                 {map[string]any{"exp": nil}, "id_token_invalid"},
		"with claims of odd types":          {map[string]any{"oid": 7}, "id_token_invalid"},
	} {
		t.Run("a token "+name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := i.verify(t, i.sign(t, jose.RS256, i.key, "k1", i.claims(row.change)))
			require.Equal(t, row.code, entraError(t, err).Advice().Code)
		})
	}
	t.Run("a token for several apps that is meant for this one passes", func(t *testing.T) {
		t.Parallel()
		_, err := i.verify(t, i.sign(t, jose.RS256, i.key, "k1", i.claims(map[string]any{"aud": []string{"client", "x"}, "azp": "client"})))
		require.NoError(t, err)
	})
	t.Run("a foreign signature is refused, whatever key it names", func(t *testing.T) {
		t.Parallel()
		foreign, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		for _, keyID := range []string{"k1", "k2", ""} {
			_, err := i.verify(t, i.sign(t, jose.RS256, foreign, keyID, i.claims(nil)))
			require.Equal(t, "id_token_signature", entraError(t, err).Advice().Code)
		}
	})
	t.Run("the public key is no shared secret", func(t *testing.T) {
		t.Parallel()
		public := x509.MarshalPKCS1PublicKey(&i.key.PublicKey)
		_, err := i.verify(t, i.sign(t, jose.HS256, public, "k1", i.claims(nil)))
		require.Equal(t, "id_token_invalid", entraError(t, err).Advice().Code)
	})
	t.Run("no signature is no signature", func(t *testing.T) {
		t.Parallel()
		payload, err := json.Marshal(i.claims(nil))
		require.NoError(t, err)
		encode := base64.RawURLEncoding.EncodeToString
		for _, token := range []string{
			encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + ".",
			encode([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + encode(payload) + ".",
			"", ".", "..", "a.b.c", strings.Repeat("a", 100_000),
		} {
			_, err := i.verify(t, secret.New(token))
			require.Equal(t, entra.ClassSignIn, entraError(t, err).Advice().Class)
			require.NotContains(t, err.Error(), encode(payload))
		}
	})
	t.Run("names are made fit for a page", func(t *testing.T) {
		t.Parallel()
		identity, err := i.verify(t, i.sign(t, jose.RS256, i.key, "k1", i.claims(map[string]any{
			"name": "A\r\nB\x00\u0085" + strings.Repeat("ü", 2000),
		})))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(identity.Name, "ABü"))
		require.Len(t, []rune(identity.Name), 512)
	})
}

func TestUnknownKeyIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	now := i.client.Now()
	i.client.Now = func() time.Time { return now }
	unknown := i.sign(t, jose.RS256, i.key, "unknown", i.claims(nil))
	for range 5 {
		_, err := i.verify(t, unknown)
		require.Error(t, err)
	}
	require.EqualValues(t, 1, i.fetches.Load(), "keys just fetched are not fetched again")
	now = now.Add(time.Minute)
	for range 5 {
		_, err := i.verify(t, unknown)
		require.Error(t, err)
	}
	require.EqualValues(t, 2, i.fetches.Load())
}
