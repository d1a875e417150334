// Package authflow is the authorization flow: attempts to authorize an account key, from the moment a
// person chooses Authorize to the first tokens. It owns the attempt rows.
//
// Invariants: an attempt's state is stored as a hash, spent by one conditional update, good for ten
// minutes and only in the browser that started it (a cookie of its own); PKCE S256 and a nonce always;
// whatever ends an account key's open attempts raises the key's attempt epoch, and an attempt counts
// only in the epoch it was started in; a sign-in by another account than the key's own waits, sealed,
// until a person confirms it, and what is confirmed is the very sign-in that was shown; a link makes a few
// attempts at a time and no more, whoever has it.
//
// It also makes the links by which a tenant's administrator can consent for everybody: see Consent.
package authflow

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Mode says how a person gets to Microsoft's dialog.
type Mode string // @name AuthorizationMode

// The modes.
const (
	ModePopup Mode = "popup" // The browser that starts goes to Microsoft at once
	ModeLink  Mode = "link"  // A page of ours, for somebody else, good for a day
)

// Status is where an attempt stands, as callers see it.
type Status string // @name AuthorizationStatus

// The statuses of an attempt.
const (
	StatusPending           Status = "pending"            // Waiting for the person
	StatusSucceeded         Status = "succeeded"          // The key is authorized
	StatusFailed            Status = "failed"             // The failure says why
	StatusExpired           Status = "expired"            // Nobody came back in time
	StatusNeedsConfirmation Status = "needs_confirmation" // Another account signed in; a person must decide
)

// Statuses of a row that callers never see; they are not of type Status so that the contract leaves
// them out.
const (
	statusRedeeming = "redeeming" // the state is spent, Microsoft is being asked
	statusRejected  = "rejected"
)

// FailureClass says who can mend a failed attempt.
type FailureClass string // @name FailureClass

// The classes of failure, as package entra has them.
const (
	ClassConfiguration FailureClass = "configuration" // What was typed into the key, or the app registration
	ClassSignIn        FailureClass = "sign_in"       // The account's owner must sign in again
	ClassAdministrator FailureClass = "administrator" // The tenant's administrator must act
	ClassTransient     FailureClass = "transient"     // Try again later
	ClassDeclined      FailureClass = "declined"      // The person said no
)

// Failure says what went wrong with an attempt, at which field, and what to do.
type Failure struct {
	Code      string                     `json:"code" validate:"required" example:"invalid_client_secret"`
	Class     FailureClass               `json:"class" validate:"required"`
	Field     string                     `json:"field" validate:"required" example:"clientSecret"` // Empty when no field is at fault
	Message   string                     `json:"message" validate:"required"`
	Fix       string                     `json:"fix" validate:"required"`
	Microsoft *accountkey.MicrosoftError `json:"microsoft" validate:"required"`
} // @name AuthorizationFailure

// Value stores the failure as JSON; the zero failure as nothing.
func (f Failure) Value() (driver.Value, error) {
	if f.Code == "" {
		return "", nil
	}
	raw, err := json.Marshal(f)
	return string(raw), err
}

// Scan reads the failure back.
func (f *Failure) Scan(src any) error {
	*f = Failure{}
	var raw []byte
	switch v := src.(type) {
	case string:
		raw = []byte(v)
	case []byte:
		raw = v
	default:
		return fmt.Errorf("scan failure: unexpected column type %T", src)
	}
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, f)
}

func failureOf(e *entra.Error) Failure {
	a := e.Advice()
	return Failure{
		Code: a.Code, Class: FailureClass(a.Class), Field: a.Field, Message: a.Message, Fix: a.Fix,
		Microsoft: accountkey.MicrosoftErrorOf(e),
	}
}

// Attempt is one row of authorizations. A link (mode link without a parent) is a page of ours; each
// press of its Continue button makes an attempt of its own, with the link as parent.
type Attempt struct {
	ID              string
	AccountKeyID    string
	ParentID        *string
	Mode            Mode
	Status          Status
	AttemptEpoch    int64
	LinkTokenHash   *string
	StateHash       *string
	BrowserHash     *string
	CodeVerifier    secret.Sealed
	LoginHint       string
	Cloud           string
	TenantID        string
	ClientID        string
	SealedTokens    secret.Sealed
	GrantedScopes   accountkey.Scopes
	AccountObjectID string
	AccountTenantID string
	AccountUPN      string `gorm:"column:account_upn"`
	AccountName     string
	Failure         Failure
	CreatedAt       time.Time
	ExpiresAt       time.Time
	FinishedAt      *time.Time
	StartedByType   auth.PrincipalType
	StartedByID     string
	StartedByName   string
}

// TableName names the table.
func (Attempt) TableName() string { return "authorizations" }

// isLink reports whether it is a page of ours rather than a way into Microsoft's dialog.
func (a Attempt) isLink() bool { return a.Mode == ModeLink && a.ParentID == nil }

func (a Attempt) account() accountkey.Account {
	return accountkey.Account{
		ObjectID: a.AccountObjectID, TenantID: a.AccountTenantID, UserPrincipalName: a.AccountUPN, DisplayName: a.AccountName,
	}
}

// startedBy is who an audit entry of the callback names: Microsoft's redirect carries nobody.
func (a Attempt) startedBy() *auth.Principal {
	return &auth.Principal{Type: a.StartedByType, ID: a.StartedByID, Name: a.StartedByName}
}

// nonceOf derives the nonce from the verifier: as unguessable as the verifier itself, and telling
// nothing of it, so that only one of them needs to be stored.
func nonceOf(verifier secret.String) secret.String {
	sum := sha256.Sum256([]byte("latchkey nonce\x00" + verifier.Reveal()))
	return secret.New(base64.RawURLEncoding.EncodeToString(sum[:]))
}

// Failures that callers may see.
var (
	ErrNotFound     = fault.New(fault.NotFound, "not_found", "There is no authorization with this id.")
	ErrStateUnknown = fault.New(fault.NotFound, "state_unknown", "This sign-in is not known here, was used before, or took too long.")
	ErrLinkUnknown  = fault.New(fault.NotFound, "link_unknown", "This link is not known here, was used, or is too old.").
			WithFix("Ask whoever sent it for a new one.")
	errLinkBusy = fault.New(fault.RateLimited, "link_busy", "This link was followed too often within a few minutes.").
			WithFix("Finish a sign-in that is open, or wait a few minutes and choose Continue again.")
	ErrNothingToConfirm = fault.New(fault.Conflict, "nothing_to_confirm", "This authorization does not wait for a decision.")
	errSeveralSignedIn  = fault.New(fault.Conflict, "several_signed_in", "More than one account signed in by this link.").
				WithFix("Read the authorization again, and decide by the id that it tells beside the account.")
	ErrSuspended  = fault.New(fault.Conflict, "suspended", "The key is suspended.").WithFix("Resume it first.")
	errKeyChanged = fault.New(fault.Conflict, "key_changed", "The key was changed while it was being checked.").WithFix("Choose Authorize again.")
	errMode       = fault.Invalid(fault.Field{Field: "mode", Code: "unknown", Message: "Choose popup or link."})
	errCloudGone  = fault.Invalid(fault.Field{
		Field: entra.FieldCloud, Code: "unknown", Message: "This cloud is no longer configured on this server. Choose another.",
	})
)

func superseded() Failure {
	return Failure{
		Code: "superseded", Class: ClassSignIn,
		Message: "The key was changed, revoked, suspended or authorized otherwise while this sign-in was under way.",
		Fix:     "Choose Authorize again.",
	}
}

func rejected() Failure {
	return Failure{
		Code: "rejected", Class: ClassDeclined, Message: "Somebody rejected the change to another account.",
		Fix: "Choose Authorize again and sign in with the key's own account.",
	}
}

func noCode() Failure {
	return Failure{
		Code: "unexpected_answer", Class: ClassTransient, Message: "Microsoft's answer held neither a code nor an error.",
		Fix: "Choose Authorize again.",
	}
}

// consentOnly is an administrator's consent that came back where a sign-in was awaited.
func consentOnly() Failure {
	return Failure{
		Code: "consent_without_sign_in", Class: ClassSignIn,
		Message: "An administrator consented, but nobody signed in to the mailbox's account.",
		Fix:     "Choose Authorize again.",
	}
}

func internalFault() Failure {
	return Failure{
		Code: "internal", Class: ClassTransient, Message: "Something went wrong on our side. The server's log has the details.",
		Fix: "Choose Authorize again.",
	}
}

func noIdentity() Failure {
	return Failure{
		Code: "account_unknown", Class: ClassConfiguration, Field: entra.FieldScopes,
		Message: "Microsoft did not tell which account signed in.",
		Fix:     "Add the permission User.Read to the key and choose Authorize again.",
	}
}
