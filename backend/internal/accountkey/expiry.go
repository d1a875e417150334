package accountkey

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/job"
)

// noticeDays are how many days ahead the end of a client secret is announced, and on the day itself.
// Microsoft tells the date to nobody but whoever makes the secret, so it is the one that people entered.
func noticeDays() []int64 { return []int64{0, 1, 7, 30} }

const expiryBatch = 200

// Register adds the announcing of secrets that end.
func (s *Service) Register(r *job.Registry) {
	r.Every("account_key.secret_expiry", time.Hour, 10*time.Second, s.AnnounceExpiries)
}

// SecretDaysLeft is how many midnights (UTC) are left until the day on which the secret ends; false when
// nobody said which day that is.
func (k Key) SecretDaysLeft(now time.Time) (int64, bool) {
	if k.ClientSecretExpiresOn == nil || len(k.ClientSecret) == 0 {
		return 0, false
	}
	day, err := time.Parse(time.DateOnly, *k.ClientSecretExpiresOn)
	if err != nil {
		return 0, false
	}
	return int64(day.Sub(now.UTC().Truncate(24*time.Hour)) / (24 * time.Hour)), true
}

// SecretEnds reports whether so few days are left that the end of a secret is announced.
func SecretEnds(daysLeft int64) bool {
	_, due := notice(daysLeft)
	return due
}

// notice returns the smallest number of days ahead that is reached.
func notice(daysLeft int64) (int64, bool) {
	for _, days := range noticeDays() {
		if daysLeft <= days {
			return days, true
		}
	}
	return 0, false
}

// AnnounceExpiries tells once at each notice, in the key's timeline, that its secret ends. Revoked keys
// need none.
func (s *Service) AnnounceExpiries(ctx context.Context) error {
	ctx = auth.WithPrincipal(ctx, auth.System("secret expiry"))
	now := s.Now()
	for after := ""; ; {
		var keys []Key
		err := s.DB.Read(ctx).
			Where("client_secret_expires_on IS NOT NULL AND client_secret_expires_on <= ?", now.AddDate(0, 0, 31).Format(time.DateOnly)).
			Where("status <> ? AND id > ?", StatusRevoked, after).Order("id").Limit(expiryBatch).Find(&keys).Error
		if err != nil {
			return fmt.Errorf("find secrets that end: %w", err)
		}
		for _, key := range keys {
			if err := s.announce(ctx, key, now); err != nil {
				return err
			}
			after = key.ID
		}
		if len(keys) < expiryBatch {
			return nil
		}
	}
}

func (s *Service) announce(ctx context.Context, key Key, now time.Time) error {
	left, known := key.SecretDaysLeft(now)
	days, due := notice(left)
	if !known || !due || (key.SecretExpiryTold != nil && *key.SecretExpiryTold <= days) {
		return nil
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&Key{}).
			Where("id = ? AND client_secret_expires_on = ?", key.ID, *key.ClientSecretExpiresOn).
			Where("secret_expiry_told IS NULL OR secret_expiry_told > ?", days).
			UpdateColumn("secret_expiry_told", days)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error // told by another replica, or the secret was replaced
		}
		return audit.Record(tx, now, audit.Event{
			Action: audit.AccountKeySecretExpires, Outcome: expiryOutcome(left), Object: object(key), Message: expiryMessage(*key.ClientSecretExpiresOn, left),
		})
	})
}

func expiryOutcome(left int64) audit.Outcome {
	if left <= 0 {
		return audit.Failure
	}
	return audit.Success
}

func expiryMessage(day string, left int64) string {
	switch {
	case left < 0:
		return "The client secret expired on " + day + "."
	case left == 0:
		return "The client secret expires today, " + day + "."
	case left == 1:
		return "The client secret expires tomorrow, " + day + "."
	default:
		return fmt.Sprintf("The client secret expires in %d days, on %s.", left, day)
	}
}

// expiryWarning is what views say of a secret that ends within the first notice.
func expiryWarning(key Key, now time.Time) (warningView, bool) {
	left, known := key.SecretDaysLeft(now)
	if !known || !SecretEnds(left) {
		return warningView{}, false
	}
	code := "secret_expires_soon"
	if left < 0 {
		code = "secret_expired"
	}
	return warningView{
		Field: "clientSecret", Code: code,
		Message: expiryMessage(*key.ClientSecretExpiresOn, left) + " Make a new one in the app's Certificates & secrets, and replace it here: the authorization stays.",
	}, true
}

// CountExpiring counts the keys in use whose secret ends within so many days; those that ended are counted
// in each.
func (s *Service) CountExpiring(ctx context.Context, days int) (int64, error) {
	var n int64
	err := s.DB.Read(ctx).Model(&Key{}).
		Where("client_secret_expires_on IS NOT NULL AND client_secret_expires_on <= ? AND status <> ?",
			s.Now().AddDate(0, 0, days).Format(time.DateOnly), StatusRevoked).Count(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count secrets that end: %w", err)
	}
	return n, nil
}
