package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// instance is the one row that a database knows itself by. Its canary opens only with the master key
// that the rest of the database was sealed with.
type instance struct {
	ID        int
	Canary    secret.Sealed
	CreatedAt time.Time
}

// TableName names the table.
func (instance) TableName() string { return "instance" }

const canaryText = "latchkey"

var (
	errKeyMissing = errors.New("this database is encrypted, and its master key is not here: set LATCHKEY_MASTER_KEY or " +
		"LATCHKEY_MASTER_KEY_FILE to the key it was made with, or put the file back")
	errKeyWrong = errors.New("this database is encrypted with another master key: set LATCHKEY_MASTER_KEY or " +
		"LATCHKEY_MASTER_KEY_FILE to the key it was made with")
)

// openBox finds the master key and proves it on the database, or makes both on the first start.
func openBox(ctx context.Context, d *db.DB, c *config.Config, now func() time.Time, logger *slog.Logger) (*secret.Box, error) {
	var row instance
	err := d.Read(ctx).Take(&row).Error
	fresh := errors.Is(err, gorm.ErrRecordNotFound)
	if err != nil && !fresh {
		return nil, fmt.Errorf("read instance: %w", err)
	}
	keys := c.MasterKeys
	if len(keys) == 0 {
		if keys, err = keyFile(filepath.Join(c.DataDir, "master.key"), fresh, logger); err != nil {
			return nil, err
		}
	}
	box, err := secret.NewBox(keys...)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if fresh {
		if row, err = plantCanary(ctx, d, box, now()); err != nil {
			return nil, err
		}
	}
	if text, err := box.Open(row.Canary, "instance", "canary", "1"); err != nil || text.Reveal() != canaryText {
		return nil, errKeyWrong
	}
	return box, nil
}

// plantCanary returns the canary that is in the database afterwards: another replica may have been
// first, with another key.
func plantCanary(ctx context.Context, d *db.DB, box *secret.Box, now time.Time) (instance, error) {
	sealed, err := box.Seal(secret.New(canaryText), "instance", "canary", "1")
	if err != nil {
		return instance{}, err
	}
	row := instance{ID: 1, Canary: sealed, CreatedAt: now}
	err = d.InTx(ctx, func(tx *gorm.DB) error { return tx.Create(&row).Error })
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = d.Read(ctx).Take(&row).Error
	}
	if err != nil {
		return instance{}, fmt.Errorf("make instance: %w", err)
	}
	return row, nil
}

// keyFile reads the generated key, or generates it for a database that holds nothing yet.
func keyFile(path string, fresh bool, logger *slog.Logger) ([][]byte, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a fixed name in the operator's data folder
	if errors.Is(err, os.ErrNotExist) {
		if !fresh {
			return nil, errKeyMissing
		}
		return makeKeyFile(path, logger)
	}
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	keys, err := secret.ParseMasterKeys(secret.New(string(text)))
	if err != nil {
		return nil, fmt.Errorf("master key file %s %w", path, err)
	}
	return keys, nil
}

func makeKeyFile(path string, logger *slog.Logger) ([][]byte, error) {
	key := secret.GenerateMasterKey()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // as above
	if err != nil {
		return nil, fmt.Errorf("make a master key: %w", err)
	}
	_, err = f.WriteString(key.Reveal() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write the master key: %w", err)
	}
	logger.Warn("a master key was generated; move it away from the data it protects and name it by LATCHKEY_MASTER_KEY_FILE",
		"path", path)
	return secret.ParseMasterKeys(key)
}
