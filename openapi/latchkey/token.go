package latchkey

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

var errNoToken = errors.New("latchkey: the answer holds no token: is the URL Latchkey's?")

// renewBefore is how long before its end a token is replaced. Latchkey hands out none with less than five
// minutes left, as long as Microsoft gives tokens that live for ten.
const renewBefore = time.Minute

// TokenSource returns access tokens for Microsoft Graph of one account key. It remembers the last and asks
// again when that is about to expire, so that it can be asked for every request; it is safe for concurrent
// use. Where the key can't serve, the error is a [*ProblemError] that says why and what to do.
func TokenSource(ctx context.Context, api ClientWithResponsesInterface, accountKeyID string) oauth2.TokenSource {
	return oauth2.ReuseTokenSourceWithExpiry(nil, &tokenSource{ctx: ctx, api: api, key: accountKeyID}, renewBefore)
}

type tokenSource struct {
	ctx context.Context // oauth2.TokenSource takes none
	api ClientWithResponsesInterface
	key string
}

// Token implements oauth2.TokenSource.
func (s *tokenSource) Token() (*oauth2.Token, error) {
	answer, err := s.api.IssueAccessTokenWithResponse(s.ctx, s.key, AccessTokenRequest{})
	if err != nil {
		return nil, fmt.Errorf("latchkey: %w", err)
	}
	if err := Failure(answer.HTTPResponse, answer.Body); err != nil {
		return nil, err
	}
	t := answer.JSON200
	if t == nil {
		return nil, errNoToken
	}
	token := &oauth2.Token{AccessToken: t.AccessToken, TokenType: t.TokenType, Expiry: t.ExpiresAt, ExpiresIn: t.ExpiresIn}
	return token.WithExtra(map[string]any{"scope": strings.Join(t.Scopes, " ")}), nil
}
