package authflow

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// confirmWithin is how long a sign-in by another account waits for a person's decision.
const confirmWithin = 24 * time.Hour

// storeFor is how long storing the outcome may take once Microsoft has answered.
const storeFor = 15 * time.Second

// Finish takes Microsoft's redirect: it spends the state, asks for tokens and puts the grant in force,
// or notes why not. browser returns the secret that this browser holds for an attempt. The id of the
// attempt comes back whatever its outcome; ErrStateUnknown when there is none that this redirect, in
// this browser, belongs to.
func (s *Service) Finish(ctx context.Context, query url.Values, browser func(attemptID string) secret.String) (string, error) {
	a, err := s.spend(ctx, query.Get("state"), browser)
	if err != nil {
		return "", err
	}
	// The code is single use: what follows must not be cut short by a browser that goes away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 4*s.CallTimeout+storeFor)
	defer cancel()
	if err := s.conclude(ctx, a, query); err != nil {
		return a.ID, errors.Join(err, s.fail(ctx, a, internalFault()))
	}
	return a.ID, nil
}

// conclude exchanges what the redirect brought and settles the attempt.
func (s *Service) conclude(ctx context.Context, a Attempt, query url.Values) error {
	if e := entra.CallbackError(query); e != nil {
		return s.fail(ctx, a, failureOf(e))
	}
	code := secret.New(query.Get("code"))
	switch {
	case code.IsZero() && entra.AdminConsented(query):
		return s.fail(ctx, a, consentOnly())
	case code.IsZero():
		return s.fail(ctx, a, noCode())
	}
	ask, cancel := context.WithTimeout(ctx, 4*s.CallTimeout) // discovery, redemption, keys, account
	defer cancel()
	got, failure, err := s.redeem(ask, a, code)
	if err != nil {
		return err
	}
	if failure.Code != "" {
		return s.fail(ctx, a, failure)
	}
	return s.settle(ctx, a, got)
}

// spend finds the attempt of a state, proves the browser, and consumes it.
func (s *Service) spend(ctx context.Context, state string, browser func(string) secret.String) (Attempt, error) {
	if state == "" {
		return Attempt{}, ErrStateUnknown
	}
	a, err := take(s.DB.Read(ctx).Where("state_hash = ?", secret.Hash(secret.New(state))), ErrStateUnknown)
	if err != nil {
		return Attempt{}, err
	}
	if a.BrowserHash == nil || !secret.MatchesHash(browser(a.ID), *a.BrowserHash) {
		return Attempt{}, ErrStateUnknown
	}
	return a, s.DB.InTx(ctx, func(tx *gorm.DB) error { return consume(tx, a.ID, s.Now()) })
}

// signedIn is what a code was exchanged for.
type signedIn struct {
	Account    accountkey.Account `json:"account"`
	Access     string             `json:"access"`
	Refresh    string             `json:"refresh"`
	Scopes     []string           `json:"scopes"`
	Lifetime   time.Duration      `json:"lifetime"`
	ObtainedAt time.Time          `json:"obtainedAt"`
}

func (g signedIn) fresh() token.Fresh {
	return token.Fresh{
		AccessToken: secret.New(g.Access), RefreshToken: secret.New(g.Refresh), Scopes: g.Scopes, Lifetime: g.Lifetime,
	}
}

func (s *Service) redeem(ctx context.Context, a Attempt, code secret.String) (signedIn, Failure, error) {
	key, err := accountkey.Load(s.DB.Read(ctx), a.AccountKeyID)
	if errors.Is(err, accountkey.ErrNotFound) || (err == nil && key.AttemptEpoch != a.AttemptEpoch) {
		return signedIn{}, superseded(), nil
	}
	if err != nil {
		return signedIn{}, Failure{}, err
	}
	verifier, err := s.Box.Open(a.CodeVerifier, "authorizations", "code_verifier", a.ID)
	if err != nil {
		return signedIn{}, Failure{}, err
	}
	clientSecret, err := s.Keys.OpenSecret(key)
	if err != nil {
		return signedIn{}, Failure{}, err
	}
	cloud, ok := s.Keys.Cloud(a.Cloud)
	if !ok {
		return signedIn{}, superseded(), nil
	}
	got, err := s.exchange(ctx, cloud, a, key, code, verifier, clientSecret)
	var e *entra.Error
	if errors.As(err, &e) {
		return signedIn{}, failureOf(e), nil
	}
	if err == nil && got.Account.ObjectID == "" {
		return signedIn{}, noIdentity(), nil
	}
	return got, Failure{}, err
}

func (s *Service) exchange(
	ctx context.Context, cloud entra.Cloud, a Attempt, key accountkey.Key, code, verifier, clientSecret secret.String,
) (signedIn, error) {
	provider, err := s.Entra.Discover(ctx, cloud, a.TenantID)
	if err != nil {
		return signedIn{}, err
	}
	obtained := s.Now()
	tokens, err := s.Entra.Redeem(ctx, provider, entra.RedeemRequest{
		ClientID: a.ClientID, ClientSecret: clientSecret, RedirectURI: s.RedirectURI, Code: code, Verifier: verifier, Scopes: key.Scopes,
	})
	if err != nil {
		return signedIn{}, err
	}
	got := signedIn{
		Access: tokens.AccessToken.Reveal(), Refresh: tokens.RefreshToken.Reveal(),
		Scopes: accountkey.ScopeNames(tokens.Scopes), Lifetime: tokens.ExpiresIn, ObtainedAt: obtained,
	}
	if !tokens.IDToken.IsZero() {
		identity, err := s.Entra.VerifyIDToken(ctx, provider, a.ClientID, nonceOf(verifier), tokens.IDToken)
		if err != nil {
			return signedIn{}, err
		}
		got.Account = accountkey.Account{
			ObjectID: identity.ObjectID, TenantID: identity.TenantID,
			UserPrincipalName: identity.PreferredUsername, DisplayName: identity.Name,
		}
	}
	s.askWho(ctx, cloud, tokens.AccessToken, &got)
	return got, nil
}

// askWho reads /me for the names, and for the identity where the id_token had none. It may fail: a key
// without User.Read is a key all the same, as long as the id_token said whose it is.
func (s *Service) askWho(ctx context.Context, cloud entra.Cloud, access secret.String, got *signedIn) {
	me, err := s.Graph.Me(ctx, cloud.GraphURL, access)
	if err != nil {
		s.Logger.WarnContext(ctx, "account not read from graph", "error", err)
		return
	}
	if got.Account.ObjectID == "" {
		got.Account.ObjectID = me.ID
	}
	if me.ID == got.Account.ObjectID {
		got.Account.UserPrincipalName, got.Account.DisplayName = me.UserPrincipalName, me.DisplayName
	}
}

// settle puts the grant in force, or seals it until a person has decided about another account.
func (s *Service) settle(ctx context.Context, a Attempt, got signedIn) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		key, err := accountkey.Lock(tx, a.AccountKeyID)
		if errors.Is(err, accountkey.ErrNotFound) {
			return nil // the attempt went with the key
		}
		if err != nil {
			return err
		}
		if key.AttemptEpoch != a.AttemptEpoch {
			return s.failIn(tx, a, key, superseded())
		}
		if current, ok := key.Account(); ok && !current.Same(got.Account) {
			return s.hold(tx, a, key, got)
		}
		return s.grant(tx, a, key, got, statusRedeeming)
	})
}

func (s *Service) grant(tx *gorm.DB, a Attempt, key accountkey.Key, got signedIn, from Status) error {
	now := s.Now()
	done, err := finish(tx, a.ID, from, outcome(StatusSucceeded, now, got))
	if err != nil || !done {
		return err
	}
	grant := accountkey.Grant{
		ID: uuid.Must(uuid.NewV7()).String(), AccountKeyID: key.ID, Scopes: got.Scopes, AuthorizedAt: now,
	}
	tx = actAs(tx, a)
	if err := accountkey.Authorize(tx, now, key, grant, got.Account); err != nil {
		return err
	}
	return s.Broker.Save(tx, got.ObtainedAt, key.ID, grant.ID, got.fresh())
}

func outcome(status Status, now time.Time, got signedIn) map[string]any {
	return map[string]any{
		"status": status, "finished_at": now, "granted_scopes": accountkey.Scopes(got.Scopes), "sealed_tokens": nil,
		"account_object_id": got.Account.ObjectID, "account_tenant_id": got.Account.TenantID,
		"account_upn": got.Account.UserPrincipalName, "account_name": got.Account.DisplayName,
	}
}

// hold keeps the tokens of another account sealed on the attempt; nothing of the key is overwritten.
func (s *Service) hold(tx *gorm.DB, a Attempt, key accountkey.Key, got signedIn) error {
	raw, err := json.Marshal(got)
	if err != nil {
		return err
	}
	sealed, err := s.Box.Seal(tx, secret.New(string(raw)), "authorizations", "sealed_tokens", a.ID)
	if err != nil {
		return err
	}
	now := s.Now()
	columns := outcome(StatusNeedsConfirmation, now, got)
	columns["sealed_tokens"], columns["expires_at"] = sealed, now.Add(confirmWithin)
	if _, err := finish(tx, a.ID, statusRedeeming, columns); err != nil {
		return err
	}
	return audit.Record(tx, now, audit.Event{
		Action: audit.AuthorizationNeedsConfirmation, Object: object(key), Actor: a.startedBy(),
		Message: "Another account signed in: " + got.Account.UserPrincipalName + ". A person must confirm or reject it.",
	})
}

// fail ends an attempt with what went wrong.
func (s *Service) fail(ctx context.Context, a Attempt, f Failure) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		key, err := accountkey.Load(tx, a.AccountKeyID)
		if errors.Is(err, accountkey.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.failIn(tx, a, key, f)
	})
}

func (s *Service) failIn(tx *gorm.DB, a Attempt, key accountkey.Key, f Failure) error {
	now := s.Now()
	done, err := finish(tx, a.ID, statusRedeeming, map[string]any{"status": StatusFailed, "failure": f, "finished_at": now})
	if err != nil || !done {
		return err
	}
	return audit.Record(tx, now, audit.Event{
		Action: audit.AuthorizationFailed, Outcome: audit.Failure, Object: object(key), Actor: a.startedBy(), Message: f.Message,
	})
}
