package entra

import (
	"golang.org/x/oauth2"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// AuthorizeRequest is one attempt to have a person sign in. Scopes are written short (Mail.Read) or
// in full; the OpenID scopes and offline_access are always added.
type AuthorizeRequest struct {
	ClientID    string
	RedirectURI string
	Scopes      []string
	State       secret.String
	Nonce       secret.String
	Verifier    secret.String // PKCE: 43 to 128 characters; only its S256 challenge is sent.
	LoginHint   string        // Without one the account picker is asked for.
	Claims      string        // A claims challenge from an earlier Error, or empty.
}

// AuthorizeURL returns the address of the provider's sign-in page for one attempt.
func (c *Client) AuthorizeURL(p Provider, r AuthorizeRequest) string {
	prompt := "select_account"
	if r.LoginHint != "" {
		prompt = "" // The picker would ask for what the hint answers.
	}
	options := []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("response_mode", "query"),
		oauth2.SetAuthURLParam("nonce", r.Nonce.Reveal()),
		oauth2.S256ChallengeOption(r.Verifier.Reveal()),
	}
	for name, value := range map[string]string{"prompt": prompt, "login_hint": r.LoginHint, "claims": r.Claims} {
		if value != "" {
			options = append(options, oauth2.SetAuthURLParam(name, value))
		}
	}
	config := oauthConfig(p, r.ClientID, secret.String{})
	config.RedirectURL = r.RedirectURI
	config.Scopes = requestScopes(trimURL(p.Cloud.GraphURL), r.Scopes)
	return config.AuthCodeURL(r.State.Reveal(), options...)
}

// oauthConfig never leaves the way of authentication to the library's trial and error: that would
// send a code twice.
func oauthConfig(p Provider, clientID string, clientSecret secret.String) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     clientID,
		ClientSecret: clientSecret.Reveal(),
		Endpoint: oauth2.Endpoint{
			AuthURL:   p.AuthorizationEndpoint,
			TokenURL:  p.TokenEndpoint,
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}
