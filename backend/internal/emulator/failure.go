package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Endpoints that failures and counters name.
const (
	EndpointDiscovery = "discovery"
	EndpointJWKS      = "jwks"
	EndpointAuthorize = "authorize"
	EndpointSignIn    = "signin" // the pages after authorize
	EndpointToken     = "token"
	EndpointGraph     = "graph"
	EndpointOther     = "other"
	endpointControl   = "control" // never recorded, never fails
)

// When a connection breaks.
const (
	DropBefore = "before" // nothing was processed
	DropAfter  = "after"  // processed, the answer is lost
	DropDuring = "during" // processed, half the answer arrives
)

// Failure is made to order: first which requests it hits, then what happens to them. Everything that is
// left zero does not restrict, or does not happen.
type Failure struct {
	ID       string `json:"id"`
	Endpoint string `json:"endpoint"` // one of the Endpoint constants
	Detail   string `json:"detail"`   // grant type at token, operation such as "GET /me" at graph
	Method   string `json:"method"`
	Path     string `json:"path"`     // part of the path
	User     string `json:"user"`     // whose token, code or Graph call
	ClientID string `json:"clientId"` // which application
	Skip     int    `json:"skip"`     // let so many matching requests through first
	Times    int    `json:"times"`    // hit so many, then disappear; 0 is until cleared

	AADSTS     int     `json:"aadsts"`     // error of the identity platform, with its own status and texts
	AsRedirect *bool   `json:"asRedirect"` // at authorize: go back to the application, or stay on a page
	Error      string  `json:"error"`      // replaces the standard error of AADSTS
	SubError   *string `json:"suberror"`   // replaces its suberror
	Claims     string  `json:"claims"`     // replaces its claims

	Status      int    `json:"status"`      // HTTP status; with AADSTS it replaces the usual one
	RetryAfter  string `json:"retryAfter"`  // header as written: seconds or a date
	Code        string `json:"code"`        // error code of Graph
	Message     string `json:"message"`     // and its message
	HTML        bool   `json:"html"`        // an HTML body, as from a gateway
	Body        string `json:"body"`        // this body
	ContentType string `json:"contentType"` // and its type
	CAE         bool   `json:"cae"`         // Graph's insufficient_claims challenge

	Delay    time.Duration `json:"-"`        // answer so late; "delay" in JSON, such as "1.5s"
	Drop     string        `json:"drop"`     // one of the Drop constants
	Truncate bool          `json:"truncate"` // the real answer, cut in the middle

	OmitRefreshToken bool           `json:"omitRefreshToken"`
	OmitIDToken      bool           `json:"omitIdToken"`
	ExpiresInString  bool           `json:"expiresInString"`
	Scopes           []string       `json:"scopes"` // granted instead of the real ones
	Extra            map[string]any `json:"extra"`  // members added to the token answer

	gate <-chan struct{}
}

type rule struct {
	Failure
	matched int
	hit     int
}

// Fail puts a failure in force and returns its id. The oldest failure that matches a request wins.
func (e *Emulator) Fail(f Failure) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.ID == "" {
		f.ID = e.guid()
	}
	e.rules = append(e.rules, &rule{Failure: f})
	return f.ID
}

// Hold makes requests to an endpoint wait until release is called, which may be done more than once.
// Detail narrows it, as in Failure.
func (e *Emulator) Hold(endpoint, detail string) (release func()) {
	gate := make(chan struct{})
	id := e.Fail(Failure{Endpoint: endpoint, Detail: detail, gate: gate})
	open := false
	return func() {
		e.ClearFailure(id)
		e.mu.Lock()
		defer e.mu.Unlock()
		if !open {
			open = true
			close(gate)
		}
	}
}

// ClearFailure ends one failure.
func (e *Emulator) ClearFailure(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rules = slices.DeleteFunc(e.rules, func(r *rule) bool { return r.ID == id })
}

// ClearFailures ends all failures. Requests that are held stay held until their own release.
func (e *Emulator) ClearFailures() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rules = nil
}

// Failures lists what is in force.
func (e *Emulator) Failures() []Failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Failure, 0, len(e.rules))
	for _, r := range e.rules {
		out = append(out, r.Failure)
	}
	return out
}

// matchRule picks the failure for a request and uses it up by one.
func (e *Emulator) matchRule(c *call) *rule {
	for i, r := range e.rules {
		if !e.ruleMatches(r, c) {
			continue
		}
		r.matched++
		if r.matched <= r.Skip {
			continue
		}
		r.hit++
		if r.Times > 0 && r.hit >= r.Times {
			e.rules = slices.Delete(e.rules, i, i+1)
		}
		return r
	}
	return nil
}

func (e *Emulator) ruleMatches(r *rule, c *call) bool {
	if r.User != "" {
		if u := e.findUser(r.User); u == nil || u.ObjectID != c.user {
			return false
		}
	}
	return (r.Endpoint == "" || r.Endpoint == c.endpoint) &&
		(r.Detail == "" || strings.EqualFold(r.Detail, c.detail)) &&
		(r.Method == "" || strings.EqualFold(r.Method, c.r.Method)) &&
		(r.ClientID == "" || strings.EqualFold(r.ClientID, c.client)) &&
		strings.Contains(c.r.URL.Path, r.Path)
}

// hold waits as long as the failure says, or until the caller gives up.
func (r *rule) hold(ctx context.Context) {
	if r.Delay > 0 {
		timer := time.NewTimer(r.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if r.gate != nil {
		select {
		case <-r.gate:
		case <-ctx.Done():
		}
	}
}

func (r *rule) sts(e *Emulator) *stsError {
	s := e.sts(r.AADSTS)
	if r.Error != "" {
		s.kind = r.Error
	}
	if r.SubError != nil {
		s.suberror = *r.SubError
	}
	if r.Claims != "" {
		s.claims = r.Claims
	}
	if r.Status != 0 {
		s.status = r.Status
	}
	if r.AsRedirect != nil {
		s.page = !*r.AsRedirect
	}
	return s
}

// answerWithFailure reports whether the failure is the whole answer.
func (c *call) answerWithFailure() bool {
	r := c.rule
	if r == nil {
		return false
	}
	if r.RetryAfter != "" {
		c.header.Set("Retry-After", r.RetryAfter)
	}
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	switch {
	case r.AADSTS != 0 && c.endpoint == EndpointAuthorize:
		return false // the authorize endpoint decides where it is shown
	case r.AADSTS != 0:
		c.stsJSON(r.sts(c.e))
	case r.CAE:
		c.caeChallenge()
	case r.HTML:
		c.raw(r.Status, "text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Service Unavailable</title></head><body><h2>The service is unavailable.</h2></body></html>")
	case r.Body != "":
		c.raw(r.Status, r.ContentType, r.Body)
	case r.Code != "" || r.Status != 0 && c.endpoint == EndpointGraph:
		c.graphFailure(r)
	case r.Status != 0:
		c.raw(r.Status, "", "")
	default:
		return false
	}
	return true
}

func (c *call) graphFailure(r *rule) {
	g := graphStatusError(r.Status)
	if r.Code != "" {
		g.code = r.Code
	}
	if r.Message != "" {
		g.message = r.Message
	}
	c.graphError(g)
}

func (c *call) raw(status int, contentType, body string) {
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	c.status = status
	if contentType != "" {
		c.header.Set("Content-Type", contentType)
	}
	c.out.Reset()
	c.out.WriteString(body)
}

// damage changes a real answer as the failure says.
func (c *call) damage() {
	r := c.rule
	if r == nil {
		return
	}
	if c.endpoint == EndpointToken && c.status == http.StatusOK {
		c.rewriteToken(r)
	}
	if r.Truncate {
		c.out.Truncate(c.out.Len() / 2)
	}
}

func (c *call) rewriteToken(r *rule) {
	if !r.OmitRefreshToken && !r.OmitIDToken && !r.ExpiresInString && r.Extra == nil {
		return
	}
	var answer map[string]any
	dec := json.NewDecoder(bytes.NewReader(c.out.Bytes()))
	dec.UseNumber()
	if dec.Decode(&answer) != nil {
		return
	}
	if r.OmitRefreshToken {
		delete(answer, "refresh_token")
	}
	if r.OmitIDToken {
		delete(answer, "id_token")
	}
	if n, ok := answer["expires_in"].(json.Number); ok && r.ExpiresInString {
		answer["expires_in"] = n.String()
	}
	for k, v := range r.Extra {
		answer[k] = v
	}
	c.json(c.status, answer)
}
