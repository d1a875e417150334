package secret

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
)

// Sealed is a ciphertext as it stands in a database column. Nil means that there is no secret.
// It prints as "[redacted]": even a ciphertext has no business in a log.
type Sealed []byte

// Value stores the ciphertext, or NULL.
func (s Sealed) Value() (driver.Value, error) {
	if len(s) == 0 {
		return nil, nil //nolint:nilnil // NULL is how database/sql spells "no value".
	}
	return []byte(s), nil
}

// Scan reads the ciphertext from a column; the bytes are copied, since drivers reuse their buffers.
func (s *Sealed) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s = nil
	case []byte:
		*s = append(Sealed(nil), v...)
	default:
		return fmt.Errorf("scan sealed secret: unexpected type %T", src)
	}
	return nil
}

// GormDataType names the column type for GORM's statement builder.
func (Sealed) GormDataType() string { return "bytes" }

// String returns a fixed placeholder.
func (s Sealed) String() string { return redacted }

// GoString returns a fixed placeholder.
func (s Sealed) GoString() string { return redacted }

// Format writes a fixed placeholder for every verb.
func (s Sealed) Format(f fmt.State, _ rune) { writeRedacted(f) }

// LogValue returns a fixed placeholder.
func (s Sealed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON refuses: a ciphertext never belongs in an answer.
func (s Sealed) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a sealed secret cannot be marshalled")
}
