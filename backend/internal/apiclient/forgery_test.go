package apiclient_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// mint writes tokens by hand, so that a test can write what no library would.
type mint struct {
	t       *testing.T
	s       *apiclient.Service
	client  apiclient.Client
	kid     string
	key     *ecdsa.PrivateKey
	now     int64
	genuine string
}

func newMint(t *testing.T) *mint {
	t.Helper()
	s, at := newService(t)
	c, plain := newClient(t, s)
	kid, key := signingKeyOf(t, s)
	return &mint{t: t, s: s, client: c, kid: kid, key: key, now: at.Now().Unix(), genuine: tokenOf(t, s, c, plain).Reveal()}
}

func (m *mint) header() string { return fmt.Sprintf(`{"alg":"ES256","typ":"at+jwt","kid":%q}`, m.kid) }

// claims are good ones, with more members at their end.
func (m *mint) claims(more string) string {
	return fmt.Sprintf(`{"iss":%q,"aud":[%q],"sub":%q,"client_id":%q,"scope":"mail:send","iat":%d,"exp":%d%s}`,
		issuer, audience, m.client.ID, m.client.ID, m.now, m.now+60, more)
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// sign makes a token of any text, with the service's own key.
func (m *mint) sign(header, claims string) string {
	m.t.Helper()
	input := encode([]byte(header)) + "." + encode([]byte(claims))
	return input + "." + encode(signES256(m.t, m.key, input))
}

func signES256(t *testing.T, key *ecdsa.PrivateKey, input string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	require.NoError(t, err)
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func (m *mint) accepted(t *testing.T, token string) {
	t.Helper()
	p, err := m.s.Authenticate(t.Context(), secret.New(token))
	require.NoError(t, err)
	require.Equal(t, m.client.ID, p.ID)
}

func (m *mint) refused(t *testing.T, token string) {
	t.Helper()
	p, err := m.s.Authenticate(t.Context(), secret.New(token))
	require.ErrorIs(t, err, apiclient.ErrBadToken)
	require.Empty(t, p)
}

// parts of the genuine token.
func (m *mint) parts() (header, claims, signature string) {
	parts := strings.Split(m.genuine, ".")
	return parts[0], parts[1], parts[2]
}

func TestForgedAlgorithms(t *testing.T) {
	t.Parallel()
	m := newMint(t)
	m.accepted(t, m.sign(m.header(), m.claims("")))
	_, _, signature := m.parts()
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `" none"`, `"n\u006fne"`, `"none\u0000"`, `""`, `null`, `1`, `["ES256"]`, `["none"]`, `{}`, `true`,
		`"es256"`, `"ES256 "`, `"ES256K"`, `"ES384"`, `"ES512"`, `"HS256"`, `"RS256"`, `"PS256"`, `"EdDSA"`, `"dir"`,
	} {
		header := fmt.Sprintf(`{"alg":%s,"typ":"at+jwt","kid":%q}`, alg, m.kid)
		input := encode([]byte(header)) + "." + encode([]byte(m.claims("")))
		for name, end := range map[string]string{
			"no signature": ".", "no third part": "", "the genuine signature": "." + signature, "a signature of ours": "." + encode(signES256(t, m.key, input)),
		} {
			t.Run(alg+" with "+name, func(t *testing.T) {
				t.Parallel()
				m.refused(t, input+end)
			})
		}
	}
	t.Run("no algorithm", func(t *testing.T) {
		t.Parallel()
		m.refused(t, m.sign(fmt.Sprintf(`{"typ":"at+jwt","kid":%q}`, m.kid), m.claims("")))
	})
}

// TestPublicKeyAsSecret signs with what everybody can read, as the secret of another algorithm.
func TestPublicKeyAsSecret(t *testing.T) {
	t.Parallel()
	m := newMint(t)
	der, err := x509.MarshalPKIXPublicKey(&m.key.PublicKey)
	require.NoError(t, err)
	raw, err := m.key.PublicKey.Bytes()
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwk, err := json.Marshal(map[string]string{"kty": "EC", "crv": "P-256", "x": encode(raw[1:33]), "y": encode(raw[33:])})
	require.NoError(t, err)
	for name, key := range map[string][]byte{
		"PEM": text, "PEM without its last line end": bytes.TrimSpace(text), "DER": der, "the point": raw, "x and y": raw[1:], "x": raw[1:33],
		"JWK": jwk, "base64 of DER": []byte(base64.StdEncoding.EncodeToString(der)), "the key's id": []byte(m.kid), "nothing": nil,
	} {
		for _, alg := range []string{"HS256", "HS384", "HS512", "ES256"} {
			input := encode(fmt.Appendf(nil, `{"alg":%q,"typ":"at+jwt","kid":%q}`, alg, m.kid)) + "." + encode([]byte(m.claims("")))
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(input))
			t.Run(alg+" with "+name, func(t *testing.T) {
				t.Parallel()
				m.refused(t, input+"."+encode(mac.Sum(nil)))
			})
		}
	}
}

func TestForeignKeys(t *testing.T) {
	t.Parallel()
	m := newMint(t)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	larger, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	digest := func(input string) []byte { sum := sha256.Sum256([]byte(input)); return sum[:] }
	for name, row := range map[string]struct {
		alg  string
		sign func(input string) ([]byte, error)
	}{
		"another key": {"ES256", func(input string) ([]byte, error) { return signES256(t, stranger, input), nil }},
		"a key on another curve": {"ES256", func(input string) ([]byte, error) {
			r, s, err := ecdsa.Sign(rand.Reader, larger, digest(input))
			return append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...), err
		}},
		"RSA as RS256": {"RS256", func(input string) ([]byte, error) {
			return rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA256, digest(input))
		}},
		"RSA as ES256": {"ES256", func(input string) ([]byte, error) {
			return rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA256, digest(input))
		}},
		"RSA as PS256": {"PS256", func(input string) ([]byte, error) {
			return rsa.SignPSS(rand.Reader, rsaKey, crypto.SHA256, digest(input), nil)
		}},
		"Ed25519 as EdDSA": {"EdDSA", func(input string) ([]byte, error) { return ed25519.Sign(edKey, []byte(input)), nil }},
		"Ed25519 as ES256": {"ES256", func(input string) ([]byte, error) { return ed25519.Sign(edKey, []byte(input)), nil }},
		"our key, as DER":  {"ES256", func(input string) ([]byte, error) { return ecdsa.SignASN1(rand.Reader, m.key, digest(input)) }},
		"zeros":            {"ES256", func(string) ([]byte, error) { return make([]byte, 64), nil }},
		"too few zeros":    {"ES256", func(string) ([]byte, error) { return make([]byte, 63), nil }},
		"the order of the curve": {"ES256", func(string) ([]byte, error) {
			n := elliptic.P256().Params().N.Bytes()
			return append(n, n...), nil
		}},
		"ours and a byte": {"ES256", func(input string) ([]byte, error) { return append(signES256(t, m.key, input), 0), nil }},
		"ours, with zeros before each half": {"ES256", func(input string) ([]byte, error) {
			ours := signES256(t, m.key, input)
			return append(append(make([]byte, 8), ours[:32]...), append(make([]byte, 8), ours[32:]...)...), nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := encode(fmt.Appendf(nil, `{"alg":%q,"typ":"at+jwt","kid":%q}`, row.alg, m.kid)) + "." + encode([]byte(m.claims("")))
			signature, err := row.sign(input)
			require.NoError(t, err)
			m.refused(t, input+"."+encode(signature))
		})
	}
	// Whoever has a signature (r, s) can write (r, n-s) (SEC 1 §4.1.4), which is as good. It says the same
	// in other digits: nothing here is kept by a token's text but what was found out about it.
	t.Run("the other form of a genuine signature says the same", func(t *testing.T) {
		t.Parallel()
		header, claims, signature := m.parts()
		raw, err := base64.RawURLEncoding.DecodeString(signature)
		require.NoError(t, err)
		s := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(raw[32:]))
		m.accepted(t, header+"."+claims+"."+encode(append(raw[:32], s.FillBytes(make([]byte, 32))...)))
	})
}

func TestForgedHeaders(t *testing.T) {
	t.Parallel()
	m := newMint(t)
	var fetched atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	t.Cleanup(elsewhere.Close)
	other, plain := newService(t)
	_ = plain
	foreignKid, _ := signingKeyOf(t, other)

	for _, kid := range []string{
		`""`, `null`, `0`, `true`, `[]`, `{}`, `"../../../dev/null"`, `"/etc/passwd"`, `"` + elsewhere.URL + `/jwks"`, `"' OR '1'='1"`, `"x' UNION SELECT 'a"`,
		`"%"`, `"*"`, `"\u0000"`, `"` + strings.ToUpper(m.kid) + `"`, `"` + m.kid + ` "`, `"` + m.kid + `\u0000"`, `"` + foreignKid + `"`,
		`["` + m.kid + `"]`, `{"` + m.kid + `":1}`, `"` + strings.Repeat("k", 3000) + `"`,
	} {
		t.Run("kid "+kid[:min(len(kid), 40)], func(t *testing.T) {
			t.Parallel()
			m.refused(t, m.sign(`{"alg":"ES256","typ":"at+jwt","kid":`+kid+`}`, m.claims("")))
		})
	}
	t.Run("no kid", func(t *testing.T) {
		t.Parallel()
		m.refused(t, m.sign(`{"alg":"ES256","typ":"at+jwt"}`, m.claims("")))
	})

	// A key that a token brings along, or an address to fetch one from, is never looked at.
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	point, err := stranger.PublicKey.Bytes()
	require.NoError(t, err)
	for _, more := range []string{
		`"jku":"` + elsewhere.URL + `/jwks"`, `"x5u":"` + elsewhere.URL + `/cert"`, `"x5c":["MIIB"]`, `"x5t":"AAAA"`,
		fmt.Sprintf(`"jwk":{"kty":"EC","crv":"P-256","x":%q,"y":%q,"kid":%q}`, encode(point[1:33]), encode(point[33:]), m.kid),
	} {
		t.Run(more[:5]+" of a stranger", func(t *testing.T) {
			t.Parallel()
			for _, kid := range []string{`,"kid":"` + m.kid + `"`, `,"kid":"stranger"`, ""} {
				input := encode([]byte(`{"alg":"ES256","typ":"at+jwt",`+more+kid+`}`)) + "." + encode([]byte(m.claims("")))
				m.refused(t, input+"."+encode(signES256(t, stranger, input)))
			}
			require.Zero(t, fetched.Load())
		})
	}
	for typ, good := range map[string]bool{
		`"at+jwt"`: true, `"AT+JWT"`: true, `"At+Jwt"`: true, `"application/at+jwt"`: true, `"Application/AT+JWT"`: true,
		`"JWT"`: false, `"jwt"`: false, `"jwt+at"`: false, `"at+jwt "`: false, `"at jwt"`: false, `"id+jwt"`: false, `"logout+jwt"`: false,
		`"dpop+jwt"`: false, `"application/jwt"`: false, `"text/at+jwt"`: false, `""`: false, `null`: false, `["at+jwt"]`: false, `1`: false,
	} {
		t.Run("typ "+typ, func(t *testing.T) {
			t.Parallel()
			token := m.sign(fmt.Sprintf(`{"alg":"ES256","typ":%s,"kid":%q}`, typ, m.kid), m.claims(""))
			if good {
				m.accepted(t, token)
			} else {
				m.refused(t, token)
			}
		})
	}
	for _, crit := range []string{`[]`, `["exp"]`, `["b64"]`, `["kid","alg"]`, `null`, `"b64"`, `{}`} {
		t.Run("crit "+crit, func(t *testing.T) {
			t.Parallel()
			m.refused(t, m.sign(fmt.Sprintf(`{"alg":"ES256","typ":"at+jwt","kid":%q,"crit":%s,"b64":false}`, m.kid, crit), m.claims("")))
		})
	}
	for _, header := range []string{`[]`, `null`, `"x"`, `1`, ``, `{`, `{"alg":"ES256"}{}`, "\xff", `{"alg":"ES256",}`} {
		t.Run("header "+strconv.QuoteToASCII(header), func(t *testing.T) {
			t.Parallel()
			m.refused(t, m.sign(header, m.claims("")))
		})
	}
	// RFC 7515 §4: a parser that does not refuse doubles takes the last. Only our key can sign either.
	t.Run("of a double the last counts", func(t *testing.T) {
		t.Parallel()
		m.refused(t, m.sign(fmt.Sprintf(`{"alg":"ES256","alg":"none","typ":"at+jwt","kid":%q}`, m.kid), m.claims("")))
		m.accepted(t, m.sign(fmt.Sprintf(`{"alg":"none","alg":"ES256","typ":"at+jwt","kid":%q}`, m.kid), m.claims("")))
	})
}

func TestRetiredSigningKey(t *testing.T) {
	t.Parallel()
	m := newMint(t)
	require.NoError(t, m.s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE signing_keys SET retired_at = created_at").Error
	}))
	// Another replica, which remembers nothing, makes a key of its own and does not take the old one.
	other := &apiclient.Service{DB: m.s.DB, Box: m.s.Box, Now: m.s.Now, Issuer: issuer, Audience: audience, TokenLifetime: time.Minute}
	require.NoError(t, other.EnsureSigningKey(t.Context()))
	_, err := other.Authenticate(t.Context(), secret.New(m.genuine))
	require.ErrorIs(t, err, apiclient.ErrBadToken)
	var kid string
	require.NoError(t, m.s.DB.Read(t.Context()).Table("signing_keys").Where("retired_at IS NULL").Pluck("id", &kid).Error)
	_, err = other.Authenticate(t.Context(), secret.New(m.sign(strings.Replace(m.header(), m.kid, kid, 1), m.claims(""))))
	require.ErrorIs(t, err, apiclient.ErrBadToken, "the old key under the new one's id")
}

func TestForgedClaims(t *testing.T) {
	t.Parallel()
	m := newMint(t)
	with := func(name, value string) string {
		var all map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(m.claims("")), &all))
		delete(all, name)
		if value != "" {
			all[name] = json.RawMessage(value)
		}
		raw, err := json.Marshal(all)
		require.NoError(t, err)
		return string(raw)
	}
	other, _ := newClient(t, m.s)
	for name, values := range map[string][]string{
		"iss":       {"", `null`, `""`, `1`, `[]`, `["` + issuer + `"]`, `"` + issuer + `/"`, `"` + strings.ToUpper(issuer) + `"`, `"https://latchkey.example.evil.example"`, `"http://latchkey.example"`},
		"aud":       {"", `null`, `""`, `[]`, `[""]`, `1`, `[1]`, `{}`, `"` + issuer + `"`, `"` + audience + `/"`, `"` + audience + `/account-keys"`, `["x","y"]`, `"x ` + audience + `"`, `[["` + audience + `"]]`},
		"sub":       {"", `null`, `""`, `1`, `"x"`, `"` + other.ID + `"`, `"` + m.client.ID + ` "`, `["` + m.client.ID + `"]`, `{}`},
		"client_id": {"", `null`, `""`, `1`, `"x"`, `"` + other.ID + `"`, `[]`},
		"exp":       {"", `null`, `""`, `"x"`, `true`, `[]`, `{}`, `0`, `-1`, strconv.FormatInt(m.now, 10), strconv.FormatInt(m.now, 10) + ".9", strconv.FormatInt(m.now-1, 10), `1e999`, `-1e300`, `"NaN"`},
		"nbf":       {strconv.FormatInt(m.now+3600, 10), `"x"`, `true`, `[]`, `{}`, `1e999`, `253402300800`},
		"iat":       {strconv.FormatInt(m.now+3600, 10), `"x"`, `true`, `[]`, `{}`, `1e999`, `253402300800`},
		"scope":     {`1`, `["mail:send"]`, `{}`, `true`},
	} {
		for _, value := range values {
			t.Run(name+" "+value, func(t *testing.T) {
				t.Parallel()
				m.refused(t, m.sign(m.header(), with(name, value)))
			})
		}
	}
	for _, claims := range []string{"", "null", "[]", `"x"`, "{}", "{", m.claims("") + "{}", "\xff"} {
		t.Run("claims "+strconv.QuoteToASCII(claims[:min(len(claims), 20)]), func(t *testing.T) {
			t.Parallel()
			m.refused(t, m.sign(m.header(), claims))
		})
	}
	t.Run("a scope allows what it names and the client holds, and nothing else", func(t *testing.T) {
		t.Parallel()
		for _, scope := range []string{`""`, `null`, `"users:write"`, `"*"`, `"mail:*"`, `"MAIL:SEND"`, `"mail:send,tokens:issue"`, `"mail:send\u0000"`} {
			p, err := m.s.Authenticate(t.Context(), secret.New(m.sign(m.header(), with("scope", scope))))
			require.NoError(t, err)
			require.Empty(t, p.Permissions, scope)
		}
	})
	for _, claims := range []string{
		with("aud", `["`+audience+`","x"]`), with("aud", `"`+audience+`"`), with("nbf", strconv.FormatInt(m.now, 10)), with("iat", ""),
		with("exp", `253402300799`), with("exp", strconv.FormatInt(m.now+1, 10)+".5"),
		m.claims(`,"admin":true,"permissions":["users:write"],"extra":{"deep":[1]}`),
	} {
		t.Run("good: "+claims, func(t *testing.T) {
			t.Parallel()
			m.accepted(t, m.sign(m.header(), claims))
		})
	}
}
