package entra

import (
	"context"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// RedeemRequest exchanges a code. RedirectURI and Verifier must be those of the AuthorizeRequest;
// Scopes are the ones it asked for, which an answer that names none has granted (RFC 6749 §5.1).
type RedeemRequest struct {
	ClientID     string
	ClientSecret secret.String
	RedirectURI  string
	Code         secret.String
	Verifier     secret.String
	Scopes       []string
}

// RefreshRequest asks for a new access token. It names no scopes: the grant's own apply.
type RefreshRequest struct {
	ClientID     string
	ClientSecret secret.String
	RefreshToken secret.String
}

// Tokens is what a provider granted. ExpiresIn counts from the answer; see parseExpiresIn for odd
// values: 0 means that the access token must not be used, though the refresh token is good.
// After a refresh RefreshToken is always set: an answer without one keeps the one that was sent.
// Scopes is nil when a refresh named none, which means unchanged.
type Tokens struct {
	AccessToken  secret.String
	RefreshToken secret.String
	IDToken      secret.String
	ExpiresIn    time.Duration
	Scopes       []string
}

// Probe proves client ID and secret without any person, by an app-only token that is thrown away.
// It returns nil when they work, an *Error when the answer lays the fault on the configuration, and
// an error wrapping ErrInconclusive (and an *Error) when it proves nothing: not every provider knows
// this grant, and an app may be barred from it and still serve people.
func (c *Client) Probe(ctx context.Context, p Provider, clientID string, clientSecret secret.String) error {
	config := clientcredentials.Config{
		ClientID:     clientID,
		ClientSecret: clientSecret.Reveal(),
		TokenURL:     p.TokenEndpoint,
		Scopes:       []string{trimURL(p.Cloud.GraphURL) + "/.default"},
		AuthStyle:    oauth2.AuthStyleInParams,
	}
	_, failed := c.exchange(ctx, OpProbe, []secret.String{clientSecret}, config.Token)
	switch {
	case failed == nil:
		return nil
	case failed.blamesClient():
		return failed
	default:
		return inconclusive{failed}
	}
}

// blamesClient reports whether a probe's answer proves a fault in what the key says about the app:
// either the error that RFC 6749 has for it, or a number that names the field.
func (e *Error) blamesClient() bool {
	advice := e.Advice()
	if !e.judged || advice.Class != ClassConfiguration && advice.Class != ClassAdministrator {
		return false
	}
	if e.Code == "invalid_client" || e.Code == "invalid_tenant" {
		return true
	}
	_, numbered := e.numbered()
	switch advice.Field {
	case FieldTenantID, FieldClientID, FieldClientSecret, FieldCloud, FieldRedirectURI:
		return numbered && e.Code != "invalid_resource" && e.Code != "invalid_scope"
	default:
		return false
	}
}

// Redeem exchanges the code of a finished sign-in, in exactly one request. A missing refresh token
// is an error at once: without it the key would die within hours. A missing id_token is not.
func (c *Client) Redeem(ctx context.Context, p Provider, r RedeemRequest) (Tokens, error) {
	config := oauthConfig(p, r.ClientID, r.ClientSecret)
	config.RedirectURL = r.RedirectURI
	sent := []secret.String{r.ClientSecret, r.Code, r.Verifier}
	got, failed := c.exchange(ctx, OpRedeem, sent, func(ctx context.Context) (*oauth2.Token, error) {
		return config.Exchange(ctx, r.Code.Reveal(), oauth2.VerifierOption(r.Verifier.Reveal()))
	})
	if failed != nil {
		return Tokens{}, failed
	}
	if got.tokens.RefreshToken.IsZero() {
		return Tokens{}, &Error{
			Op: OpRedeem, Status: got.status, CorrelationID: got.requestID, reason: reasonNoRefreshToken,
		}
	}
	if got.tokens.Scopes == nil {
		got.tokens.Scopes = append([]string{}, r.Scopes...)
	}
	return got.tokens, nil
}

// Refresh gets a new access token. Store RefreshToken before anything else: a provider that rotates
// may have ended the old one with this answer.
func (c *Client) Refresh(ctx context.Context, p Provider, r RefreshRequest) (Tokens, error) {
	if r.RefreshToken.IsZero() {
		return Tokens{}, &Error{Op: OpRefresh, reason: reasonNoGrant}
	}
	config := oauthConfig(p, r.ClientID, r.ClientSecret)
	sent := []secret.String{r.ClientSecret, r.RefreshToken}
	got, failed := c.exchange(ctx, OpRefresh, sent, func(ctx context.Context) (*oauth2.Token, error) {
		return config.TokenSource(ctx, &oauth2.Token{RefreshToken: r.RefreshToken.Reveal()}).Token()
	})
	if failed != nil {
		return Tokens{}, failed
	}
	tokens := got.tokens
	if tokens.RefreshToken.IsZero() {
		tokens.RefreshToken = r.RefreshToken
	}
	return tokens, nil
}

// splitScopes reads the scope member of an answer; nil when there is none.
func splitScopes(scope string) []string {
	fields := strings.Fields(scope)
	if len(fields) == 0 {
		return nil
	}
	return fields
}
