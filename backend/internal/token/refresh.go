package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// refreshLeased asks Microsoft for new tokens and stores what came of it. The caller holds the lease;
// every way out of here gives it back.
func (b *Broker) refreshLeased(ctx context.Context, s state) (state, error) {
	// However long the lease was waited for: there is time to ask, and always time to store the answer.
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), b.Policy.askFor()+b.Policy.storeFor())
	defer done()
	ask, cancel := context.WithTimeout(ctx, b.Policy.askFor())
	defer cancel()
	asked := b.Now() // a token's life counts from before the answer: never longer than it really is
	tokens, err := b.askMicrosoft(ask, s)
	if err != nil {
		return state{}, b.refreshFailed(ctx, s, err)
	}
	kept, err := b.keep(ctx, s, asked, tokens)
	if err != nil {
		return state{}, err
	}
	b.Remembered.Forget(s.Key.ID)
	if kept && s.Key.Status != accountkey.StatusAuthorized {
		err = b.DB.InTx(ctx, func(tx *gorm.DB) error {
			_, err := accountkey.Recover(tx, b.Now(), s.Key.ID, s.Token.GrantID)
			return err
		})
		if err != nil {
			return state{}, err
		}
	}
	if kept {
		b.Logger.InfoContext(ctx, "token refreshed", "account_key_id", s.Key.ID, "expires_at", asked.Add(tokens.ExpiresIn))
	}
	// The key may have been suspended, revoked or authorized anew while Microsoft was being asked.
	s, err = read(b.DB.Read(ctx), s.Key.ID)
	if err != nil {
		return state{}, err
	}
	return s, refreshable(s)
}

func (b *Broker) askMicrosoft(ctx context.Context, s state) (entra.Tokens, error) {
	cloud, ok := b.Keys.Cloud(s.Key.Cloud)
	if !ok {
		return entra.Tokens{}, errCloudNotConfigured
	}
	clientSecret, err := b.Keys.OpenSecret(s.Key)
	if err != nil {
		return entra.Tokens{}, err
	}
	refreshToken, err := b.unseal(s.Token.RefreshToken, "refresh_token", s.Token.GrantID)
	if err != nil {
		return entra.Tokens{}, err
	}
	provider, err := b.Entra.Discover(ctx, cloud, s.Key.TenantID)
	if err != nil {
		return entra.Tokens{}, err
	}
	return b.Entra.Refresh(ctx, provider, entra.RefreshRequest{
		ClientID: s.Key.ClientID, ClientSecret: clientSecret, RefreshToken: refreshToken,
	})
}

// keep stores the answer before anything else happens, and reports whether the grant still was the
// one that was refreshed. Nothing but the tokens is written, so no edit made meanwhile is lost.
func (b *Broker) keep(ctx context.Context, s state, asked time.Time, t entra.Tokens) (bool, error) {
	inUse := s.Token.LastUsedAt != nil && s.Token.LastUsedAt.After(s.Token.RefreshedAt)
	columns := map[string]any{
		"expires_at": asked.Add(t.ExpiresIn), "lifetime_seconds": int64(t.ExpiresIn.Seconds()), "refreshed_at": asked,
		"refresh_due_at": b.Policy.dueAt(asked, t.ExpiresIn, inUse), "failures": 0, "retry_after": nil,
		"version": s.Token.Version + 1, "credential_version": s.Key.CredentialVersion,
	}
	if t.ExpiresIn <= 0 {
		columns["retry_after"] = asked.Add(forceInterval) // nobody can use it: asking again at once changes nothing
	}
	if len(t.Scopes) > 0 {
		columns["scopes"] = accountkey.ScopeNames(t.Scopes)
	}
	kept := false
	err := b.storeSurely(ctx, func(tx *gorm.DB) (err error) {
		access, refresh, err := b.seal(tx, s.Token.GrantID, t.AccessToken, t.RefreshToken)
		if err != nil {
			return err
		}
		columns["access_token"] = access
		if refresh != nil {
			columns["refresh_token"] = refresh
		}
		kept, err = store(tx, s.Token, b.Replica, columns)
		return err
	})
	return kept, err
}

// storeSurely runs a transaction until it succeeds or ctx ends: a connection that was lost, or a database that
// is being failed over, must not cost what Microsoft has given out. It is conditional on what was read, so a
// commit whose answer got lost is not undone by the next try.
func (b *Broker) storeSurely(ctx context.Context, work func(*gorm.DB) error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := b.DB.InTx(ctx, work)
		if err == nil || ctx.Err() != nil {
			return err
		}
		b.Logger.WarnContext(ctx, "tokens not stored yet", "error", err)
		again := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			again.Stop()
			return err
		case <-again.C:
		}
	}
}

// gone tells the caller why a refresh came to nothing: the key was revoked, changed or deleted.
func (b *Broker) gone(ctx context.Context, keyID string) error {
	s, err := read(b.DB.Read(ctx), keyID)
	if err != nil {
		return err
	}
	if err := servable(s); err != nil {
		return err
	}
	// Authorized anew in between: the next call finds the new grant's tokens.
	return ErrUnavailable.After(minRetry)
}

var errCloudNotConfigured = fault.New(fault.Unavailable, "cloud_not_configured", "The cloud of this key is not configured on this server.").
	WithFix("Ask the operator to add it to LATCHKEY_CLOUDS_EXTRA again, or choose another cloud for the key.")

// refreshFailed decides what an answer means for the key: a final one moves it out of authorized, a
// passing one keeps it and sets a time before which Microsoft is left alone.
func (b *Broker) refreshFailed(ctx context.Context, s state, cause error) error {
	if errors.Is(cause, errCloudNotConfigured) {
		// A setting of this process, which others may not share, and no fact about the key.
		b.Logger.ErrorContext(ctx, "account key's cloud not configured", "account_key_id", s.Key.ID, "cloud", s.Key.Cloud)
		return errors.Join(errCloudNotConfigured.After(minRetry), b.release(ctx, s.Token.GrantID, true))
	}
	var e *entra.Error
	if !errors.As(cause, &e) {
		return errors.Join(fmt.Errorf("refresh account key %s: %w", s.Key.ID, cause), b.release(ctx, s.Token.GrantID, true))
	}
	advice := e.Advice()
	switch advice.Class {
	case entra.ClassConfiguration:
		return b.degrade(ctx, s, cause, accountkey.StatusMisconfigured, accountkey.ReasonOf(e))
	case entra.ClassSignIn, entra.ClassDeclined, entra.ClassAdministrator:
		return b.degrade(ctx, s, cause, accountkey.StatusReauthorizationRequired, accountkey.ReasonOf(e))
	default:
		return b.postpone(ctx, s, e)
	}
}

func (b *Broker) degrade(ctx context.Context, s state, cause error, status accountkey.Status, reason accountkey.Reason) error {
	now := b.Now()
	err := b.DB.InTx(ctx, func(tx *gorm.DB) error {
		// The key before its tokens, as whoever revokes or deletes it takes them: in the other order the two
		// would wait for each other.
		if _, err := accountkey.Lock(tx, s.Key.ID); err != nil {
			return err
		}
		held, err := dropLease(tx, s.Token.GrantID, b.Replica)
		if err != nil || !held {
			return err // too late: whoever took the lease over knows better
		}
		changed, err := accountkey.Degrade(tx, now, accountkey.Finding{
			KeyID: s.Key.ID, GrantID: s.Token.GrantID, CredentialVersion: s.Key.CredentialVersion, Status: status, Reason: reason,
		})
		if changed {
			b.Logger.WarnContext(ctx, "account key needs attention", "account_key_id", s.Key.ID, "status", status, "cause", cause)
		}
		return err
	})
	if err != nil {
		return err
	}
	return b.gone(ctx, s.Key.ID)
}

func (b *Broker) postpone(ctx context.Context, s state, cause *entra.Error) error {
	failures := s.Token.Failures + 1
	wait := b.Policy.backoff(failures, cause.RetryAfter)
	retry := b.Now().Add(wait)
	if cause.RetryAfter > 0 {
		b.holdOff(appOf(s.Key), retry)
	}
	b.Logger.WarnContext(ctx, "token refresh postponed", "account_key_id", s.Key.ID, "failures", failures, "retry_at", retry, "cause", cause)
	err := b.DB.InTx(ctx, func(tx *gorm.DB) error {
		_, err := store(tx, s.Token, b.Replica, map[string]any{"failures": failures, "retry_after": retry, "refresh_due_at": retry})
		return err
	})
	if err != nil {
		return err
	}
	return ErrUnavailable.Because(cause).After(max(wait, minRetry))
}
