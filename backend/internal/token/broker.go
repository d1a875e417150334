package token

import (
	"context"
	"log/slog"
	"time"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/epoch"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
)

// Broker hands out access tokens. Replica is unique to this process; leases carry it.
type Broker struct {
	DB         *db.DB
	Keys       *accountkey.Service
	Programs   Programs
	Targets    Targets
	Entra      *entra.Client
	Box        *masterkey.Box
	Queue      *job.Queue
	Policy     Policy
	Replica    string
	Remembered *epoch.Memory[string, Ready] // by the key's id
	Now        func() time.Time
	Logger     *slog.Logger

	flights flights
	uses    ledger
}

// Request says what a caller wants of a token.
type Request struct {
	MinTTL       *time.Duration // nil: five minutes
	ForceRefresh bool
	// Kept says that the token stays in Latchkey: whoever asks calls Microsoft for the caller, and has looked at
	// the caller's leash itself.
	Kept bool
}

// Ready is a token that can be handed out.
type Ready struct {
	access      Access
	grantID     string
	refreshedAt time.Time
	lifetime    time.Duration
}

// Get returns an access token with at least the wanted life left, or what the provider's lifetime
// allows: what is asked is capped at half of it. While Microsoft is out of order a token that is
// still valid is better than none and is served, unless a fresh one was insisted on.
func (b *Broker) Get(ctx context.Context, keyID string, r Request) (Access, error) {
	p, _ := auth.From(ctx)
	if err := may(p, keyID, r); err != nil {
		return Access{}, err
	}
	ttl := defaultMinTTL
	if r.MinTTL != nil {
		ttl = *r.MinTTL
	}
	if ttl < 0 || ttl > maxMinTTL {
		return Access{}, errMinTTL
	}
	ready, ok := b.Remembered.Get(keyID)
	if !ok || r.ForceRefresh || !b.fresh(ready.access.ExpiresAt, ready.lifetime, ttl) {
		var err error
		if ready, err = b.prepare(ctx, keyID, ttl, r); err != nil {
			return Access{}, err
		}
	}
	return ready.access, b.recordUse(ctx, keyID, ready)
}

// may refuses a caller who was not granted the key, or whose leash doesn't let the token out.
func may(p auth.Principal, keyID string, r Request) error {
	if !p.MayUseKey(keyID) {
		return accountkey.ErrNotFound
	}
	if r.Kept {
		return nil
	}
	return p.Leash(keyID).RequireRawTokens()
}

// prepare reads the key's token, has it refreshed where that is needed, and remembers it.
func (b *Broker) prepare(ctx context.Context, keyID string, ttl time.Duration, r Request) (Ready, error) {
	mark, sure := b.Remembered.Mark() // before reading
	s, err := read(b.DB.Read(ctx), keyID)
	if err != nil {
		return Ready{}, err
	}
	if err := servable(s); err != nil {
		return Ready{}, err
	}
	force := r.ForceRefresh && (s.Token.Version == 1 || b.Now().Sub(s.Token.RefreshedAt) >= forceInterval)
	if force || !b.fresh(s.Token.ExpiresAt, s.Token.lifetime(), ttl) {
		if s, err = b.refreshed(ctx, s, force); err != nil {
			return Ready{}, err
		}
		if err := servable(s); err != nil {
			return Ready{}, err // suspended while Microsoft was being asked
		}
		if err := b.stillMay(ctx, keyID, r, mark, sure); err != nil {
			return Ready{}, err
		}
	}
	if force {
		// Whoever insists has found the token at hand wanting: no replica may go on handing it out.
		if err := b.DB.InTx(ctx, db.BumpEpoch); err != nil {
			return Ready{}, err
		}
	}
	if !b.Now().Before(s.Token.ExpiresAt) {
		return Ready{}, ErrUnavailable.After(minRetry)
	}
	ready, err := b.open(s)
	if err == nil && sure {
		b.Remembered.Keep(keyID, mark, ready)
	}
	return ready, err
}

// stillMay asks again who is calling if access has changed since mark: a refresh can be long, and whoever was
// shut out meanwhile gets nothing.
func (b *Broker) stillMay(ctx context.Context, keyID string, r Request, mark epoch.Mark, sure bool) error {
	if now, sureNow := b.Remembered.Mark(); sure && sureNow && now == mark {
		return nil
	}
	p, err := auth.Readmit(ctx)
	if err != nil {
		return err
	}
	return may(p, keyID, r)
}

// servable refuses a key that serves nothing.
func servable(s state) error {
	if s.Key.EffectiveStatus() != accountkey.StatusAuthorized || s.Token.GrantID == "" {
		return notServed(s.Key)
	}
	return nil
}

// refreshable refuses a key whose grant is over. A suspended key serves nothing, but is kept alive, so
// that it can be resumed after any time.
func refreshable(s state) error {
	if s.Key.Status != accountkey.StatusAuthorized || s.Token.GrantID == "" {
		return notServed(s.Key)
	}
	return nil
}

func (b *Broker) fresh(expiresAt time.Time, lifetime, ttl time.Duration) bool {
	return b.Now().Add(wantedTTL(ttl, lifetime)).Before(expiresAt)
}

func (b *Broker) open(s state) (Ready, error) {
	plain, err := b.unseal(s.Token.AccessToken, "access_token", s.Token.GrantID)
	if err != nil {
		return Ready{}, err
	}
	account, _ := s.Key.Account()
	cloud, _ := b.Keys.Cloud(s.Key.Cloud)
	return Ready{
		access: Access{
			ClientID: s.Key.ClientID, GraphURL: cloud.GraphURL, AccessToken: plain, ExpiresAt: s.Token.ExpiresAt, Scopes: s.Token.Scopes, Account: account,
		},
		grantID: s.Token.GrantID, refreshedAt: s.Token.RefreshedAt, lifetime: s.Token.lifetime(),
	}, nil
}
