package accountkey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// ClientKeys adds a key to what an API client may use, within the transaction that creates it.
type ClientKeys interface {
	AddKey(tx *gorm.DB, apiClientID, accountKeyID string) error
}

// Dependent says, within the transaction that deletes a key, what goes with it.
type Dependent interface {
	KeyDeleted(tx *gorm.DB, accountKeyID string) error
}

// Service holds the use cases of account keys. To a caller that was not granted a key, it doesn't
// exist: every method answers ErrNotFound.
type Service struct {
	DB           *db.DB
	Box          *masterkey.Box
	Queue        *job.Queue
	Clients      ClientKeys
	Dependents   []Dependent
	Clouds       []entra.Cloud
	DefaultCloud string
	Now          func() time.Time
}

// CredentialReplaced is the job that tells package token to try the new client secret at once.
type CredentialReplaced struct {
	AccountKeyID string `json:"account_key_id"`
}

// Kind names the job.
func (CredentialReplaced) Kind() string { return "account_key.credential_replaced" }

// Input is a key as it is created; everything but type and display name may come later.
type Input struct {
	Type                  string
	DisplayName           string
	Description           string
	Cloud                 string
	TenantID              string
	ClientID              string
	ClientSecret          secret.String
	ClientSecretExpiresOn *string
	LoginHint             string
	Scopes                []string // nil: the type's default
}

var errNameTaken = fault.Invalid(fault.Field{
	Field: "displayName", Code: "taken", Message: "Another account key has this name. Names are compared without case.",
})

// Create stores a key as a draft.
func (s *Service) Create(ctx context.Context, in Input) (Summary, error) {
	now := s.Now()
	actor, _ := auth.From(ctx)
	key, plain, err := s.draft(in, now, actor)
	if err != nil {
		return Summary{}, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
		if key.ClientSecret, err = s.seal(tx, plain, key.ID); err != nil {
			return err
		}
		if err := insert(tx, &key); err != nil {
			return err
		}
		if actor.Type == auth.TypeAPIClient && !actor.AllKeys {
			if err := s.Clients.AddKey(tx, actor.ID, key.ID); err != nil {
				return err
			}
		}
		return audit.Record(tx, now, audit.Event{
			Action: audit.AccountKeyCreated, Object: object(key), Message: "Created.", Changes: whole(key),
		})
	})
	return Summary{Key: key}, err
}

// draft checks the input and makes the row of it, all but the sealed secret.
func (s *Service) draft(in Input, now time.Time, actor auth.Principal) (Key, secret.String, error) {
	var f fields
	r := s.inspect(&f, Registration{
		Type: in.Type, Cloud: in.Cloud, TenantID: in.TenantID, ClientID: in.ClientID, ClientSecret: in.ClientSecret, Scopes: in.Scopes,
	})
	plain := r.ClientSecret
	key := Key{
		ID: uuid.Must(uuid.NewV7()).String(), Type: in.Type,
		DisplayName: f.displayName(in.DisplayName), Description: f.Description("description", in.Description),
		Cloud: r.Cloud, TenantID: r.TenantID, ClientID: r.ClientID, Scopes: r.Scopes,
		LoginHint: f.loginHint(in.LoginHint), ClientSecretHint: hintOf(plain), ClientSecretLooksLikeID: entra.IsGUID(plain.Reveal()),
		Status: StatusDraft, StatusReason: draftReason(now), Version: 1, CredentialVersion: 1, AttemptEpoch: 1,
		CreatedAt: now, UpdatedAt: now, CreatedByType: actor.Type, CreatedByID: actor.ID, CreatedByName: actor.Name,
	}
	if in.ClientSecretExpiresOn != nil && *in.ClientSecretExpiresOn != "" {
		date := f.expiresOn(*in.ClientSecretExpiresOn)
		key.ClientSecretExpiresOn = &date
	}
	key.DisplayNameKey = db.Fold(key.DisplayName)
	key.SearchText = searchText(&key)
	return key, plain, f.Err()
}

func (s *Service) checkCloud(f *fields, id string) {
	if _, ok := s.Cloud(id); !ok {
		f.Add("cloud", "unknown", "Choose a cloud that GET /api/v1/instance lists.")
	}
}

// isBuiltin reports whether the cloud is one of Microsoft's, whose ids have a known form.
func isBuiltin(id string) bool {
	return slices.ContainsFunc(entra.BuiltinClouds(), func(c entra.Cloud) bool { return c.ID == id })
}

// Cloud returns the cloud of a key; false when the operator has removed it from the configuration.
func (s *Service) Cloud(id string) (entra.Cloud, bool) {
	i := slices.IndexFunc(s.Clouds, func(c entra.Cloud) bool { return c.ID == id })
	if i < 0 {
		return entra.Cloud{}, false
	}
	return s.Clouds[i], true
}

// OpenSecret returns the key's client secret for a call to Microsoft.
func (s *Service) OpenSecret(key Key) (secret.String, error) {
	return s.Box.Open(key.ClientSecret, "account_keys", "client_secret", key.ID)
}

func (s *Service) seal(tx *gorm.DB, plain secret.String, id string) (secret.Sealed, error) {
	return s.Box.Seal(tx, plain, "account_keys", "client_secret", id)
}

// hintOf tells two secrets apart without telling either.
func hintOf(s secret.String) string {
	runes := []rune(s.Reveal())
	switch {
	case len(runes) == 0:
		return ""
	case len(runes) < 16:
		return "…"
	default:
		return "…" + string(runes[len(runes)-2:])
	}
}

// Get returns one key.
func (s *Service) Get(ctx context.Context, id string) (Summary, error) {
	if p, _ := auth.From(ctx); !p.MayUseKey(id) {
		return Summary{}, ErrNotFound
	}
	return summary(s.DB.Read(ctx), id)
}

// Filter narrows a list: words that name, description, account or ids contain, a status, a type.
type Filter struct {
	Query  string
	Status Status
	Type   string
	Page   page.Request
}

// List returns limit+1 keys at most, newest first, as page.Cut expects.
func (s *Service) List(ctx context.Context, f Filter) ([]Summary, error) {
	var wrong fault.Fields
	if f.Status != "" && !f.Status.Valid() {
		wrong.Add("status", "unknown", "Choose one of the statuses that the API reference lists.")
	}
	if _, ok := typeByID(f.Type); f.Type != "" && !ok {
		wrong.Add("type", "unknown", "Choose a type that GET /api/v1/instance lists.")
	}
	wrong.Search("q", f.Query)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	p, _ := auth.From(ctx)
	var only []string
	if !p.AllKeys {
		only = append([]string{}, p.KeyIDs...)
	}
	return list(s.DB.Read(ctx), f, only, f.Page.Limit)
}

// Activity returns limit+1 entries at most of what happened to a key, newest first.
func (s *Service) Activity(ctx context.Context, id string, r page.Request) ([]audit.Entry, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return audit.Of(s.DB.Read(ctx), audit.TypeAccountKey, id, r)
}

// CountByStatus counts all keys by their effective status.
func (s *Service) CountByStatus(ctx context.Context) (map[Status]int64, error) {
	var rows []struct {
		Status    Status
		Suspended bool
		N         int64
	}
	err := s.DB.Read(ctx).Model(&Key{}).
		Select("status, CASE WHEN suspended_at IS NULL THEN 0 ELSE 1 END = 1 AS suspended, COUNT(*) AS n").
		Group("status, suspended").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count account keys: %w", err)
	}
	counts := map[Status]int64{}
	for _, row := range rows {
		if row.Suspended {
			row.Status = StatusSuspended
		}
		counts[row.Status] += row.N
	}
	return counts, nil
}
