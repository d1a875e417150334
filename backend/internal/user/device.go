package user

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// maxDevices is in how many browsers one person is known; more make the longest unused unknown.
const maxDevices = 20

// Browser is what a browser tells of itself when somebody signs in by it.
type Browser struct {
	UserAgent string
	Device    secret.String // its device cookie, if it has one
	Session   secret.String // its session cookie, if it has one
}

// device is one row of user_devices: a browser in which a person signed in before.
type device struct {
	ID        string
	UserID    string
	TokenHash string
	CreatedAt time.Time
	UsedAt    time.Time
}

// TableName names the table.
func (device) TableName() string { return "user_devices" }

// knownDevice returns the id of the browser if this person signed in by it, "" otherwise.
func (s *Service) knownDevice(q *gorm.DB, token secret.String, userID string) (string, error) {
	var d device
	err := q.Where("token_hash = ? AND user_id = ? AND used_at > ?", secret.Hash(token), userID, s.Now().Add(-s.DeviceLifetime)).
		Take(&d).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return "", fmt.Errorf("read device: %w", err)
	}
	return d.ID, nil
}

// remember makes the browser one in which this person signed in, and returns the value of its cookie.
// People who share a browser share the value, each with a row of their own; a value that is not ours
// is not taken over.
func (s *Service) remember(tx *gorm.DB, token secret.String, userID string) (secret.String, error) {
	now := s.Now()
	var n int64
	err := tx.Model(&device{}).Where("token_hash = ? AND used_at > ?", secret.Hash(token), now.Add(-s.DeviceLifetime)).
		Count(&n).Error
	if err != nil {
		return secret.String{}, fmt.Errorf("read device: %w", err)
	}
	if n == 0 {
		token = secret.Random()
	}
	err = tx.Exec(`INSERT INTO user_devices (id, user_id, token_hash, created_at, used_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (token_hash, user_id) DO UPDATE SET used_at = excluded.used_at`,
		uuid.Must(uuid.NewV7()).String(), userID, secret.Hash(token), now, now).Error
	if err != nil {
		return secret.String{}, fmt.Errorf("remember device: %w", err)
	}
	newest := tx.Model(&device{}).Select("id").Where("user_id = ?", userID).Order("used_at DESC, id DESC").Limit(maxDevices)
	if err := tx.Where("user_id = ? AND id NOT IN (?)", userID, newest).Delete(&device{}).Error; err != nil {
		return secret.String{}, fmt.Errorf("remove devices beyond %d: %w", maxDevices, err)
	}
	return token, nil
}

// forgetDevices makes a person unknown in every browser but the one with this cookie.
func forgetDevices(tx *gorm.DB, userID string, keep secret.String) error {
	if err := tx.Where("user_id = ? AND token_hash <> ?", userID, secret.Hash(keep)).Delete(&device{}).Error; err != nil {
		return fmt.Errorf("forget devices of %s: %w", userID, err)
	}
	return nil
}

func removeOldDevices(tx *gorm.DB, unusedSince time.Time) error {
	if err := tx.Where("used_at <= ?", unusedSince).Delete(&device{}).Error; err != nil {
		return fmt.Errorf("remove old devices: %w", err)
	}
	return nil
}
