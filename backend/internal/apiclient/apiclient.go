// Package apiclient owns integrations: their secrets, what they may do and with which account keys,
// and the JWT that they exchange a secret for.
//
// Invariants: a secret is shown once and stored as a hash; at most two are live, so that one can be
// replaced without a pause; a JWT says who and what at most, the row says what now: disabling or
// deleting a client, taking a permission away or tightening a leash counts from the next request.
package apiclient

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// Permissions is a list of permissions in a column, separated by spaces as in a scope.
type Permissions []auth.Permission

// Value joins the names.
func (p Permissions) Value() (driver.Value, error) { return p.scope(), nil }

func (p Permissions) scope() string {
	names := make([]string, 0, len(p))
	for _, name := range p {
		names = append(names, string(name))
	}
	return strings.Join(names, " ")
}

// Scan splits the names.
func (p *Permissions) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("scan permissions: unexpected column type %T", src)
	}
	*p = Permissions{}
	for name := range strings.FieldsSeq(text) {
		*p = append(*p, auth.Permission(name))
	}
	return nil
}

// GormDataType names the column type for GORM's statement builder.
func (Permissions) GormDataType() string { return "string" }

// Client is one row of api_clients, with its secrets and keys where they were read.
type Client struct {
	ID             string
	Name           string
	NameKey        string
	Description    string
	Permissions    Permissions
	AllAccountKeys bool
	Disabled       bool
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	CreatedByType  auth.PrincipalType
	CreatedByID    string
	CreatedByName  string
	LastUsedAt     *time.Time
	// RateLimit is how many requests a minute it may make; nil: as many as the server is configured for, 0: any
	// number.
	RateLimit *int64 `gorm:"column:rate_limit_per_minute"`

	AccountKeyIDs []string `gorm:"-"`
	Secrets       []Secret `gorm:"-"`
	Leashes       []Leash  `gorm:"-"` // that of every other key first, then by key
}

// TableName names the table.
func (Client) TableName() string { return "api_clients" }

type clientKey struct {
	APIClientID  string `gorm:"column:api_client_id"`
	AccountKeyID string
}

// TableName names the table.
func (clientKey) TableName() string { return "api_client_account_keys" }

// Failures that callers may see.
var (
	ErrNotFound       = fault.New(fault.NotFound, "not_found", "There is no API client with this id.")
	ErrSecretNotFound = fault.New(fault.NotFound, "not_found", "There is no such secret.")
	ErrTooManySecrets = fault.New(fault.Conflict, "too_many_secrets", "An API client has at most two secrets that are good.").
				WithFix("Remove one first.")
	ErrCannotGrant = fault.New(fault.Forbidden, "cannot_grant", "This API client may do things that you may not do yourself.")
	ErrChanged     = fault.New(fault.PreconditionFailed, "precondition_failed", "The API client was changed since you read it.").
			WithFix("Read it again, look at what changed, and repeat your change with the new ETag.")
	ErrBadToken  = fault.New(fault.Unauthenticated, "invalid_token", "The bearer token is not good.").WithFix("Get a new one from /oauth/token.")
	errNameTaken = fault.Invalid(fault.Field{Field: "name", Code: "taken", Message: "Another API client has this name."})
)

// within reports whether the caller may do everything that the client may do.
func (c Client) within(caller auth.Principal) bool {
	if c.AllAccountKeys && !caller.AllKeys {
		return false
	}
	for _, id := range c.keysToCompare(caller, c) {
		if !c.leash(id).Within(caller.Leash(id)) {
			return false
		}
	}
	return len(cut(c.Permissions, caller.Permissions)) == len(c.Permissions) &&
		!slices.ContainsFunc(c.AccountKeyIDs, func(id string) bool { return !caller.MayUseKey(id) })
}

// cut returns the permissions that are in both lists.
func cut(asked, held []auth.Permission) []auth.Permission {
	out := []auth.Permission{}
	for _, p := range asked {
		if slices.Contains(held, p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
