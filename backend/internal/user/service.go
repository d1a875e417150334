package user

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Service holds the use cases of people. Use it by pointer.
type Service struct {
	DB          *db.DB
	Now         func() time.Time
	IdleTimeout time.Duration // a session ends when it isn't used for so long
	MaxAge      time.Duration // and in any case at this age

	hasher  hasher
	limiter limiter
}

// CreateUser adds a person. Nobody makes a person who may do what they may not do themselves; without
// a caller in the context, as on the command line, it is the product itself that acts.
func (s *Service) CreateUser(ctx context.Context, email, name string, role auth.Role, password secret.String) (User, error) {
	var f fields
	f.role(role, caller(ctx))
	u, err := s.prepare(ctx, &f, email, name, role, password)
	if err != nil {
		return User{}, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		// Whoever exists ends the set-up: its code dies with the first of them.
		if err := clearSetupCode(tx); err != nil {
			return err
		}
		if err := bumpEpoch(tx); err != nil {
			return err
		}
		if err := insert(tx, &u); err != nil {
			return err
		}
		return recordCreated(tx, u, nil)
	})
	return u, err
}

// prepare checks a new person and hashes the password: that takes long, so no transaction is open.
func (s *Service) prepare(ctx context.Context, f *fields, email, name string, role auth.Role, password secret.String) (User, error) {
	now := s.Now()
	u := User{
		ID: uuid.Must(uuid.NewV7()).String(), Email: f.email(email), Name: f.name(name), Role: role,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	u.EmailKey = emailKey(u.Email)
	f.password("password", password, u.Email, u.Name)
	if err := f.err(); err != nil {
		return User{}, err
	}
	var err error
	u.PasswordHash, err = s.hasher.hash(ctx, password)
	return u, err
}

func recordCreated(tx *gorm.DB, u User, actor *auth.Principal) error {
	return audit.Record(tx, u.CreatedAt, audit.Event{
		Action: "user.created", Object: object(u), Actor: actor, Message: "Added as " + string(u.Role) + ".",
		Changes: []audit.Change{{Field: "role", After: u.Role}, {Field: "name", After: u.Name}},
	})
}

// caller is who acts: outside of requests the product itself.
func caller(ctx context.Context) auth.Principal {
	if p, ok := auth.From(ctx); ok {
		return p
	}
	return auth.System("Latchkey")
}

// Get returns one person.
func (s *Service) Get(ctx context.Context, id string) (User, error) { return load(s.DB.Read(ctx), id) }

// List returns limit+1 people at most, newest first, as page.Cut expects.
func (s *Service) List(ctx context.Context, r page.Request) ([]User, error) {
	return list(s.DB.Read(ctx), r)
}

// Patch names what to change; nil leaves a field alone.
type Patch struct {
	Name     *string
	Role     *auth.Role
	Disabled *bool
}

// Update changes a person who is at one of the given versions (nil: whatever the version). It works
// from their next request on; disabling also signs them out.
func (s *Service) Update(ctx context.Context, id string, p Patch, versions []int64) (User, error) {
	var out User
	err := s.change(ctx, id, versions, func(tx *gorm.DB, before User) error {
		after, err := apply(ctx, before, p)
		if err != nil {
			return err
		}
		var changes audit.Changes
		changes.Add("name", before.Name, after.Name)
		changes.Add("role", before.Role, after.Role)
		changes.Add("disabled", before.Disabled, after.Disabled)
		if len(changes) == 0 {
			out = before
			return nil
		}
		if before.activeAdmin() && !after.activeAdmin() {
			if err := keepAnAdmin(tx, id); err != nil {
				return err
			}
		}
		after.UpdatedAt, after.Version = s.Now(), before.Version+1
		if err := update(tx, id, map[string]any{
			"name": after.Name, "role": after.Role, "disabled": after.Disabled,
			"updated_at": after.UpdatedAt, "version": after.Version,
		}); err != nil {
			return err
		}
		if after.Disabled {
			if err := endSessions(tx, id, ""); err != nil {
				return err
			}
		}
		out = after
		return audit.Record(tx, after.UpdatedAt, audit.Event{
			Action: "user.updated", Object: object(after), Changes: changes, Message: "Changed " + fieldNames(changes) + ".",
		})
	})
	return out, err
}

// apply checks a patch and returns the person with it.
func apply(ctx context.Context, u User, p Patch) (User, error) {
	var f fields
	before := u
	if p.Name != nil {
		u.Name = f.name(*p.Name)
	}
	if p.Role != nil {
		u.Role = *p.Role
	}
	if p.Disabled != nil {
		u.Disabled = *p.Disabled
	}
	// To let somebody in again is to grant the role again.
	if u.Role != before.Role || (before.Disabled && !u.Disabled) {
		f.role(u.Role, caller(ctx))
	}
	return u, f.err()
}

// change runs work on a person within a transaction that no other change of people overlaps.
func (s *Service) change(ctx context.Context, id string, versions []int64, work func(*gorm.DB, User) error) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := bumpEpoch(tx); err != nil {
			return err
		}
		u, err := load(tx, id)
		if err != nil {
			return err
		}
		if versions != nil && !slices.Contains(versions, u.Version) {
			return ErrChanged
		}
		return work(tx, u)
	})
}

// Delete removes a person with their sessions. What they did stays in the audit log.
func (s *Service) Delete(ctx context.Context, id string, versions []int64) error {
	return s.change(ctx, id, versions, func(tx *gorm.DB, u User) error {
		if u.activeAdmin() {
			if err := keepAnAdmin(tx, id); err != nil {
				return err
			}
		}
		if err := tx.Where("id = ?", id).Delete(&User{}).Error; err != nil {
			return err
		}
		return audit.Record(tx, s.Now(), audit.Event{Action: "user.deleted", Object: object(u), Message: "Removed."})
	})
}

func fieldNames(changes audit.Changes) string {
	names := make([]string, 0, len(changes))
	for _, c := range changes {
		names = append(names, c.Field)
	}
	return strings.Join(names, ", ")
}
