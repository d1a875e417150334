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

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Re-encrypting goes in small batches with a pause after each: SQLite has one writer, and whoever waits
// for it asks again only now and then.
const (
	batchSize  = 50
	batchPause = 10 * time.Millisecond

	reportEvery = 1000
)

// LaggingError reports replicas that do not hold the key which is to become the primary.
type LaggingError struct {
	Key      secret.KeyID
	Replicas []Replica
	At       time.Time
}

// Error names each replica and says what to do.
func (e *LaggingError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "nothing was changed, because not every replica knows the new master key %s yet:\n", e.Key)
	for _, r := range e.Replicas {
		fmt.Fprintf(&text, "  replica %s on %s knows %s (started %s, last seen %s ago)\n",
			r.ID, r.Host, Join(r.MasterKeyIDs), r.StartedAt.Format(time.RFC3339), e.At.Sub(r.SeenAt).Round(time.Second))
	}
	fmt.Fprintf(&text, "Put the new key first in the list of each, keep the old one after it, restart it, and run this again. "+
		"A replica that died counts until it has been silent for %.0f minutes; one that you know is gone can be left out before with --forget ID",
		goneAfter.Minutes())
	return text.String()
}

// Promote makes the newest key of this process the primary, if every replica holds it, and returns which
// was the primary before. From then on everything is sealed under it.
func (b *Box) Promote(ctx context.Context) (from, to secret.KeyID, err error) {
	to = b.Keys.KeyIDs()[0]
	err = b.DB.InTx(ctx, func(tx *gorm.DB) error {
		canary, err := alone(tx)
		if err != nil {
			return err
		}
		if err := b.check(tx); err != nil {
			return err
		}
		if from, err = idOf(canary); err != nil || from == to {
			return err
		}
		now := b.Now()
		behind, err := lagging(tx, to, now)
		if err != nil {
			return err
		}
		if len(behind) > 0 {
			return &LaggingError{Key: to, Replicas: behind, At: now}
		}
		return b.makePrimary(tx, to, now)
	})
	return from, to, err
}

func (b *Box) makePrimary(tx *gorm.DB, id secret.KeyID, now time.Time) error {
	known := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.Assignments(map[string]any{"retired_at": nil})}
	if err := tx.Clauses(known).Create(&masterKey{ID: id, FirstUsedAt: now}).Error; err != nil {
		return fmt.Errorf("note the master key %s: %w", id, err)
	}
	sealed, err := b.sealCanary(id)
	if err != nil {
		return err
	}
	if err := tx.Model(&instance{}).Where("id = 1").UpdateColumn("canary", sealed).Error; err != nil {
		return fmt.Errorf("make the master key %s the primary: %w", id, err)
	}
	return audit.Record(tx, now, audit.Event{
		Action: audit.MasterKeyPromoted, Object: object(id), Message: "Became the key that secrets are encrypted under.",
	})
}

func object(id secret.KeyID) audit.Object {
	return audit.Object{Type: audit.TypeMasterKey, ID: id.String(), Name: id.String()}
}

// UnreadableError reports secrets that no key here opens. They were left as they are.
type UnreadableError struct{ Values []string }

// Error names the secrets.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%d secrets cannot be opened with the master keys listed here, or are damaged; they were left as they are, and no "+
		"key was given up. Enter them anew or delete what they belong to, then run this again:\n  %s", len(e.Values), strings.Join(e.Values, "\n  "))
}

var errOvertaken = errors.New("another key was made the primary meanwhile: run this again, once")

// Reencrypt seals everything under the primary key, whatever key it is under, while others read and
// write. It can be stopped at any moment and begun again. When nothing is left under any other key, the
// others are no longer needed. report is told now and then how many more secrets of a column were sealed anew.
func (b *Box) Reencrypt(ctx context.Context, report func(c Column, n int)) error {
	canary, err := readCanary(b.DB.Read(ctx))
	if err != nil {
		return err
	}
	to, err := idOf(canary)
	if err != nil {
		return err
	}
	for {
		moved, unreadable, err := b.pass(ctx, to, report)
		if err != nil {
			return err
		}
		left, err := b.left(ctx, to)
		if err != nil {
			return err
		}
		switch {
		case left == 0:
			return b.retireOthers(ctx, canary, to)
		case moved == 0 && int64(len(unreadable)) >= left:
			return &UnreadableError{Values: unreadable}
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// Retired returns those of this process's keys that were in use and can be removed from the list, and those
// that never were the primary.
func (b *Box) Retired(ctx context.Context) (retired, unused []secret.KeyID, err error) {
	var rows []masterKey
	if err := b.DB.Read(ctx).Find(&rows).Error; err != nil {
		return nil, nil, fmt.Errorf("read master keys: %w", err)
	}
	for _, id := range b.Keys.KeyIDs() {
		i := slices.IndexFunc(rows, func(k masterKey) bool { return k.ID == id })
		switch {
		case i < 0:
			unused = append(unused, id)
		case rows[i].RetiredAt != nil:
			retired = append(retired, id)
		}
	}
	return retired, unused, nil
}

// pass goes over all columns once. Secrets that were being written are left for the next pass.
func (b *Box) pass(ctx context.Context, to secret.KeyID, report func(Column, int)) (moved int, unreadable []string, err error) {
	for _, c := range Columns() {
		fresh, after := 0, "" // fresh were not reported yet
		for {
			batch, err := b.batch(ctx, c, to, after)
			if err != nil {
				return moved, nil, err
			}
			moved += batch.moved
			fresh += batch.moved
			if fresh >= reportEvery || (fresh > 0 && batch.size < batchSize) {
				report(c, fresh)
				fresh = 0
			}
			unreadable = append(unreadable, batch.unreadable...)
			if batch.size < batchSize {
				break
			}
			after = batch.last
			if err := pause(ctx); err != nil {
				return moved, nil, err
			}
		}
	}
	return moved, unreadable, nil
}

type batch struct {
	size, moved int
	last        string
	unreadable  []string
}

func (b *Box) batch(ctx context.Context, c Column, to secret.KeyID, after string) (done batch, err error) {
	err = b.DB.InTx(ctx, func(tx *gorm.DB) error {
		if current, err := primary(tx); err != nil {
			return err
		} else if current != to {
			return errOvertaken
		}
		values, err := c.next(tx, to, after, batchSize)
		if err != nil {
			return err
		}
		done.size = len(values)
		for _, v := range values {
			done.last = v.Key
			plain, err := b.Keys.Open(v.Sealed, c.Table, c.Name, v.Key)
			if err != nil {
				done.unreadable = append(done.unreadable, err.Error())
				continue
			}
			sealed, err := b.Keys.Seal(to, plain, c.Table, c.Name, v.Key)
			if err != nil {
				return err
			}
			replaced, err := c.replace(tx, v, sealed)
			if err != nil {
				return err
			}
			if replaced {
				done.moved++
			}
		}
		return nil
	})
	return done, err
}

func pause(ctx context.Context) error {
	timer := time.NewTimer(batchPause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// left counts what is not sealed under a key.
func (b *Box) left(ctx context.Context, id secret.KeyID) (sum int64, err error) {
	for _, c := range Columns() {
		n, err := c.count(b.DB.Read(ctx), id)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// retireOthers notes that no key but the primary is needed. That nothing was left under another was
// counted when the canary was the given one: if it still is, no other key was the primary meanwhile, so
// nothing can have come to stand under one.
func (b *Box) retireOthers(ctx context.Context, canary secret.Sealed, to secret.KeyID) error {
	return b.DB.InTx(ctx, func(tx *gorm.DB) error {
		current, err := alone(tx)
		if err != nil {
			return err
		}
		if !slices.Equal(current, canary) {
			return errOvertaken
		}
		ids, err := needed(tx)
		if err != nil {
			return err
		}
		now := b.Now()
		for _, id := range ids {
			if id == to {
				continue
			}
			if err := tx.Model(&masterKey{}).Where("id = ?", id).UpdateColumn("retired_at", now).Error; err != nil {
				return fmt.Errorf("retire the master key %s: %w", id, err)
			}
			err := audit.Record(tx, now, audit.Event{
				Action: audit.MasterKeyRetired, Object: object(id), Message: "Nothing is encrypted under it any more.",
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
