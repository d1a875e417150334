// Package user owns the people who sign in at the web page: their passwords, their roles, their
// sessions, and the making of the first of them.
//
// Invariants: while there is anybody, there is an admin who can sign in; a password is kept only as
// an Argon2id hash, and a session, a one-time link and a browser only as the hash of its token; what a
// person may do follows from their role at the moment of each request. Programs belong to package
// apiclient.
//
// Why guessing is counted per browser: a lock-out per account lets anybody lock anybody out, and one
// per address of the caller stops no botnet. So a browser in which a person signed in before keeps a
// cookie that says so, and failures made with it count for it alone. All other browsers share one
// count per account and one per network: whoever hammers at an account shuts out strangers, and never
// its owner (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
package user

import (
	"time"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// Failures that concern people and their sessions.
var (
	ErrNotFound    = fault.New(fault.NotFound, "not_found", "There is nobody with this id.")
	ErrEmailTaken  = fault.New(fault.Conflict, "email_taken", "Somebody with this email address exists already.")
	ErrLastAdmin   = fault.New(fault.Conflict, "last_admin", "This is the last admin who can sign in.").WithFix("Make somebody else an admin first, who has chosen a password.")
	ErrChanged     = fault.New(fault.PreconditionFailed, "precondition_failed", "The person was changed since you read it.").WithFix("Read it again, look at what changed, and repeat your change with the new ETag.")
	ErrCredentials = fault.New(fault.Unauthenticated, "invalid_credentials", "The email address or the password is wrong.")
	ErrSignedOut   = fault.New(fault.Unauthenticated, "unauthenticated", "Your session has ended. Sign in again.")
	ErrNoSession   = fault.New(fault.NotFound, "not_found", "You have no session with this id.")
	ErrTooMany     = fault.New(fault.RateLimited, "too_many_attempts", "Too many attempts have failed.")
	ErrSetupCode   = fault.New(fault.Forbidden, "invalid_setup_code", "This is not the set-up code.").WithFix("The server prints the code when it starts. Use the one that it printed last.")
	ErrAlreadySet  = fault.New(fault.Conflict, "already_set_up", "This server is set up already. Sign in instead.")
	ErrLink        = fault.New(fault.NotFound, "unknown_link", "This link is not good any more: it was used or replaced, or is too old.").WithFix("Ask whoever sent it for a new one.")
	ErrNotInvited  = fault.New(fault.Conflict, "not_invited", "This person has chosen a password already, or is disabled.").WithFix("Send a password-reset link instead, or enable the person.")
	ErrNotActive   = fault.New(fault.Conflict, "not_active", "This person has not chosen a password yet, or is disabled.").WithFix("Renew the invitation instead, or enable the person.")
	ErrOwnAccount  = fault.New(fault.Conflict, "own_account", "This is your own account.").WithFix("Change your password, for which you need the present one.")
	ErrNotHeld     = fault.New(fault.Forbidden, "not_held", "This person may do things that you may not do yourself.")
	errBusy        = fault.New(fault.Unavailable, "sign_in_busy", "Many people are signing in at this moment.").After(2 * time.Second)
)

// User is one row of users: a person.
type User struct {
	ID           string
	Email        string
	EmailKey     string
	Name         string
	Role         auth.Role
	PasswordHash string // empty until they have chosen one
	Disabled     bool
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastSignInAt *time.Time

	// The one-time link by which they choose a password, while there is one.
	LinkHash      *string
	LinkExpiresAt *time.Time
	LinkBy        string // who made it
}

// TableName names the table.
func (User) TableName() string { return "users" }

// Status says whether a person can sign in, and if not why.
type Status string // @name UserStatus

// The statuses of people.
const (
	StatusInvited  Status = "invited" // they have no password yet
	StatusActive   Status = "active"
	StatusDisabled Status = "disabled"
)

// Status returns the person's status.
func (u User) Status() Status {
	switch {
	case u.Disabled:
		return StatusDisabled
	case u.PasswordHash == "":
		return StatusInvited
	default:
		return StatusActive
	}
}

// Session is one row of sessions: one browser in which a person is signed in.
type Session struct {
	ID            string
	UserID        string
	TokenHash     string
	CreatedAt     time.Time
	SeenAt        time.Time
	IdleExpiresAt time.Time
	ExpiresAt     time.Time
	IP            string `gorm:"column:ip"`
	UserAgent     string
}

// TableName names the table.
func (Session) TableName() string { return "sessions" }

// EndsAt is when the session ends if it is not used again.
func (s Session) EndsAt() time.Time {
	if s.IdleExpiresAt.Before(s.ExpiresAt) {
		return s.IdleExpiresAt
	}
	return s.ExpiresAt
}

// principal is the person as caller, in one of their sessions.
func (u User) principal(sessionID string) auth.Principal {
	return auth.Principal{
		Type: auth.TypeUser, ID: u.ID, Name: u.Name, Permissions: u.Role.Permissions(), AllKeys: true, SessionID: sessionID,
	}
}

func object(u User) audit.Object {
	return audit.Object{Type: audit.TypeUser, ID: u.ID, Name: u.Email}
}
