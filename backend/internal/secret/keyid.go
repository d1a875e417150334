package secret

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"strconv"
)

// KeyID names a master key: 32 bits of a hash, which tell nothing of the key. Each ciphertext carries
// the id of its key, so that the order of a list of keys can change without orphaning any of them.
type KeyID uint32

// prefixSize is how long the part of a ciphertext is that names its key: Tink's mark and the id.
const (
	tinkMark   = 1
	prefixSize = 5
)

func keyIDOf(raw []byte) KeyID {
	sum := sha256.Sum256(append([]byte("latchkey master key id\x00"), raw...))
	return KeyID(binary.BigEndian.Uint32(sum[:4]) | 1) // Tink refuses id 0.
}

// KeyID returns the id of the key that a ciphertext was made under; false for what is no ciphertext.
func (s Sealed) KeyID() (KeyID, bool) {
	if len(s) < prefixSize || s[0] != tinkMark {
		return 0, false
	}
	return KeyID(binary.BigEndian.Uint32(s[1:prefixSize])), true
}

// Prefix is how every ciphertext under the key begins.
func (id KeyID) Prefix() []byte { return binary.BigEndian.AppendUint32([]byte{tinkMark}, uint32(id)) }

// String writes the id as people compare it: eight hexadecimal digits.
func (id KeyID) String() string { return fmt.Sprintf("%08x", uint32(id)) }

// Value stores the id as text.
func (id KeyID) Value() (driver.Value, error) { return id.String(), nil }

// Scan reads the id back.
func (id *KeyID) Scan(src any) error {
	text, ok := src.(string)
	if raw, isBytes := src.([]byte); isBytes {
		text, ok = string(raw), true
	}
	n, err := strconv.ParseUint(text, 16, 32)
	if !ok || err != nil {
		return fmt.Errorf("scan the id of a master key: unexpected value of type %T", src)
	}
	*id = KeyID(n)
	return nil
}

// GormDataType names the column type for GORM's statement builder.
func (KeyID) GormDataType() string { return "string" }
