package apiclient

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

// bounds is a list in a column; nil is null.
type bounds []string

// Value writes the list as a JSON array.
func (b bounds) Value() (driver.Value, error) {
	if b == nil {
		return nil, nil
	}
	raw, err := json.Marshal([]string(b))
	return string(raw), err
}

// Scan reads the list.
func (b *bounds) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*b = nil
		return nil
	case string:
		return json.Unmarshal([]byte(v), b)
	case []byte:
		return json.Unmarshal(v, b)
	default:
		return fmt.Errorf("scan bounds: unexpected column type %T", src)
	}
}

// GormDataType names the column type for GORM's statement builder.
func (bounds) GormDataType() string { return "string" }

type leashRow struct {
	ID               string
	APIClientID      string `gorm:"column:api_client_id"`
	AccountKeyID     *string
	RawTokens        bool
	GraphMethods     bounds
	GraphPaths       bounds
	RecipientDomains bounds
	SendsPerDay      *int64
}

// TableName names the table.
func (leashRow) TableName() string { return "api_client_leashes" }

func rowOf(clientID string, l Leash) leashRow {
	return leashRow{
		ID: uuid.Must(uuid.NewV7()).String(), APIClientID: clientID, AccountKeyID: l.keyID(), RawTokens: l.RawTokens, GraphMethods: l.GraphMethods,
		GraphPaths: pathTexts(l.GraphPaths), RecipientDomains: l.RecipientDomains, SendsPerDay: l.Sends,
	}
}

func (r leashRow) leash() (Leash, error) {
	l := Leash{Leash: auth.Leash{
		RawTokens: r.RawTokens, GraphMethods: r.GraphMethods, RecipientDomains: r.RecipientDomains, Sends: r.SendsPerDay,
	}}
	if r.AccountKeyID != nil {
		l.AccountKeyID = *r.AccountKeyID
	}
	if r.GraphPaths != nil {
		l.GraphPaths = []graphpath.Pattern{}
	}
	for _, text := range r.GraphPaths {
		pattern, err := graphpath.ParsePattern(text)
		if err != nil {
			return Leash{}, fmt.Errorf("read leash %s: path %q: %w", r.ID, text, err)
		}
		l.GraphPaths = append(l.GraphPaths, pattern)
	}
	return l, nil
}

func fillLeashes(q *gorm.DB, ids []string, at map[string]*Client) error {
	var rows []leashRow
	if err := q.Where("api_client_id IN ?", ids).Order("account_key_id IS NOT NULL, account_key_id").Find(&rows).Error; err != nil {
		return fmt.Errorf("read leashes of API clients: %w", err)
	}
	for _, row := range rows {
		l, err := row.leash()
		if err != nil {
			return err
		}
		at[row.APIClientID].Leashes = append(at[row.APIClientID].Leashes, l)
	}
	return nil
}

// saveLeashes writes the leashes that differ: what is new, what changed, what is gone, in that order, for the
// same reason as with account keys.
func saveLeashes(tx *gorm.DB, clientID string, before, after []Leash) error {
	old := map[string]Leash{}
	for _, l := range before {
		old[l.AccountKeyID] = l
	}
	var changed []leashRow
	for _, l := range after {
		was, had := old[l.AccountKeyID]
		delete(old, l.AccountKeyID)
		row := rowOf(clientID, l)
		switch {
		case !had:
			err := tx.Create(&row).Error
			if errors.Is(err, gorm.ErrForeignKeyViolated) {
				return fault.Invalid(unknownKeyAt("leashes", l.AccountKeyID)).Because(err)
			}
			if err != nil {
				return fmt.Errorf("insert leash of API client %s: %w", clientID, err)
			}
		case !reflect.DeepEqual(was, l):
			changed = append(changed, row)
		}
	}
	for _, row := range changed {
		err := ofKey(tx.Model(&leashRow{}), clientID, row.AccountKeyID).UpdateColumns(map[string]any{
			"raw_tokens": row.RawTokens, "graph_methods": row.GraphMethods, "graph_paths": row.GraphPaths,
			"recipient_domains": row.RecipientDomains, "sends_per_day": row.SendsPerDay,
		}).Error
		if err != nil {
			return fmt.Errorf("update leash of API client %s: %w", clientID, err)
		}
	}
	for id := range old {
		gone := rowOf(clientID, Leash{AccountKeyID: id})
		if err := ofKey(tx, clientID, gone.AccountKeyID).Delete(&leashRow{}).Error; err != nil {
			return fmt.Errorf("delete leash of API client %s: %w", clientID, err)
		}
	}
	return nil
}

func ofKey(q *gorm.DB, clientID string, accountKeyID *string) *gorm.DB {
	if accountKeyID == nil {
		return q.Where("api_client_id = ? AND account_key_id IS NULL", clientID)
	}
	return q.Where("api_client_id = ? AND account_key_id = ?", clientID, *accountKeyID)
}
