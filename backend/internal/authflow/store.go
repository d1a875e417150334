package authflow

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
)

const inItsEpoch = "EXISTS (SELECT 1 FROM account_keys WHERE account_keys.id = authorizations.account_key_id " +
	"AND account_keys.attempt_epoch = authorizations.attempt_epoch)"

func insert(tx *gorm.DB, a *Attempt) error {
	if err := tx.Create(a).Error; err != nil {
		return fmt.Errorf("insert authorization: %w", err)
	}
	return nil
}

// store makes an attempt one that somebody can come back with. What was made with a link has a row already.
func store(tx *gorm.DB, a *Attempt) error {
	if a.ParentID == nil {
		return insert(tx, a)
	}
	res := tx.Model(&Attempt{}).Where("id = ? AND status = ?", a.ID, StatusPending).Updates(map[string]any{
		"state_hash": a.StateHash, "browser_hash": a.BrowserHash, "code_verifier": a.CodeVerifier,
	})
	if res.Error != nil {
		return fmt.Errorf("store authorization %s: %w", a.ID, res.Error)
	}
	if res.RowsAffected != 1 {
		return ErrLinkUnknown
	}
	return nil
}

func take(q *gorm.DB, missing error) (Attempt, error) {
	var a Attempt
	err := q.Take(&a).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Attempt{}, missing
	}
	if err != nil {
		return Attempt{}, fmt.Errorf("read authorization: %w", err)
	}
	return a, nil
}

// newestWaiting finds the newest attempt of a key that a person has to decide about, and still can.
func newestWaiting(q *gorm.DB, key accountkey.Key, now time.Time) (a Attempt, found bool, err error) {
	var rows []Attempt
	err = q.Where("account_key_id = ? AND status = ?", key.ID, StatusNeedsConfirmation).
		Where("attempt_epoch = ? AND expires_at > ?", key.AttemptEpoch, now).
		Order("id DESC").Limit(1).Find(&rows).Error
	if err != nil {
		return Attempt{}, false, fmt.Errorf("look for confirmation of account key %s: %w", key.ID, err)
	}
	if len(rows) == 0 {
		return Attempt{}, false, nil
	}
	return rows[0], true, nil
}

// consume spends an attempt's state and reports ErrStateUnknown when it was spent before, is too old,
// or belongs to an epoch that is over: the three are indistinguishable on purpose.
func consume(tx *gorm.DB, id string, now time.Time) error {
	res := tx.Model(&Attempt{}).
		Where("id = ? AND status = ? AND expires_at > ?", id, StatusPending, now).Where(inItsEpoch).
		Updates(map[string]any{"status": statusRedeeming, "state_hash": nil})
	if res.Error != nil {
		return fmt.Errorf("consume authorization %s: %w", id, res.Error)
	}
	if res.RowsAffected != 1 {
		return ErrStateUnknown
	}
	return nil
}

// finish moves an attempt from one status to its last (or to needs_confirmation), and reports whether
// it was this call that did.
func finish(tx *gorm.DB, id string, from Status, columns map[string]any) (bool, error) {
	columns["code_verifier"] = nil
	res := tx.Model(&Attempt{}).Where("id = ? AND status = ?", id, from).Updates(columns)
	if res.Error != nil {
		return false, fmt.Errorf("finish authorization %s: %w", id, res.Error)
	}
	return res.RowsAffected == 1, nil
}

const holdsSecrets = "(sealed_tokens IS NOT NULL OR code_verifier IS NOT NULL)"

// keysToClean names the keys that have something of their attempts or consents to clean up.
func keysToClean(q *gorm.DB, now, before time.Time) ([]string, error) {
	var ids []string
	err := q.Raw("SELECT account_key_id FROM authorizations WHERE expires_at < @before"+
		" OR ("+holdsSecrets+" AND (expires_at < @now OR NOT "+inItsEpoch+"))"+
		" UNION SELECT account_key_id FROM admin_consents WHERE expires_at < @before ORDER BY account_key_id",
		map[string]any{"now": now, "before": before}).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("find authorizations to clean up: %w", err)
	}
	return ids, nil
}

// forgetSecrets destroys what a key's attempts that are over still hold: tokens that nobody confirmed in
// time, and verifiers that nobody came back for.
func forgetSecrets(tx *gorm.DB, keyID string, now time.Time) error {
	err := tx.Model(&Attempt{}).
		Where("account_key_id = ?", keyID).Where(holdsSecrets).
		Where("expires_at < ? OR NOT "+inItsEpoch, now).
		Updates(map[string]any{"sealed_tokens": nil, "code_verifier": nil}).Error
	if err != nil {
		return fmt.Errorf("forget secrets of authorizations: %w", err)
	}
	return nil
}

// removeOld deletes a key's attempts and consents that ended before a time; what came of them is in the audit
// log.
func removeOld(tx *gorm.DB, keyID string, before time.Time) error {
	for _, row := range []any{&Attempt{}, &Consent{}} {
		if err := tx.Where("account_key_id = ? AND expires_at < ?", keyID, before).Delete(row).Error; err != nil {
			return fmt.Errorf("remove old authorizations: %w", err)
		}
	}
	return nil
}
