// Package graph is the client for Microsoft Graph: typed calls for what Latchkey itself uses, and
// one raw call for the rest.
//
// It promises: one call is one request; no redirect is followed, so that a token never leaves the
// configured host; time and bodies are bounded; its errors are typed and hold no token. Every call
// asks for immutable message ids, because the default ones change when a message moves.
//
// It leaves to others: getting tokens, retrying, and what a failure does to an account key.
package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

const (
	version     = "/v1.0"
	maxBody     = 8 << 20 // Bytes of an answer that is read whole.
	immutableID = `IdType="ImmutableId"`
)

// ErrRequest is wrapped by errors about a request that was never sent, because it could not be one.
var ErrRequest = errors.New("this is no request to Graph")

// Client calls Graph. Its fields are all needed; it is safe for concurrent use.
type Client struct {
	HTTP   *http.Client
	Now    func() time.Time
	Logger *slog.Logger
}

// User is the account behind a token. Mail is empty when it has no mailbox address.
type User struct {
	ID                string `json:"id"`
	UserPrincipalName string `json:"userPrincipalName"`
	Mail              string `json:"mail"`
	DisplayName       string `json:"displayName"`
}

// Request is one call below the version: Path is "/me/messages", already escaped as it is to be
// sent; Query is added to it. Body is sent as JSON unless Header has a Content-Type.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Response is an answer with a status below 300, read whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Me returns the account that the token is for. baseURL is a cloud's GraphURL, without a version.
func (c *Client) Me(ctx context.Context, baseURL string, token secret.String) (User, error) {
	response, err := c.Do(ctx, baseURL, token, Request{
		Method: http.MethodGet, Path: "/me",
		Query: url.Values{"$select": {"id,userPrincipalName,mail,displayName"}},
	})
	if err != nil {
		return User{}, err
	}
	var user User
	if err := json.Unmarshal(response.Body, &user); err != nil || user.ID == "" {
		return User{}, &Error{
			Status: response.Status, Code: CodeUnexpectedAnswer,
			RequestID: identified(response.Header.Get("Request-Id")),
		}
	}
	return user, nil
}

// Do makes one request and returns its answer, or an *Error for a status of 300 and above and for
// no answer at all.
func (c *Client) Do(ctx context.Context, baseURL string, token secret.String, r Request) (Response, error) {
	request, err := newRequest(ctx, baseURL, token, r)
	if err != nil {
		return Response{}, err
	}
	requestID := uuid.NewString()
	request.Header.Set("Client-Request-Id", requestID)

	client := *c.HTTP
	client.CheckRedirect = upstream.NoRedirect
	client.Jar = nil
	started := c.Now()
	got, err := client.Do(request)
	if err != nil {
		return Response{}, c.failed(ctx, requestID, upstream.Describe(err))
	}
	body, err := upstream.ReadBody(got.Body, maxBody)
	closeErr := got.Body.Close()
	c.Logger.DebugContext(ctx, "graph answered", "method", r.Method, "status", got.StatusCode,
		"took", c.Now().Sub(started).String(), "client_request_id", requestID)
	if err != nil {
		failed := c.failed(ctx, requestID, upstream.Describe(err))
		failed.Status = got.StatusCode
		failed.RetryAfter = upstream.RetryAfter(got.Header, c.Now(), false)
		return Response{}, failed
	}
	if closeErr != nil {
		c.Logger.DebugContext(ctx, "closing an answer of graph", "error", closeErr)
	}
	if got.StatusCode < 200 || got.StatusCode > 299 {
		return Response{}, parseError(got.StatusCode, got.Header, body, requestID, token, c.Now())
	}
	return Response{Status: got.StatusCode, Header: got.Header, Body: body}, nil
}

func newRequest(ctx context.Context, baseURL string, token secret.String, r Request) (*http.Request, error) {
	if err := upstream.CheckURL(baseURL); err != nil {
		return nil, fmt.Errorf("graph address %w: %w", err, ErrRequest)
	}
	if !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?#\\ ") || strings.Contains(r.Path, "//") {
		return nil, fmt.Errorf("path: %w", ErrRequest)
	}
	if token.IsZero() || !upstream.IsToken(token.Reveal()) {
		return nil, fmt.Errorf("token: %w", ErrRequest)
	}
	address := strings.TrimRight(baseURL, "/") + version + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	var body io.Reader = http.NoBody
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, address, body)
	if err != nil {
		return nil, fmt.Errorf("method or path: %w", ErrRequest) // The cause would repeat the address.
	}
	for name, values := range r.Header {
		request.Header[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	if r.Body != nil && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if request.Header.Get("Accept") == "" {
		request.Header.Set("Accept", "application/json")
	}
	request.Header.Add("Prefer", immutableID)
	request.Header.Set("Authorization", "Bearer "+token.Reveal())
	request.Header.Set("User-Agent", "latchkey")
	return request, nil
}

func (c *Client) failed(ctx context.Context, requestID string, failure *upstream.Failure) *Error {
	c.Logger.DebugContext(ctx, "call to graph failed",
		"kind", string(failure.Kind), "client_request_id", requestID)
	return &Error{Code: CodeNoAnswer, ClientRequestID: requestID, cause: failure}
}
