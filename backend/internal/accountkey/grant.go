package accountkey

import (
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
)

// The functions of this file are for the packages above that learn something about a key from
// Microsoft. Each joins the caller's transaction.

// Lock takes the key's row for the rest of the transaction and reads it; ErrNotFound when it is gone.
func Lock(tx *gorm.DB, id string) (Key, error) { return lock(tx, id) }

// Authorize puts a new grant in force in place of any other and makes the key authorized. A key that
// is suspended stays suspended, but will be authorized when it is resumed.
func Authorize(tx *gorm.DB, now time.Time, key Key, grant Grant, account Account) error {
	changes, err := authorization(tx, key, grant, account)
	if err != nil {
		return err
	}
	if err := endGrant(tx, key.ID); err != nil {
		return err
	}
	if err := tx.Create(&grant).Error; err != nil {
		return fmt.Errorf("insert grant of account key %s: %w", key.ID, err)
	}
	key.AccountObjectID, key.AccountTenantID = account.ObjectID, account.TenantID
	key.AccountUPN, key.AccountName = account.UserPrincipalName, account.DisplayName
	columns := map[string]any{
		"status": StatusAuthorized, "status_reason": Reason{}, "updated_at": now, "search_text": searchText(&key), "authorized_at": now,
		"account_object_id": account.ObjectID, "account_tenant_id": account.TenantID,
		"account_upn": account.UserPrincipalName, "account_name": account.DisplayName,
		"attempt_epoch": gorm.Expr("attempt_epoch + 1"), "version": gorm.Expr("version + 1"),
	}
	if err := update(tx, &key, columns); err != nil {
		return err
	}
	if err := db.BumpEpoch(tx); err != nil {
		return err
	}
	return audit.Record(tx, now, audit.Event{
		Action: audit.AccountKeyAuthorized, Object: object(key),
		Message: "Authorized for " + nameOf(account) + ".", Changes: changes,
	})
}

// authorization tells what a new grant changes about a key.
func authorization(tx *gorm.DB, key Key, grant Grant, account Account) (audit.Changes, error) {
	scopes, err := grantedScopes(tx, key.ID)
	if err != nil {
		return nil, err
	}
	var c audit.Changes
	c.Add("status", key.Status, StatusAuthorized)
	c.Add("account", accountName(key), nameOf(account))
	c.Add("grantedScopes", scopes, grant.Scopes)
	return c, nil
}

// NoteUse records when a key was last used, which is no edit and changes no version, and never undoes a newer
// note. It takes the key's row whether or not there is anything to note: call it before anything else in the
// transaction, since whoever changes a key takes its row first, and what hangs on it afterwards.
func NoteUse(tx *gorm.DB, keyID string, now time.Time) error {
	err := tx.Model(&Key{}).Where("id = ?", keyID).
		UpdateColumn("last_used_at", gorm.Expr("CASE WHEN last_used_at >= ? THEN last_used_at ELSE ? END", now, now)).Error
	if err != nil {
		return fmt.Errorf("note use of account key %s: %w", keyID, err)
	}
	return nil
}

// nameOf is how messages call an account.
func nameOf(a Account) string {
	for _, s := range []string{a.UserPrincipalName, a.DisplayName} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return a.ObjectID
}

// Finding is what a refresh learned: that the key cannot go on as it is. It counts only while the
// grant and the credential it was made with are still the key's.
type Finding struct {
	KeyID             string
	GrantID           string
	CredentialVersion int64
	Status            Status // StatusReauthorizationRequired or StatusMisconfigured
	Reason            Reason
}

// latchkey is who learned it: the caller whose request a refresh was made for did nothing to the key.
func latchkey() *auth.Principal {
	system := auth.System("Latchkey")
	return &system
}

// Degrade moves a key out of authorized and reports whether it did: not when the key was changed
// meanwhile, so that an edit made during a refresh is never blamed for what the old values caused.
func Degrade(tx *gorm.DB, now time.Time, f Finding) (bool, error) {
	res := tx.Model(&Key{}).
		Where("id = ? AND status = ? AND credential_version = ?", f.KeyID, StatusAuthorized, f.CredentialVersion).
		Where("EXISTS (SELECT 1 FROM grants WHERE grants.id = ? AND grants.account_key_id = account_keys.id)", f.GrantID).
		Updates(map[string]any{"status": f.Status, "status_reason": sinceOr(now, f.Reason), "updated_at": now})
	if res.Error != nil {
		return false, fmt.Errorf("degrade account key %s: %w", f.KeyID, res.Error)
	}
	if res.RowsAffected == 0 {
		return false, nil
	}
	key, err := Load(tx, f.KeyID)
	if err != nil {
		return false, err
	}
	if err := db.BumpEpoch(tx); err != nil {
		return false, err
	}
	action := audit.AccountKeyMisconfigured
	if f.Status == StatusReauthorizationRequired {
		action = audit.AccountKeyReauthorizationRequired
	}
	var changes audit.Changes
	changes.Add("status", StatusAuthorized, f.Status)
	changes.Add("statusReason", nil, f.Reason.Code)
	return true, audit.Record(tx, now, audit.Event{
		Action: action, Outcome: audit.Failure, Object: object(key), Actor: latchkey(), Message: f.Reason.Message, Changes: changes,
	})
}

// Recover moves a key back to authorized after its grant has proved good, and reports whether it did.
func Recover(tx *gorm.DB, now time.Time, keyID, grantID string) (bool, error) {
	res := tx.Model(&Key{}).
		Where("id = ? AND status IN ?", keyID, []Status{StatusReauthorizationRequired, StatusMisconfigured}).
		Where("EXISTS (SELECT 1 FROM grants WHERE grants.id = ? AND grants.account_key_id = account_keys.id)", grantID).
		Updates(map[string]any{"status": StatusAuthorized, "status_reason": Reason{}, "updated_at": now})
	if res.Error != nil {
		return false, fmt.Errorf("recover account key %s: %w", keyID, res.Error)
	}
	if res.RowsAffected == 0 {
		return false, nil
	}
	key, err := Load(tx, keyID)
	if err != nil {
		return false, err
	}
	if err := db.BumpEpoch(tx); err != nil {
		return false, err
	}
	var changes audit.Changes
	changes.Add("status", nil, StatusAuthorized)
	return true, audit.Record(tx, now, audit.Event{
		Action: audit.AccountKeyRecovered, Object: object(key), Actor: latchkey(), Message: "Refreshing works again.", Changes: changes,
	})
}

func object(k Key) audit.Object {
	return audit.Object{Type: audit.TypeAccountKey, ID: k.ID, Name: k.DisplayName}
}
