package entra_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

// sightingOf finds the only sighting with a number.
func sightingOf(t *testing.T, number int) entra.Sighting {
	t.Helper()
	var found []entra.Sighting
	for _, s := range entra.Sightings() {
		if slices.Contains(s.Numbers, number) {
			found = append(found, s)
		}
	}
	require.Len(t, found, 1, "AADSTS%d", number)
	return found[0]
}

func TestSightings(t *testing.T) {
	t.Parallel()
	t.Run("every failure that stays on Microsoft's page is there", func(t *testing.T) {
		t.Parallel()
		// Restated by hand: what Microsoft's page keeps to itself, the words that it says, the field to mend.
		for _, row := range []struct {
			numbers []int
			place   entra.Place
			says    string
			field   string
		}{
			{[]int{50011}, entra.PlaceErrorPage, "redirect uri", "redirectUri"},
			{[]int{700016}, entra.PlaceErrorPage, "was not found in the directory", "clientId"},
			{[]int{90002}, entra.PlaceErrorPage, "not found", "tenantId"},
			{[]int{900023}, entra.PlaceErrorPage, "neither a valid dns name", "tenantId"},
			{[]int{900144}, entra.PlaceErrorPage, "must contain the following parameter", ""},
			{[]int{900971}, entra.PlaceErrorPage, "reply address", "redirectUri"},
			{[]int{50020, 16000}, entra.PlaceErrorPage, "does not exist in tenant", "tenantId"},
			{[]int{50105}, entra.PlaceErrorPage, "not assigned to a role for the application", ""},
			{[]int{53003}, entra.PlaceErrorPage, "you cannot access this right now", ""},
			{[]int{53000}, entra.PlaceErrorPage, "device", ""},
			{[]int{530032}, entra.PlaceErrorPage, "security policy", ""},
			{[]int{50194}, entra.PlaceErrorPage, "multi-tenant", "tenantId"},
			{[]int{7000112, 70001}, entra.PlaceErrorPage, "disabled", "clientId"},
			{[]int{90094}, entra.PlaceApprovalPage, "need admin approval", "scopes"},
			{[]int{90095}, entra.PlaceApprovalPage, "approval required", "scopes"},
			{[]int{50034}, entra.PlaceSignInPage, "couldn't find an account", ""},
			{[]int{50126}, entra.PlaceSignInPage, "password is incorrect", ""},
			{[]int{50053}, entra.PlaceSignInPage, "locked", ""},
			{[]int{50055}, entra.PlaceSignInPage, "update your password", ""},
			{[]int{50135}, entra.PlaceSignInPage, "risk", ""},
			{[]int{50076, 50074}, entra.PlaceSignInPage, "verify your identity", ""},
			{[]int{50072, 50079}, entra.PlaceSignInPage, "more information required", ""},
			{[]int{50140}, entra.PlaceSignInPage, "stay signed in?", ""},
		} {
			for _, number := range row.numbers {
				s := sightingOf(t, number)
				require.Equal(t, row.place, s.Place, number)
				require.Equal(t, row.field, s.Advice.Field, number)
				require.Contains(t, strings.ToLower(strings.Join(s.Texts, "\n")), row.says, number)
			}
		}
	})
	t.Run("every number that there is advice for is there once", func(t *testing.T) {
		t.Parallel()
		for _, row := range adviceRows() {
			for _, number := range row.numbers {
				require.Equal(t, row.code, sightingOf(t, number).Advice.Code, number)
			}
		}
	})
	t.Run("each says what it is and what to do", func(t *testing.T) {
		t.Parallel()
		for _, s := range entra.Sightings() {
			require.NotNil(t, s.Numbers)
			require.NotNil(t, s.Texts)
			require.Equal(t, s.Place == entra.PlaceElsewhere, len(s.Texts) == 0, s.Texts)
			require.NotEmpty(t, s.Advice.Code, s.Texts)
			require.NotEmpty(t, s.Advice.Message, s.Texts)
			require.NotEmpty(t, s.Advice.Fix, s.Texts)
		}
	})
	t.Run("a window that closed is there too", func(t *testing.T) {
		t.Parallel()
		require.True(t, slices.ContainsFunc(entra.Sightings(), func(s entra.Sighting) bool {
			return s.Place == entra.PlaceWindow && strings.Contains(strings.Join(s.Texts, "\n"), "the window closed")
		}))
	})
}
