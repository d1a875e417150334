package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const keysPath = "/api/v1/account-keys"

// draft is the body of a key with a name and what change adds.
func draft(name string, change ...func(map[string]any)) map[string]any {
	body := map[string]any{"type": "oauth2_microsoft_graph", "displayName": name}
	for _, f := range change {
		f(body)
	}
	return body
}

func with(field string, value any) func(map[string]any) {
	return func(body map[string]any) { body[field] = value }
}

func TestKeyDisplayName(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	create := func(name string) apptest.Answer { return admin.Call(http.MethodPost, keysPath, draft(name)) }

	t.Run("it is unique whatever its case, width and surrounding space", func(t *testing.T) {
		for first, again := range map[string]string{
			"Straße": "STRASSE", "Invoices": "iNVOICES", "Ωmega": "ωMEGA", "Ä mailbox": "A\u0308 mailbox", "Wide": " Ｗｉｄｅ ",
		} {
			create(first).Status(http.StatusCreated)
			got := create(again).Status(http.StatusUnprocessableEntity)
			require.Equal(t, []string{"displayName:taken"}, got.FieldErrors(), again)
		}
	})
	t.Run("a key may be renamed to another case of its own name but not to another's", func(t *testing.T) {
		id := create("Orders").Status(http.StatusCreated).Text("id")
		renamed := admin.Call(http.MethodPatch, keysPath+"/"+id, map[string]any{"displayName": "ORDERS"}).Status(http.StatusOK)
		require.Equal(t, "ORDERS", renamed.Text("displayName"))
		create("Returns").Status(http.StatusCreated)
		got := admin.Call(http.MethodPatch, keysPath+"/"+id, map[string]any{"displayName": "returns"}).Status(http.StatusUnprocessableEntity)
		require.Equal(t, []string{"displayName:taken"}, got.FieldErrors())
	})
	t.Run("the name of a deleted key is free again", func(t *testing.T) {
		id := create("Short-lived").Status(http.StatusCreated).Text("id")
		admin.Call(http.MethodDelete, keysPath+"/"+id, nil).Status(http.StatusNoContent)
		admin.Call(http.MethodGet, keysPath+"/"+id, nil).Status(http.StatusNotFound)
		create("Short-lived").Status(http.StatusCreated)
	})
}

func TestKeyFields(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	const guid = "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11"

	t.Run("what is wrong is told at its field", func(t *testing.T) {
		for _, row := range []struct {
			want string
			body map[string]any
		}{
			{"displayName:required", draft("  \t ")},
			{"displayName:too_long", draft(strings.Repeat("ä", 101))},
			{"displayName:invalid", draft("two\nlines")},
			{"type:unknown", draft("x", with("type", "imap"))},
			{"cloud:unknown", draft("x", with("cloud", "mars"))},
			{"description:too_long", draft("x", with("description", strings.Repeat("d", 1001)))},
			{"tenantId:tenant_not_specific", draft("x", with("tenantId", "common"))},
			{"tenantId:tenant_not_specific", draft("x", with("tenantId", " Organizations "))},
			{"tenantId:tenant_not_specific", draft("x", with("tenantId", "CONSUMERS"))},
			{"tenantId:invalid", draft("x", with("cloud", "global"), with("tenantId", "fabrikam"))},
			{"tenantId:invalid", draft("x", with("tenantId", `"`+guid+`"`))},
			{"clientId:invalid", draft("x", with("cloud", "global"), with("clientId", "my-app"))},
			{"clientId:same_as_tenant_id", draft("x", with("tenantId", guid), with("clientId", strings.ToUpper(guid)))},
			{"clientSecret:too_long", draft("x", with("clientSecret", strings.Repeat("s", 2049)))},
			{"clientSecret:invalid", draft("x", with("clientSecret", "two\nlines"))},
			{"clientSecretExpiresOn:invalid", draft("x", with("clientSecretExpiresOn", "31.12.2027"))},
			{"loginHint:invalid", draft("x", with("loginHint", "Mara <mara@fabrikam.example>"))},
			{"scopes:required", draft("x", with("scopes", []string{}))},
			{"scopes:not_supported", draft("x", with("scopes", []string{"https://graph.microsoft.com/.default"}))},
			{"scopes:invalid", draft("x", with("scopes", []string{"Mail Read"}))},
		} {
			got := admin.Call(http.MethodPost, keysPath, row.body)
			require.Equal(t, http.StatusUnprocessableEntity, got.Code, "%s: %s", row.want, got.Body)
			require.Equal(t, "validation_failed", got.Text("code"))
			require.Equal(t, []string{row.want}, got.FieldErrors(), string(got.Body))
		}
	})
	t.Run("all that is wrong is told at once", func(t *testing.T) {
		got := admin.Call(http.MethodPost, keysPath, draft("", with("tenantId", "common"), with("loginHint", "nobody"))).
			Status(http.StatusUnprocessableEntity)
		require.ElementsMatch(t, []string{"displayName:required", "tenantId:tenant_not_specific", "loginHint:invalid"}, got.FieldErrors())
	})
	t.Run("pasted space is trimmed and ids are put in one form", func(t *testing.T) {
		seed := a.Emulator.Seed()
		got := admin.Call(http.MethodPost, keysPath, draft(" Pasted \t",
			with("description", " For billing \n"), with("tenantId", " "+strings.ToUpper(seed.TenantID)+"\n"),
			with("clientId", "\t"+strings.ToUpper(seed.ClientID)), with("clientSecret", " "+seed.Secret+" \n"),
			with("loginHint", " mara@fabrikam.example "), with("scopes", []string{"https://graph.microsoft.com/Mail.Read", "mail.read", "openid"}),
		)).Status(http.StatusCreated)
		require.Equal(t, "Pasted", got.Text("displayName"))
		require.Equal(t, "For billing", got.Text("description"))
		require.Equal(t, seed.TenantID, got.Text("tenantId"))
		require.Equal(t, seed.ClientID, got.Text("clientId"))
		require.Equal(t, "mara@fabrikam.example", got.Text("loginHint"))
		require.Equal(t, []any{"Mail.Read"}, got.At("scopes"))
		got = admin.Call(http.MethodPatch, keysPath+"/"+got.Text("id"), map[string]any{"scopes": []string{"mail.send", "USER.READ"}}).Status(http.StatusOK)
		require.Equal(t, []any{"Mail.Send", "User.Read"}, got.At("scopes"))
		done := admin.Authorize(got.Text("id"), "mara", emulator.Accept)
		require.Equal(t, "succeeded", done.Text("status"), "the trimmed secret works")
		require.Subset(t, done.At("grantedScopes"), []any{"Mail.Send", "User.Read"})
	})
	t.Run("a secret that looks like a secret's ID is taken with a warning", func(t *testing.T) {
		got := admin.Call(http.MethodPost, keysPath, draft("Wrong column", with("clientSecret", a.Emulator.Seed().SecretID))).
			Status(http.StatusCreated)
		warnings, _ := got.At("warnings").([]any)
		require.Len(t, warnings, 1)
		require.Contains(t, string(got.Body), `"code":"looks_like_secret_id"`)
		healed := admin.Call(http.MethodPatch, keysPath+"/"+got.Text("id"), map[string]any{"clientSecret": a.Emulator.Seed().Secret}).
			Status(http.StatusOK)
		require.Empty(t, healed.At("warnings"))
	})
	t.Run("a secret goes in, can be removed, and never comes out", func(t *testing.T) {
		const value = "planted~secret~value~0815"
		made := admin.Call(http.MethodPost, keysPath, draft("Secretive", with("clientSecret", value), with("clientSecretExpiresOn", "2027-12-31"))).
			Status(http.StatusCreated)
		path := keysPath + "/" + made.Text("id")
		require.Equal(t, map[string]any{"set": true, "hint": "…15", "expiresOn": "2027-12-31"}, made.At("clientSecret"))
		for _, got := range []apptest.Answer{
			made, admin.Call(http.MethodGet, path, nil), admin.Call(http.MethodGet, keysPath, nil), admin.Call(http.MethodGet, path+"/activity", nil),
			admin.Call(http.MethodPatch, path, map[string]any{"clientSecret": value + "2"}),
			admin.Call(http.MethodPatch, path, map[string]any{"clientSecret": value + "\n" + value}).Status(http.StatusUnprocessableEntity),
			admin.Call(http.MethodPatch, path, map[string]any{"clientSecret": []string{value}}).Status(http.StatusBadRequest),
		} {
			require.NotContains(t, string(got.Body), "planted~secret")
		}
		removed := admin.Call(http.MethodPatch, path, map[string]any{"clientSecret": nil}).Status(http.StatusOK)
		require.Equal(t, map[string]any{"set": false, "hint": "", "expiresOn": nil}, removed.At("clientSecret"))
	})
}

func TestKeyBody(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	t.Run("a member that is not known is refused by name", func(t *testing.T) {
		got := admin.Call(http.MethodPost, keysPath, draft("x", with("displayname2", "y"))).Status(http.StatusBadRequest)
		require.Equal(t, []string{"displayname2:unknown"}, got.FieldErrors())
		require.Contains(t, got.Text("detail"), "displayname2")
	})
	t.Run("a member of the wrong type is refused by name", func(t *testing.T) {
		got := admin.Call(http.MethodPost, keysPath, draft("x", with("tenantId", 7))).Status(http.StatusBadRequest)
		require.Equal(t, []string{"tenantId:wrong_type"}, got.FieldErrors())
	})
	t.Run("what is no JSON is refused", func(t *testing.T) {
		for _, body := range []string{``, `{`, `[]`, `"x"`, `{"displayName":"x"} {}`, "{\"displayName\":\"\xff\"}", `{"displayName":"a\u0000b"}`} {
			require.Equal(t, "malformed", admin.Call(http.MethodPost, keysPath, body).Status(http.StatusBadRequest).Text("code"), body)
		}
	})
	t.Run("another content type is refused", func(t *testing.T) {
		for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
			got := admin.Call(http.MethodPost, keysPath, `{"type":"oauth2_microsoft_graph","displayName":"x"}`, "Content-Type", contentType)
			require.Equal(t, "unsupported_media_type", got.Status(http.StatusUnsupportedMediaType).Text("code"))
		}
	})
	t.Run("what is no id is the id of nothing", func(t *testing.T) {
		for _, id := range []string{"1", "nothing", "0190f3c4-6a1b-7c55-9d3e-1f2a3b4c5d6e", "%00", "'%20OR%201=1"} {
			require.Equal(t, "not_found", admin.Call(http.MethodGet, keysPath+"/"+id, nil).Status(http.StatusNotFound).Text("code"))
		}
	})
	require.Empty(t, admin.Call(http.MethodGet, keysPath, nil).Status(http.StatusOK).Items(), "none of this made a key")
}
