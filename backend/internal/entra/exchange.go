package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

const (
	maxToken = 64 << 10 // Characters. Entra's longest are a few thousand.

	// MaxExpiresIn is the longest lifetime that is believed: Entra's own go to about 28 hours.
	MaxExpiresIn = 28 * time.Hour
	// AssumedExpiresIn is the lifetime of a token whose answer tells none, or nothing readable: the
	// shortest that a tenant can configure.
	AssumedExpiresIn = 10 * time.Minute
)

// exchanged is the outcome of one call to the token endpoint.
type exchanged struct {
	answer
	tokens Tokens
}

// exchange lets x/oauth2 make one token request, through a transport that reads and judges the
// answer first. Neither the library's error nor its token is used: both are made from the answer.
func (c *Client) exchange(
	ctx context.Context, op string, sent []secret.String,
	call func(context.Context) (*oauth2.Token, error),
) (exchanged, *Error) {
	started := c.Now()
	wire := &tokenTransport{client: c}
	callCtx := context.WithValue(ctx, oauth2.HTTPClient,
		&http.Client{Transport: wire, CheckRedirect: upstream.NoRedirect})
	_, err := call(callCtx)
	switch {
	case wire.failure != nil:
		return exchanged{}, c.failed(ctx, op, wire.got, wire.failure)
	case !wire.called:
		// The request could not even be built: the token endpoint is no address.
		return exchanged{}, &Error{Op: op, reason: reasonDiscoveryInvalid}
	}
	c.Logger.DebugContext(ctx, "token endpoint answered", "op", op, "status", wire.got.status,
		"took", c.Now().Sub(started).String(), "client_request_id", wire.got.requestID)
	if wire.got.status < 200 || wire.got.status > 299 || err != nil || wire.tokens == nil {
		return exchanged{}, parseAnswer(op, wire.got, c.Now(), sent...)
	}
	return exchanged{answer: wire.got, tokens: *wire.tokens}, nil
}

// tokenTransport carries one token request and keeps what came of it.
type tokenTransport struct {
	client  *Client
	called  bool
	got     answer
	tokens  *Tokens // Nil when the answer holds none that are fit for use.
	failure *upstream.Failure
}

var errUnfit = errors.New("the answer holds no tokens that are fit for use")

// RoundTrip sends the request once and hands the library a plain form of the answer.
func (t *tokenTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.called {
		return nil, errors.New("a token request is sent once only")
	}
	t.called = true
	t.got, t.failure = t.client.send(request.Clone(request.Context()))
	if t.failure != nil {
		return nil, t.failure
	}
	body := []byte("{}")
	if t.got.status >= 200 && t.got.status <= 299 {
		tokens, err := parseTokens(t.got.body)
		if err != nil {
			return nil, err
		}
		t.tokens = &tokens
		body = []byte(`{"access_token":"received","token_type":"Bearer"}`)
	}
	return &http.Response{
		StatusCode: t.got.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// parseTokens reads RFC 6749 §5.1 whatever the declared content type: an odd header must not cost a
// refresh token. It refuses tokens that could not have been meant, or could not be sent on.
func parseTokens(body []byte) (Tokens, error) {
	wire := wireObject{}
	if json.Unmarshal(body, &wire) != nil || wire.text("error") != "" {
		return Tokens{}, errUnfit
	}
	access, refresh, id := wire.text("access_token"), wire.text("refresh_token"), wire.text("id_token")
	if access == "" || !strings.EqualFold(first(wire.text("token_type"), "Bearer"), "Bearer") {
		return Tokens{}, errUnfit
	}
	for _, token := range []string{access, refresh, id} {
		if len(token) > maxToken || !upstream.IsToken(token) {
			return Tokens{}, errUnfit
		}
	}
	return Tokens{
		AccessToken:  secret.New(access),
		RefreshToken: secret.New(refresh),
		IDToken:      secret.New(id),
		ExpiresIn:    parseExpiresIn(wire["expires_in"]),
		Scopes:       splitScopes(clip(wire.text("scope"), maxToken)),
	}, nil
}

// parseExpiresIn reads seconds as a number or a numeric string, fractions cut off. Zero and negative
// values give 0: the token was dead on arrival. Missing or unreadable ones give AssumedExpiresIn,
// huge ones MaxExpiresIn.
func parseExpiresIn(raw json.RawMessage) time.Duration {
	text := strings.TrimSpace(string(raw))
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		text = strings.TrimSpace(quoted)
	}
	seconds, err := strconv.ParseFloat(text, 64)
	switch {
	case math.IsNaN(seconds) || err != nil && !errors.Is(err, strconv.ErrRange):
		return AssumedExpiresIn
	case err == nil && math.IsInf(seconds, 0): // The word, not a number.
		return AssumedExpiresIn
	case seconds <= 0:
		return 0
	case seconds >= MaxExpiresIn.Seconds():
		return MaxExpiresIn
	}
	return time.Duration(math.Trunc(seconds)) * time.Second
}
