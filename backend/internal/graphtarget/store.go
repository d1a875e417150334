package graphtarget

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/db"
)

func insert(tx *gorm.DB, t *Target) error { return told(tx.Create(t).Error, "insert target") }

// told turns what constraints refuse into faults.
func told(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return errNameTaken.Because(err)
	case errors.Is(err, gorm.ErrForeignKeyViolated):
		return errUnknownKey.Because(err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

func load(q *gorm.DB, id string) (Target, error) {
	var t Target
	err := q.Where("id = ?", id).Take(&t).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Target{}, ErrNotFound
	}
	if err != nil {
		return Target{}, fmt.Errorf("read target %s: %w", id, err)
	}
	return t, nil
}

func summaries(q *gorm.DB) *gorm.DB {
	return q.Table("targets").Select("targets.*, account_keys.display_name AS account_key_name").
		Joins("JOIN account_keys ON account_keys.id = targets.account_key_id")
}

func summary(q *gorm.DB, id string) (Summary, error) {
	var s Summary
	err := summaries(q).Where("targets.id = ?", id).Take(&s).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Summary{}, ErrNotFound
	}
	if err != nil {
		return Summary{}, fmt.Errorf("read target %s: %w", id, err)
	}
	return s, nil
}

// find reads limit+1 targets, newest first; only those of some keys unless keyIDs is nil.
func find(q *gorm.DB, f Filter, keyIDs []string) ([]Summary, error) {
	q = summaries(q)
	if keyIDs != nil {
		q = q.Where("targets.account_key_id IN ?", keyIDs)
	}
	if f.AccountKeyID != "" {
		q = q.Where("targets.account_key_id = ?", f.AccountKeyID)
	}
	if f.Page.After != "" {
		q = q.Where("targets.id < ?", f.Page.After)
	}
	q = db.WhereWords(q, "targets.search_text", f.Query)
	var rows []Summary
	if err := q.Order("targets.id DESC").Limit(f.Page.Limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list targets: %w", err)
	}
	return rows, nil
}

// lock takes the target's row for the rest of the transaction and reads it.
func lock(tx *gorm.DB, id string) (Target, error) {
	res := tx.Model(&Target{}).Where("id = ?", id).UpdateColumn("version", gorm.Expr("version"))
	if res.Error != nil {
		return Target{}, fmt.Errorf("lock target %s: %w", id, res.Error)
	}
	return load(tx, id)
}

func save(tx *gorm.DB, t Target) error {
	return told(tx.Model(&Target{}).Where("id = ?", t.ID).UpdateColumns(map[string]any{
		"name": t.Name, "name_key": t.NameKey, "description": t.Description, "search_text": t.SearchText,
		"account_key_id": t.AccountKeyID, "api_version": t.APIVersion, "base_path": t.BasePath,
		"allowed_methods": t.AllowedMethods, "allowed_paths": t.AllowedPaths, "fixed_headers": t.FixedHeaders,
		"timeout_seconds": t.TimeoutSeconds, "enabled": t.Enabled, "version": t.Version, "updated_at": t.UpdatedAt,
	}).Error, "update target "+t.ID)
}

// ofKey reads the targets of a key, by name.
func ofKey(q *gorm.DB, accountKeyID string) ([]Target, error) {
	var rows []Target
	if err := q.Where("account_key_id = ?", accountKeyID).Order("name_key").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list targets of account key %s: %w", accountKeyID, err)
	}
	return rows, nil
}
