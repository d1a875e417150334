// Package entra is the client for Microsoft Entra's sign-in endpoints: discovery, the address of
// the sign-in page, the token endpoint and id_tokens. Any standards-conforming OpenID provider can
// stand in for Entra.
//
// It promises: one call is one request (a code is never sent twice); no redirect is followed; time
// and bodies are bounded; nothing it returns or logs holds a secret, and tokens travel as
// secret.String only. What an answer means is decided by the standard `error`, its suberror and the
// HTTP status. Microsoft's numbers (AADSTS…) only refine that, for the advice in Error.Advice.
//
// It leaves to others: storing anything, retrying, and what a failure does to an account key.
//
// Why x/oauth2 does not see the wire directly: it parses an answer too strictly for us (an odd
// expires_in would cost the refresh token beside it) and its errors quote whole bodies. A transport
// of ours reads the answer, judges it, and hands on what is safe.
package entra

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"github.com/latchkey/latchkey/backend/internal/upstream"
)

const (
	maxAnswer    = 1 << 20 // Bytes. Discovery, key sets and token answers take a few thousand.
	maxRemember  = 1024    // Providers, and key sets, kept in memory.
	rememberFor  = 24 * time.Hour
	refetchAfter = 30 * time.Second // Least time between two fetches of one key set.
	staleFor     = 5 * time.Minute  // How long what is a day old serves on after a fetch that failed.
	clockSkew    = 5 * time.Minute
)

// Client talks to sign-in authorities. Its exported fields are set once, before the first call, and
// are all needed; its methods are safe for concurrent use. It must not be copied.
type Client struct {
	HTTP   *http.Client
	Now    func() time.Time
	Logger *slog.Logger

	fetches   singleflight.Group
	mu        sync.Mutex
	providers map[string]remembered[Provider]
	keySets   map[string]remembered[keySet]
}

// NewHTTPClient returns an HTTP client for Client: no redirects, bounded time, tuned for many calls
// to few hosts.
func NewHTTPClient(timeout time.Duration) *http.Client { return upstream.NewHTTPClient(timeout) }

// remembered is a fetched value with the time of its fetch.
type remembered[T any] struct {
	value T
	at    time.Time
}

// remember stores a value and, when the map is full, drops the one fetched first.
func remember[T any](values map[string]remembered[T], key string, value T, now time.Time) map[string]remembered[T] {
	if values == nil {
		values = map[string]remembered[T]{}
	}
	if _, known := values[key]; !known && len(values) >= maxRemember {
		oldest := ""
		for candidate, entry := range values {
			if oldest == "" || entry.at.Before(values[oldest].at) {
				oldest = candidate
			}
		}
		delete(values, oldest)
	}
	values[key] = remembered[T]{value: value, at: now}
	return values
}

// answer is one HTTP answer, read whole.
type answer struct {
	status    int
	header    http.Header
	body      []byte
	requestID string // The client-request-id we sent.
}

// isJSON reports whether the answer claims to be JSON, or at least claims nothing else. An error
// that comes as HTML was written by something between us and the provider.
func (a answer) isJSON() bool {
	declared := a.header.Get("Content-Type")
	if declared == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(declared)
	return err == nil && (kind == "application/json" || kind == "text/json" || kind == "text/plain" ||
		strings.HasSuffix(kind, "+json"))
}

// send makes exactly one request, follows no redirect, and reads the answer whole.
func (c *Client) send(request *http.Request) (answer, *upstream.Failure) {
	requestID := uuid.NewString()
	request.Header.Set("Client-Request-Id", requestID)
	request.Header.Set("Return-Client-Request-Id", "true")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "latchkey")

	client := *c.HTTP
	client.CheckRedirect = upstream.NoRedirect
	client.Jar = nil
	response, err := client.Do(request) //nolint:gosec // G704: the address is the operator's, or its checked discovery document's
	if err != nil {
		return answer{requestID: requestID}, upstream.Describe(err)
	}
	body, err := upstream.ReadBody(response.Body, maxAnswer)
	closeErr := response.Body.Close()
	got := answer{status: response.StatusCode, header: response.Header, body: body, requestID: requestID}
	if err != nil {
		return got, upstream.Describe(err)
	}
	if closeErr != nil {
		c.Logger.DebugContext(request.Context(), "closing an answer", "error", closeErr)
	}
	return got, nil
}

// get fetches a public document on behalf of several callers: the first one's leaving must not
// fail the others, so the fetch has its own deadline.
func (c *Client) get(ctx context.Context, op string, address string) (answer, *Error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return answer{}, &Error{Op: op, reason: reasonDiscoveryInvalid}
	}
	got, failure := c.send(request)
	if failure != nil {
		return got, c.failed(ctx, op, got, failure)
	}
	return got, nil
}

func (c *Client) timeout() time.Duration {
	if c.HTTP.Timeout > 0 {
		return c.HTTP.Timeout
	}
	return 30 * time.Second
}

// failed makes the error for a call that brought no whole answer.
func (c *Client) failed(ctx context.Context, op string, got answer, failure *upstream.Failure) *Error {
	failed := &Error{
		Op: op, Status: got.status, CorrelationID: got.requestID,
		RetryAfter: upstream.RetryAfter(got.header, c.Now(), false),
		reason:     reasonOf(failure.Kind), cause: failure,
	}
	c.Logger.DebugContext(ctx, "call to the sign-in authority failed",
		"op", op, "kind", string(failure.Kind), "client_request_id", got.requestID)
	return failed
}
