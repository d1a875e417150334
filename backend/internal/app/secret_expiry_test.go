package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
)

func TestSecretExpiry(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, "LATCHKEY_SESSION_MAX_AGE=9000h", "LATCHKEY_SESSION_IDLE_TIMEOUT=9000h")
	admin := a.Admin()
	end := a.Emulator.Now().AddDate(0, 0, 40)
	id := admin.CreateKey("Ends", with("clientSecretExpiresOn", end.Format(time.DateOnly)))
	admin.CreateKey("Nobody said")
	told := func() []string {
		require.NoError(t, a.Keys.AnnounceExpiries(t.Context()))
		messages := []string{}
		for _, entry := range admin.Call(http.MethodGet, keysPath+"/"+id+"/activity", nil).Status(http.StatusOK).Items() {
			if entry["action"] == "account_key.secret_expires" {
				message, _ := entry["message"].(string)
				messages = append(messages, message)
			}
		}
		return messages
	}
	warnings := func() []any {
		list, _ := admin.Call(http.MethodGet, keysPath+"/"+id, nil).Status(http.StatusOK).At("warnings").([]any)
		return list
	}
	metric := func(days string) string {
		for line := range strings.Lines(string(a.Call(http.MethodGet, "/metrics", nil).Body)) {
			if rest, ok := strings.CutPrefix(line, `latchkey_client_secrets_expiring{days="`+days+`"} `); ok {
				return strings.TrimSpace(rest)
			}
		}
		return ""
	}
	require.Empty(t, told())
	require.Empty(t, warnings())
	require.Equal(t, "0", metric("30"))
	for i, step := range []struct {
		daysLeft int
		says     string
	}{{30, "in 30 days"}, {7, "in 7 days"}, {1, "tomorrow"}, {0, "today"}} {
		a.Emulator.Advance(end.AddDate(0, 0, -step.daysLeft).Sub(a.Emulator.Now()))
		require.Len(t, told(), i+1)
		require.Contains(t, told()[0], step.says, "told once, however often it is looked at")
		require.Len(t, warnings(), 1)
		require.Equal(t, "1", metric("30"))
	}
	a.Emulator.Advance(48 * time.Hour)
	require.Len(t, told(), 4)
	require.Equal(t, "secret_expired", warnings()[0].(map[string]any)["code"]) //nolint:forcetypeassert // of our own answer
	require.Equal(t, "1", metric("0"))

	later := a.Emulator.Now().AddDate(0, 0, 5).Format(time.DateOnly)
	admin.Call(http.MethodPatch, keysPath+"/"+id, map[string]any{"clientSecret": "another~secret", "clientSecretExpiresOn": later}).
		Status(http.StatusOK)
	require.Len(t, told(), 5, "the new secret has notices of its own")
	admin.Call(http.MethodPost, keysPath+"/"+id+"/revoke", nil).Status(http.StatusOK)
	a.Emulator.Advance(5 * 24 * time.Hour)
	require.Len(t, told(), 5, "a revoked key needs none")
}
