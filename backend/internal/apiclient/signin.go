package apiclient

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
)

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
