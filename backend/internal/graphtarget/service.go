package graphtarget

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/page"
)

// Service holds the use cases of targets. To a caller that was not given a target's key, the target
// doesn't exist: every method answers ErrNotFound.
type Service struct {
	DB  *db.DB
	Now func() time.Time
}

// Create stores a target with a key that the caller may use.
func (s *Service) Create(ctx context.Context, in Input) (Summary, error) {
	now := s.Now()
	actor, _ := auth.From(ctx)
	t := Target{
		ID: uuid.Must(uuid.NewV7()).String(), Version: 1, CreatedAt: now, UpdatedAt: now,
		CreatedByType: actor.Type, CreatedByID: actor.ID, CreatedByName: actor.Name,
	}
	if err := t.apply(in); err != nil {
		return Summary{}, err
	}
	if !actor.MayUseKey(t.AccountKeyID) {
		return Summary{}, errUnknownKey
	}
	var out Summary
	err := s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
		if err := insert(tx, &t); err != nil {
			return err
		}
		if out, err = summary(tx, t.ID); err != nil {
			return err
		}
		return record(tx, now, audit.TargetCreated, t, "Created.", differences(Target{}, t))
	})
	return out, err
}

// Get returns one target.
func (s *Service) Get(ctx context.Context, id string) (Summary, error) {
	found, err := summary(s.DB.Read(ctx), id)
	return found, mayUse(ctx, found.Target, err)
}

// mayUse hides a target from a caller that was not given its key.
func mayUse(ctx context.Context, t Target, err error) error {
	if p, _ := auth.From(ctx); err == nil && !p.MayUseKey(t.AccountKeyID) {
		return ErrNotFound
	}
	return err
}

// Filter narrows a list: words that name, description or base path contain, an account key.
type Filter struct {
	Query        string
	AccountKeyID string
	Page         page.Request
}

// List returns limit+1 targets at most, newest first, as page.Cut expects.
func (s *Service) List(ctx context.Context, f Filter) ([]Summary, error) {
	var wrong fault.Fields
	wrong.Search("q", f.Query)
	if f.AccountKeyID != "" && uuid.Validate(f.AccountKeyID) != nil {
		wrong.Add("accountKeyId", "invalid", "Name an account key by its id.")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	p, _ := auth.From(ctx)
	var only []string
	if !p.AllKeys {
		only = append([]string{}, p.KeyIDs...)
	}
	return find(s.DB.Read(ctx), f, only)
}

// Update changes a target if it is at one of the given versions (nil: whatever its version). change edits
// the present values.
func (s *Service) Update(ctx context.Context, id string, versions []int64, change func(*Input)) (Summary, error) {
	now := s.Now()
	var out Summary
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		before, err := locked(tx, id, versions)
		if err != nil {
			return err
		}
		in, after := before.input(), before
		change(&in)
		if err := after.apply(in); err != nil {
			return err
		}
		if p, _ := auth.From(ctx); !p.MayUseKey(after.AccountKeyID) {
			return errUnknownKey
		}
		if changes := differences(before, after); len(changes) > 0 {
			after.Version, after.UpdatedAt = before.Version+1, now
			if err := save(tx, after); err != nil {
				return err
			}
			if err := db.BumpEpoch(tx); err != nil {
				return err
			}
			if err := record(tx, now, audit.TargetUpdated, after, "Changed.", changes); err != nil {
				return err
			}
		}
		out, err = summary(tx, id)
		return err
	})
	return out, err
}

// locked takes a target that the caller may use.
func locked(tx *gorm.DB, id string, versions []int64) (Target, error) {
	t, err := lock(tx, id)
	if err := mayUse(tx.Statement.Context, t, err); err != nil {
		return Target{}, err
	}
	if versions != nil && !slices.Contains(versions, t.Version) {
		return Target{}, ErrChanged
	}
	return t, nil
}

// Delete removes a target. Calls under way come to their end.
func (s *Service) Delete(ctx context.Context, id string, versions []int64) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		t, err := locked(tx, id, versions)
		if err != nil {
			return err
		}
		if err := tx.Where("id = ?", id).Delete(&Target{}).Error; err != nil {
			return fmt.Errorf("delete target %s: %w", id, err)
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		return record(tx, s.Now(), audit.TargetDeleted, t, "Deleted.", differences(t, Target{}).Gone())
	})
}

// KeyDeleted joins the transaction that deletes an account key, and says of each of its targets that it
// goes with it.
func (s *Service) KeyDeleted(tx *gorm.DB, accountKeyID string) error {
	gone, err := ofKey(tx, accountKeyID)
	if err != nil {
		return err
	}
	for _, t := range gone {
		err := record(tx, s.Now(), audit.TargetDeleted, t, "Deleted with its account key.", differences(t, Target{}).Gone())
		if err != nil {
			return err
		}
	}
	return nil
}

// NamesOf lists what the targets of an account key are called, by their ids.
func (s *Service) NamesOf(ctx context.Context, accountKeyID string) (map[string]string, error) {
	found, err := ofKey(s.DB.Read(ctx), accountKeyID)
	names := map[string]string{}
	for _, t := range found {
		names[t.ID] = t.Name
	}
	return names, err
}

func record(tx *gorm.DB, now time.Time, action audit.Action, t Target, message string, changes audit.Changes) error {
	return audit.Record(tx, now, audit.Event{
		Action: action, Object: audit.Object{Type: audit.TypeTarget, ID: t.ID, Name: t.Name}, AccountKeyID: t.AccountKeyID,
		Message: message, Changes: changes,
	})
}

// differences tells what of a target people edited.
func differences(a, b Target) audit.Changes {
	var c audit.Changes
	c.Add("name", a.Name, b.Name)
	c.Add("description", a.Description, b.Description)
	c.Add("accountKeyId", a.AccountKeyID, b.AccountKeyID)
	c.Add("apiVersion", a.APIVersion, b.APIVersion)
	c.Add("basePath", a.BasePath, b.BasePath)
	c.Add("allowedMethods", a.AllowedMethods, b.AllowedMethods)
	c.Add("allowedPaths", a.AllowedPaths, b.AllowedPaths)
	c.Add("fixedHeaders", headerLines(a), headerLines(b))
	c.Add("timeoutSeconds", number(a.TimeoutSeconds), number(b.TimeoutSeconds))
	c.Add("enabled", a.Enabled, b.Enabled)
	return c
}

func headerLines(t Target) []string {
	lines := make([]string, 0, len(t.FixedHeaders))
	for _, h := range t.FixedHeaders {
		lines = append(lines, h.Name+": "+h.Value)
	}
	return lines
}

// number is nothing for none, as texts are.
func number(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}
