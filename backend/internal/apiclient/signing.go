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
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/epoch"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// signingKey is one row of signing_keys. Of those that are active and not retired the newest signs; all that
// are not retired are published and verify, before they sign and after.
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

// Signing keys follow one another by the clock. A new one is published so long before it signs that nobody
// still holds a JWKS without it, and one that signs no more is kept for as long as a JWT of it may live: a day
// at least, since the lifetime may have been longer before. Rows of retired ones go after a month.
const (
	publishAhead = 24 * time.Hour // half the interval at most
	keepAtLeast  = 24 * time.Hour
	slowReplicas = 5 * time.Minute // for clocks that differ, and replicas that have not read the keys anew
	forgetAfter  = 30 * 24 * time.Hour

	rotationCheck = 5 * time.Minute
)

// Register adds the rotation of signing keys.
func (s *Service) Register(r *job.Registry) {
	r.Every("apiclient.signing_keys", rotationCheck, 10*time.Second, s.RotateSigningKeys)
}

// EnsureSigningKey makes a signing key if there is none.
func (s *Service) EnsureSigningKey(ctx context.Context) error {
	return s.changeSigningKeys(ctx, func(keys []signingKey, now time.Time) signingChange {
		return signingChange{create: signing(keys, now) < 0, activeFrom: now}
	})
}

// RotateSigningKeys publishes the next signing key when it is due, and retires those whose JWTs have all
// expired.
func (s *Service) RotateSigningKeys(ctx context.Context) error {
	return s.changeSigningKeys(ctx, s.dueChange)
}

type signingChange struct {
	create     bool
	activeFrom time.Time
	retire     []string
}

func (c signingChange) nothing() bool { return !c.create && len(c.retire) == 0 }

// dueChange decides by the keys that are not retired, newest first.
func (s *Service) dueChange(keys []signingKey, now time.Time) (c signingChange) {
	ahead := min(publishAhead, s.KeyRotation/2)
	if signing(keys, now) < 0 {
		c.create, c.activeFrom = true, now
	} else {
		next := keys[0].ActiveFrom.Add(s.KeyRotation)
		c.create = !now.Before(next.Add(-ahead))
		c.activeFrom = next
		if soonest := now.Add(ahead); next.Before(soonest) {
			c.activeFrom = soonest // nobody was there to publish it in time
		}
	}
	for i := signing(keys, now) + 1; i > 0 && i < len(keys); i++ {
		lastJWT := keys[i-1].ActiveFrom.Add(max(s.TokenLifetime, keepAtLeast) + slowReplicas)
		if now.After(lastJWT) {
			c.retire = append(c.retire, keys[i].ID)
		}
	}
	return c
}

// signing returns the index of the key that signs, -1 when there is none.
func signing(keys []signingKey, now time.Time) int {
	return slices.IndexFunc(keys, func(k signingKey) bool { return !k.ActiveFrom.After(now) })
}

var errNothingDue = errors.New("nothing is due")

// changeSigningKeys does what decide finds due. The epoch's row, which every change of the keys bumps, makes
// replicas that find the same at once follow each other: the second finds it done.
func (s *Service) changeSigningKeys(ctx context.Context, decide func([]signingKey, time.Time) signingChange) error {
	now := s.Now()
	due := func(q *gorm.DB) (signingChange, error) {
		keys, err := readSigningKeys(q)
		return decide(keys, now), err
	}
	if c, err := due(s.DB.Read(ctx)); err != nil || c.nothing() {
		return err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		c, err := due(tx)
		if err != nil {
			return err
		}
		if c.nothing() {
			return errNothingDue // undoes the bump
		}
		if c.create {
			if err := s.createSigningKey(tx, private, now, c.activeFrom); err != nil {
				return err
			}
		}
		return retireSigningKeys(tx, now, c.retire)
	})
	if errors.Is(err, errNothingDue) {
		return nil
	}
	return err
}

func readSigningKeys(q *gorm.DB) ([]signingKey, error) {
	var rows []signingKey
	if err := q.Where("retired_at IS NULL").Order("active_from DESC, id DESC").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	return rows, nil
}

func (s *Service) createSigningKey(tx *gorm.DB, private *ecdsa.PrivateKey, now, activeFrom time.Time) error {
	row := signingKey{ID: uuid.Must(uuid.NewV7()).String(), CreatedAt: now, ActiveFrom: activeFrom}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("encode signing key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return fmt.Errorf("encode public key: %w", err)
	}
	row.PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	if row.PrivateKey, err = s.Box.Seal(tx, secret.New(string(der)), "signing_keys", "private_key", row.ID); err != nil {
		return err
	}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("insert signing key: %w", err)
	}
	return audit.Record(tx, now, audit.Event{
		Action: audit.SigningKeyCreated, Object: audit.Object{Type: audit.TypeSigningKey, ID: row.ID, Name: row.ID},
		Message: "Created, to sign from " + activeFrom.Format(time.RFC3339) + ".",
	})
}

func retireSigningKeys(tx *gorm.DB, now time.Time, ids []string) error {
	for _, id := range ids {
		if err := tx.Model(&signingKey{}).Where("id = ?", id).UpdateColumn("retired_at", now).Error; err != nil {
			return fmt.Errorf("retire signing key %s: %w", id, err)
		}
		err := audit.Record(tx, now, audit.Event{
			Action: audit.SigningKeyRetired, Object: audit.Object{Type: audit.TypeSigningKey, ID: id, Name: id},
			Message: "Retired: every token that it signed has expired.",
		})
		if err != nil {
			return err
		}
	}
	if err := tx.Where("retired_at < ?", now.Add(-forgetAfter)).Delete(&signingKey{}).Error; err != nil {
		return fmt.Errorf("delete retired signing keys: %w", err)
	}
	return nil
}

// keyRing is what this process remembers of the signing keys; the database is the truth.
type keyRing struct {
	keys   []ringKey // newest first
	mark   epoch.Mark
	readAt time.Time
}

type ringKey struct {
	id         string
	private    *ecdsa.PrivateKey
	activeFrom time.Time
}

// sign returns the key that signs at a moment.
func (r keyRing) sign(now time.Time) (ringKey, error) {
	for _, k := range r.keys {
		if !k.activeFrom.After(now) {
			return k, nil
		}
	}
	return ringKey{}, errors.New("there is no signing key")
}

func (r keyRing) verify(id string) (*ecdsa.PublicKey, bool) {
	for _, k := range r.keys {
		if k.id == id {
			return &k.private.PublicKey, true
		}
	}
	return nil, false
}

// A ring is read anew when access has changed, and now and then in any case. reloadAfter bounds how often
// unknown key ids make us read the database.
const (
	ringFor     = time.Minute
	reloadAfter = 2 * time.Second
)

// ring returns the remembered keys, or reads them; force is for a key id that is not among them.
func (s *Service) ring(ctx context.Context, force bool) (keyRing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark, _ := s.Remembered.Mark() // before reading; while it is not sure, ringFor alone counts
	now := s.Now()
	keepFor := ringFor
	if force {
		keepFor = reloadAfter
	}
	if len(s.keys.keys) > 0 && s.keys.mark == mark && now.Sub(s.keys.readAt) < keepFor {
		return s.keys, nil
	}
	rows, err := readSigningKeys(s.DB.Read(ctx))
	if err != nil {
		return keyRing{}, err
	}
	ring := keyRing{mark: mark, readAt: now}
	for _, row := range rows {
		private, err := s.openKey(row)
		if err != nil {
			return keyRing{}, err
		}
		ring.keys = append(ring.keys, ringKey{id: row.ID, private: private, activeFrom: row.ActiveFrom})
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
