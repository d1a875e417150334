package token

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
)

const (
	// patience is how long a caller waits for a refresh that is slow while the token in hand is still valid.
	patience = 2 * time.Second
	// flushFor is how long storing the last uses may take when the process ends.
	flushFor = 5 * time.Second

	allAsking = 1 << 30 // more than there can be
)

// flights are the refreshes of this process. Callers who want the same one share it.
type flights struct {
	group    singleflight.Group
	begun    sync.Map // flight to time.Time
	held     sync.Map // app to the time.Time until which Microsoft wants nothing of it
	draining atomic.Bool

	once  sync.Once
	slots *semaphore.Weighted
}

// asking has a place for each refresh that is between its lease and its stored answer.
func (f *flights) asking() *semaphore.Weighted {
	f.once.Do(func() { f.slots = semaphore.NewWeighted(allAsking) })
	return f.slots
}

// Drain waits until what Microsoft is answering is stored, whoever asked for it, and stores the uses that were
// counted. No refresh begins afterwards; what only waits for another process ends at once.
func (b *Broker) Drain(ctx context.Context) error {
	b.flights.draining.Store(true)
	err := b.flights.asking().Acquire(ctx, allAsking)
	if err == nil {
		b.flights.asking().Release(allAsking)
	} else {
		err = fmt.Errorf("wait for refreshes: %w", err)
	}
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
	defer cancel()
	return errors.Join(err, b.FlushUses(flush))
}

// refreshed returns the key's state after a refresh by somebody: all callers of this process share
// one. The flight is not cut short when the caller who began it goes away, since Microsoft's answer
// must be stored whoever waits for it. Unless a fresh token is insisted on, one that is still valid is served
// while Microsoft is out of order, and soon after it has become slow.
func (b *Broker) refreshed(ctx context.Context, s state, force bool) (state, error) {
	// Whoever comes with a newer client secret must not be content with what the old one brings.
	flight := s.Token.GrantID + "/" + strconv.FormatInt(s.Key.CredentialVersion, 10)
	result := b.flights.group.DoChan(flight, func() (any, error) {
		b.flights.begun.Store(flight, b.Now())
		defer b.flights.begun.Delete(flight)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.Policy.leaseFor())
		defer cancel()
		return b.refreshOnce(ctx, s)
	})
	enough, stop := b.patienceWith(flight, s, force)
	defer stop()
	select {
	case <-ctx.Done():
		return state{}, ErrUnavailable.Because(ctx.Err()).After(time.Second)
	case <-enough:
		return read(b.DB.Read(ctx), s.Key.ID) // it may have been suspended or revoked meanwhile
	case r := <-result:
		if r.Err == nil {
			after, ok := r.Val.(state)
			if !ok {
				return state{}, fmt.Errorf("refresh of account key %s returned %T", s.Key.ID, r.Val)
			}
			return after, nil
		}
		if !force && passing(r.Err) && b.Now().Before(s.Token.ExpiresAt) {
			return read(b.DB.Read(ctx), s.Key.ID)
		}
		return state{}, r.Err
	}
}

// patienceWith returns what fires when a flight has been waited for long enough: never, when there is no token
// that could be served instead.
func (b *Broker) patienceWith(flight string, s state, force bool) (enough <-chan time.Time, stop func()) {
	wait := patience
	if begun, ok := b.flights.begun.Load(flight); ok {
		wait = max(0, patience-b.Now().Sub(begun.(time.Time))) //nolint:forcetypeassert // stored by refreshed alone
	}
	if force || !b.Now().Add(wait+time.Second).Before(s.Token.ExpiresAt) {
		return nil, func() {}
	}
	timer := time.NewTimer(wait)
	return timer.C, func() { timer.Stop() }
}

// passing reports a failure that says nothing about the grant.
func passing(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, errCloudNotConfigured)
}

// refreshOnce refreshes under the lease, or waits for whoever holds it.
func (b *Broker) refreshOnce(ctx context.Context, s state) (state, error) {
	if wait := max(b.waitFor(s.Token), b.heldOff(appOf(s.Key))); wait > 0 {
		return state{}, ErrUnavailable.After(wait)
	}
	seen := s
	for pause := 25 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		now := b.Now()
		var won bool
		err := b.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
			won, err = takeLease(tx, seen.Token.GrantID, b.Replica, now, now.Add(b.Policy.leaseFor()))
			return err
		})
		if err != nil {
			return state{}, err
		}
		// Read after the lease was decided: whoever held it last may have done the work meanwhile.
		if s, err = read(b.DB.Read(ctx), seen.Key.ID); err != nil {
			return state{}, errors.Join(err, b.release(ctx, seen.Token.GrantID, won))
		}
		if done, err := settled(s, seen); done || err != nil {
			return s, errors.Join(err, b.release(ctx, seen.Token.GrantID, won))
		}
		if won {
			return b.refreshAlone(ctx, s)
		}
		if wait := b.waitFor(s.Token); wait > 0 {
			return state{}, ErrUnavailable.After(wait)
		}
		if b.flights.draining.Load() {
			return state{}, ErrUnavailable.After(time.Second)
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

// refreshAlone refreshes with the lease in hand, unless the process is about to end.
func (b *Broker) refreshAlone(ctx context.Context, s state) (state, error) {
	if b.flights.asking().TryAcquire(1) {
		defer b.flights.asking().Release(1)
		if !b.flights.draining.Load() {
			return b.refreshLeased(ctx, s)
		}
	}
	return state{}, errors.Join(ErrUnavailable.After(time.Second), b.release(ctx, s.Token.GrantID, true))
}

// settled reports that there is nothing to refresh any more: somebody did, or the key's status changed. A key
// that is misconfigured is refreshed only for whoever saw it so.
func settled(now, seen state) (bool, error) {
	if now.Key.Status != seen.Key.Status || now.Token.GrantID == "" {
		if err := refreshable(now); err != nil {
			return false, err
		}
	}
	return now.Token.GrantID != seen.Token.GrantID || now.Token.Version != seen.Token.Version, nil
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

// app is what Microsoft throttles: one registration in one tenant, which many keys may share.
type app struct{ cloud, tenantID, clientID string }

func appOf(k accountkey.Key) app { return app{k.Cloud, k.TenantID, k.ClientID} }

// holdOff leaves all keys of an app alone until then. Only this process knows: each finds out for itself.
func (b *Broker) holdOff(a app, until time.Time) { b.flights.held.Store(a, until) }

func (b *Broker) heldOff(a app) time.Duration {
	until, ok := b.flights.held.Load(a)
	if !ok {
		return 0
	}
	wait := until.(time.Time).Sub(b.Now()) //nolint:forcetypeassert // holdOff alone stores
	if wait <= 0 {
		b.flights.held.CompareAndDelete(a, until)
	}
	return wait
}

// mendable refuses a key that a refresh cannot put right. What was at fault with the app's registration may be in
// order by now; a grant that is over stays over.
func mendable(s state) error {
	if s.Key.Status == accountkey.StatusMisconfigured && s.Token.GrantID != "" {
		return nil
	}
	return refreshable(s)
}
