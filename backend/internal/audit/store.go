package audit

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/page"
)

// Of reads what was done to one object: limit+1 entries at most, newest first, as page.Cut expects.
func Of(q *gorm.DB, objectType ObjectType, objectID string, r page.Request) ([]Entry, error) {
	return list(q, q.Where("object_type = ? AND object_id = ?", objectType, objectID), r)
}

// Recently reports whether an action on an object was recorded since a time for the address that the
// context's request came from. It is for what happens too often to be told each time.
func Recently(q *gorm.DB, since time.Time, action Action, o Object) (bool, error) {
	var rows []Entry
	err := q.Select("id").Where("object_type = ? AND object_id = ? AND at > ?", o.Type, o.ID, since).
		Where("action = ? AND ip = ?", action, auth.RequestFrom(q.Statement.Context).IP).Limit(1).Find(&rows).Error
	if err != nil {
		return false, fmt.Errorf("look for a recent %s: %w", action, err)
	}
	return len(rows) > 0, nil
}

// visible narrows a query to what the caller may see.
func visible(q *gorm.DB, p auth.Principal) *gorm.DB {
	switch {
	case p.Type != auth.TypeAPIClient && p.AllKeys:
		return q
	case p.AllKeys:
		return q.Where("account_key_id <> ''")
	default:
		return q.Where("account_key_id IN ?", p.KeyIDs)
	}
}

func matching(q *gorm.DB, f Filter) *gorm.DB {
	for _, is := range []struct{ column, value string }{
		{"actor_type", string(f.ActorType)},
		{"actor_id", f.ActorID},
		{"object_type", string(f.ObjectType)},
		{"object_id", f.ObjectID},
		{"outcome", string(f.Outcome)},
	} {
		if is.value != "" {
			q = q.Where(is.column+" = ?", is.value)
		}
	}
	if f.Action != "" {
		q = q.Where("action IN ?", f.actions())
	}
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		q = q.Where("at < ?", f.Until)
	}
	return db.WhereWords(q, "search_text", f.Query)
}

// list reads limit+1 entries of a query, newest first, from where the page begins. A cursor whose
// entry is gone is at the end: entries go from the oldest on.
func list(q, entries *gorm.DB, r page.Request) ([]Entry, error) {
	if r.After != "" {
		last, err := take(q.Where("id = ?", r.After))
		if errors.Is(err, ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		entries = before(entries, last)
	}
	return newest(q, entries, r.Limit+1)
}

// before narrows a query to what is older than an entry.
func before(q *gorm.DB, e Entry) *gorm.DB { return q.Where("(at, id) < (?, ?)", e.At, e.ID) }

func newest(q, entries *gorm.DB, limit int) ([]Entry, error) {
	var rows []Entry
	if err := entries.Order("at DESC, id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read audit entries: %w", err)
	}
	return rows, markDeleted(q, rows)
}

// markDeleted notes of which entries the object is gone: its deletion is an entry too.
func markDeleted(q *gorm.DB, rows []Entry) error {
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.ObjectID)
	}
	if len(ids) == 0 {
		return nil
	}
	var gone []string
	// The pattern is that of the index; what follows it is what is meant.
	err := q.Model(&Entry{}).Where("action LIKE '%.deleted' AND object_id IN ?", ids).
		Where("action = object_type || '.deleted'").Pluck("object_id", &gone).Error
	if err != nil {
		return fmt.Errorf("look for deleted objects: %w", err)
	}
	deleted := map[string]bool{}
	for _, id := range gone {
		deleted[id] = true
	}
	for i := range rows {
		rows[i].ObjectDeleted = deleted[rows[i].ObjectID]
	}
	return nil
}

func take(q *gorm.DB) (Entry, error) {
	var e Entry
	err := q.Take(&e).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Entry{}, ErrNotFound
	}
	if err != nil {
		return Entry{}, fmt.Errorf("read audit entry: %w", err)
	}
	return e, nil
}

// removeBefore removes at most limit of the entries that are older than a time, and says how many.
func removeBefore(tx *gorm.DB, end time.Time, limit int) (int64, error) {
	old := tx.Model(&Entry{}).Select("id").Where("at < ?", end).Order("at").Limit(limit)
	res := tx.Where("id IN (?)", old).Delete(&Entry{})
	if res.Error != nil {
		return 0, fmt.Errorf("remove old audit entries: %w", res.Error)
	}
	return res.RowsAffected, nil
}
