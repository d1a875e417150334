package db

import (
	"fmt"

	"gorm.io/gorm"
)

// BumpEpoch tells every replica that something about access has changed: a client, session, person,
// key or signing key. It belongs into the transaction that makes the change.
func BumpEpoch(tx *gorm.DB) error {
	if err := tx.Exec("UPDATE epochs SET value = value + 1 WHERE name = 'access'").Error; err != nil {
		return fmt.Errorf("bump epoch: %w", err)
	}
	return nil
}
