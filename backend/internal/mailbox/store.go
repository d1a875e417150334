package mailbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// slotRow is one row of mailbox_slots: a place that is held.
type slotRow struct {
	Mailbox   string
	Slot      int
	Replica   string
	ExpiresAt time.Time
}

// TableName names the table.
func (slotRow) TableName() string { return "mailbox_slots" }

// waitRow is one row of mailbox_waits: a replica that wants more places than it has.
type waitRow struct {
	Mailbox   string
	Replica   string
	ExpiresAt time.Time
}

// TableName names the table.
func (waitRow) TableName() string { return "mailbox_waits" }

// others is what the other replicas hold and want of one mailbox.
type others struct {
	held  map[string]int
	wants []string
}

// share is what each replica gets at least, and how much is missing to that in all.
func (o others) share() (share, missing int) {
	replicas := map[string]bool{}
	for replica := range o.held {
		replicas[replica] = true
	}
	for _, replica := range o.wants {
		replicas[replica] = true
	}
	share = atOnce / (len(replicas) + 1)
	for _, replica := range o.wants {
		missing += max(0, max(share, 1)-o.held[replica])
	}
	return share, missing
}

func (s *Slots) lookAround(ctx context.Context, ids []string) (map[string]others, error) {
	now := s.Now()
	var slots []slotRow
	var waits []waitRow
	q := s.DB.Read(ctx)
	for chunk := range slices.Chunk(ids, 500) {
		var a []slotRow
		var b []waitRow
		mine := "mailbox IN ? AND replica <> ? AND expires_at > ?"
		if err := errors.Join(q.Where(mine, chunk, s.Replica, now).Find(&a).Error, q.Where(mine, chunk, s.Replica, now).Find(&b).Error); err != nil {
			return nil, fmt.Errorf("read places of mailboxes: %w", err)
		}
		slots, waits = append(slots, a...), append(waits, b...)
	}
	around := map[string]others{}
	for _, row := range slots {
		o := around[row.Mailbox]
		if o.held == nil {
			o.held = map[string]int{}
		}
		o.held[row.Replica]++
		around[row.Mailbox] = o
	}
	for _, row := range waits {
		o := around[row.Mailbox]
		o.wants = append(o.wants, row.Replica)
		around[row.Mailbox] = o
	}
	return around, nil
}

// take wins a place that nobody holds, or whose holder's time is over. It is one conditional statement.
func take(tx *gorm.DB, row slotRow, now time.Time) (bool, error) {
	res := tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "mailbox"}, {Name: "slot"}},
		DoUpdates: clause.Assignments(map[string]any{"replica": row.Replica, "expires_at": row.ExpiresAt}),
		Where:     clause.Where{Exprs: []clause.Expression{gorm.Expr("mailbox_slots.expires_at < ?", now)}},
	}).Create(&row)
	if res.Error != nil {
		return false, fmt.Errorf("take a place of a mailbox: %w", res.Error)
	}
	return res.RowsAffected == 1, nil
}

func tell(tx *gorm.DB, row waitRow) error {
	err := tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "mailbox"}, {Name: "replica"}},
		DoUpdates: clause.AssignmentColumns([]string{"expires_at"}),
	}).Create(&row).Error
	if err != nil {
		return fmt.Errorf("wait for a mailbox: %w", err)
	}
	return nil
}
