package user

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// seenEvery is how often the use of a session is written down.
const seenEvery = time.Minute

// SignedIn is a person with the session that they are using. Token, which the cookie holds, is there
// only when the session has just begun.
type SignedIn struct {
	User    User
	Session Session
	Token   secret.String
}

// SignIn begins a session. A wrong address, a wrong password and a disabled person are
// indistinguishable, by answer and by time.
func (s *Service) SignIn(ctx context.Context, email string, password secret.String, userAgent string) (SignedIn, error) {
	now, key := s.Now(), emailKey(email)
	if len(key) > 2*maxEmail {
		key = ""
	}
	bucket := auth.RequestFrom(ctx).IP + " " + key
	if wait := s.limiter.take(bucket, now); wait > 0 {
		return SignedIn{}, ErrTooMany.After(wait)
	}
	u, err := take(s.DB.Read(ctx).Where("email_key = ?", key))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return SignedIn{}, err
	}
	same, err := s.hasher.matches(ctx, password, u.PasswordHash)
	if err != nil {
		return SignedIn{}, err
	}
	if !same || u.Disabled {
		return SignedIn{}, s.refuse(ctx, u, email)
	}
	s.limiter.forget(bucket)
	var out SignedIn
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&User{}).Where("id = ? AND password_hash = ? AND disabled = ?", u.ID, u.PasswordHash, false).
			UpdateColumn("last_sign_in_at", now)
		if res.Error != nil {
			return fmt.Errorf("note sign-in of user %s: %w", u.ID, res.Error)
		}
		if res.RowsAffected != 1 {
			return ErrCredentials // the password was changed, or the person disabled, a moment ago
		}
		u.LastSignInAt = &now
		out, err = s.startSession(tx, u, userAgent)
		return err
	})
	return out, err
}

// refuse notes the failure under the address that was typed.
func (s *Service) refuse(ctx context.Context, u User, email string) error {
	message := "The password was wrong."
	if u.ID == "" {
		message = "Nobody has this email address."
	} else if u.Disabled {
		message = "This person is disabled, or the password was wrong."
	}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, s.Now(), audit.Event{
			Action: "session.failed", Outcome: audit.Failure, Message: message,
			Object: audit.Object{Type: "user", ID: u.ID, Name: printable(strings.TrimSpace(email), maxEmail)},
		})
	})
	if err != nil {
		return err
	}
	return ErrCredentials
}

// startSession begins a session of u and clears away those that have expired.
func (s *Service) startSession(tx *gorm.DB, u User, userAgent string) (SignedIn, error) {
	now, token := s.Now(), secret.Random()
	if err := tx.Where("user_id = ? AND (expires_at <= ? OR idle_expires_at <= ?)", u.ID, now, now).Delete(&Session{}).Error; err != nil {
		return SignedIn{}, fmt.Errorf("delete expired sessions: %w", err)
	}
	row := Session{
		ID: uuid.Must(uuid.NewV7()).String(), UserID: u.ID, TokenHash: secret.Hash(token), CreatedAt: now, SeenAt: now,
		IdleExpiresAt: now.Add(s.IdleTimeout), ExpiresAt: now.Add(s.MaxAge),
		IP: auth.RequestFrom(tx.Statement.Context).IP, UserAgent: printable(userAgent, 255),
	}
	if err := tx.Create(&row).Error; err != nil {
		return SignedIn{}, fmt.Errorf("insert session: %w", err)
	}
	actor := u.principal(row.ID)
	err := audit.Record(tx, now, audit.Event{Action: "session.created", Object: object(u), Actor: &actor, Message: "Signed in."})
	return SignedIn{User: u, Session: row, Token: token}, err
}

// Authenticate turns a session's token into the person, with what their role allows now.
func (s *Service) Authenticate(ctx context.Context, token secret.String) (auth.Principal, error) {
	now := s.Now()
	u, row, err := findSession(s.DB.Read(ctx), "token_hash", secret.Hash(token), now)
	if err != nil {
		return auth.Principal{}, err
	}
	if now.Sub(row.SeenAt) >= seenEvery {
		if err := s.see(ctx, row, now); err != nil {
			return auth.Principal{}, err
		}
	}
	return u.principal(row.ID), nil
}

// see notes that a session was used, which puts off its end; of many requests at once one writes.
func (s *Service) see(ctx context.Context, row Session, now time.Time) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		err := tx.Model(&Session{}).Where("id = ? AND seen_at = ?", row.ID, row.SeenAt).
			UpdateColumns(map[string]any{"seen_at": now, "idle_expires_at": now.Add(s.IdleTimeout)}).Error
		if err != nil {
			return fmt.Errorf("note use of session: %w", err)
		}
		return nil
	})
}

// Current returns the caller's own session.
func (s *Service) Current(ctx context.Context) (SignedIn, error) {
	p, _ := auth.From(ctx)
	u, row, err := findSession(s.DB.Read(ctx), "id", p.SessionID, s.Now())
	return SignedIn{User: u, Session: row}, err
}

// SignOut ends the caller's own session.
func (s *Service) SignOut(ctx context.Context) error {
	p, _ := auth.From(ctx)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		u, err := load(tx, p.ID)
		if err != nil {
			return err
		}
		res := tx.Where("id = ? AND user_id = ?", p.SessionID, p.ID).Delete(&Session{})
		if res.Error != nil {
			return fmt.Errorf("end session: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return nil
		}
		return audit.Record(tx, s.Now(), audit.Event{Action: "session.ended", Object: object(u), Message: "Signed out."})
	})
}

// DeleteExpiredSessions clears away the sessions that ended by themselves.
func (s *Service) DeleteExpiredSessions(ctx context.Context) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		now := s.Now()
		err := tx.Where("expires_at <= ? OR idle_expires_at <= ?", now, now).Delete(&Session{}).Error
		if err != nil {
			return fmt.Errorf("delete expired sessions: %w", err)
		}
		return nil
	})
}

var errWrongCurrent = fault.Invalid(fault.Field{
	Field: "currentPassword", Code: "wrong", Message: "This is not your current password.",
})

// ChangeOwnPassword replaces the caller's password and ends their other sessions.
func (s *Service) ChangeOwnPassword(ctx context.Context, current, replacement secret.String) error {
	p, _ := auth.From(ctx)
	u, err := s.Get(ctx, p.ID)
	if err != nil {
		return err
	}
	bucket := "own password " + u.ID
	if wait := s.limiter.take(bucket, s.Now()); wait > 0 {
		return ErrTooMany.WithMessage("Too many attempts with a wrong current password.").After(wait)
	}
	same, err := s.hasher.matches(ctx, current, u.PasswordHash)
	if err != nil {
		return err
	}
	if !same {
		return errWrongCurrent
	}
	s.limiter.forget(bucket)
	return s.setPassword(ctx, u, "newPassword", replacement, p.SessionID)
}

// ResetPassword gives the person with this email address another password and ends all their
// sessions: for the command line.
func (s *Service) ResetPassword(ctx context.Context, email string, password secret.String) error {
	u, err := take(s.DB.Read(ctx).Where("email_key = ?", emailKey(email)))
	if errors.Is(err, ErrNotFound) {
		return ErrNotFound.WithMessage("Nobody has this email address.")
	}
	if err != nil {
		return err
	}
	return s.setPassword(ctx, u, "password", password, "")
}

// setPassword ends every session but one. It gives way to another change of the same password.
func (s *Service) setPassword(ctx context.Context, u User, field string, password secret.String, keepSession string) error {
	var f fields
	f.password(field, password, u.Email, u.Name)
	if err := f.err(); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&User{}).Where("id = ? AND password_hash = ?", u.ID, u.PasswordHash).UpdateColumn("password_hash", hash)
		if res.Error != nil {
			return fmt.Errorf("change password of user %s: %w", u.ID, res.Error)
		}
		if res.RowsAffected != 1 {
			return ErrChanged
		}
		if err := endSessions(tx, u.ID, keepSession); err != nil {
			return err
		}
		return audit.Record(tx, s.Now(), audit.Event{
			Action: "user.password_changed", Object: object(u), Message: "Changed the password; other sessions ended.",
		})
	})
}
