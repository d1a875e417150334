// Package token is the broker: it keeps the tokens of account keys fresh and hands out access
// tokens. It owns the token rows; each hangs on the grant it came from.
//
// Invariants: one refresh per key at a time, in this process by a single flight and across replicas
// by a lease on the row that outlasts the call; no transaction is open over a network call; what
// Microsoft answered is stored before anything else, as long as the grant is still the same one; only
// an answer that says so moves a key out of authorized. A crash at any point leaves the refresh token
// that was there, which Microsoft still takes.
package token

import (
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Token is one row of tokens.
type Token struct {
	GrantID         string `gorm:"primaryKey"`
	AccountKeyID    string
	AccessToken     secret.Sealed
	RefreshToken    secret.Sealed
	Scopes          accountkey.Scopes
	ExpiresAt       time.Time
	LifetimeSeconds int64
	RefreshedAt     time.Time
	RefreshDueAt    time.Time
	LeaseHolder     string
	LeaseUntil      *time.Time
	Failures        int64
	RetryAfter      *time.Time
	LastUsedAt      *time.Time
	Version         int64
	// CredentialVersion is that of the client secret which the last refresh proved good; 0: none yet.
	CredentialVersion int64
}

// TableName names the table.
func (Token) TableName() string { return "tokens" }

func (t Token) lifetime() time.Duration { return time.Duration(t.LifetimeSeconds) * time.Second }

// Access is an access token as callers get it, and where it is good.
type Access struct {
	ClientID    string // of the app
	GraphURL    string // of the key's cloud, without a version; empty when the operator has removed the cloud
	AccessToken secret.String
	ExpiresAt   time.Time
	Scopes      []string
	Account     accountkey.Account
}

// Policy holds the durations that the broker keeps to.
type Policy struct {
	Margin             time.Duration // how long before its end a token in use is refreshed
	BackgroundInterval time.Duration // how often an idle key is refreshed
	CallTimeout        time.Duration // of one call to Microsoft
	BackoffMax         time.Duration // between attempts while Microsoft is out of order
}

// askFor is how long Microsoft is asked at most: discovery and the token call.
func (p Policy) askFor() time.Duration { return 2 * p.CallTimeout }

// storeFor is how long storing the answer may take once it is here.
func (p Policy) storeFor() time.Duration {
	return min(max(p.CallTimeout, 2*time.Second), 15*time.Second)
}

// leaseFor outlasts asking and storing together, with something to spare for clocks that differ.
func (p Policy) leaseFor() time.Duration {
	return p.askFor() + p.storeFor() + min(p.CallTimeout, 5*time.Second)
}

// marginFor is the margin, but never more than a third of the token's life, so that tokens of five
// seconds are not refreshed without end.
func (p Policy) marginFor(lifetime time.Duration) time.Duration { return min(p.Margin, lifetime/3) }

// dueAt is when a token is to be refreshed ahead of need: before its end when the key is in use, at
// the background interval when it is idle.
func (p Policy) dueAt(refreshedAt time.Time, lifetime time.Duration, inUse bool) time.Time {
	ahead := refreshedAt.Add(lifetime - p.marginFor(lifetime))
	if background := refreshedAt.Add(p.BackgroundInterval); !inUse || lifetime <= 0 || background.Before(ahead) {
		return background
	}
	return ahead
}

// backoff is how long to leave Microsoft alone after the given number of failures in a row: doubling
// from one second, with jitter, never less than what Microsoft asked for.
func (p Policy) backoff(failures int64, asked time.Duration) time.Duration {
	d := p.BackoffMax
	if failures < 20 {
		d = min(d, time.Second<<max(failures-1, 0))
	}
	d = d/2 + rand.N(d/2+1) //nolint:gosec // spreading load needs no secrecy
	return max(d, asked)
}

// forceInterval is how old a refreshed token must be before insisting gets another: Microsoft takes a
// client that asks without end for a fault (AADSTS50196).
const forceInterval = 5 * time.Second

// Default and bounds of what a caller may ask of a token's remaining life.
const (
	defaultMinTTL = 5 * time.Minute
	maxMinTTL     = 24 * time.Hour
)

// wantedTTL caps what was asked at half the lifetime: no provider can give more than it issues, and
// a caller that asks for too much must not cause a refresh on every call.
func wantedTTL(asked, lifetime time.Duration) time.Duration { return min(asked, lifetime/2) }

// Failures that callers may see.
var (
	ErrUnavailable = fault.New(fault.Unavailable, "microsoft_unavailable", "Microsoft could not be asked for a fresh token just now.").
			WithFix("Try again after the time that Retry-After tells.")
	errMinTTL = fault.Invalid(fault.Field{
		Field: "minTtlSeconds", Code: "out_of_range", Message: "Ask for 0 to 86,400 seconds.",
	})
)

// notServed is the answer for a key that serves nothing in its present status.
func notServed(k accountkey.Key) error {
	reason := k.Reason()
	code := string(k.EffectiveStatus())
	if k.EffectiveStatus() == accountkey.StatusDraft {
		code = "never_authorized"
	}
	return fault.New(fault.Conflict, code, reason.Message).WithFix(reason.Fix)
}

// Fresh is what Microsoft answered, ready to be stored.
type Fresh struct {
	AccessToken  secret.String
	RefreshToken secret.String
	Scopes       []string
	Lifetime     time.Duration
}

// Save stores the first tokens of a grant that the same transaction puts in force. The row is due
// like that of a key in use: whoever authorizes a key is about to use it.
func (b *Broker) Save(tx *gorm.DB, now time.Time, keyID, grantID string, f Fresh) error {
	row := Token{
		GrantID: grantID, AccountKeyID: keyID, Scopes: f.Scopes, ExpiresAt: now.Add(f.Lifetime),
		LifetimeSeconds: int64(f.Lifetime / time.Second), RefreshedAt: now,
		RefreshDueAt: b.Policy.dueAt(now, f.Lifetime, true), Version: 1,
	}
	var err error
	if row.AccessToken, row.RefreshToken, err = b.seal(tx, grantID, f.AccessToken, f.RefreshToken); err != nil {
		return err
	}
	return insert(tx, &row)
}

// seal encrypts the tokens of a grant; a refresh token that is missing seals to nil.
func (b *Broker) seal(tx *gorm.DB, grantID string, access, refresh secret.String) (sealedAccess, sealedRefresh secret.Sealed, err error) {
	sealer, err := b.Box.Sealer(tx)
	if err != nil {
		return nil, nil, err
	}
	if sealedAccess, err = sealer.Seal(access, "tokens", "access_token", grantID); err != nil {
		return nil, nil, err
	}
	sealedRefresh, err = sealer.Seal(refresh, "tokens", "refresh_token", grantID)
	return sealedAccess, sealedRefresh, err
}

func (b *Broker) unseal(s secret.Sealed, column, grantID string) (secret.String, error) {
	return b.Box.Open(s, "tokens", column, grantID)
}
