package token

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/job"
)

const (
	minRetry   = time.Second
	sweepBatch = 200
	// A refresh with an older secret may be under way, here or elsewhere, when a new one is tried.
	credentialTries = 3
)

// refreshArgs is the job that refreshes one key ahead of need, unless its tokens are newer by then.
type refreshArgs struct {
	AccountKeyID string `json:"account_key_id"`
	Version      int64  `json:"version"`
}

// Kind names the job.
func (refreshArgs) Kind() string { return "token.refresh" }

// Register adds the broker's jobs and its sweep.
func (b *Broker) Register(r *job.Registry, sweepEvery time.Duration) {
	o := job.Options{Timeout: b.Policy.leaseFor() + 5*time.Second, MaxAttempts: 1, Queue: "refresh", Workers: 16, Once: true}
	job.Register(r, o, func(ctx context.Context, a refreshArgs) error {
		return b.refreshInBackground(ctx, a.AccountKeyID, a.Version)
	})
	o.MaxAttempts, o.Once = 3, false // one that runs may be trying an older secret
	job.Register(r, o, func(ctx context.Context, a accountkey.CredentialReplaced) error {
		return b.tryCredential(ctx, a.AccountKeyID)
	})
	r.Every("token.sweep", sweepEvery, 10*time.Second, b.SweepOnce)
	r.Every("token.fold_uses", time.Hour, 10*time.Second, b.FoldUses)
}

// Run stores every second what was counted since, until ctx ends.
func (b *Broker) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := b.FlushUses(ctx); err != nil {
				b.Logger.WarnContext(ctx, "uses not stored yet", "error", err)
			}
		}
	}
}

// SweepOnce hands the keys that are due to workers. A row is the truth of when its key is due: whatever
// becomes of the job, the row comes due again.
func (b *Broker) SweepOnce(ctx context.Context) error {
	for {
		now := b.Now()
		var due []refreshArgs
		err := b.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
			if due, err = claimDue(tx, now, now.Add(2*b.Policy.leaseFor()), sweepBatch); err != nil {
				return err
			}
			for _, args := range due {
				if err := b.Queue.Enqueue(tx, args); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(due) < sweepBatch {
			return err
		}
	}
}

// refreshInBackground refreshes a key whose tokens are still at the given version; 0 is any. A caller may
// have been faster than the worker: then there is nothing left to do. What Microsoft said is on the key's
// row afterwards; the job itself fails only when something of ours did.
func (b *Broker) refreshInBackground(ctx context.Context, keyID string, version int64) error {
	s, err := read(b.DB.Read(ctx), keyID)
	if err == nil {
		err = refreshable(s)
	}
	if err == nil && (version == 0 || version == s.Token.Version) {
		_, err = b.refreshed(ctx, s, true)
	}
	return ignoreTold(err)
}

// tryCredential uses a new client secret at once, so that a wrong one is noticed now and not when
// the token in hand runs out. What held Microsoft off before says nothing about the new secret; and a
// refresh with the old one that was under way meanwhile proves nothing.
func (b *Broker) tryCredential(ctx context.Context, keyID string) error {
	err := b.DB.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&Token{}).Where("account_key_id = ?", keyID).Updates(map[string]any{"failures": 0, "retry_after": nil}).Error
	})
	for range credentialTries {
		if err == nil {
			err = b.refreshInBackground(ctx, keyID, 0)
		}
		if err != nil {
			return err
		}
		s, err := read(b.DB.Read(ctx), keyID)
		if err != nil || refreshable(s) != nil || s.Token.CredentialVersion == s.Key.CredentialVersion || b.waitFor(s.Token) > 0 {
			return ignoreTold(err)
		}
	}
	return err
}

// ignoreTold drops a failure that is on the key's row, or that says that there is no such key any more.
func ignoreTold(err error) error {
	f, told := fault.From(err)
	if told && (passing(err) || f.Kind == fault.Conflict || f.Kind == fault.NotFound) {
		return nil
	}
	return err
}
