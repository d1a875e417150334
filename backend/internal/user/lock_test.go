package user_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/user"
)

// What seals a secret reads the instance under a lock, often with the epoch's row in hand: a change of people that
// waited for the instance while it held what the other wants would undo an authorization that Microsoft gave.
func TestChangesBesideSealing(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	if s.DB.Read(t.Context()).Name() != "postgres" {
		t.Skip("one transaction writes at a time")
	}
	newUser(t, s, "ada@example.com", auth.RoleAdmin)
	u := newUser(t, s, "bo@example.com", auth.RoleViewer)
	require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		var id int
		err := tx.Table("instance").Clauses(clause.Locking{Strength: clause.LockingStrengthShare}).Select("id").Take(&id).Error
		require.NoError(t, err)
		_, err = s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(true)}, nil)
		require.NoError(t, err)
		newUser(t, s, "cy@example.com", auth.RoleViewer)
		return s.Delete(asSystem(t), u.ID, nil)
	}))
}
