// Package secret keeps plaintext secrets from being printed and stored ones from being read.
//
// String is a plaintext secret in memory: it prints as "[redacted]" however it is formatted, and
// Reveal is the only way out, so review can search for it. Sealed is a secret at rest: ciphertext
// bound to the table, column and row it was made for. Box turns one into the other.
package secret

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// String holds a plaintext secret. It keeps a pointer, because fmt reaches the unexported fields of
// an outer struct without calling String, and an address tells nothing. The zero value is empty.
type String struct{ value *string }

// New wraps a plaintext secret.
func New(plaintext string) String { return String{value: &plaintext} }

// Reveal returns the plaintext. Each call is a place where the secret may leave; keep them few.
func (s String) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret, or an empty one.
func (s String) IsZero() bool { return s.value == nil || *s.value == "" }

// String returns a fixed placeholder.
func (s String) String() string { return redacted }

// GoString returns a fixed placeholder.
func (s String) GoString() string { return redacted }

// Format writes a fixed placeholder for every verb.
func (s String) Format(f fmt.State, _ rune) { writeRedacted(f) }

// LogValue returns a fixed placeholder.
func (s String) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns a fixed placeholder, which also covers JSON.
func (s String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes a secret out of a request body.
func (s *String) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}

func writeRedacted(f fmt.State) {
	// A formatting state reports write errors to its caller by itself.
	_, _ = f.Write([]byte(redacted))
}
