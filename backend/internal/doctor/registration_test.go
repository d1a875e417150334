package doctor_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestCheckValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const nowhere = "11111111-2222-4333-8444-555555555555"

	t.Run("right values pass, and what needs an authorization is skipped", func(t *testing.T) {
		got := f.checkValues(t)
		got.expect(t, unsaved(nil))
		require.Equal(t, "passed", got.Text("summary", "result"))
		require.InDelta(t, 6, got.At("summary", "passed"), 0)
		require.InDelta(t, 3, got.At("summary", "skipped"), 0)
	})
	t.Run("a domain is resolved to its tenant", func(t *testing.T) {
		got := f.checkValues(t, with("tenantId", " fabrikam.example "))
		got.expect(t, unsaved(nil))
		require.Contains(t, got.checks["tenant"]["message"], f.Emulator.Seed().TenantID)
	})
	t.Run("what is wrong is told at its check and its field", func(t *testing.T) {
		for _, row := range []struct {
			field string
			value any
			check string
			want  map[string]string
			says  string
		}{
			{"clientSecret", f.Emulator.Seed().SecretID, "client_secret", map[string]string{"client_secret": "failed"}, "Secret ID"},
			{"clientSecret", "", "client_secret", map[string]string{"client_id": "skipped", "client_secret": "failed"}, "missing"},
			{"clientSecret", "two\nlines", "client_secret", map[string]string{"client_id": "skipped", "client_secret": "failed"}, "one line"},
			{"clientId", nowhere, "client_id", map[string]string{"client_id": "failed", "client_secret": "skipped"}, "No app"},
			{"clientId", "", "client_id", map[string]string{"client_id": "failed", "client_secret": "skipped"}, "missing"},
			{"clientId", f.Emulator.Seed().TenantID, "client_id", map[string]string{"client_id": "failed", "client_secret": "skipped"}, "tenant ID again"},
			{"tenantId", nowhere, "tenant", map[string]string{"cloud": "inconclusive", "tenant": "failed", "client_id": "skipped", "client_secret": "skipped"}, "No tenant"},
			{"tenantId", "", "tenant", map[string]string{"cloud": "skipped", "tenant": "failed", "client_id": "skipped", "client_secret": "skipped", "clock": "skipped"}, "missing"},
			{"tenantId", "common", "tenant", map[string]string{"cloud": "skipped", "tenant": "failed", "client_id": "skipped", "client_secret": "skipped", "clock": "skipped"}, "common"},
			{"cloud", "mars", "cloud", map[string]string{"cloud": "failed", "tenant": "skipped", "client_id": "skipped", "client_secret": "skipped", "clock": "skipped"}, "cloud"},
			{"scopes", []string{"Mail Read"}, "permissions", map[string]string{"permissions": "failed"}, "Mail.Read"},
		} {
			got := f.checkValues(t, with(row.field, row.value))
			got.expect(t, unsaved(row.want))
			require.Equal(t, row.field, got.checks[row.check]["field"], row.says)
			require.Contains(t, got.checks[row.check]["message"], row.says)
			require.Equal(t, "failed", got.Text("summary", "result"))
		}
	})
	t.Run("what cannot be right is told without asking anybody", func(t *testing.T) {
		before := f.Emulator.Count("discovery") + f.Emulator.Count("token")
		f.checkValues(t, with("tenantId", "consumers"))
		require.Equal(t, before, f.Emulator.Count("discovery")+f.Emulator.Count("token"))
	})
	t.Run("nothing is stored", func(t *testing.T) {
		keys := len(f.admin.Call(http.MethodGet, keysPath, nil).Items())
		f.checkValues(t)
		require.Len(t, f.admin.Call(http.MethodGet, keysPath, nil).Items(), keys)
	})
	t.Run("a secret that is saved already need not be sent again", func(t *testing.T) {
		id := f.admin.CreateKey("Has a secret")
		got := f.checkValues(t, with("clientSecret", ""), with("accountKeyId", id))
		got.expect(t, unsaved(nil))
		got = f.checkValues(t, with("clientSecret", "another~one"), with("accountKeyId", id))
		got.expect(t, unsaved(map[string]string{"client_secret": "failed"}))
	})
	t.Run("nobody borrows the secret of a key that they may not use", func(t *testing.T) {
		theirs, mine := f.admin.CreateKey("Theirs"), f.admin.CreateKey("Mine")
		bearer, _ := f.admin.Program("checker", []string{"account-keys:write"}, []string{mine})
		seed := f.Emulator.Seed()
		body := map[string]any{"tenantId": seed.TenantID, "clientId": seed.ClientID, "accountKeyId": theirs}
		var answers []any
		for _, id := range []string{theirs, nowhere, "no id"} {
			body["accountKeyId"] = id
			got := f.Call(http.MethodPost, keysPath+"/check", body, bearer...).Status(http.StatusUnprocessableEntity)
			require.Equal(t, []string{"accountKeyId:unknown"}, got.FieldErrors())
			answers = append(answers, got.At("errors"))
		}
		require.Equal(t, []any{answers[0], answers[0], answers[0]}, answers, "whose a key is cannot be told apart from none")
		f.Call(http.MethodPost, keysPath+"/"+theirs+"/check", nil, bearer...).Status(http.StatusNotFound)
		body["accountKeyId"] = mine
		check(t, f.Call(http.MethodPost, keysPath+"/check", body, bearer...)).expect(t, unsaved(nil))
	})
	t.Run("it needs the permission to change keys, and a body that is known", func(t *testing.T) {
		reader, _ := f.admin.Program("reader", []string{"account-keys:read"}, []string{f.admin.CreateKey("Read")})
		f.Call(http.MethodPost, keysPath+"/check", map[string]any{}, reader...).Status(http.StatusForbidden)
		f.admin.Call(http.MethodPost, keysPath+"/check", map[string]any{"secret": "x"}).Status(http.StatusBadRequest)
		f.admin.Call(http.MethodPost, keysPath+"/check", map[string]any{"type": "imap"}).Status(http.StatusUnprocessableEntity)
	})
	t.Run("a secret is not repeated by anybody, even if Microsoft does", func(t *testing.T) {
		const planted = "Pl4nted~check~secret~000111222333444"
		echo, err := json.Marshal(map[string]any{
			"error": "invalid_client", "error_codes": []int{7000215}, "trace_id": planted, "correlation_id": planted,
			"error_description": "AADSTS7000215: Invalid client secret " + planted + " provided. Trace ID: " + planted,
		})
		require.NoError(t, err)
		f.Emulator.Fail(emulator.Failure{
			Endpoint: "token", Detail: "client_credentials", Times: 1, Status: 401, ContentType: "application/json", Body: string(echo),
		})
		got := f.checkValues(t, with("clientSecret", planted))
		got.expect(t, unsaved(map[string]string{"client_secret": "failed"}))
		require.NotContains(t, string(got.Body), planted)
		require.NotContains(t, f.Output.String(), planted)
	})
}

func TestCheckRegistration(t *testing.T) {
	t.Parallel()
	t.Run("a disabled app is for an administrator to mend", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		require.NoError(t, f.Emulator.SetAppEnabled("", false))
		got := f.checkValues(t)
		got.expect(t, unsaved(map[string]string{"client_id": "failed", "client_secret": "skipped"}))
		require.Equal(t, []any{float64(7000112)}, got.checks["client_id"]["microsoft"].(map[string]any)["codes"])
	})
	t.Run("a public client is told at the redirect URI", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "client_credentials", AADSTS: 700025})
		got := f.checkValues(t)
		got.expect(t, unsaved(map[string]string{"redirect_uri": "failed", "client_id": "skipped", "client_secret": "skipped"}))
		require.Equal(t, "redirectUri", got.checks["redirect_uri"]["field"])
	})
	t.Run("a provider that knows no app-only tokens proves nothing, and fails nothing", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		for _, code := range []string{"unsupported_grant_type", "unauthorized_client"} {
			f.Emulator.Fail(emulator.Failure{
				Endpoint: "token", Detail: "client_credentials", Times: 1, Status: 400,
				ContentType: "application/json", Body: `{"error":"` + code + `"}`,
			})
			got := f.checkValues(t)
			got.expect(t, unsaved(map[string]string{"client_id": "inconclusive", "client_secret": "inconclusive"}))
			require.Equal(t, "inconclusive", got.Text("summary", "result"))
		}
	})
	t.Run("a provider that refuses the pair does not say which is wrong", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Emulator.Fail(emulator.Failure{
			Endpoint: "token", Status: 401, ContentType: "application/json", Body: `{"error":"invalid_client"}`,
		})
		f.checkValues(t).expect(t, unsaved(map[string]string{"client_id": "inconclusive", "client_secret": "failed"}))
	})
	t.Run("trouble at Microsoft is nobody's fault", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		outage := f.Emulator.Fail(emulator.Failure{Endpoint: "token", Status: 503, HTML: true})
		f.checkValues(t).expect(t, unsaved(map[string]string{"client_id": "inconclusive", "client_secret": "inconclusive"}))
		f.Emulator.ClearFailure(outage)
		f.Emulator.Fail(emulator.Failure{Endpoint: "discovery", Status: 503})
		f.checkValues(t).expect(t, unsaved(map[string]string{
			"cloud": "inconclusive", "tenant": "skipped", "client_id": "skipped", "client_secret": "skipped",
		}))
	})
	t.Run("a tenant of another cloud is told at the cloud", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		cloud := f.Config.Clouds[len(f.Config.Clouds)-1]
		document := f.Call(http.MethodGet, cloud.AuthorityURL+"/"+f.Emulator.Seed().TenantID+"/v2.0/.well-known/openid-configuration", nil)
		document.JSON["msgraph_host"] = "graph.microsoft.us"
		elsewhere, err := json.Marshal(document.JSON)
		require.NoError(t, err)
		f.Emulator.Fail(emulator.Failure{Endpoint: "discovery", Status: 200, ContentType: "application/json", Body: string(elsewhere)})
		got := f.checkValues(t)
		got.expect(t, unsaved(map[string]string{
			"cloud": "failed", "tenant": "skipped", "client_id": "skipped", "client_secret": "skipped",
		}))
		require.Equal(t, "cloud", got.checks["cloud"]["field"])
		require.Contains(t, got.checks["cloud"]["message"], "another Microsoft cloud")
	})
	t.Run("a proxy's page is taken for no verdict on the tenant", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Emulator.Fail(emulator.Failure{Endpoint: "discovery", Status: 200, HTML: true})
		f.checkValues(t).expect(t, unsaved(map[string]string{
			"cloud": "failed", "tenant": "skipped", "client_id": "skipped", "client_secret": "skipped",
		}))
	})
	t.Run("a server without a way to Microsoft is told so", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, `LATCHKEY_CLOUDS_EXTRA=[{"id":"dead","name":"Dead end","authorityUrl":"http://127.0.0.1:1","graphUrl":"http://127.0.0.1:1"}]`,
			"LATCHKEY_DEFAULT_CLOUD=dead")
		got := f.checkValues(t)
		got.expect(t, unsaved(map[string]string{
			"cloud": "failed", "tenant": "skipped", "client_id": "skipped", "client_secret": "skipped", "clock": "skipped",
		}))
		require.Contains(t, got.checks["cloud"]["fix"], "firewall")
	})
	t.Run("who never answers is not waited for without end", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, "LATCHKEY_MICROSOFT_TIMEOUT=200ms")
		release := f.Emulator.Hold(emulator.EndpointDiscovery, "")
		defer release()
		f.checkValues(t).expect(t, unsaved(map[string]string{
			"cloud": "failed", "tenant": "skipped", "client_id": "skipped", "client_secret": "skipped", "clock": "skipped",
		}))
	})
	t.Run("a cloud that the operator removed is told at the cloud", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		id := f.admin.CreateKey("Left behind")
		require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Model(&accountkey.Key{}).Where("id = ?", id).UpdateColumn("cloud", "gone").Error
		}))
		got := f.checkKey(t, keysPath+"/"+id)
		require.Equal(t, "failed", got.results()["cloud"])
		require.Contains(t, got.checks["cloud"]["fix"], "LATCHKEY_CLOUDS_EXTRA")
	})
}

func TestCheckRedirectURI(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "LATCHKEY_PUBLIC_URL=http://latchkey.fabrikam.example")
	t.Run("plain http fails in a cloud of Microsoft's", func(t *testing.T) {
		got := f.checkValues(t, with("cloud", "global"), with("tenantId", ""))
		require.Equal(t, "failed", got.results()["redirect_uri"])
		require.Contains(t, got.checks["redirect_uri"]["fix"], "LATCHKEY_PUBLIC_URL")
		require.Equal(t, "redirectUri", got.checks["redirect_uri"]["field"])
	})
	t.Run("and is a warning where the operator's own provider decides", func(t *testing.T) {
		got := f.checkValues(t)
		got.expect(t, unsaved(map[string]string{"redirect_uri": "warning"}))
		require.Equal(t, "warning", got.Text("summary", "result"))
	})
}

func TestCheckSecretExpiry(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	on := func(d time.Duration) string { return f.Emulator.Now().Add(d).Format(time.DateOnly) }
	for _, row := range []struct {
		date, want, says string
	}{
		{on(90 * 24 * time.Hour), "passed", "takes the secret"},
		{on(31 * 24 * time.Hour), "passed", "takes the secret"},
		{on(30 * 24 * time.Hour), "warning", "expires on"},
		{on(0), "warning", "expires on"},
		{on(-24 * time.Hour), "warning", "was to expire"},
		{on(-3 * 24 * time.Hour), "warning", "was to expire"},
	} {
		id := f.admin.CreateKey("Until "+row.date, with("clientSecretExpiresOn", row.date))
		got := f.checkKey(t, keysPath+"/"+id)
		require.Equal(t, row.want, got.results()["client_secret"], row.date)
		require.Contains(t, got.checks["client_secret"]["message"], row.says)
	}
}

func TestCheckClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, row := range []struct {
		ahead      time.Duration
		want, says string
	}{
		{0, "passed", "agrees"},
		{30 * time.Second, "passed", "agrees"},
		{90 * time.Second, "warning", "ahead of"},
		{-90 * time.Second, "warning", "behind"},
		{10 * time.Minute, "failed", "ahead of"},
		{-10 * time.Minute, "failed", "behind"},
	} {
		f.SkewClock(row.ahead)
		got := f.checkValues(t)
		got.expect(t, unsaved(map[string]string{"clock": row.want}))
		require.Contains(t, got.checks["clock"]["message"], row.says)
		require.Equal(t, row.want != "passed", got.checks["clock"]["fix"] != "")
	}
}
