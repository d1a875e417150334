package entra

import (
	"net/url"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// AdminConsentRequest asks a tenant's administrator to allow permissions for everybody in it.
type AdminConsentRequest struct {
	TenantID    string
	ClientID    string
	RedirectURI string
	Scopes      []string // Written short (Mail.Read) or in full; the OpenID scopes and offline_access are added.
	State       secret.String
}

// AdminConsentURL returns the address of Entra's page for an administrator's consent. Its redirect brings
// no code, and nothing that proves who consented to what. OpenID Connect knows no such page, so discovery
// doesn't name it.
func AdminConsentURL(cloud Cloud, r AdminConsentRequest) string {
	query := url.Values{
		"client_id":    {r.ClientID},
		"scope":        {strings.Join(requestScopes(trimURL(cloud.GraphURL), r.Scopes), " ")},
		"redirect_uri": {r.RedirectURI},
		"state":        {r.State.Reveal()},
	}
	return trimURL(cloud.AuthorityURL) + "/" + url.PathEscape(r.TenantID) + "/v2.0/adminconsent?" + query.Encode()
}

// AdminConsented reports whether a redirect to our callback says that an administrator consented. Whoever
// holds the link can write such a redirect, so it proves nothing but that the link was followed.
func AdminConsented(query url.Values) bool {
	return strings.EqualFold(query.Get("admin_consent"), "true")
}
