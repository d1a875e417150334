package entra

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Identity is who signed in, by a verified id_token. (TenantID, ObjectID) names the account for
// good; both are empty at providers that don't have them. The names are for display only.
type Identity struct {
	ObjectID          string
	TenantID          string
	PreferredUsername string
	Name              string
}

const maxClaim = 512

type idClaims struct {
	ObjectID          string   `json:"oid"`
	TenantID          string   `json:"tid"`
	PreferredUsername string   `json:"preferred_username"`
	Name              string   `json:"name"`
	AuthorizedParty   string   `json:"azp"`
	NotBefore         *float64 `json:"nbf"`
}

// VerifyIDToken checks signature, issuer, audience, time and nonce (OpenID Connect Core §3.1.3.7)
// and returns who signed in. The nonce must be the one of the AuthorizeRequest.
func (c *Client) VerifyIDToken(
	ctx context.Context, p Provider, clientID string, nonce, raw secret.String,
) (Identity, error) {
	keys := &providerKeys{client: c, address: p.JWKSURI, algorithms: p.SigningAlgorithms}
	verifier := oidc.NewVerifier(p.Issuer, keys, &oidc.Config{
		ClientID:             clientID,
		SupportedSigningAlgs: p.SigningAlgorithms,
		SkipExpiryCheck:      true, // Checked below, with a tolerance that the library doesn't have.
		Now:                  c.Now,
	})
	token, err := verifier.Verify(ctx, raw.Reveal())
	if keys.failed != nil {
		return Identity{}, keys.failed
	}
	if err != nil {
		return Identity{}, invalidIDToken(reasonIDTokenInvalid)
	}
	var claims idClaims
	if token.Claims(&claims) != nil {
		return Identity{}, invalidIDToken(reasonIDTokenInvalid)
	}
	if found := c.checkClaims(p, clientID, nonce, token, claims); found != "" {
		return Identity{}, invalidIDToken(found)
	}
	return Identity{
		ObjectID:          displayable(claims.ObjectID),
		TenantID:          displayable(claims.TenantID),
		PreferredUsername: displayable(claims.PreferredUsername),
		Name:              displayable(claims.Name),
	}, nil
}

func (c *Client) checkClaims(
	p Provider, clientID string, nonce secret.String, token *oidc.IDToken, claims idClaims,
) reason {
	now := c.Now()
	notBefore := time.Time{}
	if claims.NotBefore != nil {
		notBefore = time.Unix(int64(*claims.NotBefore), 0)
	}
	sameNonce := subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce.Reveal())) == 1
	switch {
	case token.Expiry.Add(clockSkew).Before(now), notBefore.After(now.Add(clockSkew)):
		return reasonIDTokenTime
	case nonce.IsZero(), !sameNonce:
		return reasonNonceMismatch
	case len(token.Audience) > 1 && claims.AuthorizedParty != clientID:
		return reasonIDTokenInvalid
	case IsGUID(p.TenantID) && claims.TenantID != "" && !strings.EqualFold(claims.TenantID, p.TenantID):
		return reasonWrongTenant
	}
	return ""
}

func invalidIDToken(found reason) *Error {
	return &Error{Op: OpIDToken, reason: found, cause: errIDToken}
}

// errIDToken stands for whatever the library found, whose text may quote the token.
var errIDToken = errors.New("the id_token was refused")

// displayable drops control characters and bounds the length: the text ends in pages and logs.
func displayable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxClaim {
		return string(runes[:maxClaim])
	}
	return text
}
