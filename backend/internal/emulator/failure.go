package emulator

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
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
	EndpointUpload    = "upload" // of a large attachment, at an address of its own
	EndpointOther     = "other"
	endpointControl   = "control" // never recorded, never fails
)

// When a connection breaks.
const (
	DropBefore = "before" // nothing was processed
	DropAfter  = "after"  // processed, the answer is lost
	DropDuring = "during" // processed, half the answer arrives
)

// AnotherPerson as Failure.As is whoever comes first in the tenant and did not sign in.
const AnotherPerson = "*"

// Failure is made to order: first which requests it hits, then what happens to them. Everything that is
// left zero does not restrict, or does not happen.
type Failure struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`     // what the control page calls it
	Endpoint string `json:"endpoint,omitempty"` // one of the Endpoint constants
	Detail   string `json:"detail,omitempty"`   // grant type at token, operation such as "GET /me" at graph
	Method   string `json:"method,omitempty"`
	Path     string `json:"path,omitempty"`     // part of the path
	Tenant   string `json:"tenant,omitempty"`   // id or domain
	User     string `json:"user,omitempty"`     // whose token, code or Graph call; at authorize, who signs in
	ClientID string `json:"clientId,omitempty"` // which application
	Skip     int    `json:"skip,omitempty"`     // let so many matching requests through first
	Times    int    `json:"times,omitempty"`    // hit so many, then disappear; 0 is until cleared
	Hits     int    `json:"hits,omitempty"`     // how many were hit so far; the emulator counts

	AADSTS     int     `json:"aadsts,omitempty"`     // error of the identity platform, with its own status and texts
	AsRedirect *bool   `json:"asRedirect,omitempty"` // at authorize: go back to the application, or stay on a page
	Error      string  `json:"error,omitempty"`      // replaces the standard error of AADSTS, or of a declined consent
	SubError   *string `json:"suberror,omitempty"`   // replaces its suberror
	Claims     string  `json:"claims,omitempty"`     // replaces its claims

	// What the person does at authorize whatever is on the screen: one of the Decisions but Accept.
	Decision  Decision `json:"decision,omitempty"`
	As        string   `json:"as,omitempty"`        // the code is this person's, or AnotherPerson's
	State     *string  `json:"state,omitempty"`     // replaces the state in the answer; empty leaves it out
	SpentCode bool     `json:"spentCode,omitempty"` // somebody else has redeemed the code already

	Status         int           `json:"status,omitempty"`      // HTTP status; with AADSTS it replaces the usual one
	RetryAfter     string        `json:"retryAfter,omitempty"`  // header as written: seconds, a date or nonsense
	RetryAfterDate time.Duration `json:"-"`                     // header as the HTTP date that far ahead; "retryAfterDate" in JSON
	Code           string        `json:"code,omitempty"`        // error code of Graph
	Message        string        `json:"message,omitempty"`     // and its message
	HTML           bool          `json:"html,omitempty"`        // an HTML body, as from a gateway
	Body           string        `json:"body,omitempty"`        // this body
	ContentType    string        `json:"contentType,omitempty"` // and its type
	CAE            bool          `json:"cae,omitempty"`         // Graph's insufficient_claims challenge
	After          bool          `json:"after,omitempty"`       // the request is processed all the same, first

	Delay    time.Duration `json:"-"`                  // work and answer so late; "delay" in JSON, such as "1.5s"
	Hold     bool          `json:"hold,omitempty"`     // wait until the failure is cleared
	Drop     string        `json:"drop,omitempty"`     // one of the Drop constants
	Reset    bool          `json:"reset,omitempty"`    // with Drop: reset the connection instead of closing it
	Truncate bool          `json:"truncate,omitempty"` // the real answer, cut in the middle

	OmitRefreshToken bool           `json:"omitRefreshToken,omitempty"`
	OmitIDToken      bool           `json:"omitIdToken,omitempty"`
	ExpiresInString  bool           `json:"expiresInString,omitempty"`
	Scopes           []string       `json:"scopes,omitempty"`        // granted instead of the real ones
	DropScopes       []string       `json:"dropScopes,omitempty"`    // taken out of the granted ones
	ScopeForm        string         `json:"scopeForm,omitempty"`     // spelling, instead of that of the settings
	IDTokenClaims    map[string]any `json:"idTokenClaims,omitempty"` // put into the id_token; null takes a claim out
	UnlistedKey      bool           `json:"unlistedKey,omitempty"`   // the id_token's key is not in the JWKS
	Extra            map[string]any `json:"extra,omitempty"`         // members added to the token answer

	gate <-chan struct{}
}

type rule struct {
	Failure
	matched int
}

// Fail puts a failure in force and returns its id. The oldest failure that matches a request wins.
func (e *Emulator) Fail(f Failure) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.ID == "" {
		f.ID = e.guid()
	}
	f.Hits = 0
	if f.Hold && f.gate == nil {
		gate := make(chan struct{})
		f.gate, e.held[f.ID] = gate, sync.OnceFunc(func() { close(gate) })
	}
	e.rules = append(e.rules, &rule{Failure: f})
	return f.ID
}

// Hold makes requests to an endpoint wait until release is called, which may be done more than once.
// Detail narrows it, as in Failure.
func (e *Emulator) Hold(endpoint, detail string) (release func()) {
	gate := make(chan struct{})
	id := e.Fail(Failure{Name: "Held by a test", Endpoint: endpoint, Detail: detail, gate: gate})
	open := sync.OnceFunc(func() { close(gate) })
	return func() {
		e.ClearFailure(id)
		open()
	}
}

// ClearFailure ends one failure, and lets go what waits for it.
func (e *Emulator) ClearFailure(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rules = slices.DeleteFunc(e.rules, func(r *rule) bool { return r.ID == id })
	e.letGo(id)
}

// ClearFailures ends all failures. What waits for one is let go, but for requests that were held by Hold:
// they stay held until their own release.
func (e *Emulator) ClearFailures() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clearFailures()
}

func (e *Emulator) clearFailures() {
	e.rules = nil
	for id := range maps.Clone(e.held) {
		e.letGo(id)
	}
}

func (e *Emulator) letGo(id string) {
	if release := e.held[id]; release != nil {
		release()
		delete(e.held, id)
	}
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
func (e *Emulator) matchRule(c *call, suits func(*rule) bool) *rule {
	for i, r := range e.rules {
		if !suits(r) || !e.ruleMatches(r, c) {
			continue
		}
		r.matched++
		if r.matched <= r.Skip {
			continue
		}
		r.Hits++
		if r.Times > 0 && r.Hits >= r.Times {
			e.rules = slices.Delete(e.rules, i, i+1)
		}
		return r
	}
	return nil
}

// arriving suits requests as they come in.
func arriving(c *call) func(*rule) bool {
	return func(r *rule) bool {
		return (r.Endpoint == "" || r.Endpoint == c.endpoint) && (r.Detail == "" || strings.EqualFold(r.Detail, c.detail)) &&
			strings.Contains(c.r.URL.Path, r.Path)
	}
}

// signingIn suits the moment when it is known who signs in: failures of authorize for one person.
func signingIn(req *authRequest) func(*rule) bool {
	return func(r *rule) bool {
		return r.Endpoint == EndpointAuthorize && r.User != "" && (r.Detail == "" || req.admin && r.Detail == detailAdminConsent)
	}
}

func (e *Emulator) ruleMatches(r *rule, c *call) bool {
	if r.User != "" {
		if u := e.findUser(r.User); u == nil || u.ObjectID != c.user {
			return false
		}
	}
	if r.Tenant != "" {
		if t := e.anyTenant(r.Tenant); t == nil || t.id != c.tenant {
			return false
		}
	}
	return (r.Method == "" || strings.EqualFold(r.Method, c.r.Method)) && (r.ClientID == "" || strings.EqualFold(r.ClientID, c.client))
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
