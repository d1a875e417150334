package user

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Limits say how many attempts to guess a secret may fail before further ones are refused.
type Limits struct {
	Window     time.Duration // how long failures count
	PerAccount int           // of one account, in one known browser or in all others together
	PerNetwork int           // from one network, whatever the account
}

// bucket counts one sort of failures. Success empties it, unless accounts share it: then it gives back
// its own attempt alone, or signing in to an account of one's own would make room for guesses at others.
type bucket struct {
	key    string
	most   int
	shared bool
}

// attempts is one row of sign_in_attempts: a bucket as all replicas see it.
type attempts struct {
	Bucket   string
	Failures int
	ResetsAt time.Time
}

// TableName names the table.
func (attempts) TableName() string { return "sign_in_attempts" }

// signInBuckets are those that an attempt to sign in counts in. Addresses that nobody has are counted
// like any other, so that the answer doesn't tell who exists.
func (s *Service) signInBuckets(ctx context.Context, email, deviceID string) []bucket {
	if deviceID != "" {
		return []bucket{{key: "device " + deviceID, most: s.Limits.PerAccount}}
	}
	sum := sha256.Sum256([]byte(emailKey(email))) // short, whatever was typed
	return []bucket{
		{key: "account " + hex.EncodeToString(sum[:]), most: s.Limits.PerAccount},
		{key: "sign-in " + auth.RequestFrom(ctx).Network(), most: s.Limits.PerNetwork, shared: true},
	}
}

// refused looks, without writing, whether one of the buckets is full.
func refused(q *gorm.DB, now time.Time, buckets []bucket) error {
	for _, b := range buckets {
		var row attempts
		err := q.Where("bucket = ? AND failures >= ? AND resets_at > ?", b.key, b.most, now).Take(&row).Error
		if err == nil {
			return tooMany(row.ResetsAt.Sub(now))
		}
		if !errors.Is(err, gorm.ErrRecordNotFound) {
			return fmt.Errorf("read attempts: %w", err)
		}
	}
	return nil
}

// takeSQL counts one more failure if there is room for it, or begins a new window.
const takeSQL = `INSERT INTO sign_in_attempts (bucket, failures, resets_at) VALUES (?, 1, ?)
ON CONFLICT (bucket) DO UPDATE SET
  failures = CASE WHEN sign_in_attempts.resets_at <= ? THEN 1 ELSE sign_in_attempts.failures + 1 END,
  resets_at = CASE WHEN sign_in_attempts.resets_at <= ? THEN excluded.resets_at ELSE sign_in_attempts.resets_at END
WHERE sign_in_attempts.resets_at <= ? OR sign_in_attempts.failures < ?`

// take counts an attempt as a failure in every bucket or, when one is full, in none. It comes before
// the attempt is looked at, or many at once would all be looked at before the first had failed.
func (s *Service) take(ctx context.Context, buckets []bucket) error {
	now := s.Now()
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		for _, b := range buckets {
			res := tx.Exec(takeSQL, b.key, now.Add(s.Limits.Window), now, now, now, b.most)
			if res.Error != nil {
				return fmt.Errorf("count attempt: %w", res.Error)
			}
			if res.RowsAffected == 0 {
				if err := refused(tx, now, []bucket{b}); err != nil {
					return err
				}
				return ErrTooMany
			}
		}
		return nil
	})
}

// settle takes back what take counted, for an attempt that succeeded.
func settle(tx *gorm.DB, buckets []bucket) error {
	for _, b := range buckets {
		q := tx.Where("bucket = ?", b.key)
		if b.shared {
			q = q.Model(&attempts{}).Where("failures > 0").UpdateColumn("failures", gorm.Expr("failures - 1"))
		} else {
			q = q.Delete(&attempts{})
		}
		if q.Error != nil {
			return fmt.Errorf("settle attempt: %w", q.Error)
		}
	}
	return nil
}

func tooMany(wait time.Duration) *fault.Error {
	fix := "Try again in a minute."
	if minutes := int(math.Ceil(wait.Minutes())); minutes > 1 {
		fix = fmt.Sprintf("Try again in %d minutes.", minutes)
	}
	return ErrTooMany.WithFix(fix).After(wait)
}

// compare looks whether a password is the one of a hash, and counts the attempt. A known caller proved
// something already.
func (s *Service) compare(ctx context.Context, plain secret.String, hash string, known bool, counted []bucket) (bool, error) {
	if err := refused(s.DB.Read(ctx), s.Now(), counted); err != nil {
		return false, err
	}
	release, err := s.hasher.acquire(ctx, known)
	if err != nil {
		return false, err
	}
	defer release()
	// Counted once it is its turn: then the table grows no faster than passwords can be hashed.
	if err := s.take(ctx, counted); err != nil {
		return false, err
	}
	return s.hasher.matches(plain, hash)
}

func removeOldAttempts(tx *gorm.DB, now time.Time) error {
	if err := tx.Where("resets_at <= ?", now).Delete(&attempts{}).Error; err != nil {
		return fmt.Errorf("remove old attempts: %w", err)
	}
	return nil
}
