// Package accountkey owns the stored credential of one Microsoft account: its display name, cloud,
// tenant, client id and sealed secret, the scopes asked for, its status, and the grant in force.
//
// Invariants: a display name is unique whatever its case; a client secret goes in and never comes
// out; changing cloud, tenant or client id ends the grant and every open attempt in the same
// transaction, replacing the secret keeps both. Tokens belong to package token; they hang on the
// grant's row, so ending the grant destroys them. For lists and views this package reads their
// times, and never writes them.
package accountkey

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Status is what can be done with a key.
type Status string // @name AccountKeyStatus

// The statuses of a key.
const (
	StatusDraft                   Status = "draft"                    // Never authorized
	StatusAuthorized              Status = "authorized"               // Tokens are served
	StatusReauthorizationRequired Status = "reauthorization_required" // A person must sign in again
	StatusMisconfigured           Status = "misconfigured"            // The app's credential or registration is at fault
	StatusSuspended               Status = "suspended"                // Switched off by an administrator
	StatusRevoked                 Status = "revoked"                  // Its tokens were destroyed
)

// Valid reports whether s is a status there is.
func (s Status) Valid() bool {
	switch s {
	case StatusDraft, StatusAuthorized, StatusReauthorizationRequired, StatusMisconfigured, StatusSuspended, StatusRevoked:
		return true
	default:
		return false
	}
}

// Reason says why a key is in its status, and what to do about it.
type Reason struct {
	Code      string          `json:"code" validate:"required" example:"client_secret_expired"`
	Message   string          `json:"message" validate:"required"`
	Fix       string          `json:"fix" validate:"required"`
	Since     time.Time       `json:"since" validate:"required"`
	Microsoft *MicrosoftError `json:"microsoft,omitempty"`
	Claims    string          `json:"-"` // what the next sign-in must satisfy, as a JSON object, if Microsoft said so
} // @name StatusReason

// storedReason is a reason with what only the next authorization needs of it.
type storedReason struct {
	Reason
	Claims string `json:"claims,omitempty"`
}

// MicrosoftError holds what Microsoft's support asks for.
type MicrosoftError struct {
	Error         string `json:"error" validate:"required" example:"invalid_client"`
	Codes         []int  `json:"codes" validate:"required" example:"7000215"`
	TraceID       string `json:"traceId" validate:"required"`
	CorrelationID string `json:"correlationId" validate:"required"`
	Timestamp     string `json:"timestamp" validate:"required"`
} // @name MicrosoftError

// Value stores the reason as JSON; the zero reason as nothing.
func (r Reason) Value() (driver.Value, error) {
	if r.Code == "" {
		return "", nil
	}
	raw, err := json.Marshal(storedReason{Reason: r, Claims: r.Claims})
	return string(raw), err
}

// Scan reads the reason back.
func (r *Reason) Scan(src any) error {
	*r = Reason{}
	text, err := columnText(src)
	if err != nil || text == "" {
		return err
	}
	var stored storedReason
	err = json.Unmarshal([]byte(text), &stored)
	*r = stored.Reason
	r.Claims = stored.Claims
	return err
}

// Scopes is a list of permissions in a column: names separated by spaces, as OAuth writes them.
type Scopes []string

// Value joins the names.
func (s Scopes) Value() (driver.Value, error) { return strings.Join(s, " "), nil }

// Scan splits the names.
func (s *Scopes) Scan(src any) error {
	text, err := columnText(src)
	*s = strings.Fields(text)
	return err
}

// GormDataType names the column type for GORM's statement builder.
func (Scopes) GormDataType() string { return "string" }

func columnText(src any) (string, error) {
	switch v := src.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	default:
		return "", fmt.Errorf("unexpected column type %T", src)
	}
}

// Account is the Microsoft account that a key was authorized for. ObjectID and TenantID identify it
// for ever; the names may change.
type Account struct {
	ObjectID          string `json:"objectId" validate:"required"`
	TenantID          string `json:"tenantId" validate:"required"`
	UserPrincipalName string `json:"userPrincipalName" validate:"required"`
	DisplayName       string `json:"displayName" validate:"required"`
} // @name Account

// Same reports whether both are the same account. Tenants are compared when both are known: a
// provider other than Microsoft may have none.
func (a Account) Same(b Account) bool {
	return a.ObjectID == b.ObjectID && (a.TenantID == "" || b.TenantID == "" || strings.EqualFold(a.TenantID, b.TenantID))
}

// Key is one row of account_keys.
type Key struct {
	ID                      string
	Type                    string
	DisplayName             string
	DisplayNameKey          string
	Description             string
	SearchText              string
	Cloud                   string
	TenantID                string
	ClientID                string
	LoginHint               string
	ClientSecret            secret.Sealed
	ClientSecretHint        string
	ClientSecretExpiresOn   *string // YYYY-MM-DD
	ClientSecretLooksLikeID bool
	SecretExpiryTold        *int64 // the last notice given, in days ahead
	Scopes                  Scopes
	Status                  Status // never suspended: that stands beside it, so that resuming restores the status
	SuspendedAt             *time.Time
	StatusReason            Reason
	Version                 int64 // of what people do to the key; a refresh and a use change none
	CredentialVersion       int64 // of the client secret
	AttemptEpoch            int64 // an attempt to authorize is open only in the epoch it was started in
	AccountObjectID         string
	AccountTenantID         string
	AccountUPN              string `gorm:"column:account_upn"`
	AccountName             string
	AuthorizedAt            *time.Time // the last time, as is LastUsedAt: both outlive the grant
	LastUsedAt              *time.Time
	CreatedAt               time.Time
	UpdatedAt               time.Time
	CreatedByType           auth.PrincipalType
	CreatedByID             string
	CreatedByName           string
}

// TableName names the table.
func (Key) TableName() string { return "account_keys" }

// Account returns the account that the key was last authorized for; false if it never was.
func (k Key) Account() (Account, bool) {
	return Account{
		ObjectID: k.AccountObjectID, TenantID: k.AccountTenantID,
		UserPrincipalName: k.AccountUPN, DisplayName: k.AccountName,
	}, k.AccountObjectID != ""
}

// EffectiveStatus is the status as callers see it.
func (k Key) EffectiveStatus() Status {
	if k.SuspendedAt != nil {
		return StatusSuspended
	}
	return k.Status
}

// Reason returns why the key is in its effective status.
func (k Key) Reason() Reason {
	if k.SuspendedAt != nil {
		return Reason{
			Code: "suspended", Message: "An administrator switched this key off. Its tokens are kept.",
			Fix: "Resume the key to use it again.", Since: *k.SuspendedAt,
		}
	}
	return k.StatusReason
}

// Grant is one authorization in force.
type Grant struct {
	ID           string
	AccountKeyID string
	Scopes       Scopes
	AuthorizedAt time.Time
}

// TableName names the table.
func (Grant) TableName() string { return "grants" }

// Summary is a key with what views tell of its grant and tokens.
type Summary struct {
	Key
	GrantID        string
	GrantedScopes  Scopes
	TokenExpiresAt *time.Time
	RefreshedAt    *time.Time
}

// PendingConfirmation is a sign-in by another account than the key's own. It counts once a person confirms it.
type PendingConfirmation struct {
	AuthorizationID string    `json:"authorizationId" validate:"required"` // What to confirm or reject
	Account         Account   `json:"account" validate:"required"`         // Who signed in
	ExpiresAt       time.Time `json:"expiresAt" validate:"required"`
} // @name PendingConfirmation

// ErrNotFound is reported for a key that isn't there, or that the caller was not granted.
var ErrNotFound = fault.New(fault.NotFound, "not_found", "There is no account key with this id.")

func draftReason(now time.Time) Reason {
	return Reason{
		Code: "never_authorized", Message: "Nobody has authorized this key yet.",
		Fix: "Fill in the authorization details and choose Authorize.", Since: now,
	}
}

func registrationChanged(now time.Time) Reason {
	return Reason{
		Code:    "registration_changed",
		Message: "Cloud, tenant ID or client ID was changed, which ended the authorization given before.",
		Fix:     "Choose Authorize again.", Since: now,
	}
}

func revokedReason(now time.Time) Reason {
	return Reason{
		Code: "revoked", Message: "The key was revoked and its tokens were destroyed.",
		Fix: "Choose Authorize again to use it. Tokens already handed out work until they expire.", Since: now,
	}
}
