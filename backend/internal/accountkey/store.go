package accountkey

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
)

// insert adds a key; a taken display name is reported at its field.
func insert(tx *gorm.DB, key *Key) error {
	err := tx.Create(key).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errNameTaken.Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert account key: %w", err)
	}
	return nil
}

// Load reads one key; ErrNotFound when there is none.
func Load(q *gorm.DB, id string) (Key, error) {
	var key Key
	err := q.Where("id = ?", id).Take(&key).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Key{}, ErrNotFound
	}
	if err != nil {
		return Key{}, fmt.Errorf("read account key %s: %w", id, err)
	}
	return key, nil
}

func summaries(q *gorm.DB) *gorm.DB {
	return q.Table("account_keys").
		Select("account_keys.*, grants.id AS grant_id, grants.scopes AS granted_scopes, " +
			"tokens.expires_at AS token_expires_at, tokens.refreshed_at AS refreshed_at").
		Joins("LEFT JOIN grants ON grants.account_key_id = account_keys.id").
		Joins("LEFT JOIN tokens ON tokens.grant_id = grants.id")
}

func summary(q *gorm.DB, id string) (Summary, error) {
	var s Summary
	err := summaries(q).Where("account_keys.id = ?", id).Take(&s).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Summary{}, ErrNotFound
	}
	if err != nil {
		return Summary{}, fmt.Errorf("read account key %s: %w", id, err)
	}
	return s, nil
}

// list reads limit+1 keys, newest first.
func list(q *gorm.DB, f Filter, only []string, limit int) ([]Summary, error) {
	q = summaries(q)
	if only != nil {
		q = q.Where("account_keys.id IN ?", only)
	}
	if f.Page.After != "" {
		q = q.Where("account_keys.id < ?", f.Page.After)
	}
	if f.Type != "" {
		q = q.Where("account_keys.type = ?", f.Type)
	}
	switch f.Status {
	case "":
	case StatusSuspended:
		q = q.Where("account_keys.suspended_at IS NOT NULL")
	default:
		q = q.Where("account_keys.status = ? AND account_keys.suspended_at IS NULL", f.Status)
	}
	q = db.WhereWords(q, "account_keys.search_text", f.Query)
	var rows []Summary
	if err := q.Order("account_keys.id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list account keys: %w", err)
	}
	return rows, nil
}

// update writes the named columns of a key that was read in the same transaction.
func update(tx *gorm.DB, key *Key, columns map[string]any) error {
	res := tx.Model(&Key{}).Where("id = ?", key.ID).Updates(columns)
	if errors.Is(res.Error, gorm.ErrDuplicatedKey) {
		return errNameTaken.Because(res.Error)
	}
	if res.Error != nil {
		return fmt.Errorf("update account key %s: %w", key.ID, res.Error)
	}
	if res.RowsAffected != 1 {
		return ErrNotFound
	}
	return nil
}

// lock takes the key's row for the rest of the transaction and reads it, so that two changes of one
// key follow each other on every database.
func lock(tx *gorm.DB, id string) (Key, error) {
	res := tx.Model(&Key{}).Where("id = ?", id).UpdateColumn("version", gorm.Expr("version"))
	if res.Error != nil {
		return Key{}, fmt.Errorf("lock account key %s: %w", id, res.Error)
	}
	return Load(tx, id)
}

// endGrant destroys the grant and, with it, the tokens.
func endGrant(tx *gorm.DB, keyID string) error {
	if err := tx.Where("account_key_id = ?", keyID).Delete(&Grant{}).Error; err != nil {
		return fmt.Errorf("end grant of account key %s: %w", keyID, err)
	}
	return nil
}

// grantedScopes are those of the grant in force; none when there is no grant.
func grantedScopes(tx *gorm.DB, keyID string) (Scopes, error) {
	var grants []Grant
	if err := tx.Where("account_key_id = ?", keyID).Find(&grants).Error; err != nil {
		return nil, fmt.Errorf("read grant of account key %s: %w", keyID, err)
	}
	if len(grants) == 0 {
		return nil, nil
	}
	return grants[0].Scopes, nil
}

func hasGrant(tx *gorm.DB, keyID string) (bool, error) {
	var n int64
	if err := tx.Model(&Grant{}).Where("account_key_id = ?", keyID).Count(&n).Error; err != nil {
		return false, fmt.Errorf("look for grant of account key %s: %w", keyID, err)
	}
	return n > 0, nil
}

func searchText(k *Key) string {
	return db.Fold(strings.Join([]string{k.DisplayName, k.Description, k.AccountUPN, k.AccountName, k.TenantID, k.ClientID}, "\n"))
}

func sinceOr(t time.Time, r Reason) Reason {
	if r.Since.IsZero() {
		r.Since = t
	}
	return r
}
