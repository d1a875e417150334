package user

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// codeAlphabet is Crockford's base 32: no character looks like another. Twelve of them are 60 bits.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	codeLength = 12
	codeGroup  = 4
)

// SetupRequired reports whether there is nobody yet.
func (s *Service) SetupRequired(ctx context.Context) (bool, error) {
	found, err := exists(s.DB.Read(ctx))
	return !found, err
}

// NewSetupCode makes the code that lets its reader become the first admin, in place of any earlier
// one. ErrAlreadySet is reported when there is somebody.
func (s *Service) NewSetupCode(ctx context.Context) (secret.String, error) {
	code := randomCode()
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := setSetupCode(tx, new(secret.Hash(canonicalCode(code)))); err != nil {
			return err
		}
		found, err := exists(tx)
		if err == nil && found {
			err = ErrAlreadySet
		}
		return err
	})
	if err != nil {
		return secret.String{}, err
	}
	return code, nil
}

func randomCode() secret.String {
	raw := make([]byte, codeLength)
	_, _ = rand.Read(raw) // never fails; it ends the program when the system has no randomness
	var b strings.Builder
	for i, c := range raw {
		if i > 0 && i%codeGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeAlphabet[int(c)%len(codeAlphabet)])
	}
	return secret.New(b.String())
}

// canonicalCode forgives how a code is typed: case, gaps, and the letters that look like digits.
func canonicalCode(code secret.String) secret.String {
	return secret.New(strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").
		Replace(strings.ToUpper(strings.TrimSpace(code.Reveal()))))
}

// Setup makes the first admin and signs them in, exactly once.
func (s *Service) Setup(ctx context.Context, code secret.String, email, name string, password secret.String, userAgent string) (SignedIn, error) {
	hash := secret.Hash(canonicalCode(code))
	if err := s.checkCode(ctx, hash); err != nil {
		return SignedIn{}, err
	}
	var f fields
	u, err := s.prepare(ctx, &f, email, name, auth.RoleAdmin, password)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := spendCode(tx, hash); err != nil {
			return err
		}
		if err := bumpEpoch(tx); err != nil {
			return err
		}
		if err := insert(tx, &u); err != nil {
			return err
		}
		actor := u.principal("")
		if err := recordCreated(tx, u, &actor); err != nil {
			return err
		}
		if err := audit.Record(tx, u.CreatedAt, audit.Event{
			Action: "setup.completed", Object: object(u), Actor: &actor, Message: "Set up, with the first admin.",
		}); err != nil {
			return err
		}
		out, err = s.startSession(tx, u, userAgent)
		return err
	})
	return out, err
}

// checkCode refuses a wrong code before any work is done for it; spendCode decides.
func (s *Service) checkCode(ctx context.Context, hash string) error {
	q := s.DB.Read(ctx)
	found, err := exists(q)
	if err != nil {
		return err
	}
	if found {
		return ErrAlreadySet
	}
	var n int64
	if err := q.Table("instance").Where("id = 1 AND setup_code_hash = ?", hash).Count(&n).Error; err != nil {
		return fmt.Errorf("read set-up code: %w", err)
	}
	if n == 0 {
		return ErrSetupCode
	}
	return nil
}

// spendCode takes the code; its row stays locked, so that only one set-up gets past here.
func spendCode(tx *gorm.DB, hash string) error {
	res := tx.Exec("UPDATE instance SET setup_code_hash = NULL WHERE id = 1 AND setup_code_hash = ?", hash)
	if res.Error != nil {
		return fmt.Errorf("spend set-up code: %w", res.Error)
	}
	found, err := exists(tx)
	switch {
	case err != nil:
		return err
	case found:
		return ErrAlreadySet
	case res.RowsAffected != 1:
		return ErrSetupCode
	}
	return nil
}

func clearSetupCode(tx *gorm.DB) error { return setSetupCode(tx, nil) }

func setSetupCode(tx *gorm.DB, hash *string) error {
	res := tx.Exec("UPDATE instance SET setup_code_hash = ? WHERE id = 1", hash)
	if res.Error != nil {
		return fmt.Errorf("store set-up code: %w", res.Error)
	}
	if res.RowsAffected != 1 {
		return errors.New("the database has no instance row")
	}
	return nil
}
