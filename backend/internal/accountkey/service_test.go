package accountkey_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
)

func TestCountByStatus(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.admin.CreateKey("Draft")
	f.act(f.admin.CreateKey("Suspended draft"), "suspend")
	f.authorized(t, "Authorized")
	f.act(f.authorized(t, "Suspended"), "suspend")
	f.act(f.authorized(t, "Revoked"), "revoke")
	moved := f.authorized(t, "Moved")
	f.patch(moved, "tenantId", "fabrikam.example").Status(http.StatusOK)

	t.Run("a suspended key counts as suspended, whatever its status beside", func(t *testing.T) {
		counts, err := f.Keys.CountByStatus(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[accountkey.Status]int64{
			accountkey.StatusDraft: 1, accountkey.StatusAuthorized: 1, accountkey.StatusSuspended: 2,
			accountkey.StatusRevoked: 1, accountkey.StatusReauthorizationRequired: 1,
		}, counts)
	})
	t.Run("the counts are a metric", func(t *testing.T) {
		metrics := string(f.Call(http.MethodGet, "/metrics", nil).Status(http.StatusOK).Body)
		told := map[string]string{}
		for _, m := range regexp.MustCompile(`(?m)^latchkey_account_keys\{status="(\w+)"\} (\d+)$`).FindAllStringSubmatch(metrics, -1) {
			told[m[1]] = m[2]
		}
		require.Equal(t, map[string]string{
			"draft": "1", "authorized": "1", "suspended": "2", "revoked": "1", "reauthorization_required": "1",
		}, told)
	})
}

func TestCreateByProgram(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "provisioner", "permissions": []string{"account-keys:read", "account-keys:write"}, "allAccountKeys": true,
	}).Status(http.StatusCreated)
	issued := f.Call(http.MethodPost, "/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {made.Text("id")}, "client_secret": {made.Text("secret")},
	}).Status(http.StatusOK)
	bearer := []string{"Authorization", "Bearer " + issued.Text("access_token")}

	body := map[string]any{"type": accountkey.TypeMicrosoftGraph, "displayName": "Made by a program"}
	key := f.Call(http.MethodPost, keysPath, body, bearer...).Status(http.StatusCreated).Text("id")
	f.Call(http.MethodGet, keysPath+"/"+key, nil, bearer...).Status(http.StatusOK)
	client := f.admin.Call(http.MethodGet, "/api/v1/api-clients/"+made.Text("id"), nil).Status(http.StatusOK)
	require.Equal(t, true, client.At("allAccountKeys"))
	require.Empty(t, client.At("accountKeyIds"), "a program that may use every key needs no list")
}
