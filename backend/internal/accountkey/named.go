package accountkey

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
)

// Name is what a program may call a key by. A key goes by it if any of what is not empty is the key's.
type Name struct{ ID, ClientID, DisplayName, AccountObjectID string }

// Find returns a key that the caller may use; ErrNotFound for every other.
func (s *Service) Find(ctx context.Context, id string) (Key, error) {
	parsed, err := uuid.Parse(id)
	if p, _ := auth.From(ctx); err != nil || !p.MayUseKey(parsed.String()) {
		return Key{}, ErrNotFound
	}
	return Load(s.DB.Read(ctx), parsed.String())
}

// Named returns the keys that go by a name, of those that the caller may use: at most two, since more would tell
// nothing more. An id names one key whatever others are called.
func (s *Service) Named(ctx context.Context, n Name) ([]Key, error) {
	if key, err := s.Find(ctx, n.ID); err == nil {
		return []Key{key}, nil
	}
	q := s.DB.Read(ctx).Where(anyOf(s.DB.Read(ctx), n)).Order("id").Limit(2)
	if p, _ := auth.From(ctx); !p.AllKeys {
		q = q.Where("id IN ?", p.KeyIDs)
	}
	var keys []Key
	if err := q.Find(&keys).Error; err != nil {
		return nil, fmt.Errorf("find account keys by name: %w", err)
	}
	return keys, nil
}

func anyOf(q *gorm.DB, n Name) *gorm.DB {
	either := q.Where("1 = 0")
	for column, value := range map[string]string{
		"client_id": strings.ToLower(n.ClientID), "display_name_key": db.Fold(n.DisplayName),
		"account_object_id": strings.ToLower(n.AccountObjectID),
	} {
		if value != "" {
			either = either.Or(column+" = ?", value)
		}
	}
	return either
}
