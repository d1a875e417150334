package accountkey

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// ErrChanged is reported when a key is no longer at a version that the caller named.
var ErrChanged = fault.New(fault.PreconditionFailed, "precondition_failed", "The key was changed since you read it.").
	WithFix("Read it again, look at what changed, and repeat your change with the new ETag.")

// Patch names what to change; nil leaves a field alone. An empty secret or date removes it.
type Patch struct {
	DisplayName           *string
	Description           *string
	Cloud                 *string
	TenantID              *string
	ClientID              *string
	ClientSecret          *secret.String
	ClientSecretExpiresOn *string
	LoginHint             *string
	Scopes                []string
}

// Update changes a key if it is at one of the given versions (nil: whatever its version).
func (s *Service) Update(ctx context.Context, id string, p Patch, versions []int64) (Summary, error) {
	return s.change(ctx, id, versions, func(tx *gorm.DB, before Key, now time.Time) error {
		after, plain, err := s.apply(before, p)
		if err != nil {
			return err
		}
		return s.save(tx, before, after, plain, now)
	})
}

// change runs work on a locked key that the caller may use, then reads it again.
func (s *Service) change(ctx context.Context, id string, versions []int64, work func(*gorm.DB, Key, time.Time) error) (Summary, error) {
	if p, _ := auth.From(ctx); !p.MayUseKey(id) {
		return Summary{}, ErrNotFound
	}
	var out Summary
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		key, err := lock(tx, id)
		if err != nil {
			return err
		}
		if versions != nil && !slices.Contains(versions, key.Version) {
			return ErrChanged
		}
		if err := work(tx, key, s.Now()); err != nil {
			return err
		}
		out, err = summary(tx, id)
		return err
	})
	return out, err
}

// apply checks a patch and returns the key with it, and the new plaintext secret if one is given.
func (s *Service) apply(key Key, p Patch) (Key, *secret.String, error) {
	var f fields
	set(&key.Cloud, p.Cloud)
	builtin := isBuiltin(key.Cloud)
	if p.Cloud != nil || p.TenantID != nil || p.ClientID != nil {
		s.checkCloud(&f, key.Cloud) // the operator may have removed it, which is no reason to refuse another name
	}
	if p.DisplayName != nil {
		key.DisplayName = f.displayName(*p.DisplayName)
		key.DisplayNameKey = db.Fold(key.DisplayName)
	}
	if p.Description != nil {
		key.Description = f.Description("description", *p.Description)
	}
	set(&key.TenantID, p.TenantID)
	set(&key.ClientID, p.ClientID)
	if p.TenantID != nil || p.Cloud != nil {
		key.TenantID = f.tenant(key.TenantID, builtin)
	}
	if p.ClientID != nil || p.Cloud != nil {
		key.ClientID = f.client(key.ClientID, builtin)
	}
	f.ids(key.TenantID, key.ClientID)
	if p.LoginHint != nil {
		key.LoginHint = f.loginHint(*p.LoginHint)
	}
	if p.Scopes != nil {
		key.Scopes = f.scopes(p.Scopes)
	}
	var plain *secret.String
	if p.ClientSecret != nil {
		trimmed := f.clientSecret(*p.ClientSecret)
		plain = &trimmed
		key.ClientSecretHint, key.ClientSecretLooksLikeID = hintOf(trimmed), entra.IsGUID(trimmed.Reveal())
		key.ClientSecretExpiresOn = nil // the old one's date says nothing about the new one
	}
	if p.ClientSecretExpiresOn != nil {
		key.ClientSecretExpiresOn = nil
		if *p.ClientSecretExpiresOn != "" {
			date := f.expiresOn(*p.ClientSecretExpiresOn)
			key.ClientSecretExpiresOn = &date
		}
	}
	key.SearchText = searchText(&key)
	return key, plain, f.Err()
}

func set(field, value *string) {
	if value != nil {
		*field = *value
	}
}

// save writes what apply made, with what follows from it for the grant.
func (s *Service) save(tx *gorm.DB, before, after Key, plain *secret.String, now time.Time) error {
	changes := differences(before, after)
	columns := map[string]any{
		"display_name": after.DisplayName, "display_name_key": after.DisplayNameKey, "description": after.Description,
		"cloud": after.Cloud, "tenant_id": after.TenantID, "client_id": after.ClientID, "login_hint": after.LoginHint,
		"scopes": after.Scopes, "client_secret_hint": after.ClientSecretHint,
		"client_secret_expires_on": after.ClientSecretExpiresOn, "client_secret_looks_like_id": after.ClientSecretLooksLikeID,
		"updated_at": now, "version": before.Version + 1,
	}
	if plain != nil {
		changes.AddSecret("clientSecret", len(before.ClientSecret) > 0, !plain.IsZero())
		if err := s.replaceSecret(tx, columns, before, *plain); err != nil {
			return err
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if plain != nil || text(before.ClientSecretExpiresOn) != text(after.ClientSecretExpiresOn) {
		columns["secret_expiry_told"] = nil
	}
	message := "Changed " + fieldNames(changes) + "."
	if reregistered(before, after) {
		if err := s.reregister(tx, columns, &after, before, now); err != nil {
			return err
		}
		changes.Add("account", accountName(before), accountName(after))
	}
	if status, moved := columns["status"]; moved {
		changes.Add("status", before.Status, status)
	}
	columns["search_text"] = searchText(&after)
	if err := update(tx, &before, columns); err != nil {
		return err
	}
	if err := db.BumpEpoch(tx); err != nil {
		return err
	}
	return audit.Record(tx, now, audit.Event{
		Action: audit.AccountKeyUpdated, Object: object(after), Message: message, Changes: changes,
	})
}

// replaceSecret keeps the grant. A key whose credential was at fault is given another chance, by a
// job of package token that tries the new secret.
func (s *Service) replaceSecret(tx *gorm.DB, columns map[string]any, before Key, plain secret.String) error {
	sealed, err := s.seal(tx, plain, before.ID)
	if err != nil {
		return err
	}
	columns["client_secret"] = sealed
	columns["credential_version"] = before.CredentialVersion + 1
	granted, err := hasGrant(tx, before.ID)
	if err != nil || !granted {
		return err
	}
	if before.Status == StatusMisconfigured && !plain.IsZero() {
		columns["status"], columns["status_reason"] = StatusAuthorized, Reason{}
	}
	return s.Queue.Enqueue(tx, CredentialReplaced{AccountKeyID: before.ID})
}

// sameDirectory compares ids as they are stored: Microsoft's are all in lower case, and those of other
// providers may differ by case alone.
func sameDirectory(a, b Key) bool { return a.Cloud == b.Cloud && a.TenantID == b.TenantID }

func reregistered(a, b Key) bool { return !sameDirectory(a, b) || a.ClientID != b.ClientID }

// reregister ends the grant and every open attempt: both belong to the registration that was.
func (s *Service) reregister(tx *gorm.DB, columns map[string]any, after *Key, before Key, now time.Time) error {
	columns["attempt_epoch"] = before.AttemptEpoch + 1
	if before.Status != StatusDraft && before.Status != StatusRevoked {
		columns["status"], columns["status_reason"] = StatusReauthorizationRequired, registrationChanged(now)
	}
	if !sameDirectory(before, *after) {
		// Another directory has other accounts: there is nobody left to compare with.
		for _, c := range []string{"account_object_id", "account_tenant_id", "account_upn", "account_name"} {
			columns[c] = ""
		}
		after.AccountObjectID, after.AccountUPN, after.AccountName = "", "", ""
	}
	return endGrant(tx, before.ID)
}

// differences tells what of a key people edited. Its secret is nobody's to compare.
func differences(a, b Key) audit.Changes {
	var c audit.Changes
	c.Add("type", a.Type, b.Type)
	c.Add("displayName", a.DisplayName, b.DisplayName)
	c.Add("description", a.Description, b.Description)
	c.Add("cloud", a.Cloud, b.Cloud)
	c.Add("tenantId", a.TenantID, b.TenantID)
	c.Add("clientId", a.ClientID, b.ClientID)
	c.Add("loginHint", a.LoginHint, b.LoginHint)
	c.Add("scopes", []string(a.Scopes), []string(b.Scopes))
	c.Add("clientSecretExpiresOn", text(a.ClientSecretExpiresOn), text(b.ClientSecretExpiresOn))
	return c
}

// whole and gone tell all of a key, as it began and as it ended.
func whole(key Key) audit.Changes {
	c := differences(Key{}, key)
	c.AddSecret("clientSecret", false, len(key.ClientSecret) > 0)
	return c
}

func gone(key Key) audit.Changes {
	c := differences(key, Key{}).Gone()
	c.AddSecret("clientSecret", len(key.ClientSecret) > 0, false)
	c.Add("account", accountName(key), nil)
	c.Add("status", key.EffectiveStatus(), nil)
	return c
}

// accountName is how the log calls the account of a key; empty when it has none.
func accountName(key Key) string {
	if account, ok := key.Account(); ok {
		return nameOf(account)
	}
	return ""
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func fieldNames(changes audit.Changes) string {
	names := make([]string, 0, len(changes))
	for _, c := range changes {
		names = append(names, fieldName(c.Field))
	}
	return strings.Join(names, ", ")
}

// fieldName is how the web page calls a member of the API.
func fieldName(member string) string {
	switch member {
	case "displayName":
		return "display name"
	case "tenantId":
		return "tenant ID"
	case "clientId":
		return "client ID"
	case "clientSecret":
		return "secret"
	case "clientSecretExpiresOn":
		return "secret's expiry"
	case "loginHint":
		return "login hint"
	case "scopes":
		return "permissions"
	default:
		return member
	}
}

// Delete removes a key with its grant, tokens, attempts and targets.
func (s *Service) Delete(ctx context.Context, id string, versions []int64) error {
	if p, _ := auth.From(ctx); !p.MayUseKey(id) {
		return ErrNotFound
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		key, err := lock(tx, id)
		if err != nil {
			return err
		}
		if versions != nil && !slices.Contains(versions, key.Version) {
			return ErrChanged
		}
		for _, d := range s.Dependents {
			if err := d.KeyDeleted(tx, id); err != nil {
				return err
			}
		}
		if err := tx.Where("id = ?", id).Delete(&Key{}).Error; err != nil {
			return err
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		return audit.Record(tx, s.Now(), audit.Event{
			Action: audit.AccountKeyDeleted, Object: object(key), Message: "Deleted.", Changes: gone(key),
		})
	})
}

// Suspend switches a key off: its tokens are kept, nothing is served. Suspending twice is once.
func (s *Service) Suspend(ctx context.Context, id string) (Summary, error) {
	return s.switchTo(ctx, id, func(key Key, now time.Time) (audit.Action, map[string]any) {
		if key.SuspendedAt != nil {
			return "", nil
		}
		return audit.AccountKeySuspended, map[string]any{"suspended_at": now, "attempt_epoch": key.AttemptEpoch + 1}
	})
}

// Resume switches a suspended key on again, into the status it had.
func (s *Service) Resume(ctx context.Context, id string) (Summary, error) {
	return s.switchTo(ctx, id, func(key Key, _ time.Time) (audit.Action, map[string]any) {
		if key.SuspendedAt == nil {
			return "", nil
		}
		return audit.AccountKeyResumed, map[string]any{"suspended_at": nil}
	})
}

// Revoke destroys the tokens. Microsoft offers no way to end a grant from here, so tokens already
// handed out work until they expire.
func (s *Service) Revoke(ctx context.Context, id string) (Summary, error) {
	return s.switchTo(ctx, id, func(key Key, now time.Time) (audit.Action, map[string]any) {
		if key.Status == StatusRevoked {
			return "", nil
		}
		return audit.AccountKeyRevoked, map[string]any{
			"status": StatusRevoked, "status_reason": revokedReason(now), "suspended_at": nil, "attempt_epoch": key.AttemptEpoch + 1,
		}
	})
}

// switchTo applies what decide returns; no action means that there is nothing to do.
func (s *Service) switchTo(
	ctx context.Context, id string, decide func(Key, time.Time) (action audit.Action, columns map[string]any),
) (Summary, error) {
	return s.change(ctx, id, nil, func(tx *gorm.DB, key Key, now time.Time) error {
		action, columns := decide(key, now)
		if action == "" {
			return nil
		}
		if action == audit.AccountKeyRevoked {
			if err := endGrant(tx, key.ID); err != nil {
				return err
			}
		}
		columns["updated_at"], columns["version"] = now, key.Version+1
		if err := update(tx, &key, columns); err != nil {
			return err
		}
		if err := db.BumpEpoch(tx); err != nil {
			return err
		}
		after, err := Load(tx, key.ID)
		if err != nil {
			return err
		}
		var changes audit.Changes
		changes.Add("status", key.EffectiveStatus(), after.EffectiveStatus())
		verb := strings.TrimPrefix(string(action), "account_key.")
		return audit.Record(tx, now, audit.Event{
			Action: action, Object: object(key), Message: strings.ToUpper(verb[:1]) + verb[1:] + ".", Changes: changes,
		})
	})
}
