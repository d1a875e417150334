package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
)

func TestRolePermissions(t *testing.T) {
	t.Parallel()
	t.Run("an admin may do everything", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, auth.AllPermissions(), auth.RoleAdmin.Permissions())
	})
	t.Run("an operator may do all but people, API clients and settings", func(t *testing.T) {
		t.Parallel()
		got := auth.RoleOperator.Permissions()
		require.Len(t, got, len(auth.AllPermissions())-3)
		require.NotContains(t, got, auth.UsersWrite)
		require.NotContains(t, got, auth.APIClientsWrite)
		require.NotContains(t, got, auth.SettingsWrite)
	})
	t.Run("a viewer only reads", func(t *testing.T) {
		t.Parallel()
		require.ElementsMatch(t, []auth.Permission{
			auth.AccountKeysRead, auth.TargetsRead, auth.EventsRead, auth.AuditRead,
		}, auth.RoleViewer.Permissions())
	})
	t.Run("an unknown role may do nothing", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, auth.Role("owner").Permissions())
	})
}

func TestMayUseKey(t *testing.T) {
	t.Parallel()
	t.Run("no list means no key", func(t *testing.T) {
		t.Parallel()
		require.False(t, auth.Principal{}.MayUseKey("a"))
		require.False(t, auth.Principal{KeyIDs: []string{"b"}}.MayUseKey("a"))
		require.True(t, auth.Principal{KeyIDs: []string{"a"}}.MayUseKey("a"))
		require.True(t, auth.Principal{AllKeys: true}.MayUseKey("a"))
	})
}
