// Package audit is the append-only record of who did what to which thing. Record joins the
// transaction that makes the change, so that neither exists without the other. Entries hold no
// secrets: a change of one is told as "changed".
package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
)

// Outcome tells whether what was tried came about.
type Outcome string // @name AuditOutcome

// The outcomes of an action.
const (
	Success Outcome = "success"
	Failure Outcome = "failure"
)

// Object is the thing that was acted on; Name is what it was called then.
type Object struct{ Type, ID, Name string }

// Change is one field's value before and after. Secrets appear as "set", "changed" or "removed".
type Change struct {
	Field  string `json:"field"`
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
}

// Event is what Record is told; who, when and from where come from the transaction's context.
type Event struct {
	Action  string // object.verb, for example account_key.created
	Object  Object
	Outcome Outcome // Success unless said otherwise
	Message string  // one plain sentence for the timeline
	Changes []Change
	Actor   *auth.Principal // when it isn't the context's, as at sign-in
}

// Entry is one row of the audit log.
type Entry struct {
	ID         string
	At         time.Time
	Action     string
	Outcome    Outcome
	ActorType  auth.PrincipalType
	ActorID    string
	ActorName  string
	ObjectType string
	ObjectID   string
	ObjectName string
	RequestID  string
	IP         string `gorm:"column:ip"`
	Message    string
	Changes    string // JSON array of Change, or empty
}

// TableName names the table.
func (Entry) TableName() string { return "audit_entries" }

// Record writes one entry within the caller's transaction. Without a principal in the context the
// actor is the product itself.
func Record(tx *gorm.DB, now time.Time, e Event) error {
	ctx := tx.Statement.Context
	actor := auth.System("Latchkey")
	if p, ok := auth.From(ctx); ok {
		actor = p
	}
	if e.Actor != nil {
		actor = *e.Actor
	}
	if e.Outcome == "" {
		e.Outcome = Success
	}
	request := auth.RequestFrom(ctx)
	row := Entry{
		ID: uuid.Must(uuid.NewV7()).String(), At: now, Action: e.Action, Outcome: e.Outcome,
		ActorType: actor.Type, ActorID: actor.ID, ActorName: actor.Name,
		ObjectType: e.Object.Type, ObjectID: e.Object.ID, ObjectName: e.Object.Name,
		RequestID: request.ID, IP: request.IP, Message: e.Message,
	}
	if len(e.Changes) > 0 {
		raw, err := json.Marshal(e.Changes)
		if err != nil {
			return fmt.Errorf("audit %s: %w", e.Action, err)
		}
		row.Changes = string(raw)
	}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}

// Of reads the entries about one object, newest first, starting after the entry with id after;
// it returns at most limit+1 rows, as page.Cut expects.
func Of(q *gorm.DB, objectType, objectID, after string, limit int) ([]Entry, error) {
	q = q.Where("object_type = ? AND object_id = ?", objectType, objectID)
	if after != "" {
		q = q.Where("id < ?", after)
	}
	var rows []Entry
	if err := q.Order("id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read audit entries of %s %s: %w", objectType, objectID, err)
	}
	return rows, nil
}

// Changes collects the fields that differ.
type Changes []Change

// Add notes a field when its value changed.
func (c *Changes) Add(field string, before, after any) {
	if fmt.Sprint(before) != fmt.Sprint(after) {
		*c = append(*c, Change{Field: field, Before: before, After: after})
	}
}

// AddSecret notes that a secret was set, changed or removed, without telling it.
func (c *Changes) AddSecret(field string, hadOne, hasOne bool) {
	change := Change{Field: field, After: "changed"}
	if !hadOne {
		change.After = "set"
	}
	if !hasOne {
		change.After = "removed"
	}
	*c = append(*c, change)
}
