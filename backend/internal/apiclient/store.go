package apiclient

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

func load(q *gorm.DB, id string) (Client, error) {
	var c Client
	err := q.Where("id = ?", id).Take(&c).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Client{}, ErrNotFound
	}
	if err != nil {
		return Client{}, fmt.Errorf("read API client %s: %w", id, err)
	}
	clients := []Client{c}
	if err := fill(q, clients); err != nil {
		return Client{}, err
	}
	return clients[0], nil
}

// fill adds secrets and keys to clients, in one query each.
func fill(q *gorm.DB, clients []Client) error {
	ids, at := make([]string, len(clients)), map[string]*Client{}
	for i := range clients {
		ids[i], at[clients[i].ID] = clients[i].ID, &clients[i]
	}
	var secrets []Secret
	if err := q.Where("api_client_id IN ?", ids).Order("id").Find(&secrets).Error; err != nil {
		return fmt.Errorf("read secrets of API clients: %w", err)
	}
	for _, s := range secrets {
		at[s.APIClientID].Secrets = append(at[s.APIClientID].Secrets, s)
	}
	var keys []clientKey
	if err := q.Where("api_client_id IN ?", ids).Order("account_key_id").Find(&keys).Error; err != nil {
		return fmt.Errorf("read keys of API clients: %w", err)
	}
	for _, k := range keys {
		at[k.APIClientID].AccountKeyIDs = append(at[k.APIClientID].AccountKeyIDs, k.AccountKeyID)
	}
	return fillLeashes(q, ids, at)
}

// lock takes the client's row for the rest of the transaction and reads it.
func lock(tx *gorm.DB, id string) (Client, error) {
	res := tx.Model(&Client{}).Where("id = ?", id).UpdateColumn("version", gorm.Expr("version"))
	if res.Error != nil {
		return Client{}, fmt.Errorf("lock API client %s: %w", id, res.Error)
	}
	return load(tx, id)
}

// insertKeys gives a client account keys. One that was deleted since it was looked for is reported like
// one that never was.
func insertKeys(tx *gorm.DB, clientID string, keyIDs []string) error {
	for _, keyID := range keyIDs {
		err := tx.Create(&clientKey{APIClientID: clientID, AccountKeyID: keyID}).Error
		if errors.Is(err, gorm.ErrForeignKeyViolated) {
			return fault.Invalid(unknownKey(keyID)).Because(err)
		}
		if err != nil {
			return fmt.Errorf("give API client %s an account key: %w", clientID, err)
		}
	}
	return nil
}

func deleteKeys(tx *gorm.DB, clientID string, keyIDs []string) error {
	for some := range slices.Chunk(keyIDs, maxListed) { // databases bound how many values a statement has
		err := tx.Where("api_client_id = ? AND account_key_id IN ?", clientID, some).Delete(&clientKey{}).Error
		if err != nil {
			return fmt.Errorf("take account keys from API client %s: %w", clientID, err)
		}
	}
	return nil
}

// without returns those of the ids that are not among others.
func without(ids, others []string) []string {
	among := make(map[string]bool, len(others))
	for _, id := range others {
		among[id] = true
	}
	var out []string
	for _, id := range ids {
		if !among[id] {
			out = append(out, id)
		}
	}
	return out
}

// existing returns those of the ids that are account keys.
func existing(q *gorm.DB, keyIDs []string) ([]string, error) {
	var found []string
	if len(keyIDs) == 0 {
		return found, nil
	}
	if err := q.Table("account_keys").Where("id IN ?", keyIDs).Pluck("id", &found).Error; err != nil {
		return nil, fmt.Errorf("look for account keys: %w", err)
	}
	return found, nil
}

// noteUse records the last use of a client and its secret, at most once a minute.
func noteUse(tx *gorm.DB, clientID, secretID string, now time.Time) error {
	stale := now.Add(-time.Minute)
	err := tx.Model(&Client{}).Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", clientID, stale).
		UpdateColumn("last_used_at", now).Error
	if err != nil {
		return fmt.Errorf("note use of API client %s: %w", clientID, err)
	}
	err = tx.Model(&Secret{}).Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", secretID, stale).
		UpdateColumn("last_used_at", now).Error
	if err != nil {
		return fmt.Errorf("note use of a secret of API client %s: %w", clientID, err)
	}
	return nil
}
