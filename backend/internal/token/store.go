package token

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
)

func insert(tx *gorm.DB, row *Token) error {
	if err := tx.Create(row).Error; err != nil {
		return fmt.Errorf("insert tokens of account key %s: %w", row.AccountKeyID, err)
	}
	return nil
}

// state is a key with its tokens as one statement sees them.
type state struct {
	Key   accountkey.Key `gorm:"embedded"`
	Token Token          `gorm:"embedded;embeddedPrefix:token_"` // GrantID is empty when there are none
}

func read(q *gorm.DB, keyID string) (state, error) {
	var s state
	err := q.Table("account_keys").Select(stateColumns).Joins("LEFT JOIN tokens ON tokens.account_key_id = account_keys.id").
		Where("account_keys.id = ?", keyID).Take(&s).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return state{}, accountkey.ErrNotFound
	}
	if err != nil {
		return state{}, fmt.Errorf("read account key %s with its tokens: %w", keyID, err)
	}
	return s, nil
}

// stateColumns gives each column of tokens the prefix that state has for it.
const stateColumns = "account_keys.*, tokens.grant_id AS token_grant_id, tokens.account_key_id AS token_account_key_id" +
	", tokens.access_token AS token_access_token, tokens.refresh_token AS token_refresh_token" +
	", tokens.scopes AS token_scopes, tokens.expires_at AS token_expires_at" +
	", tokens.lifetime_seconds AS token_lifetime_seconds, tokens.refreshed_at AS token_refreshed_at" +
	", tokens.refresh_due_at AS token_refresh_due_at, tokens.lease_holder AS token_lease_holder" +
	", tokens.lease_until AS token_lease_until, tokens.failures AS token_failures" +
	", tokens.retry_after AS token_retry_after, tokens.last_used_at AS token_last_used_at" +
	", tokens.version AS token_version, tokens.credential_version AS token_credential_version"

// takeLease wins the right to refresh, or reports that somebody else holds it. It is one conditional
// statement, which holds on every database.
func takeLease(tx *gorm.DB, grantID, holder string, now, until time.Time) (bool, error) {
	res := tx.Model(&Token{}).
		Where("grant_id = ? AND (lease_until IS NULL OR lease_until < ?)", grantID, now).
		Updates(map[string]any{"lease_holder": holder, "lease_until": until})
	if res.Error != nil {
		return false, fmt.Errorf("lease tokens of grant %s: %w", grantID, res.Error)
	}
	return res.RowsAffected == 1, nil
}

// dropLease gives the lease back and reports whether it was still held.
func dropLease(tx *gorm.DB, grantID, holder string) (bool, error) {
	res := tx.Model(&Token{}).Where("grant_id = ? AND lease_holder = ?", grantID, holder).
		Updates(map[string]any{"lease_holder": "", "lease_until": nil})
	if res.Error != nil {
		return false, fmt.Errorf("release tokens of grant %s: %w", grantID, res.Error)
	}
	return res.RowsAffected == 1, nil
}

// store writes columns if the grant is still there and its tokens are still those that were read, and
// reports whether that was so. It gives the holder's lease back; one that another process took over, which
// happens to a holder that was frozen for longer than the lease, stays.
func store(tx *gorm.DB, seen Token, holder string, columns map[string]any) (bool, error) {
	columns["lease_until"] = gorm.Expr("CASE WHEN lease_holder = ? THEN NULL ELSE lease_until END", holder)
	columns["lease_holder"] = gorm.Expr("CASE WHEN lease_holder = ? THEN '' ELSE lease_holder END", holder)
	res := tx.Model(&Token{}).Where("grant_id = ? AND version = ?", seen.GrantID, seen.Version).Updates(columns)
	if res.Error != nil {
		return false, fmt.Errorf("store tokens of grant %s: %w", seen.GrantID, res.Error)
	}
	return res.RowsAffected == 1, nil
}

// noteUse records that the key was used and brings the refresh of a key that had been idle forward to dueAt, if
// the token that was used is still the newest. It is conditional, so that it never undoes a newer note.
func noteUse(tx *gorm.DB, used Ready, now, dueAt time.Time) error {
	res := tx.Model(&Token{}).
		Where("grant_id = ? AND (last_used_at IS NULL OR last_used_at < ?)", used.grantID, now).
		Updates(map[string]any{
			"last_used_at": now,
			"refresh_due_at": gorm.Expr("CASE WHEN refreshed_at = ? AND refresh_due_at > ? THEN ? ELSE refresh_due_at END",
				used.refreshedAt, dueAt, dueAt),
		})
	if res.Error != nil {
		return fmt.Errorf("note use of grant %s: %w", used.grantID, res.Error)
	}
	return nil
}

// claimDue returns keys whose refresh is due and pushes each row's due time ahead, so that a key whose
// job is lost comes due again by itself.
func claimDue(tx *gorm.DB, now, again time.Time, limit int) ([]refreshArgs, error) {
	var rows []Token
	err := tx.Select("tokens.grant_id", "tokens.account_key_id", "tokens.version").
		Joins("JOIN account_keys ON account_keys.id = tokens.account_key_id").
		Where("tokens.refresh_due_at <= ? AND account_keys.status = ?", now, accountkey.StatusAuthorized).
		Where("tokens.retry_after IS NULL OR tokens.retry_after <= ?", now).
		Order("tokens.refresh_due_at").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find tokens due for refresh: %w", err)
	}
	due := make([]refreshArgs, 0, len(rows))
	for _, row := range rows {
		res := tx.Model(&Token{}).Where("grant_id = ? AND refresh_due_at <= ?", row.GrantID, now).
			UpdateColumn("refresh_due_at", again)
		if res.Error != nil {
			return nil, fmt.Errorf("claim tokens of grant %s: %w", row.GrantID, res.Error)
		}
		if res.RowsAffected == 1 {
			due = append(due, refreshArgs{AccountKeyID: row.AccountKeyID, Version: row.Version})
		}
	}
	return due, nil
}
