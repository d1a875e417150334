package emulator

import "strings"

func (c *call) publicHeaders() {
	c.identityHeaders()
	c.header.Set("Cache-Control", "max-age=86400, private")
	c.header.Set("Access-Control-Allow-Origin", "*")
	c.header.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
}

// identityHeaders are on every answer of the login host.
func (c *call) identityHeaders() {
	c.header.Set("X-Content-Type-Options", "nosniff")
	c.header.Set("x-ms-request-id", c.requestID)
	c.header.Set("x-ms-ests-server", "2.1.0.0 - EMULATOR ProdSlices")
	c.header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if strings.EqualFold(c.r.Header.Get("return-client-request-id"), "true") {
		c.header.Set("client-request-id", c.correlationID)
	}
}

// discovery answers by GUID whatever name was asked for. The document is public: it proves the
// tenant, not the application.
func (e *Emulator) discovery(c *call) {
	name := c.r.PathValue("tenant")
	t, sts := e.resolveTenant(name)
	id, region := strings.ToLower(name), any(nil)
	issuer := c.base + "/{tenantid}/v2.0"
	switch {
	case t != nil:
		id, region = t.id, t.region
		issuer = c.base + "/" + id + "/v2.0"
	case sts.code != 50194: // common, organizations and consumers have a document with a template in it
		c.stsJSON(sts)
		return
	}
	at := c.base + "/" + id
	c.publicHeaders()
	c.json(200, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                at + "/oauth2/v2.0/authorize",
		"token_endpoint":                        at + "/oauth2/v2.0/token",
		"device_authorization_endpoint":         at + "/oauth2/v2.0/devicecode",
		"end_session_endpoint":                  at + "/oauth2/v2.0/logout",
		"jwks_uri":                              at + "/discovery/v2.0/keys",
		"userinfo_endpoint":                     c.base + "/oidc/userinfo",
		"kerberos_endpoint":                     at + "/kerberos",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"claims_supported": []string{
			"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp",
			"iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
		},
		"request_uri_parameter_supported": false, "http_logout_supported": true, "frontchannel_logout_supported": true,
		"tenant_region_scope": region, "cloud_instance_name": "microsoftonline.com",
		"cloud_graph_host_name": "graph.windows.net", "msgraph_host": c.host(), "rbac_url": "https://pas.windows.net",
	})
}

// instanceDiscovery is what MSAL asks about a host that it does not know.
func (e *Emulator) instanceDiscovery(c *call) {
	endpoint := c.query.Get("authorization_endpoint")
	rest, found := strings.CutPrefix(endpoint, c.base+"/")
	if !found {
		c.stsJSON(e.sts(50049))
		return
	}
	name, _, _ := strings.Cut(rest, "/")
	c.publicHeaders()
	c.json(200, map[string]any{
		"tenant_discovery_endpoint": c.base + "/" + name + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{
			{"preferred_network": c.host(), "preferred_cache": c.host(), "aliases": []string{c.host()}},
		},
	})
}
