package entra_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	t.Run("the tenant's endpoints come from its document", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		provider := w.provider()
		require.Equal(t, w.seed.TenantID, provider.TenantID)
		require.Equal(t, w.cloud, provider.Cloud)
		require.True(t, strings.HasPrefix(provider.TokenEndpoint, w.cloud.AuthorityURL))
		require.NotEmpty(t, provider.Issuer)
		require.NotEmpty(t, provider.JWKSURI)
		require.NotEmpty(t, provider.AuthorizationEndpoint)
		require.Equal(t, []string{"RS256"}, provider.SigningAlgorithms)
	})
	t.Run("a domain is resolved to the tenant's ID", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		provider, err := w.client.Discover(t.Context(), w.cloud, w.seed.Domain)
		require.NoError(t, err)
		require.Equal(t, w.seed.TenantID, provider.TenantID)
	})
	t.Run("an unknown tenant is the tenant field's fault", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := w.client.Discover(t.Context(), w.cloud, "11111111-2222-3333-4444-555555555555")
		failed := entraError(t, err)
		require.Contains(t, failed.Numbers, 90002)
		require.NotEmpty(t, failed.TraceID)
		advice := failed.Advice()
		require.Equal(t, entra.ClassConfiguration, advice.Class)
		require.Equal(t, entra.FieldTenantID, advice.Field)
		require.Equal(t, "tenant_not_found", advice.Code)
	})
	t.Run("a tenant that cannot be one is refused without a call", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, tenant := range []string{"", "a/b", "a b", "../x", "a..b", `"q"`, "{tenantid}", "a?b", "a%2fb", "-a"} {
			_, err := w.client.Discover(t.Context(), w.cloud, tenant)
			require.Equal(t, "tenant_malformed", entraError(t, err).Advice().Code, tenant)
		}
		for _, tenant := range []string{"common", "Organizations", "consumers"} {
			_, err := w.client.Discover(t.Context(), w.cloud, tenant)
			require.Equal(t, "tenant_not_specific", entraError(t, err).Advice().Code, tenant)
		}
		require.Zero(t, w.emulator.Count("discovery"))
	})
	t.Run("another cloud's tenant is the cloud field's fault", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.cloud.GraphURL = "https://graph.microsoft.us"
		_, err := w.client.Discover(t.Context(), w.cloud, w.seed.TenantID)
		advice := entraError(t, err).Advice()
		require.Equal(t, entra.ClassConfiguration, advice.Class)
		require.Equal(t, entra.FieldCloud, advice.Field)
		require.Equal(t, "wrong_cloud", advice.Code)
	})
}

func TestDiscoverRemembers(t *testing.T) {
	t.Parallel()
	t.Run("for a day, then asks again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.provider()
		w.emulator.Advance(23 * time.Hour)
		w.provider()
		require.Equal(t, 1, w.emulator.Count("discovery"))
		w.emulator.Advance(2 * time.Hour)
		w.provider()
		require.Equal(t, 2, w.emulator.Count("discovery"))
	})
	t.Run("and keeps what it has through an outage", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		known := w.provider()
		w.emulator.Advance(48 * time.Hour)
		w.emulator.Fail(emulator.Failure{Endpoint: "discovery", Status: http.StatusServiceUnavailable, HTML: true})
		for range 3 {
			require.Equal(t, known, w.provider())
		}
		require.Equal(t, 2, w.emulator.Count("discovery"), "an outage is not asked about at every call")
		w.emulator.Advance(6 * time.Minute)
		require.Equal(t, known, w.provider())
		require.Equal(t, 3, w.emulator.Count("discovery"))
	})
	t.Run("but not through a verdict on the tenant", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.provider()
		w.emulator.Advance(48 * time.Hour)
		require.NoError(t, w.emulator.DeleteTenant(w.seed.TenantID))
		_, err := w.client.Discover(t.Context(), w.cloud, w.seed.TenantID)
		require.Equal(t, "tenant_not_found", entraError(t, err).Advice().Code)
	})
	t.Run("and Rediscover asks whatever is remembered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.provider()
		_, err := w.client.Rediscover(t.Context(), w.cloud, w.seed.TenantID)
		require.NoError(t, err)
		require.Equal(t, 2, w.emulator.Count("discovery"))
	})
	t.Run("and twenty callers at once share one fetch", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		release := w.emulator.Hold(emulator.EndpointDiscovery, "")
		var callers sync.WaitGroup
		failures := make(chan error, 20)
		for range 20 {
			callers.Go(func() {
				_, err := w.client.Discover(t.Context(), w.cloud, w.seed.TenantID)
				failures <- err
			})
		}
		require.NoError(t, w.emulator.WaitFor(t.Context(), "discovery", 1))
		release()
		callers.Wait()
		close(failures)
		for err := range failures {
			require.NoError(t, err)
		}
		require.LessOrEqual(t, w.emulator.Count("discovery"), 2)
	})
	t.Run("and a caller that leaves does not fail the others", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		release := w.emulator.Hold(emulator.EndpointDiscovery, "")
		ctx, cancel := context.WithCancel(t.Context())
		left, stayed := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := w.client.Discover(ctx, w.cloud, w.seed.TenantID)
			left <- err
		}()
		require.NoError(t, w.emulator.WaitFor(t.Context(), "discovery", 1))
		go func() {
			_, err := w.client.Discover(t.Context(), w.cloud, w.seed.TenantID)
			stayed <- err
		}()
		cancel()
		err := <-left
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "cancelled", entraError(t, err).Advice().Code)
		release()
		require.NoError(t, <-stayed)
	})
}

func TestDiscoverRefusesDocuments(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		change func(document map[string]any)
		code   string
		class  entra.Class
	}{
		"without a token endpoint":              {func(d map[string]any) { delete(d, "token_endpoint") }, "discovery_invalid", entra.ClassTransient},
		"without an issuer":                     {func(d map[string]any) { delete(d, "issuer") }, "discovery_invalid", entra.ClassTransient},
		"without keys":                          {func(d map[string]any) { delete(d, "jwks_uri") }, "discovery_invalid", entra.ClassTransient},
		"with a template for an issuer":         {func(d map[string]any) { d["issuer"] = "https://login.example/{tenantid}/v2.0" }, "discovery_invalid", entra.ClassTransient},
		"that sends secrets over plain http":    {func(d map[string]any) { d["token_endpoint"] = "http://login.example/token" }, "discovery_invalid", entra.ClassTransient},
		"that sends people to a script":         {func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" }, "discovery_invalid", entra.ClassTransient},
		"with credentials in an address":        {func(d map[string]any) { d["jwks_uri"] = "https://a:b@login.example/keys" }, "discovery_invalid", entra.ClassTransient},
		"with members of another type":          {func(d map[string]any) { d["token_endpoint"] = 7 }, "unexpected_answer", entra.ClassTransient},
		"that names another Graph":              {func(d map[string]any) { d["msgraph_host"] = "graph.microsoft.us" }, "wrong_cloud", entra.ClassConfiguration},
		"that is fine but names no Graph":       {func(d map[string]any) { delete(d, "msgraph_host") }, "", ""},
		"that is fine and spells Graph loosely": {func(d map[string]any) { d["msgraph_host"] = "https://GRAPH.example/" }, "", ""},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := map[string]any{
				"issuer": "https://login.example/t/v2.0", "authorization_endpoint": "https://login.example/authorize",
				"token_endpoint": "https://login.example/token", "jwks_uri": "https://login.example/keys",
				"msgraph_host":                          "graph.example",
				"id_token_signing_alg_values_supported": []string{"HS256", "none", "ES256", "RS256"},
			}
			row.change(document)
			text, err := json.Marshal(document)
			require.NoError(t, err)
			provider, err := discoverFrom(t, replying(http.StatusOK, "application/json", string(text)))
			if row.code == "" {
				require.NoError(t, err)
				require.Equal(t, []string{"ES256", "RS256"}, provider.SigningAlgorithms, "none and shared secrets are left out")
				require.Equal(t, "tenant.example", provider.TenantID, "a tenant that the document does not resolve stays as given")
				return
			}
			require.Equal(t, row.code, entraError(t, err).Advice().Code)
			require.Equal(t, row.class, entraError(t, err).Advice().Class)
		})
	}
}

func TestDiscoverBadAnswers(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		handler http.HandlerFunc
		code    string
		field   string
	}{
		"a page for 404 points at the tenant without blaming it": {replying(404, "text/html", "<h1>404</h1>"), "discovery_not_found", entra.FieldTenantID},
		"a captive portal": {replying(200, "text/html", "<html>sign in to the wifi</html>"), "unexpected_answer", ""},
		"truncated":        {replying(200, "application/json", `{"issuer":"https://`), "unexpected_answer", ""},
		"far too long":     {replying(200, "application/json", `{"x":"`+strings.Repeat("a", 2<<20)+`"}`), "unexpected_answer", ""},
		"throttled":        {replying(429, "application/json", `{}`), "throttled", ""},
		"down":             {replying(502, "text/html", `<html>`), "microsoft_unavailable", ""},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}, "unexpected_answer", ""},
		"a tenant error told by a page": {replying(400, "text/html", `{"error":"invalid_tenant"}`), "unexpected_answer", ""},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := discoverFrom(t, row.handler)
			advice := entraError(t, err).Advice()
			require.Equal(t, entra.ClassTransient, advice.Class)
			require.Equal(t, row.code, advice.Code)
			require.Equal(t, row.field, advice.Field)
		})
	}
}

func discoverFrom(t *testing.T, handler http.HandlerFunc) (entra.Provider, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := newClient(time.Now)
	cloud := entra.Cloud{ID: "stub", Name: "Stub", AuthorityURL: server.URL, GraphURL: "https://graph.example"}
	return client.Discover(t.Context(), cloud, "tenant.example")
}
