package emulator

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined over SHA-1.
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"time"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// appCertificate is the public half that was uploaded to the registration.
type appCertificate struct {
	cert       *x509.Certificate
	sha1, sha2 []byte
}

// parseCertificate takes PEM or DER.
func parseCertificate(data []byte) (*appCertificate, error) {
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	cert, err := x509.ParseCertificate(data)
	if err != nil {
		return nil, err
	}
	if _, ok := cert.PublicKey.(*rsa.PublicKey); !ok {
		return nil, errors.New("not an RSA certificate")
	}
	one, two := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw) //nolint:gosec // x5t is defined over SHA-1.
	return &appCertificate{cert: cert, sha1: one[:], sha2: two[:]}, nil
}

type assertionHeader struct {
	Alg     string `json:"alg"`
	X5T     string `json:"x5t"`
	X5TS256 string `json:"x5t#S256"`
}

type assertionClaims struct {
	Aud string `json:"aud"`
	Iss string `json:"iss"`
	Sub string `json:"sub"`
	JTI string `json:"jti"`
	NBF int64  `json:"nbf"`
	Exp int64  `json:"exp"`
}

// anyBase64 reads standard and URL alphabets, padded or not: SDKs differ in how they write thumbprints.
func anyBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
	return base64.RawURLEncoding.DecodeString(s)
}

func jsonPart(part string, v any) bool {
	raw, err := anyBase64(part)
	return err == nil && json.Unmarshal(raw, v) == nil
}

// assertionSubject names the client of an assertion before it is verified.
func assertionSubject(jwt string) string {
	parts := strings.Split(jwt, ".")
	var claims assertionClaims
	if len(parts) == 3 && jsonPart(parts[1], &claims) {
		return claims.Sub
	}
	return ""
}

func (a *app) certificateFor(h assertionHeader) (*appCertificate, string) {
	one, err1 := anyBase64(h.X5T)
	two, err2 := anyBase64(h.X5TS256)
	for _, k := range a.certificates {
		if err1 == nil && h.X5T != "" && string(one) == string(k.sha1) || err2 == nil && h.X5TS256 != "" && string(two) == string(k.sha2) {
			return k, ""
		}
	}
	if h.X5TS256 != "" {
		return nil, strings.ToUpper(hex.EncodeToString(two))
	}
	return nil, strings.ToUpper(hex.EncodeToString(one))
}

// checkAssertion verifies a private_key_jwt: signature, names, audience, time, and that it is new.
func (e *Emulator) checkAssertion(c *call, a *app, p credential) *stsError {
	parts := strings.Split(p.assertion, ".")
	var h assertionHeader
	var claims assertionClaims
	if p.kind != assertionType || len(parts) != 3 || !jsonPart(parts[0], &h) || !jsonPart(parts[1], &claims) {
		return e.sts(50012)
	}
	cert, thumbprint := a.certificateFor(h)
	if cert == nil || !signatureMatches(cert, h.Alg, parts) {
		return e.sts(700027, "{U}", thumbprint)
	}
	base := c.base + "/" + c.r.PathValue("tenant")
	byID := c.base + "/" + a.tenant
	switch {
	case claims.Iss != claims.Sub:
		return e.sts(50048)
	case !strings.EqualFold(claims.Sub, a.clientID):
		return e.sts(700030)
	case claims.Aud != base+"/oauth2/v2.0/token" && claims.Aud != byID+"/oauth2/v2.0/token" && claims.Aud != byID+"/v2.0":
		return e.sts(50012)
	case c.now.Unix() >= claims.Exp, c.now.Add(5*time.Minute).Unix() < claims.NBF, c.now.After(cert.cert.NotAfter):
		return e.sts(700024)
	}
	if _, used := e.jtis[claims.JTI]; used || claims.JTI == "" {
		return e.sts(50012)
	}
	e.jtis[claims.JTI] = c.now
	return nil
}

func signatureMatches(k *appCertificate, alg string, parts []string) bool {
	key, ok := k.cert.PublicKey.(*rsa.PublicKey)
	sig, err := anyBase64(parts[2])
	if !ok || err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch alg {
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
	case "PS256":
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], sig, nil) == nil
	}
	return false
}
