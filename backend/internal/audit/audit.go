// Package audit is the append-only record of who did what to which thing. Record joins the
// transaction that makes the change, so that neither exists without the other. Entries hold no
// secrets: of a change of one they tell that it was set, replaced or removed.
//
// Entries are read newest first by the time they carry; their ids part those of one moment. An API
// client reads those that hang on account keys it may use, and no others: who signed in, and what
// was done to people and programs, is for people.
package audit

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
)

// Outcome tells whether what was tried came about.
type Outcome string // @name AuditOutcome

// The outcomes of an action.
const (
	Success Outcome = "success"
	Failure Outcome = "failure"
)

// Object is the thing that was acted on; Name is what it was called then.
type Object struct {
	Type ObjectType
	ID   string
	Name string
}

// Event is what Record is told; who, when and from where come from the transaction's context.
type Event struct {
	Action       Action
	Object       Object
	AccountKeyID string  // the account key that the object hangs on; a key hangs on itself
	Outcome      Outcome // Success unless said otherwise
	Message      string  // one plain sentence for the timeline
	Changes      Changes
	Actor        *auth.Principal // when it isn't the context's, as at sign-in
}

// Entry is one row of the audit log.
type Entry struct {
	ID           string
	At           time.Time
	Action       Action
	Outcome      Outcome
	ActorType    auth.PrincipalType
	ActorID      string
	ActorName    string
	ObjectType   ObjectType
	ObjectID     string
	ObjectName   string
	AccountKeyID string
	RequestID    string
	IP           string `gorm:"column:ip"`
	Message      string
	Changes      Changes
	SearchText   string // folded

	ObjectDeleted bool `gorm:"-"` // the thing is gone by now
}

// TableName names the table.
func (Entry) TableName() string { return "audit_entries" }

// Record writes one entry within the caller's transaction. Without a principal in the context the
// actor is the product itself.
func Record(tx *gorm.DB, now time.Time, e Event) error {
	_, err := record(tx, now, e)
	return err
}

func record(tx *gorm.DB, now time.Time, e Event) (Entry, error) {
	row := entryOf(tx, now, e)
	if err := tx.Create(&row).Error; err != nil {
		return Entry{}, fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return row, nil
}

func entryOf(tx *gorm.DB, now time.Time, e Event) Entry {
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
	if e.Object.Type == TypeAccountKey {
		e.AccountKeyID = e.Object.ID
	}
	request := auth.RequestFrom(ctx)
	row := Entry{
		ID: uuid.Must(uuid.NewV7()).String(), At: now, Action: e.Action, Outcome: e.Outcome,
		ActorType: actor.Type, ActorID: actor.ID, ActorName: actor.Name,
		ObjectType: e.Object.Type, ObjectID: e.Object.ID, ObjectName: e.Object.Name, AccountKeyID: e.AccountKeyID,
		RequestID: request.ID, IP: request.IP, Message: e.Message, Changes: e.Changes,
	}
	row.SearchText = searchText(row)
	return row
}

// searchText is what a search looks through: all that an entry says.
func searchText(e Entry) string {
	parts := []string{
		e.Message, e.ObjectName, e.ActorName, string(e.Action), e.IP, e.RequestID, e.ObjectID, e.ActorID,
	}
	for _, c := range e.Changes {
		parts = append(parts, c.Field)
		for _, value := range []*string{c.Before, c.After} {
			if value != nil {
				parts = append(parts, *value)
			}
		}
	}
	return db.Fold(strings.Join(parts, "\n"))
}
