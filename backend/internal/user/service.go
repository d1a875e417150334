package user

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Service holds the use cases of people and sessions.
type Service struct {
	DB               *db.DB
	Now              func() time.Time
	PublicURL        string
	IdleTimeout      time.Duration // a session ends after this long without a request
	MaxAge           time.Duration // and after this long in any case
	InvitationExpiry time.Duration
	ResetExpiry      time.Duration // of a link to choose a new password
	DeviceLifetime   time.Duration // how long a browser is known after the last sign-in by it
	Limits           Limits
	Logger           *slog.Logger

	hasher hasher
}

// Input is a person as they are added.
type Input struct {
	Email    string
	Name     string
	Role     auth.Role
	Password *secret.String // nil: they choose it themselves, by a link
}

// Created is a person who was added, and the link to hand to them unless they have a password already.
type Created struct {
	User User
	Link *Link
}

// Create adds a person.
func (s *Service) Create(ctx context.Context, in Input) (Created, error) {
	actor, _ := auth.From(ctx)
	u, err := s.prepare(ctx, in, actor)
	if err != nil {
		return Created{}, err
	}
	made := Created{User: u}
	message := "Added as " + string(u.Role) + "."
	if in.Password == nil {
		link := s.putLink(&made.User, u.CreatedAt, s.InvitationExpiry, actor)
		made.Link, message = &link, "Invited as "+string(u.Role)+"."
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := lockAll(tx); err != nil {
			return err
		}
		if err := insert(tx, &made.User); err != nil {
			return err
		}
		// Whoever is added from the command line before the first start makes the set-up code needless.
		if err := clearSetupCode(tx); err != nil {
			return err
		}
		return audit.Record(tx, u.CreatedAt, audit.Event{
			Action: audit.UserCreated, Object: object(u), Message: message, Changes: whole(u),
		})
	})
	return made, err
}

// prepare checks the input and makes the row of it.
func (s *Service) prepare(ctx context.Context, in Input, granter auth.Principal) (User, error) {
	var f fields
	now := s.Now()
	u := User{
		ID: uuid.Must(uuid.NewV7()).String(), Email: f.email(in.Email), Name: f.name(in.Name), Role: in.Role,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	u.EmailKey = emailKey(u.Email)
	f.role(in.Role, granter)
	if in.Password != nil {
		f.password("password", *in.Password, in.Email, in.Name)
	}
	if err := f.Err(); err != nil || in.Password == nil {
		return u, err
	}
	var err error
	u.PasswordHash, err = s.hasher.hash(ctx, *in.Password)
	return u, err
}

// Get returns one person.
func (s *Service) Get(ctx context.Context, id string) (User, error) { return load(s.DB.Read(ctx), id) }

// List returns limit+1 people at most, newest first.
func (s *Service) List(ctx context.Context, r page.Request) ([]User, error) {
	q := s.DB.Read(ctx).Order("id DESC").Limit(r.Limit + 1)
	if r.After != "" {
		q = q.Where("id < ?", r.After)
	}
	var people []User
	if err := q.Find(&people).Error; err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	return people, nil
}

// Patch names what to change; nil leaves a field alone.
type Patch struct {
	Name     *string
	Role     *auth.Role
	Disabled *bool
}

// Update changes a person if they are at one of the given versions (nil: whatever the version).
// Disabling ends their sessions and their open link.
func (s *Service) Update(ctx context.Context, id string, p Patch, versions []int64) (User, error) {
	now := s.Now()
	actor, _ := auth.From(ctx)
	var after User
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		before, err := locked(tx, id, versions)
		if err != nil {
			return err
		}
		after = before
		var f fields
		if p.Name != nil {
			after.Name = f.name(*p.Name)
		}
		if p.Role != nil {
			after.Role = *p.Role
		}
		if p.Disabled != nil {
			after.Disabled = *p.Disabled
		}
		// To let somebody in again is to grant the role again.
		if after.Role != before.Role || (before.Disabled && !after.Disabled) {
			f.role(after.Role, actor)
		}
		if err := f.Err(); err != nil {
			return err
		}
		return s.save(tx, before, &after, now)
	})
	return after, err
}

func (s *Service) save(tx *gorm.DB, before User, after *User, now time.Time) error {
	changes := differences(before, *after)
	if len(changes) == 0 {
		return nil
	}
	after.Version, after.UpdatedAt = before.Version+1, now
	if after.Disabled {
		after.dropLink()
	}
	err := tx.Model(&User{}).Where("id = ?", before.ID).UpdateColumns(map[string]any{
		"name": after.Name, "role": after.Role, "disabled": after.Disabled, "version": after.Version, "updated_at": now,
		"link_hash": after.LinkHash, "link_expires_at": after.LinkExpiresAt, "link_by": after.LinkBy,
	}).Error
	if err != nil {
		return fmt.Errorf("update person %s: %w", before.ID, err)
	}
	if err := needAdmin(tx); err != nil {
		return err
	}
	if after.Disabled {
		if err := endSessions(tx, after.ID, ""); err != nil {
			return err
		}
	}
	if err := db.BumpEpoch(tx); err != nil {
		return err
	}
	return audit.Record(tx, now, audit.Event{Action: audit.UserUpdated, Object: object(*after), Message: "Changed.", Changes: changes})
}

// Delete removes a person and their sessions.
func (s *Service) Delete(ctx context.Context, id string, versions []int64) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		u, err := locked(tx, id, versions)
		if err != nil {
			return err
		}
		if err := tx.Where("id = ?", id).Delete(&User{}).Error; err != nil {
			return fmt.Errorf("delete person %s: %w", id, err)
		}
		if err := needAdmin(tx); err != nil {
			return err
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		return audit.Record(tx, s.Now(), audit.Event{
			Action: audit.UserDeleted, Object: object(u), Message: "Removed.", Changes: differences(u, User{}).Gone(),
		})
	})
}

func differences(a, b User) audit.Changes {
	var changes audit.Changes
	changes.Add("email", a.Email, b.Email)
	changes.Add("name", a.Name, b.Name)
	changes.Add("role", a.Role, b.Role)
	changes.Add("disabled", a.Disabled, b.Disabled)
	return changes
}

// whole tells all of a person, as they began.
func whole(u User) audit.Changes {
	changes := differences(User{}, u)
	changes.AddSecret("password", false, u.PasswordHash != "")
	return changes
}

// ResetPassword sets a person's password and ends all their sessions.
func (s *Service) ResetPassword(ctx context.Context, email string, plain secret.String) error {
	u, err := byEmail(s.DB.Read(ctx), email)
	if err != nil {
		return err
	}
	if err := checkPassword("password", plain, u); err != nil {
		return err
	}
	return s.setPassword(ctx, u, newPassword{plain: plain})
}

// ChangeOwnPassword sets the password of the person who is signed in, who proves to know the present
// one. It ends their other sessions and makes their other browsers unknown.
func (s *Service) ChangeOwnPassword(ctx context.Context, current, plain secret.String, b Browser) error {
	p, _ := auth.From(ctx)
	u, err := s.Get(ctx, p.ID)
	if err != nil {
		return err
	}
	// First: a new password that is refused says nothing about the present one, and must not count as a
	// failure to know it.
	if err := checkPassword("newPassword", plain, u); err != nil {
		return err
	}
	// Counted for the session, so that whoever stole another one cannot keep the person from it.
	counted := []bucket{{key: "password " + p.SessionID, most: s.Limits.PerAccount}}
	same, err := s.compare(ctx, current, u.PasswordHash, true, counted)
	if err != nil {
		return err
	}
	if !same {
		return fault.Invalid(fault.Field{Field: "currentPassword", Code: "wrong", Message: "This is not your current password."})
	}
	return s.setPassword(ctx, u, newPassword{plain: plain, own: true, session: p.SessionID, browser: b, counted: counted})
}

// newPassword is a change of a password, to one that was checked.
type newPassword struct {
	plain   secret.String
	own     bool // counts only on top of the password that they proved to know
	session string
	browser Browser
	counted []bucket
}

func (s *Service) setPassword(ctx context.Context, u User, change newPassword) error {
	hash, err := s.hasher.hash(ctx, change.plain)
	if err != nil {
		return err
	}
	now := s.Now()
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := lockAll(tx); err != nil {
			return err
		}
		q := tx.Model(&User{}).Where("id = ?", u.ID)
		if change.own {
			q = q.Where("password_hash = ? AND disabled = ?", u.PasswordHash, false)
		}
		res := q.UpdateColumns(map[string]any{
			"password_hash": hash, "link_hash": nil, "link_expires_at": nil, "link_by": "",
			"version": gorm.Expr("version + 1"), "updated_at": now,
		})
		if res.Error != nil {
			return fmt.Errorf("set password of %s: %w", u.ID, res.Error)
		}
		if res.RowsAffected == 0 {
			return ErrSignedOut
		}
		var changes audit.Changes
		changes.AddSecret("password", u.PasswordHash != "", true)
		return errors.Join(
			endSessions(tx, u.ID, change.session), forgetDevices(tx, u.ID, change.browser.Device), settle(tx, change.counted),
			db.BumpEpoch(tx),
			audit.Record(tx, now, audit.Event{
				Action: audit.UserPasswordChanged, Object: object(u), Message: "Changed the password.", Changes: changes,
			}),
		)
	})
}

func locked(tx *gorm.DB, id string, versions []int64) (User, error) {
	if err := lockAll(tx); err != nil {
		return User{}, err
	}
	u, err := load(tx, id)
	if err == nil && versions != nil && !slices.Contains(versions, u.Version) {
		return User{}, ErrChanged
	}
	return u, err
}

// needAdmin refuses a change that leaves nobody who could undo it. An admin who has yet to accept an
// invitation could not.
func needAdmin(tx *gorm.DB) error {
	var n int64
	err := tx.Model(&User{}).Where("role = ? AND disabled = ? AND password_hash <> ''", auth.RoleAdmin, false).Count(&n).Error
	if err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if n == 0 {
		return ErrLastAdmin
	}
	return nil
}

func insert(tx *gorm.DB, u *User) error {
	err := tx.Create(u).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrEmailTaken.Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert person: %w", err)
	}
	return nil
}
