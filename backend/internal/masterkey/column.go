package masterkey

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Column is one that holds secrets. Key is its table's primary key, which Seal was given as the row's id.
type Column struct{ Table, Name, Key string }

// String writes the column as SQL does.
func (c Column) String() string { return c.Table + "." + c.Name }

// Columns lists all that hold secrets but the canary, which a change of the primary key seals anew. A test
// holds it against the schema.
func Columns() []Column {
	return []Column{
		{"account_keys", "client_secret", "id"},
		{"tokens", "access_token", "grant_id"},
		{"tokens", "refresh_token", "grant_id"},
		{"authorizations", "code_verifier", "id"},
		{"authorizations", "sealed_tokens", "id"},
		{"signing_keys", "private_key", "id"},
	}
}

// value is one secret of a column.
type value struct {
	Key    string
	Sealed secret.Sealed
}

// elsewhere narrows q to the secrets that are not sealed under a key.
func (c Column) elsewhere(q *gorm.DB, id secret.KeyID) *gorm.DB {
	return q.Table(c.Table).Where(c.Name+" IS NOT NULL").
		Where("substr("+c.Name+", 1, ?) <> ?", len(id.Prefix()), id.Prefix())
}

func (c Column) count(q *gorm.DB, id secret.KeyID) (n int64, err error) {
	if err := c.elsewhere(q, id).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count %s: %w", c, err)
	}
	return n, nil
}

// next returns some secrets that are not sealed under a key, in the order of their rows. The rows are
// locked; one that somebody else is writing is passed over, so that no two transactions wait for each
// other.
func (c Column) next(tx *gorm.DB, id secret.KeyID, after string, limit int) ([]value, error) {
	var found []value
	err := c.elsewhere(tx, id).Select(c.Key+" AS key", c.Name+" AS sealed").Where(c.Key+" > ?", after).
		Order(c.Key).Limit(limit).
		Clauses(clause.Locking{Strength: "NO KEY UPDATE", Options: clause.LockingOptionsSkipLocked}).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c, err)
	}
	return found, nil
}

// replace writes a secret anew if it is still the one that was read, and reports whether it was.
func (c Column) replace(tx *gorm.DB, old value, sealed secret.Sealed) (bool, error) {
	res := tx.Table(c.Table).Where(c.Key+" = ? AND "+c.Name+" = ?", old.Key, old.Sealed).UpdateColumn(c.Name, sealed)
	if res.Error != nil {
		return false, fmt.Errorf("write %s of %s: %w", c, old.Key, res.Error)
	}
	return res.RowsAffected == 1, nil
}
