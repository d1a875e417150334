package latchkey

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// bearer adds the API client's JWT to requests. It asks for a new one ahead of its end, and when Latchkey
// takes the one it has no longer: signing keys and API clients change while a program runs.
type bearer struct {
	next  http.RoundTripper
	fetch func(context.Context) (*oauth2.Token, error)

	turn  chan struct{} // holds one value while somebody has the token
	token *oauth2.Token
}

// RoundTrip implements http.RoundTripper.
func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	token, fresh, err := b.get(r.Context(), nil)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	response, err := b.send(r, token)
	if err != nil || fresh || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	again, ok := replay(r)
	if !ok {
		return response, nil
	}
	token, _, err = b.get(r.Context(), token)
	if err != nil {
		return response, nil // the refusal says more than that no new JWT was to be had
	}
	discard(response)
	return b.send(again, token)
}

func (b *bearer) send(r *http.Request, token *oauth2.Token) (*http.Response, error) {
	r = r.Clone(r.Context()) // a RoundTripper leaves the request as it was
	token.SetAuthHeader(r)
	return b.next.RoundTrip(r)
}

// get returns a JWT other than the refused one, and whether it was fetched just now. Whoever comes meanwhile
// waits for the same.
func (b *bearer) get(ctx context.Context, refused *oauth2.Token) (*oauth2.Token, bool, error) {
	select {
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case b.turn <- struct{}{}:
	}
	defer func() { <-b.turn }()
	if b.token != refused && b.token.Valid() {
		return b.token, false, nil
	}
	token, err := b.fetch(ctx)
	if err != nil {
		return nil, false, err
	}
	b.token = token
	return token, true, nil
}

// retrier sends a request again when Latchkey says after which time, within bounds. Without Retry-After it
// does nothing: what Latchkey doesn't ask for might do something twice.
type retrier struct {
	next    http.RoundTripper
	retries int
	maxWait time.Duration
	wait    func(context.Context, time.Duration) error
}

func (t *retrier) setDefaults() {
	if t.next == nil {
		t.next = http.DefaultTransport
	}
	if t.retries == 0 {
		t.retries = 3
	}
	if t.maxWait == 0 {
		t.maxWait = 30 * time.Second
	}
	if t.wait == nil {
		t.wait = wait
	}
}

// RoundTrip implements http.RoundTripper.
func (t *retrier) RoundTrip(r *http.Request) (*http.Response, error) {
	for attempt := 0; ; attempt++ {
		response, err := t.next.RoundTrip(r)
		if err != nil || attempt >= t.retries || !repeatable(r, response) {
			return response, err
		}
		seconds, err := strconv.ParseInt(response.Header.Get("Retry-After"), 10, 32)
		after := time.Duration(seconds) * time.Second
		if err != nil || after < 0 || after > t.maxWait {
			return response, nil // Latchkey sends seconds, a proxy's date is no request of its own
		}
		again, ok := replay(r)
		if !ok {
			return response, nil
		}
		discard(response)
		if err := t.wait(r.Context(), after); err != nil {
			closeBody(again)
			return nil, err
		}
		r = again
	}
}

// repeatable reports whether a refused request may be sent again: one that was turned away at the door, or
// one that does the same however often it is sent.
func repeatable(r *http.Request, response *http.Response) bool {
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodDelete ||
			r.Header.Get("Idempotency-Key") != "" ||
			strings.HasSuffix(r.URL.Path, "/access-token") || strings.HasSuffix(r.URL.Path, "/oauth/token")
	default:
		return false
	}
}

// replay returns the request with its body once more, if that can be had.
func replay(r *http.Request) (*http.Request, bool) {
	again := r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return again, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, false
	}
	again.Body = body
	return again, true
}

// discard reads a refusal to its end, so that its connection can be used again.
func discard(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	_ = response.Body.Close()
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
