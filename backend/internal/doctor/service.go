package doctor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graph"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// Service makes the checks. Its fields are all needed.
type Service struct {
	Keys        *accountkey.Service
	Broker      *token.Broker
	Entra       *entra.Client
	Graph       *graph.Client
	RedirectURI string
	CallTimeout time.Duration // of one call to Microsoft
	Now         func() time.Time
	Logger      *slog.Logger
}

// Values are those of a key that is not saved, or not yet as it is saved. Without a secret, that of the key
// with AccountKeyID is used.
type Values struct {
	accountkey.Registration
	AccountKeyID string
}

// errKeyUnknown is the same for a key that is another's: nobody learns by it which keys there are. The field is at
// fault, not the address.
var errKeyUnknown = fault.Invalid(fault.Field{Field: "accountKeyId", Code: "unknown", Message: "There is no account key with this id."}).
	WithMessage("There is no account key with the id in accountKeyId.")

// CheckKey checks a key as it is saved.
func (s *Service) CheckKey(ctx context.Context, id string) (Report, error) {
	key, registration, err := s.Keys.Saved(ctx, id)
	if err != nil {
		return Report{}, err
	}
	return s.examine(ctx, &examination{Service: s, Registration: registration, key: &key})
}

// CheckValues checks what nobody has saved.
func (s *Service) CheckValues(ctx context.Context, v Values) (Report, error) {
	registration, wrong := s.Keys.Inspect(v.Registration)
	x := &examination{Service: s, Registration: registration}
	for _, field := range wrong {
		if _, known := checkOf(field.Field); !known {
			return Report{}, fault.Invalid(field)
		}
	}
	if v.AccountKeyID != "" {
		_, saved, err := s.Keys.Saved(ctx, v.AccountKeyID)
		if errors.Is(err, accountkey.ErrNotFound) {
			return Report{}, errKeyUnknown
		}
		if err != nil {
			return Report{}, err
		}
		if x.ClientSecret.IsZero() {
			x.ClientSecret = saved.ClientSecret
		}
	}
	x.wrong = wrong
	return s.examine(ctx, x)
}

// examine makes every check within the time of a few calls to Microsoft: what is late is cut off, and says so.
func (s *Service) examine(ctx context.Context, x *examination) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.CallTimeout)
	defer cancel()
	x.checks = map[CheckID]Check{}
	for _, check := range []func(context.Context) error{
		x.redirectURI, x.values, x.provider, x.credential, x.refresh, x.permissions, x.mailbox, x.clock,
	} {
		if err := check(ctx); err != nil {
			return Report{}, err
		}
	}
	var report Report
	for _, id := range checkIDs() {
		report.Checks = append(report.Checks, x.checks[id])
	}
	keyID := ""
	if x.key != nil {
		keyID = x.key.ID
	}
	s.Logger.InfoContext(ctx, "account key checked", "account_key_id", keyID, "result", string(report.Result()))
	return report, nil
}

// examination is one run: what is checked, and what is known so far.
type examination struct {
	*Service
	accountkey.Registration
	key   *accountkey.Summary // nil for values that are not saved
	wrong []fault.Field

	checks     map[CheckID]Check
	cloud      entra.Cloud
	tenant     *entra.Provider // nil until it is known to exist
	answered   bool            // the authority did, whatever it said
	access     token.Access
	authorized bool // the authorization is in force, as far as is known
}

func (x *examination) set(id CheckID, result Result, f Finding) {
	x.checks[id] = Check{ID: id, Title: id.title(), Result: result, Finding: f}
}

func (x *examination) pass(id CheckID, message string) { x.set(id, Passed, Finding{Message: message}) }

func (x *examination) skip(message string, ids ...CheckID) {
	for _, id := range ids {
		if _, done := x.checks[id]; !done {
			x.set(id, Skipped, Finding{Message: message})
		}
	}
}

func (x *examination) failed(ids ...CheckID) bool {
	for _, id := range ids {
		if x.checks[id].Result == Failed {
			return true
		}
	}
	return false
}

// checkOf is the check that a field of a key belongs to.
func checkOf(field string) (CheckID, bool) {
	switch field {
	case entra.FieldRedirectURI:
		return CheckRedirectURI, true
	case entra.FieldCloud:
		return CheckCloud, true
	case entra.FieldTenantID:
		return CheckTenant, true
	case entra.FieldClientID:
		return CheckClientID, true
	case entra.FieldClientSecret:
		return CheckClientSecret, true
	case entra.FieldScopes:
		return CheckPermissions, true
	default:
		return "", false
	}
}

// microsoft reads an error of the sign-in authority; false when it is none.
func microsoft(err error) (*entra.Error, Finding, bool) {
	var e *entra.Error
	if !errors.As(err, &e) {
		return nil, Finding{}, false
	}
	advice := e.Advice()
	return e, Finding{
		Message: advice.Message, Fix: advice.Fix, Field: advice.Field, Microsoft: accountkey.MicrosoftErrorOf(e),
	}, true
}
