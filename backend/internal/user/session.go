package user

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// SignedIn is a new session and the token that the browser keeps of it.
type SignedIn struct {
	User    User
	Session Session
	Token   secret.String
}

// SetupRequired reports that there is nobody yet.
func (s *Service) SetupRequired(ctx context.Context) (bool, error) {
	var n int64
	if err := s.DB.Read(ctx).Model(&User{}).Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("count people: %w", err)
	}
	return n == 0, nil
}

// codeAlphabet leaves out what is mistaken for something else; 12 of it hold 60 bits.
const codeAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// NewSetupCode makes the code that proves, to the set-up page, a person who can read what the server
// prints. The one before is good for nothing afterwards.
func (s *Service) NewSetupCode(ctx context.Context) (secret.String, error) {
	raw := make([]byte, 12)
	// crypto/rand.Read never fails; it ends the program when the system has no randomness.
	_, _ = rand.Read(raw)
	var text strings.Builder
	for i, b := range raw {
		if i > 0 && i%4 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(codeAlphabet[int(b)%len(codeAlphabet)])
	}
	code := secret.New(text.String())
	return code, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE instance SET setup_code_hash = ? WHERE id = 1", hashCode(code)).Error
	})
}

// hashCode forgives case, spaces and missing dashes.
func hashCode(code secret.String) string {
	plain := strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code.Reveal()))
	return secret.Hash(secret.New(plain))
}

// Setup makes the first administrator, once, and signs them in.
func (s *Service) Setup(ctx context.Context, code secret.String, in Input, userAgent string) (SignedIn, error) {
	if wait := s.limits.take("setup "+auth.RequestFrom(ctx).IP, s.Now()); wait > 0 {
		return SignedIn{}, ErrTooMany.After(wait)
	}
	if err := s.checkSetup(s.DB.Read(ctx), code); err != nil {
		return SignedIn{}, err
	}
	in.Role = auth.RoleAdmin
	u, err := s.prepare(ctx, in, auth.System("set-up"))
	if err != nil {
		return SignedIn{}, err
	}
	u.LastSignInAt = &u.CreatedAt
	out := s.newSession(ctx, u, userAgent)
	actor := u.principal(out.Session.ID)
	return out, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := lockAll(tx); err != nil {
			return err
		}
		if err := s.checkSetup(tx, code); err != nil {
			return err
		}
		if err := errors.Join(insert(tx, &u), clearSetupCode(tx)); err != nil {
			return err
		}
		if err := tx.Create(&out.Session).Error; err != nil {
			return fmt.Errorf("insert session: %w", err)
		}
		return audit.Record(tx, u.CreatedAt, audit.Event{
			Action: "setup.completed", Object: object(u), Actor: &actor, Message: "Made the first administrator.",
		})
	})
}

func (s *Service) checkSetup(q *gorm.DB, code secret.String) error {
	var n int64
	if err := q.Model(&User{}).Count(&n).Error; err != nil {
		return fmt.Errorf("count people: %w", err)
	}
	if n > 0 {
		return ErrAlreadySet
	}
	var row struct{ SetupCodeHash *string }
	if err := q.Table("instance").Where("id = 1").Take(&row).Error; err != nil {
		return fmt.Errorf("read set-up code: %w", err)
	}
	if row.SetupCodeHash == nil || hashCode(code) != *row.SetupCodeHash {
		return ErrSetupCode
	}
	return nil
}

func (s *Service) newSession(ctx context.Context, u User, userAgent string) SignedIn {
	now := s.Now()
	token := secret.Random()
	return SignedIn{User: u, Token: token, Session: Session{
		ID: uuid.Must(uuid.NewV7()).String(), UserID: u.ID, TokenHash: secret.Hash(token), CreatedAt: now, SeenAt: now,
		IdleExpiresAt: now.Add(s.IdleTimeout), ExpiresAt: now.Add(s.MaxAge),
		IP: auth.RequestFrom(ctx).IP, UserAgent: strings.ToValidUTF8(userAgent[:min(len(userAgent), 200)], ""),
	}}
}

// SignIn starts a session. Whether address or password was wrong can't be told from the answer, nor
// from the time it takes.
func (s *Service) SignIn(ctx context.Context, email string, plain secret.String, userAgent string) (SignedIn, error) {
	now := s.Now()
	key := auth.RequestFrom(ctx).IP + " " + emailKey(email)
	if wait := s.limits.take(key, now); wait > 0 {
		return SignedIn{}, ErrTooMany.After(wait)
	}
	u, err := byEmail(s.DB.Read(ctx), email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return SignedIn{}, err
	}
	same, err := s.hasher.matches(ctx, plain, u.PasswordHash)
	if err != nil {
		return SignedIn{}, err
	}
	if !same || u.Disabled {
		return SignedIn{}, errors.Join(ErrCredentials, s.noteFailure(ctx, email, u))
	}
	s.limits.forget(key)
	out := s.newSession(ctx, u, userAgent)
	actor := u.principal(out.Session.ID)
	return out, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		// Only while the password is the one that was compared: a reset or a disabling that came in
		// between has ended the sessions, and none may begin after it.
		res := tx.Model(&User{}).Where("id = ? AND password_hash = ? AND disabled = ?", u.ID, u.PasswordHash, false).
			UpdateColumn("last_sign_in_at", now)
		if res.Error != nil {
			return fmt.Errorf("note sign-in of %s: %w", u.ID, res.Error)
		}
		if res.RowsAffected == 0 {
			return ErrCredentials
		}
		if err := tx.Create(&out.Session).Error; err != nil {
			return fmt.Errorf("insert session: %w", err)
		}
		out.User.LastSignInAt = &now
		return audit.Record(tx, now, audit.Event{Action: "session.created", Object: object(u), Actor: &actor, Message: "Signed in."})
	})
}

func (s *Service) noteFailure(ctx context.Context, email string, u User) error {
	typed := strings.ToValidUTF8(strings.ReplaceAll(email[:min(len(email), 254)], "\x00", ""), "")
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, s.Now(), audit.Event{
			Action: "session.failed", Outcome: audit.Failure, Object: audit.Object{Type: "user", ID: u.ID, Name: typed},
			Actor:   &auth.Principal{Type: auth.TypeSystem, ID: "anonymous", Name: "Somebody not signed in"},
			Message: "Could not sign in.",
		})
	})
}

// SignOut ends the session of the person who is signed in.
func (s *Service) SignOut(ctx context.Context) error {
	p, _ := auth.From(ctx)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("id = ?", p.SessionID).Delete(&Session{}).Error; err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		return audit.Record(tx, s.Now(), audit.Event{
			Action: "session.ended", Object: audit.Object{Type: "user", ID: p.ID, Name: p.Name}, Message: "Signed out.",
		})
	})
}

// seenGrain is how exactly the last request of a session is recorded.
const seenGrain = time.Minute

// Authenticate admits the holder of a session's token.
func (s *Service) Authenticate(ctx context.Context, token secret.String) (auth.Principal, error) {
	u, session, err := s.find(ctx, "token_hash = ?", secret.Hash(token))
	if err != nil {
		return auth.Principal{}, err
	}
	if now := s.Now(); now.Sub(session.SeenAt) >= seenGrain {
		err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			return tx.Model(&Session{}).Where("id = ?", session.ID).
				UpdateColumns(map[string]any{"seen_at": now, "idle_expires_at": now.Add(s.IdleTimeout)}).Error
		})
		if err != nil {
			return auth.Principal{}, fmt.Errorf("note session: %w", err)
		}
	}
	return u.principal(session.ID), nil
}

// Current returns the person who is signed in, and their session.
func (s *Service) Current(ctx context.Context) (User, Session, error) {
	p, _ := auth.From(ctx)
	return s.find(ctx, "id = ?", p.SessionID)
}

func (s *Service) find(ctx context.Context, condition, value string) (User, Session, error) {
	q := s.DB.Read(ctx)
	var session Session
	err := q.Where(condition, value).Take(&session).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return User{}, Session{}, ErrSignedOut
	}
	if err != nil {
		return User{}, Session{}, fmt.Errorf("read session: %w", err)
	}
	now := s.Now()
	if !now.Before(session.ExpiresAt) || !now.Before(session.IdleExpiresAt) {
		return User{}, Session{}, ErrSignedOut
	}
	u, err := load(q, session.UserID)
	if errors.Is(err, ErrNotFound) || (err == nil && u.Disabled) {
		return User{}, Session{}, ErrSignedOut
	}
	return u, session, err
}

// Register adds the removal of sessions that have ended.
func (s *Service) Register(r *job.Registry) {
	r.Every("user.clean_up", time.Hour, 10*time.Second, func(ctx context.Context) error {
		return s.DB.InTx(ctx, func(tx *gorm.DB) error { return removeExpired(tx, s.Now()) })
	})
}
