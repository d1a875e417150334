package emulator

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined over SHA-1.
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"sync"
	"time"
)

const signingKeys = 2 // how many the JWKS lists at a time

// signingKey is one RSA key of the JWKS with its self-made certificate.
type signingKey struct {
	private *rsa.PrivateKey
	kid     string
	cert    []byte
}

// keyPool makes signing keys on demand and remembers them for all emulators of the process:
// generating RSA keys is slow, and a test suite makes hundreds of emulators.
type keyPool struct {
	mu   sync.Mutex
	keys []*signingKey
}

//nolint:gochecknoglobals // caches of keys that say nothing about any emulator's state.
var (
	sharedKeys   keyPool
	unlistedKeys keyPool // never in any JWKS
)

func (p *keyPool) at(i int) *signingKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.keys) <= i {
		p.keys = append(p.keys, newSigningKey(len(p.keys)))
	}
	return p.keys[i]
}

func newSigningKey(n int) *signingKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("generate signing key: %v", err))
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(int64(n) + 1),
		Subject:      pkix.Name{CommonName: "emulator signing key"},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &private.PublicKey, private)
	if err != nil {
		panic(fmt.Sprintf("create signing certificate: %v", err))
	}
	sum := sha1.Sum(der) //nolint:gosec // x5t is defined over SHA-1.
	return &signingKey{private: private, kid: b64(sum[:]), cert: der}
}

// RotateKeys retires the oldest key of the JWKS, adds a new one and signs with it.
func (e *Emulator) RotateKeys() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keyIndex++
}

// currentKey is the newest of the listed keys.
func (e *Emulator) currentKey() *signingKey { return sharedKeys.at(e.keyIndex + signingKeys - 1) }

func (e *Emulator) jwks(c *call) {
	t, sts := e.resolveTenant(c.r.PathValue("tenant"))
	issuer := c.base + "/{tenantid}/v2.0"
	if t != nil {
		issuer = c.base + "/" + t.id + "/v2.0"
	} else if sts.code != 50194 {
		c.stsJSON(sts)
		return
	}
	var keys []map[string]any
	for i := range signingKeys {
		k := sharedKeys.at(e.keyIndex + i)
		exponent := big.NewInt(int64(k.private.E)).Bytes()
		keys = append(keys, map[string]any{
			"kty": "RSA", "use": "sig", "kid": k.kid, "x5t": k.kid, "n": b64(k.private.N.Bytes()), "e": b64(exponent),
			"x5c": []string{base64.StdEncoding.EncodeToString(k.cert)}, "cloud_instance_name": "microsoftonline.com", "issuer": issuer,
		})
	}
	c.publicHeaders()
	c.json(200, map[string]any{"keys": keys})
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signRS256 makes a compact JWT.
func signRS256(k *signingKey, claims map[string]any) (string, error) {
	input, err := jwtInput(map[string]any{"typ": "JWT", "alg": "RS256", "kid": k.kid}, claims)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return input + "." + b64(sig), nil
}

func jwtInput(header, claims map[string]any) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("encode header: %w", err)
	}
	p, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	return b64(h) + "." + b64(p), nil
}
