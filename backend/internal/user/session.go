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
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// SignedIn is a new session, and what the browser keeps: the session's token, and the device's, by
// which it is known from now on.
type SignedIn struct {
	User    User
	Session Session
	Token   secret.String
	Device  secret.String
}

func (s *Service) newSession(ctx context.Context, u User, b Browser) SignedIn {
	now := s.Now()
	token := secret.Random()
	return SignedIn{User: u, Token: token, Session: Session{
		ID: uuid.Must(uuid.NewV7()).String(), UserID: u.ID, TokenHash: secret.Hash(token), CreatedAt: now, SeenAt: now,
		IdleExpiresAt: now.Add(s.IdleTimeout), ExpiresAt: now.Add(s.MaxAge),
		IP: auth.RequestFrom(ctx).IP, UserAgent: strings.ToValidUTF8(b.UserAgent[:min(len(b.UserAgent), 200)], ""),
	}}
}

// begin stores a new session in place of the one that the browser had, and makes the browser known.
func (s *Service) begin(tx *gorm.DB, out *SignedIn, b Browser) error {
	ended, err := deleteSessions(tx.Where("token_hash = ?", secret.Hash(b.Session)))
	if err == nil && ended > 0 {
		err = db.BumpEpoch(tx)
	}
	if err != nil {
		return err
	}
	if err := tx.Create(&out.Session).Error; err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	out.Device, err = s.remember(tx, b.Device, out.User.ID)
	return err
}

// SignIn starts a session. Whether address or password was wrong can't be told from the answer, nor
// from the time it takes, nor from when attempts are refused.
func (s *Service) SignIn(ctx context.Context, email string, plain secret.String, b Browser) (SignedIn, error) {
	q := s.DB.Read(ctx)
	u, err := byEmail(q, email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return SignedIn{}, err
	}
	deviceID, err := s.knownDevice(q, b.Device, u.ID)
	if err != nil {
		return SignedIn{}, err
	}
	counted := s.signInBuckets(ctx, email, deviceID)
	same, err := s.compare(ctx, plain, u.PasswordHash, deviceID != "", counted)
	if f, ok := fault.From(err); ok && deviceID == "" && errors.Is(err, ErrTooMany) {
		return SignedIn{}, f.WithFix(f.Fix + " In a browser in which you signed in before you may at once.")
	}
	if err != nil {
		return SignedIn{}, err
	}
	if !same || u.Disabled {
		s.noteFailure(ctx, email, u)
		return SignedIn{}, ErrCredentials
	}
	out := s.newSession(ctx, u, b)
	actor := u.principal(out.Session.ID)
	now := out.Session.CreatedAt
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
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
		out.User.LastSignInAt = &now
		return errors.Join(
			s.begin(tx, &out, b), settle(tx, counted),
			audit.Record(tx, now, audit.Event{Action: audit.SessionCreated, Object: object(u), Actor: &actor, Message: "Signed in."}),
		)
	})
	return out, err
}

// noteFailure records that somebody could not sign in, also when they did not wait for the answer. If
// that fails the answer stays what it is, and the log alone tells that the audit log has a gap.
func (s *Service) noteFailure(ctx context.Context, email string, u User) {
	ctx = context.WithoutCancel(ctx)
	name, message := u.Email, "Could not sign in."
	if name == "" {
		name = addressOnly(email)
	}
	if name == "" {
		message = "Could not sign in with something that is no email address."
	}
	somebody := auth.Anonymous()
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, s.Now(), audit.Event{
			Action: audit.SessionFailed, Outcome: audit.Failure, Object: audit.Object{Type: audit.TypeUser, ID: u.ID, Name: name},
			Actor: &somebody, Message: message,
		})
	})
	if err != nil {
		s.Logger.ErrorContext(ctx, "failed sign-in not recorded", "user_id", u.ID, "error", err)
	}
}

// SignOut ends the session of the person who is signed in.
func (s *Service) SignOut(ctx context.Context) error {
	p, _ := auth.From(ctx)
	_, err := s.end(ctx, p.ID, "Signed out.", "id = ?", p.SessionID)
	return err
}

// Sessions returns limit+1 at most of the sessions of the person who is signed in, newest first.
func (s *Service) Sessions(ctx context.Context, r page.Request) ([]Session, error) {
	p, _ := auth.From(ctx)
	now := s.Now()
	q := s.DB.Read(ctx).Where("user_id = ? AND expires_at > ? AND idle_expires_at > ?", p.ID, now, now).
		Order("id DESC").Limit(r.Limit + 1)
	if r.After != "" {
		q = q.Where("id < ?", r.After)
	}
	var sessions []Session
	if err := q.Find(&sessions).Error; err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// EndSession ends one session of the person who is signed in.
func (s *Service) EndSession(ctx context.Context, id string) error {
	p, _ := auth.From(ctx)
	ended, err := s.end(ctx, p.ID, "Ended a session of their own.",
		"user_id = ? AND id = ?", p.ID, id)
	if err == nil && ended == 0 {
		err = ErrNoSession
	}
	return err
}

// EndOtherSessions ends all sessions of the person who is signed in but this one.
func (s *Service) EndOtherSessions(ctx context.Context) error {
	p, _ := auth.From(ctx)
	_, err := s.end(ctx, p.ID, "Signed out everywhere else.",
		"user_id = ? AND id <> ?", p.ID, p.SessionID)
	return err
}

// EndSessionsOf ends all sessions of a person.
func (s *Service) EndSessionsOf(ctx context.Context, id string) error {
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	_, err := s.end(ctx, id, "Signed out everywhere.", "user_id = ?", id)
	return err
}

// end ends those sessions of a person that satisfy a condition, and records it when there were any.
func (s *Service) end(ctx context.Context, userID, message, condition string, args ...any) (ended int64, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		ended, err = deleteSessions(tx.Where(condition, args...))
		if err != nil || ended == 0 {
			return err
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		u, err := load(tx, userID)
		if err != nil {
			return err
		}
		return audit.Record(tx, s.Now(), audit.Event{Action: audit.SessionEnded, Object: object(u), Message: message})
	})
	return ended, err
}

// seenGrain is how exactly the last request of a session is recorded: often enough that a session in use
// is extended long before it would end.
func (s *Service) seenGrain() time.Duration { return min(time.Minute, s.IdleTimeout/4) }

// Authenticate admits the holder of a session's token.
func (s *Service) Authenticate(ctx context.Context, token secret.String) (auth.Principal, error) {
	u, session, err := s.find(ctx, "token_hash = ?", secret.Hash(token))
	if err != nil {
		return auth.Principal{}, err
	}
	if now := s.Now(); now.Sub(session.SeenAt) >= s.seenGrain() {
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

// Register adds the removal of sessions, devices and attempts that have had their time.
func (s *Service) Register(r *job.Registry) {
	r.Every("user.clean_up", 10*time.Minute, 10*time.Second, s.CleanUp)
}

// CleanUp removes what has had its time.
func (s *Service) CleanUp(ctx context.Context) error {
	now := s.Now()
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return errors.Join(removeExpired(tx, now), removeOldDevices(tx, now.Add(-s.DeviceLifetime)), removeOldAttempts(tx, now))
	})
}
