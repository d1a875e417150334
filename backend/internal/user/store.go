package user

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/page"
)

func insert(tx *gorm.DB, u *User) error {
	err := tx.Create(u).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrEmailTaken.Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	return nil
}

func load(q *gorm.DB, id string) (User, error) { return take(q.Where("id = ?", id)) }

func take(q *gorm.DB) (User, error) {
	var u User
	err := q.Take(&u).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return User{}, ErrNotFound
	}
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

func list(q *gorm.DB, r page.Request) ([]User, error) {
	if r.After != "" {
		q = q.Where("id < ?", r.After)
	}
	var rows []User
	if err := q.Order("id DESC").Limit(r.Limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return rows, nil
}

func exists(q *gorm.DB) (bool, error) {
	var n int64
	if err := q.Model(&User{}).Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("count users: %w", err)
	}
	return n > 0, nil
}

// keepAnAdmin refuses to go on when nobody but the given person is an admin who can sign in. The
// caller holds the epoch, so no other change of people runs meanwhile.
func keepAnAdmin(tx *gorm.DB, without string) error {
	var n int64
	err := tx.Model(&User{}).Where("role = ? AND disabled = ? AND id <> ?", auth.RoleAdmin, false, without).Count(&n).Error
	if err != nil {
		return fmt.Errorf("count admins: %w", err)
	}
	if n == 0 {
		return ErrLastAdmin
	}
	return nil
}

// bumpEpoch tells every replica that something about access changed. Its row stays locked until the
// transaction ends: changes of people follow one another on every database.
func bumpEpoch(tx *gorm.DB) error {
	if err := tx.Exec("UPDATE epochs SET value = value + 1 WHERE name = 'access'").Error; err != nil {
		return fmt.Errorf("bump epoch: %w", err)
	}
	return nil
}

// update writes the named columns of a person.
func update(tx *gorm.DB, id string, columns map[string]any) error {
	res := tx.Model(&User{}).Where("id = ?", id).Updates(columns)
	if res.Error != nil {
		return fmt.Errorf("update user %s: %w", id, res.Error)
	}
	if res.RowsAffected != 1 {
		return ErrNotFound
	}
	return nil
}

// endSessions signs a person out everywhere but in the session with id except.
func endSessions(tx *gorm.DB, userID, except string) error {
	if err := tx.Where("user_id = ? AND id <> ?", userID, except).Delete(&Session{}).Error; err != nil {
		return fmt.Errorf("end sessions of user %s: %w", userID, err)
	}
	return nil
}

// findSession reads a live session of somebody who may sign in.
func findSession(q *gorm.DB, column, value string, now time.Time) (User, Session, error) {
	var s Session
	err := q.Where(column+" = ? AND idle_expires_at > ? AND expires_at > ?", value, now, now).Take(&s).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return User{}, Session{}, ErrSignedOut
	}
	if err != nil {
		return User{}, Session{}, fmt.Errorf("read session: %w", err)
	}
	u, err := load(q, s.UserID)
	if errors.Is(err, ErrNotFound) || (err == nil && u.Disabled) {
		return User{}, Session{}, ErrSignedOut
	}
	return u, s, err
}
