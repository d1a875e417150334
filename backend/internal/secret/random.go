package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
)

// Random returns an unguessable URL-safe value of 256 bits: 43 characters, which also satisfies
// RFC 7636 §4.1 for code verifiers.
func Random() String {
	return New(base64.RawURLEncoding.EncodeToString(RandomBytes(32)))
}

// RandomBytes returns unguessable bytes, for what is written in another form than Random's.
func RandomBytes(n int) []byte {
	raw := make([]byte, n)
	// crypto/rand.Read never fails; it ends the program when the system has no randomness.
	_, _ = rand.Read(raw)
	return raw
}

// Hash is the stored form of a random secret: SHA-256 in hex. It is no password hash: it is safe
// only for values with the strength of Random's.
func Hash(s String) string {
	sum := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(sum[:])
}

// MatchesHash compares in constant time.
func MatchesHash(s String, hash string) bool {
	return subtle.ConstantTimeCompare([]byte(Hash(s)), []byte(hash)) == 1
}
