package user

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

func load(q *gorm.DB, id string) (User, error) { return one(q.Where("id = ?", id)) }

func byEmail(q *gorm.DB, email string) (User, error) {
	return one(q.Where("email_key = ?", emailKey(email)))
}

func one(q *gorm.DB) (User, error) {
	var u User
	err := q.Take(&u).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return User{}, ErrNotFound
	}
	if err != nil {
		return User{}, fmt.Errorf("read person: %w", err)
	}
	return u, nil
}

// lockAll makes changes of people follow each other on every database, by a row that nothing else takes:
// that there is an administrator is a fact about all of them.
func lockAll(tx *gorm.DB) error {
	if err := tx.Exec("UPDATE epochs SET value = value + 1 WHERE name = 'people'").Error; err != nil {
		return fmt.Errorf("lock people: %w", err)
	}
	return nil
}

// endSessions ends a person's sessions but the one to keep.
func endSessions(tx *gorm.DB, userID, keep string) error {
	_, err := deleteSessions(tx.Where("user_id = ? AND id <> ?", userID, keep))
	return err
}

// deleteSessions ends the sessions that a query picks, and says how many there were.
func deleteSessions(q *gorm.DB) (int64, error) {
	res := q.Delete(&Session{})
	if res.Error != nil {
		return 0, fmt.Errorf("end sessions: %w", res.Error)
	}
	return res.RowsAffected, nil
}

func removeExpired(tx *gorm.DB, now time.Time) error {
	if err := tx.Where("expires_at < ? OR idle_expires_at < ?", now, now).Delete(&Session{}).Error; err != nil {
		return fmt.Errorf("remove expired sessions: %w", err)
	}
	return nil
}

func clearSetupCode(tx *gorm.DB) error {
	if err := tx.Exec("UPDATE instance SET setup_code_hash = NULL WHERE id = 1 AND setup_code_hash IS NOT NULL").Error; err != nil {
		return fmt.Errorf("clear set-up code: %w", err)
	}
	return nil
}
