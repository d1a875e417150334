package apiclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/epoch"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Service holds the use cases of API clients. Issuer and Audience are what its JWTs carry.
type Service struct {
	DB            *db.DB
	Box           *masterkey.Box
	Issuer        string
	Audience      string
	TokenLifetime time.Duration
	KeyRotation   time.Duration // how long one signing key signs
	RateLimit     int64         // requests a minute of a client without a limit of its own; 0: any number
	Remembered    *epoch.Memory[TokenHash, Verified]
	Now           func() time.Time
	Logger        *slog.Logger

	mu   sync.Mutex
	keys keyRing
}

// Input is an API client as people write it.
type Input struct {
	Name           string
	Description    string
	Permissions    []auth.Permission
	AllAccountKeys bool
	AccountKeyIDs  []string
	Leashes        []LeashInput
	RateLimit      *int64 // nil: what the server is configured for
	Disabled       bool
}

// Create makes a client with its first secret, which is never to be seen again.
func (s *Service) Create(ctx context.Context, in Input) (Client, secret.String, error) {
	now := s.Now()
	actor, _ := auth.From(ctx)
	c := Client{
		ID: uuid.Must(uuid.NewV7()).String(), Version: 1, CreatedAt: now, UpdatedAt: now,
		CreatedByType: actor.Type, CreatedByID: actor.ID, CreatedByName: actor.Name,
	}
	plain := newSecret(c.ID)
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.apply(tx, &c, in, actor, Client{}); err != nil {
			return err
		}
		if err := tx.Create(&c).Error; errors.Is(err, gorm.ErrDuplicatedKey) {
			return errNameTaken.Because(err)
		} else if err != nil {
			return fmt.Errorf("insert API client: %w", err)
		}
		if err := insertKeys(tx, c.ID, c.AccountKeyIDs); err != nil {
			return err
		}
		if err := saveLeashes(tx, c.ID, nil, c.Leashes); err != nil {
			return err
		}
		first := secretRow(c.ID, plain, now, nil)
		if err := tx.Create(&first).Error; err != nil {
			return fmt.Errorf("insert secret of API client: %w", err)
		}
		c.Secrets = []Secret{first}
		return audit.Record(tx, now, audit.Event{
			Action: audit.APIClientCreated, Object: object(c), Message: "Created.", Changes: whole(c),
		})
	})
	return c, plain, err
}

// Get returns one client.
func (s *Service) Get(ctx context.Context, id string) (Client, error) {
	return load(s.DB.Read(ctx), id)
}

// List returns limit+1 clients at most, newest first.
func (s *Service) List(ctx context.Context, r page.Request) ([]Client, error) {
	q := s.DB.Read(ctx).Order("id DESC").Limit(r.Limit + 1)
	if r.After != "" {
		q = q.Where("id < ?", r.After)
	}
	var clients []Client
	if err := q.Find(&clients).Error; err != nil {
		return nil, fmt.Errorf("list API clients: %w", err)
	}
	return clients, fill(s.DB.Read(ctx), clients)
}

// WithKey returns the clients that may use an account key at this moment, as callers.
func (s *Service) WithKey(ctx context.Context, accountKeyID string) ([]auth.Principal, error) {
	var clients []Client
	err := s.DB.Read(ctx).Where("NOT disabled").
		Where("all_account_keys OR id IN (SELECT api_client_id FROM api_client_account_keys WHERE account_key_id = ?)", accountKeyID).
		Find(&clients).Error
	if err != nil {
		return nil, fmt.Errorf("list API clients of account key %s: %w", accountKeyID, err)
	}
	out := make([]auth.Principal, 0, len(clients))
	for _, c := range clients {
		out = append(out, auth.Principal{Type: auth.TypeAPIClient, ID: c.ID, Name: c.Name, Permissions: c.Permissions})
	}
	return out, nil
}

// Update changes a client if it is at one of the given versions (nil: whatever its version). change
// edits the present values.
func (s *Service) Update(ctx context.Context, id string, versions []int64, change func(*Input)) (Client, error) {
	now := s.Now()
	actor, _ := auth.From(ctx)
	var after Client
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		before, err := locked(tx, id, versions)
		if err != nil {
			return err
		}
		in := Input{
			Name: before.Name, Description: before.Description, Permissions: before.Permissions,
			AllAccountKeys: before.AllAccountKeys, AccountKeyIDs: before.AccountKeyIDs, Disabled: before.Disabled,
			RateLimit: before.RateLimit, Leashes: inputOf(before.Leashes),
		}
		change(&in)
		after = before
		if err := s.apply(tx, &after, in, actor, before); err != nil {
			return err
		}
		if before.Disabled && !after.Disabled && !after.within(actor) {
			return ErrCannotGrant // to switch it on is to grant everything again
		}
		changes := differences(before, after)
		if len(changes) == 0 {
			return nil
		}
		after.Version, after.UpdatedAt = before.Version+1, now
		if err := save(tx, before, after); err != nil {
			return err
		}
		return audit.Record(tx, now, audit.Event{
			Action: audit.APIClientUpdated, Object: object(after), Message: "Changed.", Changes: changes,
		})
	})
	return after, err
}

func locked(tx *gorm.DB, id string, versions []int64) (Client, error) {
	c, err := lock(tx, id)
	if err == nil && versions != nil && !slices.Contains(versions, c.Version) {
		return Client{}, ErrChanged
	}
	return c, err
}

// save writes a changed client, and of its account keys only what differs: a key that is being deleted
// is none of the business of a change that leaves it alone.
func save(tx *gorm.DB, before, c Client) error {
	err := tx.Model(&Client{}).Where("id = ?", c.ID).UpdateColumns(map[string]any{
		"name": c.Name, "name_key": c.NameKey, "description": c.Description, "permissions": c.Permissions,
		"all_account_keys": c.AllAccountKeys, "disabled": c.Disabled, "rate_limit_per_minute": c.RateLimit, "version": c.Version, "updated_at": c.UpdatedAt,
	}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errNameTaken.Because(err)
	}
	if err != nil {
		return fmt.Errorf("update API client %s: %w", c.ID, err)
	}
	// In this order: an insert locks the account key, a deletion the row that refers to it, and whoever
	// deletes a key takes them in that order too.
	if err := insertKeys(tx, c.ID, without(c.AccountKeyIDs, before.AccountKeyIDs)); err != nil {
		return err
	}
	if err := saveLeashes(tx, c.ID, before.Leashes, c.Leashes); err != nil {
		return err
	}
	if err := deleteKeys(tx, c.ID, without(before.AccountKeyIDs, c.AccountKeyIDs)); err != nil {
		return err
	}
	return db.BumpEpoch(tx)
}

// Delete removes a client; its secrets and JWTs are good for nothing from then on.
func (s *Service) Delete(ctx context.Context, id string, versions []int64) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := locked(tx, id, versions)
		if err != nil {
			return err
		}
		if err := tx.Where("id = ?", id).Delete(&Client{}).Error; err != nil {
			return fmt.Errorf("delete API client %s: %w", id, err)
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		return audit.Record(tx, s.Now(), audit.Event{
			Action: audit.APIClientDeleted, Object: object(c), Message: "Deleted.", Changes: differences(c, Client{}).Gone(),
		})
	})
}

// AddKey lets a client use an account key that it creates, within the transaction that creates it.
func (s *Service) AddKey(tx *gorm.DB, apiClientID, accountKeyID string) error {
	c, err := lock(tx, apiClientID)
	if err != nil {
		return err
	}
	if err := insertKeys(tx, c.ID, []string{accountKeyID}); err != nil {
		return err
	}
	now := s.Now()
	err = tx.Model(&Client{}).Where("id = ?", c.ID).
		UpdateColumns(map[string]any{"version": c.Version + 1, "updated_at": now}).Error
	if err != nil {
		return fmt.Errorf("update API client %s: %w", c.ID, err)
	}
	if err := db.BumpEpoch(tx); err != nil {
		return err
	}
	// Without before and after: with each key that a program creates, both would grow by it.
	return audit.Record(tx, now, audit.Event{
		Action: audit.APIClientUpdated, Object: object(c), Message: "May use the account key " + accountKeyID + ", which it created.",
	})
}

func object(c Client) audit.Object {
	return audit.Object{Type: audit.TypeAPIClient, ID: c.ID, Name: c.Name}
}

// whole tells all of a client, as it began.
func whole(c Client) audit.Changes {
	changes := differences(Client{}, c)
	changes.AddSecret("secret", false, true)
	return changes
}

func rateText(limit *int64) string {
	switch {
	case limit == nil:
		return ""
	case *limit == 0:
		return "none"
	default:
		return strconv.FormatInt(*limit, 10)
	}
}

func differences(a, b Client) audit.Changes {
	var changes audit.Changes
	changes.Add("name", a.Name, b.Name)
	changes.Add("description", a.Description, b.Description)
	changes.Add("permissions", a.Permissions, b.Permissions)
	changes.Add("allAccountKeys", a.AllAccountKeys, b.AllAccountKeys)
	changes.Add("accountKeyIds", a.AccountKeyIDs, b.AccountKeyIDs)
	addLeashes(&changes, a.Leashes, b.Leashes)
	changes.Add("rateLimitPerMinute", rateText(a.RateLimit), rateText(b.RateLimit))
	changes.Add("disabled", a.Disabled, b.Disabled)
	return changes
}
