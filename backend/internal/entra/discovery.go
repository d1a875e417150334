package entra

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// Provider is what a tenant's discovery document says, checked. TenantID is the tenant's GUID where
// the document tells it (a typed domain is resolved that way), else the tenant as it was given.
type Provider struct {
	Cloud                 Cloud
	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	JWKSURI               string
	TenantID              string
	SigningAlgorithms     []string // For id_tokens; never none, never a shared-secret one.
}

// discoveryDocument is OpenID Connect Discovery 1.0 §3, with Entra's msgraph_host.
type discoveryDocument struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	SigningAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	GraphHost             string   `json:"msgraph_host"`
}

// Discover returns the endpoints of a tenant, remembered for a day. When the document cannot be
// fetched again after that, what is remembered stays in use: an outage must not stop refreshes.
func (c *Client) Discover(ctx context.Context, cloud Cloud, tenant string) (Provider, error) {
	known, found := c.rememberedProvider(cloud, tenant)
	if found && c.Now().Sub(known.at) < rememberFor {
		return known.value, nil
	}
	provider, err := c.Rediscover(ctx, cloud, tenant)
	if err != nil && found && err.(*Error).Transient() { //nolint:errorlint,forcetypeassert // Rediscover returns *Error only
		c.mu.Lock()
		c.providers = remember(c.providers, providerKey(cloud, tenant), known.value, c.Now().Add(staleFor-rememberFor))
		c.mu.Unlock()
		return known.value, nil
	}
	return provider, err
}

// Rediscover fetches a tenant's discovery document whatever is remembered. Use it to check a
// configuration; calls for the same tenant at the same time share one fetch.
func (c *Client) Rediscover(ctx context.Context, cloud Cloud, tenant string) (Provider, error) {
	if problem := checkTenant(tenant); problem != "" {
		return Provider{}, &Error{Op: OpDiscover, reason: problem}
	}
	type outcome struct {
		provider Provider
		err      *Error
	}
	key := providerKey(cloud, tenant)
	fetch := c.fetches.DoChan("provider "+key, func() (any, error) {
		provider, err := c.fetchProvider(ctx, cloud, tenant)
		if err == nil {
			c.mu.Lock()
			c.providers = remember(c.providers, key, provider, c.Now())
			c.mu.Unlock()
		}
		return outcome{provider, err}, nil
	})
	select {
	case <-ctx.Done():
		return Provider{}, c.failed(ctx, OpDiscover, answer{}, upstream.Describe(ctx.Err()))
	case result := <-fetch:
		done := result.Val.(outcome) //nolint:forcetypeassert // the function above returns nothing else
		if done.err != nil {
			return Provider{}, done.err
		}
		return done.provider, nil
	}
}

func (c *Client) rememberedProvider(cloud Cloud, tenant string) (remembered[Provider], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, found := c.providers[providerKey(cloud, tenant)]
	return known, found
}

// providerKey covers the whole cloud: two clouds may share an authority, and an id may be given
// another address by a new configuration.
func providerKey(cloud Cloud, tenant string) string {
	return strings.Join([]string{cloud.ID, cloud.AuthorityURL, cloud.GraphURL, NormalTenant(tenant)}, " ")
}

func (c *Client) fetchProvider(ctx context.Context, cloud Cloud, tenant string) (Provider, *Error) {
	address := trimURL(cloud.AuthorityURL) + "/" + tenant + "/v2.0/.well-known/openid-configuration"
	got, failed := c.get(ctx, OpDiscover, address)
	if failed != nil {
		return Provider{}, failed
	}
	if got.status != http.StatusOK {
		failed := parseAnswer(OpDiscover, got, c.Now())
		if !failed.judged && (got.status == http.StatusNotFound || got.status == http.StatusGone) {
			failed.reason = reasonDiscoveryNotFound
		}
		return Provider{}, failed
	}
	var document discoveryDocument
	if json.Unmarshal(got.body, &document) != nil {
		return Provider{}, discoveryFailure(got, reasonUnexpected)
	}
	if found := document.check(cloud); found != "" {
		return Provider{}, discoveryFailure(got, found)
	}
	return Provider{
		Cloud:                 cloud,
		Issuer:                document.Issuer,
		AuthorizationEndpoint: document.AuthorizationEndpoint,
		TokenEndpoint:         document.TokenEndpoint,
		JWKSURI:               document.JWKSURI,
		TenantID:              document.tenantID(tenant),
		SigningAlgorithms:     signingAlgorithms(document.SigningAlgorithms),
	}, nil
}

func discoveryFailure(got answer, found reason) *Error {
	return &Error{Op: OpDiscover, Status: got.status, CorrelationID: got.requestID, reason: found}
}

// check demands every address that we use, as secure as the authority itself: only an authority on
// this machine may send us to another plain-http server on it.
func (d discoveryDocument) check(cloud Cloud) reason {
	authority, err := url.Parse(cloud.AuthorityURL)
	if err != nil {
		return reasonDiscoveryInvalid
	}
	for _, address := range []string{d.Issuer, d.AuthorizationEndpoint, d.TokenEndpoint, d.JWKSURI} {
		if !acceptableEndpoint(address, authority) {
			return reasonDiscoveryInvalid
		}
	}
	if !d.sameGraph(cloud) {
		return reasonWrongCloud
	}
	return ""
}

func acceptableEndpoint(address string, authority *url.URL) bool {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" || parsed.User != nil || parsed.Fragment != "" ||
		strings.ContainsAny(address, "{}") { // A template, as the common documents have.
		return false
	}
	switch parsed.Scheme {
	case "https":
		return true
	case "http":
		return upstream.IsLoopbackHost(parsed.Hostname()) && upstream.IsLoopbackHost(authority.Hostname())
	default:
		return false
	}
}

// sameGraph compares the Graph host that the tenant names, if it names one, with the cloud's.
func (d discoveryDocument) sameGraph(cloud Cloud) bool {
	named := strings.ToLower(strings.TrimSpace(d.GraphHost))
	if _, host, hasScheme := strings.Cut(named, "://"); hasScheme {
		named = host
	}
	named = strings.TrimRight(named, "/")
	graph, err := url.Parse(cloud.GraphURL)
	if named == "" || err != nil {
		return true
	}
	return named == strings.ToLower(graph.Host) || named == strings.ToLower(graph.Hostname())
}

// tenantID finds the tenant's GUID in the issuer: https://host/{tenant}/v2.0.
func (d discoveryDocument) tenantID(asked string) string {
	if IsGUID(asked) {
		return strings.ToLower(asked)
	}
	issuer, err := url.Parse(d.Issuer)
	if err != nil {
		return asked
	}
	for segment := range strings.SplitSeq(issuer.Path, "/") {
		if IsGUID(segment) {
			return strings.ToLower(segment)
		}
	}
	return asked
}

// signingAlgorithms keeps those that prove who signed. RS256 is what every provider must support
// (OpenID Connect Core §15.1).
func signingAlgorithms(offered []string) []string {
	safe := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	kept := slices.DeleteFunc(slices.Clone(offered), func(name string) bool { return !slices.Contains(safe, name) })
	if len(kept) == 0 {
		return []string{"RS256"}
	}
	return kept
}
