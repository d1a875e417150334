// Package masterkey seals secrets under the master key that the database calls its primary, and moves
// a database from one master key to the next while replicas serve.
//
// Invariants: the canary is sealed under the primary key and so names it; sealing reads it within the
// caller's transaction, under a lock that a change of the primary waits for, so that nothing comes to
// stand under a key that was moved away from, whatever a replica believes; a key becomes primary only
// when every replica alive holds it; master_keys lists each key that ever was the primary, and a process
// that lacks one which is not retired does not serve.
//
// Why the database decides and not the order of each replica's list: while replicas are restarted one
// by one their lists differ, and none may write what another cannot open.
package masterkey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Box seals and opens the secrets of one database. Keys are those that this process was given.
type Box struct {
	DB   *db.DB
	Keys *secret.Box
	Now  func() time.Time
}

// instance is the one row that a database knows itself by.
type instance struct {
	ID        int
	Canary    secret.Sealed
	CreatedAt time.Time
}

// TableName names the table.
func (instance) TableName() string { return "instance" }

// masterKey is one row of master_keys.
type masterKey struct {
	ID          secret.KeyID
	FirstUsedAt time.Time
	RetiredAt   *time.Time
}

// TableName names the table.
func (masterKey) TableName() string { return "master_keys" }

const canaryText = "latchkey"

// MissingError reports that this process lacks master keys that the database needs.
type MissingError struct{ Missing, Listed []secret.KeyID }

// Error names the keys by their ids and says what to do.
func (e *MissingError) Error() string {
	return fmt.Sprintf("secrets in this database are encrypted under the master key %s, which is not listed here (listed: %s): "+
		"add it to LATCHKEY_MASTER_KEY or LATCHKEY_MASTER_KEY_FILE, newest key first; "+
		"a key may be removed only when latchkey rotate-key has said so", Join(e.Missing), Join(e.Listed))
}

// Join writes ids as a list for people.
func Join(ids []secret.KeyID) string {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		texts = append(texts, id.String())
	}
	return strings.Join(texts, ", ")
}

var errDamaged = errors.New("this database was encrypted with another master key, or is damaged: set LATCHKEY_MASTER_KEY or " +
	"LATCHKEY_MASTER_KEY_FILE to the key it was made with")

// Needed returns the ids of the keys that a database needs; none while it holds nothing.
func Needed(ctx context.Context, d *db.DB) ([]secret.KeyID, error) { return needed(d.Read(ctx)) }

func needed(q *gorm.DB) ([]secret.KeyID, error) {
	var ids []secret.KeyID
	if err := q.Model(&masterKey{}).Where("retired_at IS NULL").Order("first_used_at, id").Pluck("id", &ids).Error; err != nil {
		return nil, fmt.Errorf("read the ids of master keys: %w", err)
	}
	return ids, nil
}

// Prove makes sure that this process holds what the database needs. A database that holds nothing yet
// gets the newest key as its primary.
func (b *Box) Prove(ctx context.Context) error {
	ids, err := Needed(ctx, b.DB)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		err = b.DB.InTx(ctx, b.plant)
		if err != nil && !errors.Is(err, gorm.ErrDuplicatedKey) {
			return err
		}
		// Otherwise another replica was first, perhaps with another key.
	}
	return b.check(b.DB.Read(ctx))
}

func (b *Box) plant(tx *gorm.DB) error {
	primary := b.Keys.KeyIDs()[0]
	sealed, err := b.sealCanary(primary)
	if err != nil {
		return err
	}
	if err := tx.Create(&instance{ID: 1, Canary: sealed, CreatedAt: b.Now()}).Error; err != nil {
		return fmt.Errorf("make instance: %w", err)
	}
	return tx.Create(&masterKey{ID: primary, FirstUsedAt: b.Now()}).Error
}

func (b *Box) sealCanary(under secret.KeyID) (secret.Sealed, error) {
	return b.Keys.Seal(under, secret.New(canaryText), "instance", "canary", "1")
}

// check returns a MissingError when this process lacks a key that the database needs.
func (b *Box) check(q *gorm.DB) error {
	ids, err := needed(q)
	if err != nil {
		return err
	}
	if missing := slices.DeleteFunc(ids, b.Keys.Holds); len(missing) > 0 {
		return &MissingError{Missing: missing, Listed: b.Keys.KeyIDs()}
	}
	canary, err := readCanary(q)
	if err != nil {
		return err
	}
	text, err := b.Keys.Open(canary, "instance", "canary", "1")
	if err != nil || text.Reveal() != canaryText {
		return errDamaged
	}
	return nil
}

func readCanary(q *gorm.DB) (secret.Sealed, error) {
	var row instance
	if err := q.Select("canary").Take(&row).Error; err != nil {
		return nil, fmt.Errorf("read instance: %w", err)
	}
	return row.Canary, nil
}

// primary returns the key that secrets are sealed under, and keeps it the primary until the transaction
// ends. Transactions that seal share the lock; only a change of the primary takes it alone, and the set-up of a
// database that has nobody who could seal.
func primary(tx *gorm.DB) (secret.KeyID, error) {
	canary, err := readCanary(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthShare}))
	if err != nil {
		return 0, err
	}
	return idOf(canary)
}

func idOf(canary secret.Sealed) (secret.KeyID, error) {
	id, ok := canary.KeyID()
	if !ok {
		return 0, errDamaged
	}
	return id, nil
}

// alone is readCanary with the lock that every transaction which seals must wait for. The lock comes
// first in a transaction that takes it, and nothing waits for another row while it is held.
func alone(tx *gorm.DB) (secret.Sealed, error) {
	return readCanary(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}))
}

// Seal encrypts s under the primary key, for one column of one row that the same transaction writes. An
// empty secret seals to nil.
func (b *Box) Seal(tx *gorm.DB, s secret.String, table, column, id string) (secret.Sealed, error) {
	if s.IsZero() {
		return nil, nil //nolint:nilnil // no secret, no ciphertext
	}
	sealer, err := b.Sealer(tx)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(s, table, column, id)
}

// Sealer seals several secrets of one transaction under the primary key, which is read once.
type Sealer struct {
	keys  *secret.Box
	under secret.KeyID
}

// Sealer returns what seals in tx, and must not be used after it.
func (b *Box) Sealer(tx *gorm.DB) (Sealer, error) {
	under, err := primary(tx)
	if err != nil {
		return Sealer{}, err
	}
	if !b.Keys.Holds(under) {
		return Sealer{}, &MissingError{Missing: []secret.KeyID{under}, Listed: b.Keys.KeyIDs()}
	}
	return Sealer{keys: b.Keys, under: under}, nil
}

// Seal is Box.Seal.
func (s Sealer) Seal(plain secret.String, table, column, id string) (secret.Sealed, error) {
	if plain.IsZero() {
		return nil, nil //nolint:nilnil // no secret, no ciphertext
	}
	return s.keys.Seal(s.under, plain, table, column, id)
}

// Open decrypts what Seal made for the same table, column and row. Nil opens to an empty secret.
func (b *Box) Open(s secret.Sealed, table, column, id string) (secret.String, error) {
	return b.Keys.Open(s, table, column, id)
}
