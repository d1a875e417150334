package entra_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestNormalizeScope(t *testing.T) {
	t.Parallel()
	for written, normal := range map[string]string{
		"Mail.Read":                                        "mail.read",
		"https://graph.microsoft.com/Mail.Read":            "mail.read",
		"HTTPS://GRAPH.MICROSOFT.US/MAIL.READ/":            "mail.read",
		" 00000003-0000-0000-c000-000000000000/Mail.Send ": "mail.send",
		"https://graph.microsoft.com/.default":             ".default",
		"openid":                                           "openid", "": "",
	} {
		require.Equal(t, normal, entra.NormalizeScope(written), written)
	}
}

func TestMissingScopes(t *testing.T) {
	t.Parallel()
	required := []string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read", "openid", "offline_access"}
	t.Run("form, case and order do not matter", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, entra.MissingScopes(required, []string{
			"https://graph.microsoft.com/user.read", "MAIL.SEND", "mail.readwrite", "https://graph.microsoft.us/Mail.Read",
		}))
	})
	t.Run("OpenID scopes and offline_access never count as missing", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, entra.MissingScopes([]string{"openid", "profile", "email", "offline_access"}, nil))
	})
	t.Run("what is missing keeps the spelling and order of what was required", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []string{"Mail.ReadWrite", "Mail.Send"},
			entra.MissingScopes(append(required, "mail.send"), []string{"Mail.Read", "User.Read"}))
	})
	t.Run("a wider permission covers the narrower one, not the other way round", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, entra.MissingScopes([]string{"Mail.Read", "Mail.ReadBasic"}, []string{"Mail.ReadWrite"}))
		require.Empty(t, entra.MissingScopes([]string{"Mail.Read.Shared"}, []string{"Mail.ReadWrite.Shared"}))
		require.Equal(t, []string{"Mail.ReadWrite"}, entra.MissingScopes([]string{"Mail.ReadWrite"}, []string{"Mail.Read"}))
	})
	t.Run("sending is never included, and shared is not own", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []string{"Mail.Send"}, entra.MissingScopes([]string{"Mail.Send"}, []string{"Mail.ReadWrite"}))
		require.Equal(t, []string{"Mail.Read.Shared"}, entra.MissingScopes([]string{"Mail.Read.Shared"}, []string{"Mail.ReadWrite"}))
	})
	t.Run("no scopes at all is an empty list, not nil", func(t *testing.T) {
		t.Parallel()
		require.NotNil(t, entra.MissingScopes(nil, nil))
	})
}
