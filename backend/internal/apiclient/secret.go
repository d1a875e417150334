package apiclient

import (
	"context"
	"fmt"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Secret is one row of api_client_secrets.
type Secret struct {
	ID          string
	APIClientID string `gorm:"column:api_client_id"`
	SecretHash  string
	Hint        string
	CreatedAt   time.Time
	ExpiresAt   *time.Time
	LastUsedAt  *time.Time
}

// TableName names the table.
func (Secret) TableName() string { return "api_client_secrets" }

func (s Secret) live(now time.Time) bool { return s.ExpiresAt == nil || now.Before(*s.ExpiresAt) }

const (
	secretPrefix = "lk_"
	maxSecrets   = 2
	idDigits     = 32 // a UUID without dashes
	randomDigits = 43 // 256 bits in base 62
	sumDigits    = 6
	base62       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newSecret makes a secret that scanners can recognise and check: lk_, the client's id, a random part,
// a checksum of all that.
func newSecret(clientID string) secret.String {
	random := new(big.Int).SetBytes(secret.RandomBytes(32))
	text := secretPrefix + strings.ReplaceAll(clientID, "-", "") + "_" + toBase62(random, randomDigits)
	return secret.New(text + checksum(text))
}

func checksum(text string) string {
	return toBase62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), sumDigits)
}

func toBase62(n *big.Int, digits int) string {
	out := make([]byte, digits)
	base, digit := big.NewInt(int64(len(base62))), new(big.Int)
	for i := digits - 1; i >= 0; i-- {
		n, digit = new(big.Int).DivMod(n, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}

// ParseSecret returns the id of the client that a secret is of. It checks the form only, which spares
// the database from guesses and typing mistakes.
func ParseSecret(s secret.String) (clientID string, ok bool) {
	text := s.Reveal()
	if len(text) != len(secretPrefix)+idDigits+1+randomDigits+sumDigits || !strings.HasPrefix(text, secretPrefix) {
		return "", false
	}
	body, sum := text[:len(text)-sumDigits], text[len(text)-sumDigits:]
	if checksum(body) != sum {
		return "", false
	}
	id, err := uuid.Parse(text[len(secretPrefix) : len(secretPrefix)+idDigits])
	return id.String(), err == nil
}

func secretRow(clientID string, plain secret.String, now time.Time, expiresAt *time.Time) Secret {
	text := plain.Reveal()
	return Secret{
		ID: uuid.Must(uuid.NewV7()).String(), APIClientID: clientID, SecretHash: secret.Hash(plain),
		Hint: secretPrefix + "…" + text[len(text)-4:], CreatedAt: now, ExpiresAt: expiresAt,
	}
}

// AddSecret gives a client another secret, good until expiresAt or for ever. Whoever learns it can do
// what the client can, so the caller must hold all of that.
func (s *Service) AddSecret(ctx context.Context, id string, expiresAt *time.Time) (Secret, secret.String, error) {
	now := s.Now()
	if expiresAt != nil && !expiresAt.After(now) {
		return Secret{}, secret.String{}, fault.Invalid(fault.Field{
			Field: "expiresAt", Code: "in_the_past", Message: "Choose a time that is still to come.",
		})
	}
	if expiresAt != nil {
		at := expiresAt.UTC().Truncate(time.Microsecond) // as both databases keep it
		expiresAt = &at
	}
	plain := newSecret(id)
	row := secretRow(id, plain, now, expiresAt)
	actor, _ := auth.From(ctx)
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := lock(tx, id)
		if err != nil {
			return err
		}
		if !c.within(actor) {
			return ErrCannotGrant
		}
		live := 0
		for _, other := range c.Secrets {
			if other.live(now) {
				live++
			}
		}
		if live >= maxSecrets {
			return ErrTooManySecrets
		}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("insert secret of API client %s: %w", id, err)
		}
		var changes audit.Changes
		changes.AddSecret("secret", false, true)
		if expiresAt != nil {
			changes.Add("expiresAt", nil, expiresAt.UTC().Format(time.RFC3339))
		}
		return audit.Record(tx, now, audit.Event{
			Action: audit.APIClientSecretAdded, Object: object(c), Message: "Added the secret " + row.Hint + ".", Changes: changes,
		})
	})
	return row, plain, err
}

// RemoveSecret makes a secret good for nothing.
func (s *Service) RemoveSecret(ctx context.Context, id, secretID string) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := lock(tx, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(c.Secrets, func(x Secret) bool { return x.ID == secretID })
		if i < 0 {
			return ErrSecretNotFound
		}
		if err := tx.Where("id = ?", secretID).Delete(&Secret{}).Error; err != nil {
			return fmt.Errorf("delete secret of API client %s: %w", id, err)
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		var changes audit.Changes
		changes.AddSecret("secret", true, false)
		return audit.Record(tx, s.Now(), audit.Event{
			Action: audit.APIClientSecretRemoved, Object: object(c), Message: "Removed the secret " + c.Secrets[i].Hint + ".",
			Changes: changes,
		})
	})
}
