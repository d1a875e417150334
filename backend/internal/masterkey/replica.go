package masterkey

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Replica is one row of replicas: a process that serves, and the master keys that it was given.
type Replica struct {
	ID           string
	Host         string
	MasterKeyIDs KeyIDs
	StartedAt    time.Time
	SeenAt       time.Time
}

// TableName names the table.
func (Replica) TableName() string { return "replicas" }

// A replica says that it is there at each beat. One that has said nothing for goneAfter counts no more;
// one that has missed a few beats may be forgotten before that, by an operator who knows that it is gone.
// Neither can lose anything: a replica that comes back takes part only if it holds every key needed.
const (
	DefaultBeat   = 10 * time.Second
	goneAfter     = 2 * time.Minute
	forgettableIn = 3 * DefaultBeat
)

// KeyIDs is a list of ids in a column, separated by spaces.
type KeyIDs []secret.KeyID

// Value joins the ids.
func (k KeyIDs) Value() (driver.Value, error) { return strings.ReplaceAll(Join(k), ",", ""), nil }

// Scan splits the ids.
func (k *KeyIDs) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("scan ids of master keys: unexpected column type %T", src)
	}
	*k = nil
	for field := range strings.FieldsSeq(text) {
		var id secret.KeyID
		if err := id.Scan(field); err != nil {
			return err
		}
		*k = append(*k, id)
	}
	return nil
}

// GormDataType names the column type for GORM's statement builder.
func (KeyIDs) GormDataType() string { return "string" }

// Register makes a replica known, unless it lacks a key that the database needs. It and a change of the
// primary follow each other, so that neither overlooks the other.
func (b *Box) Register(ctx context.Context, id, host string) error {
	return b.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := alone(tx); err != nil {
			return err
		}
		if err := b.check(tx); err != nil {
			return err
		}
		now := b.Now()
		if err := tx.Where("id = ? OR seen_at < ?", id, now.Add(-goneAfter)).Delete(&Replica{}).Error; err != nil {
			return fmt.Errorf("remove replicas that are gone: %w", err)
		}
		row := Replica{ID: id, Host: host, MasterKeyIDs: b.Keys.KeyIDs(), StartedAt: now, SeenAt: now}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("register replica: %w", err)
		}
		return nil
	})
}

// Beat says that the replica is alive. It returns a MissingError when the replica lacks a key that the
// database needs by now, because it was thought gone: then it must stop.
func (b *Box) Beat(ctx context.Context, id, host string) error {
	known := false
	err := b.DB.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&Replica{}).Where("id = ?", id).UpdateColumn("seen_at", b.Now())
		known = res.RowsAffected == 1
		return res.Error
	})
	if err != nil {
		return fmt.Errorf("note that this replica is alive: %w", err)
	}
	if !known {
		return b.Register(ctx, id, host)
	}
	return b.check(b.DB.Read(ctx))
}

// Watch beats until ctx ends, or until the replica must stop.
func (b *Box) Watch(ctx context.Context, id, host string, every time.Duration, logger *slog.Logger) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := b.Beat(ctx, id, host)
		var missing *MissingError
		if errors.As(err, &missing) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			logger.WarnContext(ctx, "replica could not say that it is alive", "error", err)
		}
	}
}

// Leave forgets a replica that has stopped.
func (b *Box) Leave(ctx context.Context, id string) error {
	err := b.DB.InTx(ctx, func(tx *gorm.DB) error { return tx.Where("id = ?", id).Delete(&Replica{}).Error })
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// Forget removes a replica that died without leaving. One that is alive is not forgotten.
func (b *Box) Forget(ctx context.Context, id string) error {
	return b.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := alone(tx); err != nil {
			return err
		}
		var row Replica
		err := tx.Where("id = ?", id).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fmt.Errorf("no replica with the id %q is known", id)
		}
		if err != nil {
			return fmt.Errorf("read replica %s: %w", id, err)
		}
		if silence := b.Now().Sub(row.SeenAt); silence < forgettableIn {
			return fmt.Errorf("the replica %s on %s was there %s ago: stop it first, or wait until it has been silent for %s",
				id, row.Host, silence.Round(time.Second), forgettableIn)
		}
		return tx.Where("id = ?", id).Delete(&Replica{}).Error
	})
}

// lagging returns the replicas that count and do not hold a key.
func lagging(tx *gorm.DB, id secret.KeyID, now time.Time) ([]Replica, error) {
	var all, behind []Replica
	if err := tx.Where("seen_at >= ?", now.Add(-goneAfter)).Order("id").Find(&all).Error; err != nil {
		return nil, fmt.Errorf("read replicas: %w", err)
	}
	for _, r := range all {
		if !slices.Contains(r.MasterKeyIDs, id) {
			behind = append(behind, r)
		}
	}
	return behind, nil
}
