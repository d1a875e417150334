package emulator_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	path := func(tenant string) string { return "/" + tenant + "/v2.0/.well-known/openid-configuration" }
	t.Run("a domain is answered with GUIDs, on the host that was called", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.do(w.request("GET", path("fabrikam.example"), ""))
		require.Equal(t, w.url+"/"+w.seed.TenantID+"/v2.0", r.text("issuer"))
		require.Equal(t, w.url+"/"+w.seed.TenantID+"/oauth2/v2.0/token", r.text("token_endpoint"))
		require.Equal(t, strings.TrimPrefix(w.url, "http://"), r.text("msgraph_host"))
		require.NotContains(t, r.body, "code_challenge_methods_supported")
		other := w.request("GET", path("fabrikam.example"), "")
		other.Host = "localhost:1234"
		require.Equal(t, "http://localhost:1234/"+w.seed.TenantID+"/v2.0", w.do(other).text("issuer"))
	})
	t.Run("unknown and malformed tenants are told without a credential", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		requireSTS(t, w.do(w.request("GET", path("7b1d0c5e-0000-4c0a-9a46-1f0d6f5a2e11"), "")), 400, 90002, "invalid_tenant")
		requireSTS(t, w.do(w.request("GET", path("fabrikam"), "")), 400, 900023, "invalid_request")
		require.NoError(t, w.DeleteTenant("fabrikam.example"))
		requireSTS(t, w.do(w.request("GET", path("fabrikam.example"), "")), 400, 90002, "invalid_tenant")
	})
	t.Run("common has a template for an issuer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.Equal(t, w.url+"/{tenantid}/v2.0", w.do(w.request("GET", path("common"), "")).text("issuer"))
	})
	t.Run("instance discovery knows this host", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := url.Values{"api-version": {"1.1"}, "authorization_endpoint": {w.url + "/" + w.seed.TenantID + "/oauth2/v2.0/authorize"}}
		r := w.do(w.request("GET", "/common/discovery/instance?"+q.Encode(), ""))
		require.Equal(t, w.url+path(w.seed.TenantID), r.text("tenant_discovery_endpoint"))
	})
	t.Run("keys rotate: the new one signs, the middle one stays", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		kids := func() []string {
			r := w.do(w.request("GET", "/"+w.seed.TenantID+"/discovery/v2.0/keys", ""))
			list, ok := r.body["keys"].([]any)
			require.True(t, ok)
			var out []string
			for _, k := range list {
				m, ok := k.(map[string]any)
				require.True(t, ok)
				kid, ok := m["kid"].(string)
				require.True(t, ok)
				out = append(out, kid)
			}
			return out
		}
		before := kids()
		w.RotateKeys()
		after := kids()
		require.Len(t, before, 2)
		require.Equal(t, before[1], after[0])
		require.NotContains(t, before, after[1])
	})
}

// TestOpenIDClient drives the emulator with golang.org/x/oauth2 and go-oidc as they are.
func TestOpenIDClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, realTime)
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, w.url+"/"+w.seed.TenantID+"/v2.0")
	require.NoError(t, err)
	config := w.config()
	config.Endpoint = provider.Endpoint()
	config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	verifier := oauth2.GenerateVerifier()
	target := config.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier), oidc.Nonce("n-1"))
	token, err := config.Exchange(ctx, w.answer(target, "mara", emulator.Accept).Get("code"), oauth2.VerifierOption(verifier))
	require.NoError(t, err)
	raw, ok := token.Extra("id_token").(string)
	require.True(t, ok)
	check := provider.Verifier(&oidc.Config{ClientID: w.seed.ClientID})
	id, err := check.Verify(ctx, raw)
	require.NoError(t, err)
	require.Equal(t, "n-1", id.Nonce)
	var claims map[string]any
	require.NoError(t, id.Claims(&claims))
	require.Equal(t, w.User("mara").ObjectID, claims["oid"])
	require.Equal(t, w.seed.TenantID, claims["tid"])
	require.Equal(t, "mara@fabrikam.example", claims["preferred_username"])

	_, err = check.Verify(ctx, token.AccessToken)
	require.Error(t, err, "nobody can verify the access token")

	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	require.NoError(t, err)
	require.Equal(t, id.Subject, info.Subject)

	token.Expiry = time.Now().Add(-time.Minute)
	w.RotateKeys()
	fresh, err := config.TokenSource(ctx, token).Token()
	require.NoError(t, err)
	require.NotEqual(t, token.RefreshToken, fresh.RefreshToken)
	raw, ok = fresh.Extra("id_token").(string)
	require.True(t, ok)
	_, err = check.Verify(ctx, raw)
	require.NoError(t, err, "signed by the new key, which the client fetches")

	w.Fail(emulator.Failure{Endpoint: emulator.EndpointToken, AADSTS: 50173})
	fresh.Expiry = token.Expiry
	_, err = config.TokenSource(ctx, fresh).Token()
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "invalid_grant", refused.ErrorCode)
	require.Contains(t, refused.ErrorURI, "/error?code=50173")
}

// certificate is a key pair whose public half can be registered.
func certificate(t *testing.T) (*x509.Certificate, *rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "latchkey"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// TestMSAL drives the emulator with MSAL Go as it is: https with our authority, secret and certificate.
func TestMSAL(t *testing.T) {
	t.Parallel()
	em := emulator.New(emulator.Options{})
	authority, err := emulator.NewAuthority(em.Now())
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(em)
	srv.TLS = authority.Server
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority.PEM))
	transport := &http.Transport{TLSClientConfig: authority.Server.Clone()}
	transport.TLSClientConfig.RootCAs = roots
	transport.TLSClientConfig.Certificates = nil
	client := &http.Client{Transport: transport}
	cert, key, certPEM := certificate(t)
	require.NoError(t, em.AddCertificate("", certPEM))
	secret, err := confidential.NewCredFromSecret(em.Seed().Secret)
	require.NoError(t, err)
	certified, err := confidential.NewCredFromCert([]*x509.Certificate{cert}, key)
	require.NoError(t, err)
	for name, credential := range map[string]confidential.Credential{"secret": secret, "certificate": certified} {
		t.Run("code, silent refresh and app-only with a "+name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			app, err := confidential.New(srv.URL+"/"+em.Seed().TenantID, em.Seed().ClientID, credential,
				confidential.WithHTTPClient(client), confidential.WithInstanceDiscovery(false))
			require.NoError(t, err)
			scopes := []string{"https://graph.microsoft.com/Mail.Read"}
			target, err := app.AuthCodeURL(ctx, em.Seed().ClientID, emulator.DefaultRedirectURI, scopes)
			require.NoError(t, err)
			location, err := em.SignIn(target, "mara", emulator.Accept)
			require.NoError(t, err)
			u, err := url.Parse(location)
			require.NoError(t, err)
			em.SetTokenLifetime(time.Minute)
			result, err := app.AcquireTokenByAuthCode(ctx, u.Query().Get("code"), emulator.DefaultRedirectURI, scopes)
			require.NoError(t, err)
			require.Equal(t, "mara@fabrikam.example", result.Account.PreferredUsername)
			again, err := app.AcquireTokenSilent(ctx, scopes, confidential.WithSilentAccount(result.Account))
			require.NoError(t, err)
			require.NotEqual(t, result.AccessToken, again.AccessToken)
			_, err = app.AcquireTokenByCredential(ctx, []string{"https://graph.microsoft.com/.default"})
			require.NoError(t, err)
		})
	}
}

func TestAssertion(t *testing.T) {
	t.Parallel()
	_, key, certPEM := certificate(t)
	block, _ := pem.Decode(certPEM)
	one, two := sha1.Sum(block.Bytes), sha256.Sum256(block.Bytes)
	sign := func(w *world, alg string, header, claims map[string]any) string {
		h := map[string]any{"alg": alg, "typ": "JWT"}
		for k, v := range header {
			h[k] = v
		}
		p := map[string]any{
			"aud": w.url + "/" + w.seed.TenantID + "/oauth2/v2.0/token", "iss": w.seed.ClientID, "sub": w.seed.ClientID, "jti": rand.Text(),
			"nbf": w.Now().Unix(), "exp": w.Now().Add(5 * time.Minute).Unix(),
		}
		for k, v := range claims {
			p[k] = v
		}
		hj, err := json.Marshal(h)
		require.NoError(t, err)
		pj, err := json.Marshal(p)
		require.NoError(t, err)
		input := base64.RawURLEncoding.EncodeToString(hj) + "." + base64.RawURLEncoding.EncodeToString(pj)
		sum := sha256.Sum256([]byte(input))
		var sig []byte
		if alg == "PS256" {
			sig, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			sig, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		}
		require.NoError(t, err)
		return input + "." + base64.RawURLEncoding.EncodeToString(sig)
	}
	post := func(w *world, jwt string) reply {
		return w.post("grant_type", "client_credentials", "scope", "https://graph.microsoft.com/.default", "client_secret", "",
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", jwt)
	}
	s256 := map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(two[:])}
	registered := func(t *testing.T) *world {
		w := newWorld(t)
		require.NoError(t, w.AddCertificate("", certPEM))
		return w
	}
	t.Run("both algorithms, both thumbprints, any base64", func(t *testing.T) {
		t.Parallel()
		w := registered(t)
		require.Equal(t, 200, post(w, sign(w, "PS256", s256, nil)).status)
		require.Equal(t, 200, post(w, sign(w, "PS256", map[string]any{"x5t#S256": base64.StdEncoding.EncodeToString(two[:])}, nil)).status)
		require.Equal(t, 200, post(w, sign(w, "RS256", map[string]any{"x5t": base64.URLEncoding.EncodeToString(one[:])}, nil)).status)
	})
	t.Run("an assertion is good once", func(t *testing.T) {
		t.Parallel()
		w := registered(t)
		jwt := sign(w, "PS256", s256, nil)
		require.Equal(t, 200, post(w, jwt).status)
		requireSTS(t, post(w, jwt), 401, 50012, "invalid_client")
	})
	t.Run("what is wrong with it is told apart", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		requireSTS(t, post(w, sign(w, "PS256", s256, nil)), 401, 700027, "invalid_client")
		w = registered(t)
		requireSTS(t, post(w, sign(w, "PS256", s256, map[string]any{"aud": "https://elsewhere.example"})), 401, 50012, "invalid_client")
		requireSTS(t, post(w, sign(w, "PS256", s256, map[string]any{"iss": "x"})), 401, 50048, "invalid_client")
		requireSTS(t, post(w, sign(w, "PS256", s256, map[string]any{"exp": w.Now().Add(-time.Minute).Unix()})), 401, 700024, "invalid_client")
		requireSTS(t, post(w, sign(w, "PS256", s256, nil)+"AA"), 401, 700027, "invalid_client")
		requireSTS(t, post(w, "garbage"), 401, 50012, "invalid_client")
	})
}
