package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// linkPath is the page that a one-time link opens. Its secret stands in the fragment, which browsers
// send to nobody: no log of a server or a proxy ever holds it.
const linkPath = "/invitation#"

// Link is a one-time link by which a person chooses a password, at the only moment it can be told.
type Link struct {
	URL       secret.String
	ExpiresAt time.Time
}

// putLink gives a person a link in place of the one before, if any.
func (s *Service) putLink(u *User, now time.Time, lifetime time.Duration, by auth.Principal) Link {
	token := secret.Random()
	hash, expires := secret.Hash(token), now.Add(lifetime)
	u.LinkHash, u.LinkExpiresAt, u.LinkBy = &hash, &expires, by.Name
	return Link{URL: secret.New(s.PublicURL + linkPath + token.Reveal()), ExpiresAt: expires}
}

func (u *User) dropLink() { u.LinkHash, u.LinkExpiresAt, u.LinkBy = nil, nil, "" }

// Invite makes a new link for somebody who has chosen no password yet. The older one ends.
func (s *Service) Invite(ctx context.Context, id string) (Link, error) {
	return s.offerLink(ctx, id, StatusInvited, ErrNotInvited, s.InvitationExpiry, audit.Event{
		Action: audit.UserInvited, Message: "Made a new invitation link. The older one has ended.",
	})
}

// OfferPasswordReset makes a link by which somebody who has forgotten their password chooses another.
// The password they have stays good until then.
func (s *Service) OfferPasswordReset(ctx context.Context, id string) (Link, error) {
	return s.offerLink(ctx, id, StatusActive, ErrNotActive, s.ResetExpiry, audit.Event{
		Action: audit.UserPasswordResetOffered, Message: "Made a link to choose a new password.",
	})
}

// OfferPasswordResetTo is OfferPasswordReset for the person with this address.
func (s *Service) OfferPasswordResetTo(ctx context.Context, email string) (Link, error) {
	u, err := byEmail(s.DB.Read(ctx), email)
	if err != nil {
		return Link{}, err
	}
	if u.Status() == StatusInvited {
		return s.Invite(ctx, u.ID)
	}
	return s.OfferPasswordReset(ctx, u.ID)
}

func (s *Service) offerLink(
	ctx context.Context, id string, status Status, unfit error, lifetime time.Duration, event audit.Event,
) (link Link, err error) {
	actor, _ := auth.From(ctx)
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		u, err := locked(tx, id, nil)
		if err != nil {
			return err
		}
		switch {
		case u.ID == actor.ID:
			// Or whoever got hold of a session could do without the present password.
			return ErrOwnAccount
		case u.Status() != status:
			return unfit
		case !holds(actor, u.Role):
			// Whoever knows the link can become this person.
			return ErrNotHeld
		}
		now := s.Now()
		event.Changes.AddSecret("link", u.LinkHash != nil, true)
		link = s.putLink(&u, now, lifetime, actor)
		err = tx.Model(&User{}).Where("id = ?", id).UpdateColumns(map[string]any{
			"link_hash": u.LinkHash, "link_expires_at": u.LinkExpiresAt, "link_by": u.LinkBy,
			"version": u.Version + 1, "updated_at": now,
		}).Error
		if err != nil {
			return fmt.Errorf("store link of %s: %w", id, err)
		}
		event.Object = object(u)
		return audit.Record(tx, now, event)
	})
	return link, err
}

// Linked returns the person whom a link is for. It changes nothing: programs that look through mail
// open links too.
func (s *Service) Linked(ctx context.Context, token secret.String) (User, error) {
	q := s.DB.Read(ctx)
	guesses := []bucket{{key: "link " + auth.RequestFrom(ctx).Network(), most: s.Limits.PerNetwork, shared: true}}
	if err := refused(q, s.Now(), guesses); err != nil {
		return User{}, err
	}
	u, err := one(q.Where("link_hash = ? AND link_expires_at > ? AND disabled = ?", secret.Hash(token), s.Now(), false))
	if errors.Is(err, ErrNotFound) {
		// Only what fails is counted: reading must not write, and of 256 bits nobody guesses many at once.
		if err := s.take(ctx, guesses); err != nil {
			return User{}, err
		}
		return User{}, ErrLink
	}
	return u, err
}

// Accept spends a link: it sets the password, ends whatever sessions there were, and signs in.
func (s *Service) Accept(ctx context.Context, token, plain secret.String, b Browser) (SignedIn, error) {
	u, err := s.Linked(ctx, token)
	if err != nil {
		return SignedIn{}, err
	}
	if err := checkPassword("password", plain, u); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hasher.hash(ctx, plain)
	if err != nil {
		return SignedIn{}, err
	}
	event := audit.Event{Action: audit.UserInvitationAccepted, Object: object(u), Message: "Accepted the invitation and signed in."}
	if u.Status() != StatusInvited {
		event = audit.Event{Action: audit.UserPasswordReset, Object: object(u), Message: "Chose a new password by a link and signed in."}
	}
	event.Changes.AddSecret("password", u.PasswordHash != "", true)
	out := s.newSession(ctx, u, b)
	actor := u.principal(out.Session.ID)
	event.Actor = &actor
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.spend(tx, u, token, hash); err != nil {
			return err
		}
		if err := errors.Join(endSessions(tx, u.ID, ""), forgetDevices(tx, u.ID, b.Device), db.BumpEpoch(tx)); err != nil {
			return err
		}
		if out.User, err = load(tx, u.ID); err != nil {
			return err
		}
		return errors.Join(s.begin(tx, &out, b), audit.Record(tx, out.Session.CreatedAt, event))
	})
	return out, err
}

// spend makes a link good for nothing and the password the person's, in one statement: of several who
// have the link, one wins.
func (s *Service) spend(tx *gorm.DB, u User, token secret.String, passwordHash string) error {
	if err := lockAll(tx); err != nil {
		return err
	}
	now := s.Now()
	res := tx.Model(&User{}).
		Where("id = ? AND link_hash = ? AND link_expires_at > ? AND disabled = ?", u.ID, secret.Hash(token), now, false).
		UpdateColumns(map[string]any{
			"password_hash": passwordHash, "link_hash": nil, "link_expires_at": nil, "link_by": "",
			"version": gorm.Expr("version + 1"), "updated_at": now, "last_sign_in_at": now,
		})
	if res.Error != nil {
		return fmt.Errorf("set password of %s: %w", u.ID, res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrLink
	}
	return nil
}
