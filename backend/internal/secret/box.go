package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xchacha20poly1305"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// ErrWrongKey is reported when a ciphertext was made under a key that the box doesn't hold, was
// moved from the place it was sealed for, or was changed.
var ErrWrongKey = errors.New("the secret cannot be opened with the configured master key")

// Box seals and opens secrets under one or several master keys: it seals with the one it is told and
// opens with whichever made the ciphertext. It is safe for concurrent use.
//
// Why XChaCha20-Poly1305: its random nonces are long enough that a key which lives for years never
// needs a count of how often it was used. Why Tink: its ciphertexts begin with the id of their key.
type Box struct {
	ids   []KeyID
	aeads map[KeyID]tink.AEAD
}

// NewBox builds a box from master keys, newest first.
func NewBox(masterKeys ...[]byte) (*Box, error) {
	if len(masterKeys) == 0 {
		return nil, errors.New("no master key")
	}
	b := &Box{aeads: map[KeyID]tink.AEAD{}}
	for i, raw := range masterKeys {
		if len(raw) != MasterKeySize {
			return nil, fmt.Errorf("master key %d has %d bytes, not %d", i+1, len(raw), MasterKeySize)
		}
		id := keyIDOf(raw)
		if b.Holds(id) {
			return nil, fmt.Errorf("master key %d is listed twice", i+1)
		}
		primitive, err := newAEAD(raw, id)
		if err != nil {
			return nil, fmt.Errorf("master key %d: %w", i+1, err)
		}
		b.ids, b.aeads[id] = append(b.ids, id), primitive
	}
	return b, nil
}

func newAEAD(raw []byte, id KeyID) (tink.AEAD, error) {
	params, err := xchacha20poly1305.NewParameters(xchacha20poly1305.VariantTink)
	if err != nil {
		return nil, err
	}
	key, err := xchacha20poly1305.NewKey(secretdata.NewBytesFromData(raw, insecuresecretdataaccess.Token{}), uint32(id), params)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManager()
	added, err := manager.AddKey(key)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(added); err != nil {
		return nil, err
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return aead.New(handle)
}

// KeyIDs returns the ids of the keys, newest first.
func (b *Box) KeyIDs() []KeyID { return slices.Clone(b.ids) }

// Holds reports whether a key is in the box.
func (b *Box) Holds(id KeyID) bool {
	_, ok := b.aeads[id]
	return ok
}

// Seal encrypts s under one of the keys, for one column of one row. An empty secret seals to nil.
func (b *Box) Seal(under KeyID, s String, table, column, id string) (Sealed, error) {
	if s.IsZero() {
		return nil, nil //nolint:nilnil // no secret, no ciphertext
	}
	primitive, ok := b.aeads[under]
	if !ok {
		return nil, fmt.Errorf("seal %s.%s: the master key %s is not configured: %w", table, column, under, ErrWrongKey)
	}
	sealed, err := primitive.Encrypt([]byte(s.Reveal()), place(table, column, id))
	if err != nil {
		return nil, fmt.Errorf("seal %s.%s: %w", table, column, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same table, column and row. Nil opens to an empty secret.
func (b *Box) Open(s Sealed, table, column, id string) (String, error) {
	if len(s) == 0 {
		return String{}, nil
	}
	under, ok := s.KeyID()
	if ok && !b.Holds(under) {
		return String{}, fmt.Errorf("open %s.%s of %s, which is sealed under the master key %s: %w", table, column, id, under, ErrWrongKey)
	}
	if !ok {
		return String{}, fmt.Errorf("open %s.%s of %s: %w", table, column, id, ErrWrongKey)
	}
	plaintext, err := b.aeads[under].Decrypt(s, place(table, column, id))
	if err != nil {
		return String{}, fmt.Errorf("open %s.%s of %s: %w", table, column, id, ErrWrongKey)
	}
	return New(string(plaintext)), nil
}

// place is the additional data: NUL cannot occur in any of its parts.
func place(table, column, id string) []byte {
	return []byte(table + "\x00" + column + "\x00" + id)
}

// ParseMasterKeys reads one or several base64 keys of 32 bytes, newest first, separated by commas
// or white space. Errors name the position of a bad key, never its text.
func ParseMasterKeys(text String) ([][]byte, error) {
	fields := strings.FieldsFunc(text.Reveal(), func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r'
	})
	if len(fields) == 0 {
		return nil, errors.New("holds no key")
	}
	keys := make([][]byte, 0, len(fields))
	for i, field := range fields {
		raw, err := decodeBase64(field)
		if err != nil || len(raw) != MasterKeySize {
			return nil, fmt.Errorf("key %d is not %d bytes in base64; make one with: openssl rand -base64 %d",
				i+1, MasterKeySize, MasterKeySize)
		}
		if first := slices.IndexFunc(keys, func(k []byte) bool { return bytes.Equal(k, raw) }); first >= 0 {
			return nil, fmt.Errorf("key %d is the same as key %d; list each key once", i+1, first+1)
		}
		keys = append(keys, raw)
	}
	return keys, nil
}

func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	s = strings.NewReplacer("+", "-", "/", "_").Replace(s)
	return base64.RawURLEncoding.DecodeString(s)
}

// GenerateMasterKey returns a new random master key in the form ParseMasterKeys reads.
func GenerateMasterKey() String {
	return New(base64.StdEncoding.EncodeToString(RandomBytes(MasterKeySize)))
}
