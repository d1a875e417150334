package accountkey_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	types := accountkey.Types()
	require.Len(t, types, 1)
	graph := types[0]
	ids := map[string]string{}
	for _, scope := range append(graph.AvailableScopes, graph.AlwaysAskedScopes...) {
		require.NotContains(t, ids, scope.Name)
		require.NotEmpty(t, scope.Description)
		ids[scope.Name] = scope.ID
	}
	t.Run("every permission has the id of Microsoft's delegated one", func(t *testing.T) {
		t.Parallel()
		// Microsoft's list, restated by hand so that a slip in the product's shows.
		require.Equal(t, map[string]string{
			"User.Read":             "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
			"Mail.Read":             "570282fd-fa5c-430d-a7fd-fc8dc98a9dca",
			"Mail.ReadWrite":        "024d486e-b451-40bb-833d-3e66d98c5c73",
			"Mail.Send":             "e383f46e-2787-4529-855e-0e479a3ffac0",
			"openid":                "37f7f235-527c-4136-accd-4a02d197296e",
			"profile":               "14dad69e-099b-42c9-810b-d002981feec1",
			"email":                 "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
			"offline_access":        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
			"Mail.Read.Shared":      "7b9103a5-4610-446b-9670-80643382c1fa",
			"Mail.ReadWrite.Shared": "5df07973-7d5d-46ed-9847-1271055cbd51",
			"Mail.Send.Shared":      "a367ab51-6b49-43bf-a716-a1fb06d2a174",
		}, ids)
	})
	t.Run("what is said to be always asked for is", func(t *testing.T) {
		t.Parallel()
		names := []string{}
		for _, scope := range graph.AlwaysAskedScopes {
			names = append(names, scope.Name)
		}
		require.Equal(t, entra.OpenIDScopes(), names)
	})
	t.Run("the default permissions are on offer", func(t *testing.T) {
		t.Parallel()
		for _, name := range graph.DefaultScopes {
			require.Contains(t, ids, name)
		}
	})
}
