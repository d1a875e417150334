// Package user owns the people who sign in at the web page: their passwords, their roles, their
// sessions, and the making of the first of them.
//
// Invariants: while there is anybody, there is an admin who can sign in; a password is kept only as
// an Argon2id hash and a session only as the hash of its token; what a person may do follows from
// their role at the moment of each request. Programs belong to package apiclient.
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
	ErrLastAdmin   = fault.New(fault.Conflict, "last_admin", "This is the last admin who can sign in.").WithFix("Make somebody else an admin first.")
	ErrChanged     = fault.New(fault.PreconditionFailed, "precondition_failed", "The person was changed since you read it.").WithFix("Read it again, look at what changed, and repeat your change with the new ETag.")
	ErrCredentials = fault.New(fault.Unauthenticated, "invalid_credentials", "The email address or the password is wrong.")
	ErrSignedOut   = fault.New(fault.Unauthenticated, "unauthenticated", "Your session has ended. Sign in again.")
	ErrTooMany     = fault.New(fault.RateLimited, "rate_limited", "Too many attempts to sign in with this email address from here.")
	ErrSetupCode   = fault.New(fault.Forbidden, "invalid_setup_code", "This is not the set-up code.").WithFix("The server prints the code when it starts. Use the one that it printed last.")
	ErrAlreadySet  = fault.New(fault.Conflict, "already_set_up", "This server is set up already. Sign in instead.")
	errBusy        = fault.New(fault.Unavailable, "sign_in_busy", "Many people are signing in at this moment.").After(2 * time.Second)
)

// User is one row of users: a person.
type User struct {
	ID           string
	Email        string
	EmailKey     string
	Name         string
	Role         auth.Role
	PasswordHash string
	Disabled     bool
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastSignInAt *time.Time
}

// TableName names the table.
func (User) TableName() string { return "users" }

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

func object(u User) audit.Object { return audit.Object{Type: "user", ID: u.ID, Name: u.Email} }
