package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
)

// tokenHash is how tokens and codes are remembered: state stays small however long they are.
type tokenHash [sha256.Size]byte

func hashOf(s string) tokenHash { return sha256.Sum256([]byte(s)) }

func (e *Emulator) bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(e.random, b); err != nil {
		panic(fmt.Sprintf("read random bytes: %v", err)) // neither source can fail
	}
	return b
}

func (e *Emulator) guid() string {
	return formatGUID(e.bytes(16))
}

// opaque is a random base64url text of about the given length behind a prefix.
func (e *Emulator) opaque(prefix string, length int) string {
	return prefix + base64.RawURLEncoding.EncodeToString(e.bytes(length*3/4))
}

// between is a random whole number from low up to and including high.
func (e *Emulator) between(low, high int) int {
	b := e.bytes(4)
	n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	return low + n%(high-low+1)
}

func formatGUID(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// deriveGUID gives the same identifier for the same seed and name, for ever.
func deriveGUID(seed, name string) string {
	sum := sha256.Sum256([]byte("latchkey emulator id\x00" + seed + "\x00" + name))
	return formatGUID(sum[:16])
}

// deriveSecret has the shape of a client secret of Entra: 40 characters with "Q~" after the fourth.
func deriveSecret(seed, name string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
	out := make([]byte, 0, 40)
	for block := 0; len(out) < 40; block++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "latchkey emulator secret\x00%s\x00%s\x00%d", seed, name, block))
		for _, b := range sum {
			switch len(out) {
			case 3:
				out = append(out, "8Q~"...)
			case 40:
				return string(out)
			}
			out = append(out, alphabet[int(b)%len(alphabet)])
		}
	}
	return string(out[:40])
}
