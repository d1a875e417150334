package authflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graph"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// Service holds the use cases of authorization.
type Service struct {
	DB            *db.DB
	Keys          *accountkey.Service
	Broker        *token.Broker
	Entra         *entra.Client
	Graph         *graph.Client
	Box           *masterkey.Box
	PublicURL     string
	RedirectURI   string
	Expiry        time.Duration // of one attempt
	LinkExpiry    time.Duration
	ConsentExpiry time.Duration // of a link for an administrator
	CallTimeout   time.Duration // of one call to Microsoft
	Now           func() time.Time
	Logger        *slog.Logger
}

// Started is a new attempt: where to send the browser, and the secret that binds the attempt to it
// (empty for a link, which is bound when somebody chooses Continue).
type Started struct {
	Attempt Attempt
	Key     accountkey.Key
	URL     string
	Browser secret.String
}

// Start begins an attempt. What can be checked without a person is checked first: a mistake in tenant,
// client ID, secret or cloud is a fault that names the field.
func (s *Service) Start(ctx context.Context, keyID string, mode Mode, loginHint string) (Started, error) {
	if mode != ModePopup && mode != ModeLink {
		return Started{}, errMode
	}
	hint, err := accountkey.CheckLoginHint(loginHint)
	if err != nil {
		return Started{}, err
	}
	summary, err := s.Keys.Get(ctx, keyID)
	if err != nil {
		return Started{}, err
	}
	key := summary.Key
	if hint != "" {
		key.LoginHint = hint
	}
	actor, _ := auth.From(ctx)
	return s.begin(ctx, key, mode, nil, actor)
}

// begin checks the key with Microsoft, then stores the attempt. One that is made with a link takes its place
// first, since anybody who has the link can begin one.
func (s *Service) begin(ctx context.Context, key accountkey.Key, mode Mode, parent *Attempt, actor auth.Principal) (Started, error) {
	if key.SuspendedAt != nil {
		return Started{}, ErrSuspended
	}
	if err := complete(key); err != nil {
		return Started{}, err
	}
	a := s.attempt(key, mode, actor)
	if parent != nil {
		a.ParentID = &parent.ID
		if err := s.takePlace(ctx, &a); err != nil {
			return Started{}, err
		}
	}
	provider, err := s.preflight(ctx, key)
	if err != nil {
		return Started{}, err
	}
	started, verifier := Started{}, secret.String{}
	if a.isLink() {
		started.URL = s.prepareLink(&a)
	} else {
		started.URL, started.Browser, verifier = s.prepareDialog(&a, provider, key)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		current, err := lockInEpoch(tx, a)
		if err != nil {
			return err
		}
		if a.CodeVerifier, err = s.Box.Seal(tx, verifier, "authorizations", "code_verifier", a.ID); err != nil {
			return err
		}
		if err := store(tx, &a); err != nil {
			return err
		}
		return audit.Record(tx, a.CreatedAt, audit.Event{
			Action: audit.AuthorizationStarted, Object: object(current), Actor: a.startedBy(), Message: startedMessage(a),
		})
	})
	started.Attempt, started.Key = a, key
	return started, err
}

func (s *Service) attempt(key accountkey.Key, mode Mode, actor auth.Principal) Attempt {
	now := s.Now()
	return Attempt{
		ID: uuid.Must(uuid.NewV7()).String(), AccountKeyID: key.ID, Mode: mode, Status: StatusPending,
		AttemptEpoch: key.AttemptEpoch, LoginHint: key.LoginHint, Cloud: key.Cloud, TenantID: key.TenantID, ClientID: key.ClientID,
		CreatedAt: now, ExpiresAt: now.Add(s.Expiry),
		StartedByType: actor.Type, StartedByID: actor.ID, StartedByName: actor.Name,
	}
}

// lockInEpoch takes the row of an attempt's key, unless something ended the attempt already.
func lockInEpoch(tx *gorm.DB, a Attempt) (accountkey.Key, error) {
	key, err := accountkey.Lock(tx, a.AccountKeyID)
	if err == nil && key.AttemptEpoch != a.AttemptEpoch {
		err = errKeyChanged
	}
	return key, err
}

// A link makes so many attempts within this time, and no more: each asks Microsoft and leaves a row.
const (
	placesOfLink = 10
	placesWindow = 10 * time.Minute
)

// takePlace stores an attempt that nobody can come back with yet, if its link has made few enough of late.
func (s *Service) takePlace(ctx context.Context, a *Attempt) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := lockInEpoch(tx, *a); err != nil {
			return err
		}
		var recent []Attempt
		err := tx.Where("account_key_id = ? AND parent_id = ? AND created_at > ?", a.AccountKeyID, *a.ParentID, a.CreatedAt.Add(-placesWindow)).
			Order("created_at DESC").Limit(placesOfLink).Find(&recent).Error
		if err != nil {
			return fmt.Errorf("count attempts of link %s: %w", *a.ParentID, err)
		}
		if len(recent) == placesOfLink {
			free := recent[placesOfLink-1].CreatedAt.Add(placesWindow)
			return errLinkBusy.After(free.Sub(a.CreatedAt))
		}
		return insert(tx, a)
	})
}

func startedMessage(a Attempt) string {
	switch {
	case a.isLink():
		return "Made an authorization link."
	case a.ParentID != nil:
		return "Somebody followed an authorization link."
	default:
		return "Started an authorization."
	}
}

func object(k accountkey.Key) audit.Object {
	return audit.Object{Type: audit.TypeAccountKey, ID: k.ID, Name: k.DisplayName}
}

// complete names the fields that an authorization needs.
func complete(key accountkey.Key) error {
	missing := missingIDs(key)
	if len(key.ClientSecret) == 0 {
		missing = append(missing, required(entra.FieldClientSecret, "Enter the secret's Value."))
	}
	return require(missing)
}

func missingIDs(key accountkey.Key) []fault.Field {
	var missing []fault.Field
	if key.TenantID == "" {
		missing = append(missing, required(entra.FieldTenantID, "Enter the Directory (tenant) ID."))
	}
	if key.ClientID == "" {
		missing = append(missing, required(entra.FieldClientID, "Enter the Application (client) ID."))
	}
	return missing
}

func required(field, message string) fault.Field {
	return fault.Field{Field: field, Code: "required", Message: message}
}

func require(missing []fault.Field) error {
	if len(missing) == 0 {
		return nil
	}
	return fault.Invalid(missing...)
}

// preflight proves tenant and cloud by the discovery document, then client ID and secret by an
// app-only token that is thrown away.
func (s *Service) preflight(ctx context.Context, key accountkey.Key) (entra.Provider, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.CallTimeout)
	defer cancel()
	cloud, ok := s.Keys.Cloud(key.Cloud)
	if !ok {
		return entra.Provider{}, errCloudGone
	}
	provider, err := s.Entra.Rediscover(ctx, cloud, key.TenantID)
	if err != nil {
		return entra.Provider{}, faultOf(err)
	}
	clientSecret, err := s.Keys.OpenSecret(key)
	if err != nil {
		return entra.Provider{}, err
	}
	err = s.Entra.Probe(ctx, provider, key.ClientID, clientSecret)
	if err != nil && !errors.Is(err, entra.ErrInconclusive) {
		return entra.Provider{}, faultOf(err)
	}
	return provider, nil
}

// faultOf tells an answer of Microsoft's at the field it concerns.
func faultOf(err error) error {
	var e *entra.Error
	if !errors.As(err, &e) {
		return err
	}
	f := failureOf(e)
	if f.Class == ClassTransient {
		return token.ErrUnavailable.WithMessage(f.Message).WithFix(f.Fix).After(max(e.RetryAfter, 5*time.Second)).Because(err)
	}
	out := fault.New(fault.InvalidInput, f.Code, f.Message).WithFix(f.Fix).Because(err)
	if f.Microsoft != nil {
		out = out.WithMicrosoft(f.Microsoft)
	}
	if f.Field != "" {
		out = out.WithFields(fault.Field{Field: f.Field, Code: f.Code, Message: f.Message + " " + f.Fix})
	}
	return out
}

func (s *Service) prepareLink(a *Attempt) string {
	value := secret.Random()
	hash := secret.Hash(value)
	a.LinkTokenHash = &hash
	a.ExpiresAt = a.CreatedAt.Add(s.LinkExpiry)
	return s.PublicURL + "/authorize/" + value.Reveal()
}

// prepareDialog makes what the browser takes along. What Microsoft asked for when it ended the authorization
// before goes too, or it would end the next one for the same reason.
func (s *Service) prepareDialog(a *Attempt, p entra.Provider, key accountkey.Key) (url string, browser, verifier secret.String) {
	state := secret.Random()
	browser, verifier = secret.Random(), secret.Random()
	stateHash, browserHash := secret.Hash(state), secret.Hash(browser)
	a.StateHash, a.BrowserHash = &stateHash, &browserHash
	return s.Entra.AuthorizeURL(p, entra.AuthorizeRequest{
		ClientID: a.ClientID, RedirectURI: s.RedirectURI, Scopes: key.Scopes, Claims: key.StatusReason.Claims,
		State: state, Nonce: nonceOf(verifier), Verifier: verifier, LoginHint: a.LoginHint,
	}), browser, verifier
}

// Link is what a link's page tells before anything happens.
type Link struct {
	Attempt Attempt
	Key     accountkey.Key
}

// FindLink looks a link up and changes nothing: mail scanners open links.
func (s *Service) FindLink(ctx context.Context, value secret.String) (Link, error) {
	q := s.DB.Read(ctx)
	a, err := take(q.Where("link_token_hash = ? AND status = ? AND expires_at > ?", secret.Hash(value), StatusPending, s.Now()).
		Where(inItsEpoch), ErrLinkUnknown)
	if err != nil {
		return Link{}, err
	}
	key, err := accountkey.Load(q, a.AccountKeyID)
	return Link{Attempt: a, Key: key}, err
}

// FollowLink starts an attempt in the browser that chose Continue.
func (s *Service) FollowLink(ctx context.Context, value secret.String) (Started, error) {
	link, err := s.FindLink(ctx, value)
	if err != nil {
		return Started{}, err
	}
	link.Key.LoginHint = link.Attempt.LoginHint
	return s.begin(ctx, link.Key, ModeLink, &link.Attempt, *link.Attempt.startedBy())
}
