package user

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// SetupRequired reports that there is nobody yet.
func (s *Service) SetupRequired(ctx context.Context) (bool, error) {
	var n int64
	if err := s.DB.Read(ctx).Model(&User{}).Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("count people: %w", err)
	}
	return n == 0, nil
}

// codeAlphabet leaves out what is mistaken for something else; 12 of it hold 60 bits.
const codeAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// NewSetupCode makes the code that proves, to the set-up page, a person who can read what the server
// prints. The one before is good for nothing afterwards.
func (s *Service) NewSetupCode(ctx context.Context) (secret.String, error) {
	var text strings.Builder
	for i, b := range secret.RandomBytes(12) {
		if i > 0 && i%4 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(codeAlphabet[int(b)%len(codeAlphabet)])
	}
	code := secret.New(text.String())
	return code, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE instance SET setup_code_hash = ? WHERE id = 1", hashCode(code)).Error
	})
}

// hashCode forgives case, spaces and missing dashes.
func hashCode(code secret.String) string {
	plain := strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(code.Reveal()))
	return secret.Hash(secret.New(plain))
}

// Setup makes the first administrator, once, and signs them in.
func (s *Service) Setup(ctx context.Context, code secret.String, in Input, b Browser) (SignedIn, error) {
	if err := s.guessSetup(ctx, code); err != nil {
		return SignedIn{}, err
	}
	in.Role = auth.RoleAdmin
	u, err := s.prepare(ctx, in, auth.System("set-up"))
	if err != nil {
		return SignedIn{}, err
	}
	u.LastSignInAt = &u.CreatedAt
	out := s.newSession(ctx, u, b)
	actor := u.principal(out.Session.ID)
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := lockAll(tx); err != nil {
			return err
		}
		if err := s.checkSetup(tx, code); err != nil {
			return err
		}
		if err := errors.Join(insert(tx, &u), clearSetupCode(tx)); err != nil {
			return err
		}
		if err := s.begin(tx, &out, b); err != nil {
			return err
		}
		return audit.Record(tx, u.CreatedAt, audit.Event{
			Action: audit.SetupCompleted, Object: object(u), Actor: &actor, Message: "Made the first administrator.", Changes: whole(u),
		})
	})
	return out, err
}

// guessSetup is checkSetup with the attempt counted: the code is short enough to be typed. Once there is
// somebody no code is looked at, so nothing is counted: anybody may ask, and must not keep the database
// busy writing.
func (s *Service) guessSetup(ctx context.Context, code secret.String) error {
	if required, err := s.SetupRequired(ctx); err != nil {
		return err
	} else if !required {
		return ErrAlreadySet
	}
	counted := []bucket{{key: "set-up " + auth.RequestFrom(ctx).Network(), most: s.Limits.PerAccount}}
	if err := refused(s.DB.Read(ctx), s.Now(), counted); err != nil {
		return err
	}
	if err := s.take(ctx, counted); err != nil {
		return err
	}
	err := s.checkSetup(s.DB.Read(ctx), code)
	if errors.Is(err, ErrSetupCode) {
		return err
	}
	return errors.Join(err, s.DB.InTx(ctx, func(tx *gorm.DB) error { return settle(tx, counted) }))
}

func (s *Service) checkSetup(q *gorm.DB, code secret.String) error {
	var n int64
	if err := q.Model(&User{}).Count(&n).Error; err != nil {
		return fmt.Errorf("count people: %w", err)
	}
	if n > 0 {
		return ErrAlreadySet
	}
	var row struct{ SetupCodeHash *string }
	if err := q.Table("instance").Where("id = 1").Take(&row).Error; err != nil {
		return fmt.Errorf("read set-up code: %w", err)
	}
	if row.SetupCodeHash == nil || hashCode(code) != *row.SetupCodeHash {
		return ErrSetupCode
	}
	return nil
}
