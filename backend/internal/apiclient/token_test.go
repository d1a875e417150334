package apiclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestIssue(t *testing.T) {
	t.Parallel()
	s, at := newService(t)
	c, plain := newClient(t, s)
	issued, err := s.Issue(t.Context(), c.ID, plain, "")
	require.NoError(t, err)
	parsed, _, err := jwt.NewParser().ParseUnverified(issued.Token.Reveal(), jwt.MapClaims{})
	require.NoError(t, err)
	require.Equal(t, "at+jwt", parsed.Header["typ"])
	require.Equal(t, "ES256", parsed.Header["alg"])
	require.NotEmpty(t, parsed.Header["kid"])
	got := parsed.Claims.(jwt.MapClaims)
	require.NotEmpty(t, got["jti"])
	delete(got, "jti")
	aud, err := got.GetAudience()
	require.NoError(t, err)
	require.Equal(t, jwt.ClaimStrings{audience}, aud)
	delete(got, "aud")
	now := float64(at.Now().Unix())
	require.Equal(t, jwt.MapClaims{
		"iss": issuer, "sub": c.ID, "client_id": c.ID, "scope": "tokens:issue mail:send", "iat": now, "exp": now + 900,
	}, got)
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	t.Run("the scope narrows, and what the client lost is lost at once", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		key := newKey(t, s)
		c, plain := newClient(t, s, func(in *apiclient.Input) { in.AccountKeyIDs = []string{key} })
		issued, err := s.Issue(t.Context(), c.ID, plain, "mail:send")
		require.NoError(t, err)
		p, err := s.Authenticate(t.Context(), issued.Token)
		require.NoError(t, err)
		require.Equal(t, []auth.Permission{auth.MailSend}, p.Permissions)
		require.Equal(t, []string{key}, p.KeyIDs)
		require.False(t, p.AllKeys)
		_, err = s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) {
			in.Permissions, in.AccountKeyIDs = []auth.Permission{auth.TokensIssue, auth.AuditRead}, nil
		})
		require.NoError(t, err)
		p, err = s.Authenticate(t.Context(), issued.Token)
		require.NoError(t, err)
		require.Empty(t, p.Permissions)
		require.Empty(t, p.KeyIDs)
	})
	t.Run("a disabled and a deleted client are refused at once", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		c, plain := newClient(t, s)
		token := tokenOf(t, s, c, plain)
		_, err := s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.Disabled = true })
		require.NoError(t, err)
		_, err = s.Authenticate(t.Context(), token)
		require.ErrorIs(t, err, apiclient.ErrBadToken)
		_, err = s.Issue(t.Context(), c.ID, plain, "")
		require.Error(t, err)
		require.NoError(t, s.Delete(asAdmin(t), c.ID, nil))
		_, err = s.Authenticate(t.Context(), token)
		require.ErrorIs(t, err, apiclient.ErrBadToken)
	})
	t.Run("a token ends when it says", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, plain := newClient(t, s)
		token := tokenOf(t, s, c, plain)
		at.advance(15*time.Minute - time.Second)
		_, err := s.Authenticate(t.Context(), token)
		require.NoError(t, err)
		at.advance(time.Second)
		_, err = s.Authenticate(t.Context(), token)
		require.ErrorIs(t, err, apiclient.ErrBadToken)
	})
	t.Run("a database that doesn't answer is no bad token", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		c, plain := newClient(t, s)
		token := tokenOf(t, s, c, plain)
		s.DB = brokenDB(t)
		_, err := s.Authenticate(t.Context(), token)
		require.Error(t, err)
		require.NotErrorIs(t, err, apiclient.ErrBadToken)
		fresh := &apiclient.Service{DB: s.DB, Box: s.Box, Now: s.Now, Issuer: issuer, Audience: audience}
		_, err = fresh.Authenticate(t.Context(), token)
		require.Error(t, err)
		_, isFault := fault.From(err)
		require.False(t, isFault)
	})
}

// forgery is a token made with the service's real signing key, but for what a case changes.
type forgery struct {
	method jwt.SigningMethod
	key    any
	header map[string]any
	claims jwt.MapClaims
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	s, at := newService(t)
	c, plain := newClient(t, s)
	genuine := tokenOf(t, s, c, plain).Reveal()
	kid, private := signingKeyOf(t, s)
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	require.NoError(t, err)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	forge := func(t *testing.T, change func(*forgery)) secret.String {
		t.Helper()
		f := forgery{
			method: jwt.SigningMethodES256, key: private, header: map[string]any{"typ": "at+jwt", "kid": kid},
			claims: jwt.MapClaims{
				"iss": issuer, "aud": audience, "sub": c.ID, "client_id": c.ID, "scope": "mail:send",
				"iat": at.Now().Unix(), "exp": at.Now().Add(time.Minute).Unix(),
			},
		}
		change(&f)
		token := jwt.NewWithClaims(f.method, f.claims)
		delete(token.Header, "typ")
		maps.Copy(token.Header, f.header)
		text, err := token.SignedString(f.key)
		require.NoError(t, err)
		return secret.New(text)
	}

	for name, change := range map[string]func(*forgery){
		"the usual type":         func(*forgery) {},
		"the type in full":       func(f *forgery) { f.header["typ"] = "application/at+jwt" },
		"several audiences":      func(f *forgery) { f.claims["aud"] = []string{"x", audience} },
		"the type in upper case": func(f *forgery) { f.header["typ"] = "AT+JWT" },
	} {
		t.Run("accepted: "+name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Authenticate(t.Context(), forge(t, change))
			require.NoError(t, err)
		})
	}
	for name, change := range map[string]func(*forgery){
		"no signature":                    func(f *forgery) { f.method, f.key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType },
		"HS256 with the public key":       func(f *forgery) { f.method, f.key = jwt.SigningMethodHS256, publicPEM },
		"HS256 with the public key, bare": func(f *forgery) { f.method, f.key = jwt.SigningMethodHS256, public },
		"another key under our id":        func(f *forgery) { f.key = stranger },
		"an unknown key id":               func(f *forgery) { f.header["kid"] = "0198c0de-0000-7000-8000-000000000000" },
		"a path as key id":                func(f *forgery) { f.header["kid"] = "../../etc/passwd" },
		"no key id":                       func(f *forgery) { delete(f.header, "kid") },
		"a key id that is no text":        func(f *forgery) { f.header["kid"] = 1 },
		"a key brought along": func(f *forgery) {
			f.key = stranger
			f.header["jku"] = "https://evil.example/jwks"
			delete(f.header, "kid")
		},
		"type JWT":               func(f *forgery) { f.header["typ"] = "JWT" },
		"no type":                func(f *forgery) { delete(f.header, "typ") },
		"critical extensions":    func(f *forgery) { f.header["crit"] = []string{"b64"} },
		"another issuer":         func(f *forgery) { f.claims["iss"] = issuer + "/" },
		"no issuer":              func(f *forgery) { delete(f.claims, "iss") },
		"another audience":       func(f *forgery) { f.claims["aud"] = issuer },
		"no audience":            func(f *forgery) { delete(f.claims, "aud") },
		"no end":                 func(f *forgery) { delete(f.claims, "exp") },
		"an end that has passed": func(f *forgery) { f.claims["exp"] = at.Now().Unix() },
		"issued in the future":   func(f *forgery) { f.claims["iat"] = at.Now().Add(time.Hour).Unix() },
		"another client id":      func(f *forgery) { f.claims["client_id"] = "someone" },
		"no subject":             func(f *forgery) { delete(f.claims, "sub") },
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Authenticate(t.Context(), forge(t, change))
			require.ErrorIs(t, err, apiclient.ErrBadToken)
		})
	}
	for name, text := range map[string]string{
		"nothing": "", "no JWT": "x", "a secret": plain.Reveal(), "cut off": genuine[:len(genuine)-4],
		"padded": genuine + "=", "without its signature": genuine[:strings.LastIndex(genuine, ".")+1],
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Authenticate(t.Context(), secret.New(text))
			require.ErrorIs(t, err, apiclient.ErrBadToken)
		})
	}
}

// signingKeyOf takes the service's signing key out of its database.
func signingKeyOf(t *testing.T, s *apiclient.Service) (string, *ecdsa.PrivateKey) {
	t.Helper()
	var row struct {
		ID         string
		PrivateKey secret.Sealed
	}
	require.NoError(t, s.DB.Read(t.Context()).Table("signing_keys").Take(&row).Error)
	der, err := s.Box.Open(row.PrivateKey, "signing_keys", "private_key", row.ID)
	require.NoError(t, err)
	key, err := x509.ParsePKCS8PrivateKey([]byte(der.Reveal()))
	require.NoError(t, err)
	return row.ID, key.(*ecdsa.PrivateKey)
}
