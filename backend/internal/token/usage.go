package token

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/auth"
)

// Use is one row of key_usage: how often somebody got a token of a key within a period. Minutes are
// folded into days when they are two days old.
type Use struct {
	AccountKeyID string             `gorm:"primaryKey"`
	ActorType    auth.PrincipalType `gorm:"primaryKey"`
	ActorID      string             `gorm:"primaryKey"`
	Period       string             `gorm:"primaryKey"`
	PeriodStart  time.Time          `gorm:"primaryKey"`
	ActorName    string
	Uses         int64
}

// TableName names the table.
func (Use) TableName() string { return "key_usage" }

const (
	periodMinute = "minute"
	periodDay    = "day"

	keepFine   = 48 * time.Hour
	keepCoarse = 400 * 24 * time.Hour
	foldBatch  = 500
	flushBatch = 500
)

// ledger counts uses. The first use by somebody of a key in a minute is stored before it is answered;
// those that follow are counted in memory and stored by the next flush.
type ledger struct {
	mu      sync.RWMutex
	tallies map[tallyKey]*tally
	late    []counted // what an earlier flush could not store
}

type tallyKey struct {
	keyID     string
	actorType auth.PrincipalType
	actorID   string
}

type tally struct {
	mu      sync.Mutex
	minute  time.Time // whose row is there
	pending int64     // uses in it that are not stored yet
	gone    bool      // no longer in the ledger
}

func (l *ledger) tally(k tallyKey) *tally {
	l.mu.RLock()
	t := l.tallies[k]
	l.mu.RUnlock()
	if t != nil {
		return t
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if t = l.tallies[k]; t == nil {
		if l.tallies == nil {
			l.tallies = map[tallyKey]*tally{}
		}
		t = &tally{}
		l.tallies[k] = t
	}
	return t
}

// recordUse counts one use by the caller.
func (b *Broker) recordUse(ctx context.Context, keyID string, r Ready) error {
	actor, _ := auth.From(ctx)
	k := tallyKey{keyID: keyID, actorType: actor.Type, actorID: actor.ID}
	minute := b.Now().Truncate(time.Minute)
	for {
		t := b.uses.tally(k)
		t.mu.Lock()
		if t.gone { // a flush found it idle between the two lines above
			t.mu.Unlock()
			continue
		}
		err := b.countUse(ctx, t, k, actor.Name, minute, r)
		t.mu.Unlock()
		return err
	}
}

func (b *Broker) countUse(ctx context.Context, t *tally, k tallyKey, name string, minute time.Time, r Ready) error {
	if t.minute.Equal(minute) {
		t.pending++
		return nil
	}
	err := b.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := accountkey.NoteUse(tx, k.keyID, b.Now()); err != nil {
			return err
		}
		if err := addUses(tx, k, t.minute, t.pending); err != nil {
			return err
		}
		if err := firstUse(tx, k, name, minute); err != nil {
			return err
		}
		return noteUse(tx, r, b.Now(), b.Policy.dueAt(r.refreshedAt, r.lifetime, true))
	})
	if err == nil {
		t.minute, t.pending = minute, 0
	}
	return err
}

// firstUse makes the row of a minute, or counts in the one that another replica made.
func firstUse(tx *gorm.DB, k tallyKey, name string, minute time.Time) error {
	row := Use{
		AccountKeyID: k.keyID, ActorType: k.actorType, ActorID: k.actorID, ActorName: name,
		Period: periodMinute, PeriodStart: minute, Uses: 1,
	}
	return addRow(tx, row)
}

func addRow(tx *gorm.DB, row Use) error {
	err := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{
			{Name: "account_key_id"}, {Name: "actor_type"}, {Name: "actor_id"}, {Name: "period"}, {Name: "period_start"},
		},
		DoUpdates: clause.Assignments(map[string]any{"uses": gorm.Expr("key_usage.uses + ?", row.Uses)}),
	}).Create(&row).Error
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return accountkey.ErrNotFound.Because(err) // deleted a moment ago
	}
	if err != nil {
		return fmt.Errorf("count a use of account key %s: %w", row.AccountKeyID, err)
	}
	return nil
}

// addUses adds to the row of a minute. A key that was deleted has none left, and its uses end with it.
func addUses(tx *gorm.DB, k tallyKey, minute time.Time, n int64) error {
	if n == 0 {
		return nil
	}
	err := tx.Model(&Use{}).
		Where("account_key_id = ? AND actor_type = ? AND actor_id = ? AND period = ? AND period_start = ?",
			k.keyID, k.actorType, k.actorID, periodMinute, minute).
		UpdateColumn("uses", gorm.Expr("uses + ?", n)).Error
	if err != nil {
		return fmt.Errorf("count uses of account key %s: %w", k.keyID, err)
	}
	return nil
}

// counted is what a flush takes out of a tally.
type counted struct {
	tallyKey
	minute time.Time
	n      int64
}

// FlushUses stores what was counted since the last flush. What cannot be stored is kept for the next.
func (b *Broker) FlushUses(ctx context.Context) error {
	taken := b.uses.take(b.Now())
	var errs []error
	for batch := range slices.Chunk(taken, flushBatch) {
		err := b.DB.InTx(ctx, func(tx *gorm.DB) error { return storeUses(tx, batch) })
		if err != nil {
			b.uses.mu.Lock()
			b.uses.late = append(b.uses.late, batch...)
			b.uses.mu.Unlock()
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// storeUses adds what was counted. The keys come first, as in whatever deletes one with its uses; more than
// their deletion is not kept waiting.
func storeUses(tx *gorm.DB, batch []counted) error {
	ids := make([]string, 0, len(batch))
	for _, c := range batch {
		ids = append(ids, c.keyID)
	}
	var kept []string
	err := tx.Model(&accountkey.Key{}).Clauses(clause.Locking{Strength: "KEY SHARE"}).
		Where("id IN ?", slices.Compact(ids)).Order("id").Pluck("id", &kept).Error
	if err != nil {
		return fmt.Errorf("lock account keys to count uses: %w", err)
	}
	for _, c := range batch {
		if err := addUses(tx, c.tallyKey, c.minute, c.n); err != nil {
			return err
		}
	}
	return nil
}

// take empties the tallies, in an order that is the same on every replica, so that no two flushes wait
// for each other's rows. Tallies that were idle for a minute are dropped.
func (l *ledger) take(now time.Time) []counted {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.late
	l.late = nil
	for k, t := range l.tallies {
		if !t.mu.TryLock() {
			continue // its first use of a minute is being stored, for which nobody else is to wait
		}
		switch {
		case t.pending > 0:
			out = append(out, counted{k, t.minute, t.pending})
			t.pending = 0
		case now.Sub(t.minute) > 2*time.Minute:
			t.gone = true
			delete(l.tallies, k)
		}
		t.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.keyID, b.keyID), cmp.Compare(a.actorID, b.actorID), a.minute.Compare(b.minute))
	})
	return out
}

// FoldUses turns minutes that are two days old into days, and forgets days of long ago.
func (b *Broker) FoldUses(ctx context.Context) error {
	now := b.Now()
	for {
		var rows []Use
		err := b.DB.Read(ctx).Where("period = ? AND period_start < ?", periodMinute, now.Add(-keepFine)).
			Order("account_key_id, period_start").Limit(foldBatch).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("find uses to fold: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		for len(rows) > 0 {
			n := slices.IndexFunc(rows, func(r Use) bool { return r.AccountKeyID != rows[0].AccountKeyID })
			if n < 0 {
				n = len(rows)
			}
			if err := b.DB.InTx(ctx, func(tx *gorm.DB) error { return fold(tx, rows[:n]) }); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
	return b.DB.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Where("period = ? AND period_start < ?", periodDay, now.Add(-keepCoarse)).Delete(&Use{}).Error
	})
}

// fold moves rows of one key into those of their days. A row that is no longer as it was read is left for
// the next turn. The key comes first, as for whoever deletes it, and with it its uses.
func fold(tx *gorm.DB, rows []Use) error {
	if _, err := accountkey.Lock(tx, rows[0].AccountKeyID); errors.Is(err, accountkey.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	for _, row := range rows {
		res := tx.Where("uses = ?", row.Uses).Delete(&row)
		if res.Error != nil {
			return fmt.Errorf("fold uses of account key %s: %w", row.AccountKeyID, res.Error)
		}
		if res.RowsAffected == 0 {
			continue
		}
		row.Period, row.PeriodStart = periodDay, row.PeriodStart.UTC().Truncate(24*time.Hour)
		if err := addRow(tx, row); err != nil {
			return err
		}
	}
	return nil
}

// Programs tells which API clients may use a key.
type Programs interface {
	WithKey(ctx context.Context, accountKeyID string) ([]auth.Principal, error)
}

// Targets names, by their ids, the targets that call with a key.
type Targets interface {
	NamesOf(ctx context.Context, accountKeyID string) (map[string]string, error)
}

// Consumer is somebody who uses a key, or may.
type Consumer struct {
	ActorType  auth.PrincipalType
	ActorID    string
	ActorName  string
	Allowed    bool // an API client that may use the key at this moment
	UsesDay    int64
	UsesMonth  int64
	LastUsedAt *time.Time // to the minute; to the day when it was long ago
}

// Consumers lists, by name, the API clients that may use a key, and whoever got tokens of it in the last
// 30 days.
func (b *Broker) Consumers(ctx context.Context, keyID string) ([]Consumer, error) {
	if _, err := b.Keys.Get(ctx, keyID); err != nil {
		return nil, err
	}
	found, err := consumers(b.DB.Read(ctx), keyID, b.Now())
	if err != nil {
		return nil, err
	}
	programs, err := b.Programs.WithKey(ctx, keyID)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		i := slices.IndexFunc(found, func(c Consumer) bool { return c.ActorType == p.Type && c.ActorID == p.ID })
		if i < 0 {
			i = len(found)
			found = append(found, Consumer{ActorType: p.Type, ActorID: p.ID})
		}
		found[i].ActorName, found[i].Allowed = p.Name, true
	}
	slices.SortFunc(found, func(a, b Consumer) int {
		return cmp.Or(cmp.Compare(a.ActorName, b.ActorName), cmp.Compare(a.ActorID, b.ActorID))
	})
	return found, nil
}

// consumers adds the rows up. The last use is read from its row, since a database may not say what type
// the largest of a column has.
func consumers(q *gorm.DB, keyID string, now time.Time) ([]Consumer, error) {
	sums := q.Model(&Use{}).
		Select("actor_type, actor_id, MAX(period_start) AS newest, CAST(SUM(uses) AS BIGINT) AS uses_month, "+
			"CAST(SUM(CASE WHEN period_start >= ? THEN uses ELSE 0 END) AS BIGINT) AS uses_day", now.Add(-24*time.Hour)).
		Where("account_key_id = ? AND period_start >= ?", keyID, now.Add(-30*24*time.Hour)).
		Group("actor_type, actor_id")
	var rows []Consumer
	err := q.Model(&Use{}).
		Select("key_usage.actor_type, key_usage.actor_id, key_usage.actor_name, s.uses_day, s.uses_month, key_usage.period_start AS last_used_at").
		Joins("JOIN (?) AS s ON s.actor_type = key_usage.actor_type AND s.actor_id = key_usage.actor_id AND s.newest = key_usage.period_start", sums).
		Where("key_usage.account_key_id = ?", keyID).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read uses of account key %s: %w", keyID, err)
	}
	return rows, nil
}
