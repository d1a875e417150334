package apiclient

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// signingKey is one row of signing_keys. The newest that is not retired signs; all that are not
// retired verify.
type signingKey struct {
	ID         string
	PrivateKey secret.Sealed
	PublicKey  string // PEM
	CreatedAt  time.Time
	ActiveFrom time.Time
	RetiredAt  *time.Time
}

// TableName names the table.
func (signingKey) TableName() string { return "signing_keys" }

// keyRing is what this process remembers of the signing keys; the database is the truth.
type keyRing struct {
	signID string
	sign   *ecdsa.PrivateKey
	verify map[string]*ecdsa.PublicKey
	order  []string // newest first
	readAt time.Time
}

// reloadAfter bounds how often unknown key ids make us read the database.
const reloadAfter = 2 * time.Second

// EnsureSigningKey makes a signing key if there is none. Two replicas may each make one on the very
// first start: both are good.
func (s *Service) EnsureSigningKey(ctx context.Context) error {
	ring, err := s.ring(ctx, true)
	if err != nil || ring.sign != nil {
		return err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	var row signingKey
	err = s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
		if row, err = s.sealKey(tx, private); err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("insert signing key: %w", err)
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		return audit.Record(tx, row.CreatedAt, audit.Event{
			Action: "signing_key.created", Object: audit.Object{Type: "signing_key", ID: row.ID, Name: row.ID}, Message: "Created.",
		})
	})
	if err != nil {
		return err
	}
	_, err = s.ring(ctx, true)
	return err
}

func (s *Service) sealKey(tx *gorm.DB, private *ecdsa.PrivateKey) (signingKey, error) {
	now := s.Now()
	row := signingKey{ID: uuid.Must(uuid.NewV7()).String(), CreatedAt: now, ActiveFrom: now}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return signingKey{}, fmt.Errorf("encode signing key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return signingKey{}, fmt.Errorf("encode public key: %w", err)
	}
	row.PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	row.PrivateKey, err = s.Box.Seal(tx, secret.New(string(der)), "signing_keys", "private_key", row.ID)
	return row, err
}

// ring returns the remembered keys, read anew when force is set or nothing is remembered yet.
func (s *Service) ring(ctx context.Context, force bool) (keyRing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys.sign != nil && !force {
		return s.keys, nil
	}
	if s.keys.sign != nil && s.Now().Sub(s.keys.readAt) < reloadAfter {
		return s.keys, nil
	}
	var rows []signingKey
	if err := s.DB.Read(ctx).Where("retired_at IS NULL").Order("id DESC").Find(&rows).Error; err != nil {
		return keyRing{}, fmt.Errorf("read signing keys: %w", err)
	}
	ring := keyRing{verify: map[string]*ecdsa.PublicKey{}, readAt: s.Now()}
	for _, row := range rows {
		private, err := s.openKey(row)
		if err != nil {
			return keyRing{}, err
		}
		ring.verify[row.ID] = &private.PublicKey
		ring.order = append(ring.order, row.ID)
		if ring.sign == nil && !row.ActiveFrom.After(s.Now()) {
			ring.sign, ring.signID = private, row.ID
		}
	}
	s.keys = ring
	return ring, nil
}

func (s *Service) openKey(row signingKey) (*ecdsa.PrivateKey, error) {
	der, err := s.Box.Open(row.PrivateKey, "signing_keys", "private_key", row.ID)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey([]byte(der.Reveal()))
	if err != nil {
		return nil, errors.New("a signing key cannot be read")
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key %s is of type %T", row.ID, parsed)
	}
	return private, nil
}

// jwk is a public key as RFC 7517 writes it.
type jwk struct {
	KeyType   string `json:"kty" validate:"required" example:"EC"`
	Use       string `json:"use" validate:"required" example:"sig"`
	Algorithm string `json:"alg" validate:"required" example:"ES256"`
	KeyID     string `json:"kid" validate:"required"`
	Curve     string `json:"crv" validate:"required" example:"P-256"`
	X         string `json:"x" validate:"required"`
	Y         string `json:"y" validate:"required"`
} // @name JsonWebKey

func jwkOf(id string, public *ecdsa.PublicKey) (jwk, error) {
	raw, err := public.Bytes() // 0x04, X, Y
	if err != nil {
		return jwk{}, fmt.Errorf("encode public key %s: %w", id, err)
	}
	half := (len(raw) - 1) / 2
	encode := base64.RawURLEncoding.EncodeToString
	return jwk{
		KeyType: "EC", Use: "sig", Algorithm: "ES256", KeyID: id, Curve: "P-256",
		X: encode(raw[1 : 1+half]), Y: encode(raw[1+half:]),
	}, nil
}
