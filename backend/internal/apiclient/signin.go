package apiclient

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// ErrBadSecret is reported for whatever is no secret of a client that may act; none is told from another.
var ErrBadSecret = fault.New(fault.Unauthenticated, "invalid_client", "This is no good secret of an API client.")

// secretRemembered is how long a secret that is used by itself counts as proved, and how exactly its use is recorded.
const secretRemembered = time.Minute

// signInGrain is how often the audit log tells that a client signed in, or could not, from one address:
// programs do it all day.
const signInGrain = time.Hour

// noteSignIn records that a client proved itself.
func noteSignIn(tx *gorm.DB, now time.Time, c Client, used Secret) error {
	known, err := audit.Recently(tx, now.Add(-signInGrain), audit.APIClientSignedIn, object(c))
	if err != nil || known {
		return err
	}
	return audit.Record(tx, now, audit.Event{
		Action: audit.APIClientSignedIn, Object: object(c), Message: "Signed in with the secret " + used.Hint + ".",
		Actor: &auth.Principal{Type: auth.TypeAPIClient, ID: c.ID, Name: c.Name},
	})
}

// noteRefusal records that somebody who knows a client has no good secret of it, also when they did not
// wait for the answer. If that fails the answer stays what it is, and the log alone tells that the audit
// log has a gap.
func (s *Service) noteRefusal(ctx context.Context, c Client) {
	ctx = context.WithoutCancel(ctx)
	if err := s.recordRefusal(ctx, c); err != nil {
		s.Logger.ErrorContext(ctx, "refused sign-in not recorded", "api_client_id", c.ID, "error", err)
	}
}

// recordRefusal looks before it writes, so that guessing doesn't keep the database busy.
func (s *Service) recordRefusal(ctx context.Context, c Client) error {
	now := s.Now()
	known, err := audit.Recently(s.DB.Read(ctx), now.Add(-signInGrain), audit.APIClientSignInFailed, object(c))
	if err != nil || known {
		return err
	}
	message := "Could not sign in: the secret is not one of its own, or has expired."
	if c.Disabled {
		message = "Could not sign in: it is disabled."
	}
	somebody := auth.Anonymous()
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, now, audit.Event{
			Action: audit.APIClientSignInFailed, Outcome: audit.Failure, Object: object(c), Message: message,
			Actor: &somebody,
		})
	})
}

// AuthenticateSecret admits a caller by a client's secret itself, for protocols that have no place for a JWT. The
// database is asked once a minute: meanwhile the secret is remembered until access changes.
func (s *Service) AuthenticateSecret(ctx context.Context, plain secret.String) (auth.Principal, error) {
	// Apart from JWTs in the same memory, by a character that no header holds: a secret must not pass for one.
	hash := sha256.Sum256([]byte("secret\x00" + plain.Reveal()))
	prove := func(ctx context.Context) (Verified, error) { return s.proveDirectly(ctx, plain) }
	v, err := s.Remembered.Load(ctx, hash, prove)
	if err == nil && !s.Now().Before(v.expires) {
		s.Remembered.Forget(hash)
		v, err = s.Remembered.Load(ctx, hash, prove)
	}
	return v.principal, err
}

func (s *Service) proveDirectly(ctx context.Context, plain secret.String) (Verified, error) {
	c, used, err := s.prove(ctx, "", plain)
	if errors.Is(err, errBadClient) {
		return Verified{}, ErrBadSecret
	}
	if err != nil {
		return Verified{}, err
	}
	now := s.Now()
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := noteUse(tx, c.ID, used.ID, now); err != nil {
			return err
		}
		return noteSignIn(tx, now, c, used)
	})
	expires := now.Add(secretRemembered)
	if used.ExpiresAt != nil && used.ExpiresAt.Before(expires) {
		expires = *used.ExpiresAt
	}
	return Verified{expires: expires, principal: s.principal(c, c.Permissions)}, err
}
