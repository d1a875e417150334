package db

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// BumpEpoch tells every replica that something about access has changed: a client, session, person,
// key or signing key. It belongs into the transaction that makes the change.
func BumpEpoch(tx *gorm.DB) error {
	if state := stateOf(tx.Statement.Context); state != nil {
		state.bumped.Store(true)
	}
	if err := tx.Exec("UPDATE epochs SET value = value + 1 WHERE name = 'access'").Error; err != nil {
		return fmt.Errorf("bump epoch: %w", err)
	}
	return nil
}

// Epoch reads how often access has changed, by whichever replica.
func (d *DB) Epoch(ctx context.Context) (int64, error) {
	var value int64
	if err := d.readerPool.QueryRowContext(ctx, "SELECT value FROM epochs WHERE name = 'access'").Scan(&value); err != nil {
		return 0, fmt.Errorf("read epoch: %w", err)
	}
	return value, nil
}

// LocalEpoch counts the changes that this process made. It has risen when InTx returns.
func (d *DB) LocalEpoch() int64 { return d.bumps.Load() }
