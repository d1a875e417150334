package apiclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/epoch"
	"github.com/latchkey/latchkey/backend/internal/fault"
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

func secretRow(clientID string, plain secret.String, now time.Time, expiresAt *time.Time) Secret {
	text := plain.Reveal()
	return Secret{
		ID: uuid.Must(uuid.NewV7()).String(), APIClientID: clientID, SecretHash: secret.Hash(plain),
		Hint: secretPrefix + "…" + text[len(text)-4:], CreatedAt: now, ExpiresAt: expiresAt,
	}
}

// apply checks the input and puts it on the client. Nobody grants a permission or a key that they lack;
// what the client had before may stay.
func (s *Service) apply(tx *gorm.DB, c *Client, in Input, actor auth.Principal, before Client) error {
	var wrong []fault.Field
	add := func(field, code, message string) {
		wrong = append(wrong, fault.Field{Field: field, Code: code, Message: message})
	}
	c.Name = strings.TrimSpace(norm.NFC.String(in.Name))
	c.NameKey = cases.Fold().String(norm.NFKC.String(c.Name))
	c.Description = strings.TrimSpace(in.Description)
	switch {
	case c.Name == "":
		add("name", "required", "Give the API client a name.")
	case utf8.RuneCountInString(c.Name) > 100:
		add("name", "too_long", "A name has at most 100 characters.")
	case strings.ContainsFunc(c.Name, unicode.IsControl):
		add("name", "invalid", "A name is one line of printable characters.")
	}
	if utf8.RuneCountInString(c.Description) > 1000 {
		add("description", "too_long", "A description has at most 1,000 characters.")
	}
	if len(in.Permissions) > maxListed {
		add("permissions", "too_many", "Name each permission once.")
		in.Permissions = nil
	}
	c.Permissions = Permissions{}
	for _, p := range in.Permissions {
		switch {
		case !p.Valid():
			add("permissions", "unknown", "Choose permissions that GET /api/v1/instance lists.")
		case !actor.Can(p) && !slices.Contains(before.Permissions, p):
			add("permissions", "not_held", "You cannot grant "+string(p)+", which you don't have yourself.")
		case !slices.Contains(c.Permissions, p):
			c.Permissions = append(c.Permissions, p)
		}
	}
	c.AllAccountKeys, c.Disabled = in.AllAccountKeys, in.Disabled
	if c.AllAccountKeys && len(in.AccountKeyIDs) > 0 {
		add("accountKeyIds", "not_both", "Choose all account keys, or some of them, not both.")
	}
	if c.AllAccountKeys && !actor.AllKeys && !before.AllAccountKeys {
		add("allAccountKeys", "not_held", "You cannot grant all account keys, which you don't have yourself.")
	}
	unknown, err := s.applyKeys(tx, c, in, actor, before)
	if err != nil {
		return err
	}
	if wrong = append(wrong, unknown...); len(wrong) > 0 {
		return fault.Invalid(wrong...)
	}
	return nil
}

// maxListed is more than anybody lists by hand; whoever needs more account keys needs all of them.
const maxListed = 2000

// applyKeys puts the listed account keys on the client, and reports those that the caller cannot grant.
func (s *Service) applyKeys(tx *gorm.DB, c *Client, in Input, actor auth.Principal, before Client) ([]fault.Field, error) {
	had := map[string]bool{}
	for _, id := range before.AccountKeyIDs {
		had[id] = true
	}
	var added []string
	ids := map[string]bool{}
	for _, id := range in.AccountKeyIDs {
		if !ids[id] && !had[id] {
			added = append(added, id)
		}
		ids[id] = true
	}
	for id := range had {
		if !in.AllAccountKeys && !actor.MayUseKey(id) {
			ids[id] = true // they could not see it, so they did not mean to take it away
		}
	}
	c.AccountKeyIDs = slices.Sorted(maps.Keys(ids))
	if len(added) > maxListed {
		return []fault.Field{{Field: "accountKeyIds", Code: "too_many", Message: "List at most 2,000 at a time, or give it all account keys."}}, nil
	}
	found, err := existing(tx, added)
	if err != nil {
		return nil, err
	}
	var unknown []fault.Field
	for _, id := range added {
		if !slices.Contains(found, id) || !actor.MayUseKey(id) {
			unknown = append(unknown, fault.Field{
				Field: "accountKeyIds", Code: "unknown", Message: "There is no account key with the id " + fmt.Sprintf("%.40q", id) + ".",
			})
		}
	}
	return unknown, nil
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
		if err := save(tx, after); err != nil {
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

func save(tx *gorm.DB, c Client) error {
	err := tx.Model(&Client{}).Where("id = ?", c.ID).UpdateColumns(map[string]any{
		"name": c.Name, "name_key": c.NameKey, "description": c.Description, "permissions": c.Permissions,
		"all_account_keys": c.AllAccountKeys, "disabled": c.Disabled, "version": c.Version, "updated_at": c.UpdatedAt,
	}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errNameTaken.Because(err)
	}
	if err != nil {
		return fmt.Errorf("update API client %s: %w", c.ID, err)
	}
	if err := tx.Where("api_client_id = ?", c.ID).Delete(&clientKey{}).Error; err != nil {
		return fmt.Errorf("update keys of API client %s: %w", c.ID, err)
	}
	if err := insertKeys(tx, c.ID, c.AccountKeyIDs); err != nil {
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

func differences(a, b Client) audit.Changes {
	var changes audit.Changes
	changes.Add("name", a.Name, b.Name)
	changes.Add("description", a.Description, b.Description)
	changes.Add("permissions", a.Permissions, b.Permissions)
	changes.Add("allAccountKeys", a.AllAccountKeys, b.AllAccountKeys)
	changes.Add("accountKeyIds", a.AccountKeyIDs, b.AccountKeyIDs)
	changes.Add("disabled", a.Disabled, b.Disabled)
	return changes
}
