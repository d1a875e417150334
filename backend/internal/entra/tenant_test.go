package entra_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestTenants(t *testing.T) {
	t.Parallel()
	t.Run("ids and domains have one spelling, the names of other providers as many as they like", func(t *testing.T) {
		t.Parallel()
		for tenant, want := range map[string]string{
			"7B1D0C5E-3F52-4C0A-9A46-1F0D6F5A2E11": "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11",
			"Fabrikam.Example":                     "fabrikam.example", "Realm-One": "Realm-One", "my_Realm": "my_Realm", "v1.0": "v1.0",
		} {
			require.Equal(t, want, entra.NormalTenant(tenant))
			require.True(t, entra.IsTenant(tenant), tenant)
		}
	})
	t.Run("what a key may hold can be discovered, each name at its own address", func(t *testing.T) {
		t.Parallel()
		var server *httptest.Server
		server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			own := server.URL + strings.TrimSuffix(r.URL.Path, "/v2.0/.well-known/openid-configuration")
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q}`,
				own, own+"/authorize", own+"/token", own+"/keys")
		}))
		t.Cleanup(server.Close)
		client := newClient(time.Now)
		cloud := entra.Cloud{ID: "lab", Name: "Lab", AuthorityURL: server.URL, GraphURL: server.URL}
		for _, tenant := range []string{"Realm", "realm", "my_realm", "my_realm_"} {
			provider, err := client.Discover(t.Context(), cloud, tenant)
			require.NoError(t, err, tenant)
			require.Equal(t, server.URL+"/"+tenant+"/token", provider.TokenEndpoint)
		}
	})
}
