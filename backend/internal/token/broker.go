package token

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"gorm.io/gorm"

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
	Entra      *entra.Client
	Box        *masterkey.Box
	Queue      *job.Queue
	Policy     Policy
	Replica    string
	Remembered *epoch.Memory[string, Ready] // by the key's id
	Now        func() time.Time
	Logger     *slog.Logger

	flights singleflight.Group
	flying  sync.WaitGroup
	uses    ledger
}

// Drain waits for the refreshes that are under way, whoever asked for them: what Microsoft answers must
// be stored before the database is closed. Uses that were counted meanwhile are stored, too.
func (b *Broker) Drain(ctx context.Context) error {
	return errors.Join(b.drainFlights(ctx), b.FlushUses(ctx))
}

func (b *Broker) drainFlights(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		b.flying.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for refreshes: %w", ctx.Err())
	}
}

// Request says what a caller wants of a token.
type Request struct {
	MinTTL       *time.Duration // nil: five minutes
	ForceRefresh bool
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
	if p, _ := auth.From(ctx); !p.MayUseKey(keyID) {
		return Access{}, accountkey.ErrNotFound
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
		if ready, err = b.prepare(ctx, keyID, ttl, r.ForceRefresh); err != nil {
			return Access{}, err
		}
	}
	return ready.access, b.recordUse(ctx, keyID, ready)
}

// prepare reads the key's token, has it refreshed where that is needed, and remembers it.
func (b *Broker) prepare(ctx context.Context, keyID string, ttl time.Duration, force bool) (Ready, error) {
	mark, sure := b.Remembered.Mark() // before reading
	s, err := read(b.DB.Read(ctx), keyID)
	if err != nil {
		return Ready{}, err
	}
	if err := servable(s); err != nil {
		return Ready{}, err
	}
	force = force && (s.Token.Version == 1 || b.Now().Sub(s.Token.RefreshedAt) >= forceInterval)
	if force || !b.fresh(s.Token.ExpiresAt, s.Token.lifetime(), ttl) {
		if s, err = b.refreshed(ctx, s, force); err != nil {
			return Ready{}, err
		}
		if err := servable(s); err != nil {
			return Ready{}, err // suspended while Microsoft was being asked
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
	return Ready{
		access:  Access{AccessToken: plain, ExpiresAt: s.Token.ExpiresAt, Scopes: s.Token.Scopes, Account: account},
		grantID: s.Token.GrantID, refreshedAt: s.Token.RefreshedAt, lifetime: s.Token.lifetime(),
	}, nil
}

// refreshed returns the key's state after a refresh by somebody: all callers of this process share
// one. The flight is not cut short when the caller who began it goes away, since Microsoft's answer
// must be stored whoever waits for it.
func (b *Broker) refreshed(ctx context.Context, s state, force bool) (state, error) {
	b.flying.Add(1)
	defer b.flying.Done()
	// Whoever comes with a newer client secret must not be content with what the old one brings.
	flight := s.Token.GrantID + "/" + strconv.FormatInt(s.Key.CredentialVersion, 10)
	result := b.flights.DoChan(flight, func() (any, error) {
		b.flying.Add(1)
		defer b.flying.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.Policy.leaseFor())
		defer cancel()
		return b.refreshOnce(ctx, s)
	})
	select {
	case <-ctx.Done():
		return state{}, ErrUnavailable.Because(ctx.Err()).After(time.Second)
	case r := <-result:
		if r.Err == nil {
			after, ok := r.Val.(state)
			if !ok {
				return state{}, fmt.Errorf("refresh of account key %s returned %T", s.Key.ID, r.Val)
			}
			return after, nil
		}
		if !force && errors.Is(r.Err, ErrUnavailable) && b.Now().Before(s.Token.ExpiresAt) {
			return read(b.DB.Read(ctx), s.Key.ID) // it may have been suspended or revoked meanwhile
		}
		return state{}, r.Err
	}
}

// refreshOnce refreshes under the lease, or waits for whoever holds it.
func (b *Broker) refreshOnce(ctx context.Context, s state) (state, error) {
	if wait := b.waitFor(s.Token); wait > 0 {
		return state{}, ErrUnavailable.After(wait)
	}
	keyID, grantID, seen := s.Key.ID, s.Token.GrantID, s.Token.Version
	for pause := 25 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		now := b.Now()
		var won bool
		err := b.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
			won, err = takeLease(tx, grantID, b.Replica, now, now.Add(b.Policy.leaseFor()))
			return err
		})
		if err != nil {
			return state{}, err
		}
		// Read after the lease was decided: whoever held it last may have done the work meanwhile.
		if s, err = read(b.DB.Read(ctx), keyID); err != nil {
			return state{}, errors.Join(err, b.release(ctx, grantID, won))
		}
		if done, err := settled(s, grantID, seen); done || err != nil {
			return s, errors.Join(err, b.release(ctx, grantID, won))
		}
		if won {
			return b.refreshLeased(ctx, s)
		}
		if wait := b.waitFor(s.Token); wait > 0 {
			return state{}, ErrUnavailable.After(wait)
		}
		retry := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			retry.Stop()
			return state{}, ErrUnavailable.Because(ctx.Err()).After(time.Second)
		case <-retry.C:
		}
	}
}

// settled reports that there is nothing to refresh any more: somebody did, or the key stopped serving.
func settled(s state, grantID string, seen int64) (bool, error) {
	if err := refreshable(s); err != nil {
		return false, err
	}
	return s.Token.GrantID != grantID || s.Token.Version != seen, nil
}

func (b *Broker) release(ctx context.Context, grantID string, won bool) error {
	if !won {
		return nil
	}
	return b.DB.InTx(ctx, func(tx *gorm.DB) error {
		_, err := dropLease(tx, grantID, b.Replica)
		return err
	})
}

// waitFor is how long Microsoft is still to be left alone.
func (b *Broker) waitFor(t Token) time.Duration {
	if t.RetryAfter == nil {
		return 0
	}
	return t.RetryAfter.Sub(b.Now())
}
