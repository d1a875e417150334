package apiclient_test

import (
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestMisshapenTokens(t *testing.T) {
	t.Parallel()
	m := newMint(t)
	header, claims, signature := m.parts()
	standard := func(part string) string {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		require.NoError(t, err)
		return base64.StdEncoding.EncodeToString(raw)
	}
	last := signature[len(signature)-1:]
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	next := string(alphabet[strings.Index(alphabet, last)^1]) // the same bytes, but for a bit that stands for nothing
	for name, token := range map[string]string{
		"nothing": "", "a dot": ".", "two dots": "..", "three dots": "...", "five parts": "a.b.c.d.e", "only a header": header, "only claims": "." + claims + ".",
		"a dot before": "." + m.genuine, "a dot behind": m.genuine + ".", "two dots between": header + ".." + claims + "." + signature,
		"a fourth part": m.genuine + "." + signature, "no signature": header + "." + claims + ".", "twice": m.genuine + m.genuine, "two of them": m.genuine + "," + m.genuine,
		"another order": claims + "." + header + "." + signature, "padding": m.genuine + "==", "padding inside": header + "=." + claims + "." + signature,
		"the other alphabet":            standard(header) + "." + standard(claims) + "." + standard(signature),
		"a bit that stands for nothing": m.genuine[:len(m.genuine)-1] + next, "a line end inside": m.genuine[:len(m.genuine)-10] + "\n" + m.genuine[len(m.genuine)-10:],
		"a line end behind": m.genuine + "\n", "a carriage return": m.genuine[:len(m.genuine)-10] + "\r" + m.genuine[len(m.genuine)-10:],
		"a space behind": m.genuine + " ", "a space before": " " + m.genuine, "U+0000 behind": m.genuine + "\x00", "a word behind": m.genuine + " x", "rubbish behind": m.genuine + "!",
		"escaped": strings.ReplaceAll(m.genuine, ".", "%2E"), "wide dots": strings.ReplaceAll(m.genuine, ".", "．"), "Bearer": "Bearer " + m.genuine, "quotes": `"` + m.genuine + `"`,
		"JSON serialization": fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, header, claims, signature),
		"a megabyte":         strings.Repeat("A", 1<<20), "a megabyte of dots": strings.Repeat(".", 1<<20), "a genuine one and a megabyte": m.genuine + strings.Repeat("A", 1<<20),
		"a megabyte of header": m.sign(`{"alg":"ES256","typ":"at+jwt","kid":"`+m.kid+`","x":"`+strings.Repeat("x", 1<<20)+`"}`, m.claims("")),
		"a megabyte of claims": m.sign(m.header(), m.claims(`,"x":"`+strings.Repeat("x", 1<<20)+`"`)),
		"deep claims":          m.sign(m.header(), m.claims(`,"x":`+strings.Repeat("[", 3000)+strings.Repeat("]", 3000))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m.refused(t, token)
		})
	}
}

// mutate changes a token a little.
func mutate(r *mathrand.Rand, token, other string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\r\t\x00%"
	b := []byte(token)
	at := r.IntN(len(b))
	switch r.IntN(9) {
	case 0:
		b[at] ^= 1 << r.IntN(8)
	case 1:
		b[at] = alphabet[r.IntN(len(alphabet))]
	case 2:
		b = append(b[:at:at], b[at+1:]...)
	case 3:
		b = append(b[:at:at], append([]byte{alphabet[r.IntN(len(alphabet))]}, b[at:]...)...)
	case 4:
		b = b[:at]
	case 5:
		to := r.IntN(len(b))
		b[at], b[to] = b[to], b[at]
	case 6: // a part of the other token
		parts, others := strings.Split(token, "."), strings.Split(other, ".")
		i := r.IntN(len(parts))
		parts[i] = others[i%len(others)]
		return strings.Join(parts, ".")
	case 7: // other bytes in a part
		parts := strings.Split(token, ".")
		i := r.IntN(len(parts))
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || len(raw) == 0 {
			return token + "."
		}
		raw[r.IntN(len(raw))] ^= byte(1 + r.IntN(255))
		parts[i] = encode(raw)
		return strings.Join(parts, ".")
	case 8:
		return string(b[:at]) + other[min(at, len(other)):]
	}
	return string(b)
}

func mutateTokens(t *testing.T, seed uint64, more func(round int) bool) {
	t.Helper()
	m := newMint(t)
	c, plain := newClient(t, m.s)
	other := tokenOf(t, m.s, c, plain).Reveal()
	r := mathrand.New(mathrand.NewPCG(seed, 0))
	for round := 0; more(round); round++ {
		token := m.genuine
		for range 1 + r.IntN(3) {
			token = mutate(r, token, other)
			if token == "" {
				break
			}
		}
		if token == m.genuine || token == other {
			continue
		}
		_, err := m.s.Authenticate(t.Context(), secret.New(token))
		require.ErrorIs(t, err, apiclient.ErrBadToken, "seed %d, round %d", seed, round)
	}
}

func TestMutatedTokens(t *testing.T) {
	t.Parallel()
	mutateTokens(t, 1, func(round int) bool { return round < 3000 })
}

func TestSoakMutatedTokens(t *testing.T) {
	if os.Getenv("LATCHKEY_TEST_SOAK") == "" { //nolint:forbidigo // how tests run is no configuration of the product
		t.Skip("long: make soak runs it")
	}
	seed, err := strconv.ParseUint(os.Getenv("LATCHKEY_TEST_SOAK_SEED"), 10, 64) //nolint:forbidigo // as above
	require.NoError(t, err)
	length, err := time.ParseDuration(os.Getenv("LATCHKEY_TEST_SOAK_TIME")) //nolint:forbidigo // as above
	require.NoError(t, err)
	end := time.Now().Add(length)
	mutateTokens(t, seed, func(int) bool { return time.Now().Before(end) })
}

// FuzzAuthenticate looks for text that is taken for a token, or that makes the service fail.
func FuzzAuthenticate(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.eyJpc3MiOiJ4In0.AAAA")
	f.Add("..")
	s, _ := newService(f)
	f.Fuzz(func(t *testing.T, token string) {
		_, err := s.Authenticate(t.Context(), secret.New(token))
		require.ErrorIs(t, err, apiclient.ErrBadToken)
	})
}
