package emulator

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	recordsKept        = 20_000
	detailAdminConsent = "adminconsent" // of the authorize endpoint
)

// Request is one request as the emulator received it. Secrets in it are replaced by
// "[redacted 1a2b3c4d]"; equal secrets have equal marks.
type Request struct {
	Seq      int               `json:"seq"`
	Time     time.Time         `json:"time"`
	Method   string            `json:"method"`
	Host     string            `json:"host"`
	Path     string            `json:"path"`
	Endpoint string            `json:"endpoint"`
	Detail   string            `json:"detail"`
	Query    map[string]string `json:"query"`
	Form     map[string]string `json:"form"`
	Headers  map[string]string `json:"headers"`
	BodySize int               `json:"bodySize"`
	Tenant   string            `json:"tenant"`   // id
	User     string            `json:"user"`     // object id
	ClientID string            `json:"clientId"` // application
	InFlight int               `json:"inFlight"` // requests of this endpoint and user at work, this one included
	Status   int               `json:"status"`   // 0 while at work, and when the connection was dropped
	Result   string            `json:"result"`   // the error that was answered, or what went back to the application
	Failed   string            `json:"failed"`   // id of the failure that hit it
	Failure  string            `json:"failure"`  // and its name, which outlives it
}

// lane is what concurrency is counted by.
type lane struct{ endpoint, user string }

// Requests are all recorded requests, oldest first. Calls of the control API are not recorded.
func (e *Emulator) Requests() []Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.recorded)
}

// RequestsTo are those to one endpoint; an empty detail is any.
func (e *Emulator) RequestsTo(endpoint, detail string) []Request {
	return slices.DeleteFunc(e.Requests(), func(r Request) bool {
		return r.Endpoint != endpoint || detail != "" && !strings.EqualFold(r.Detail, detail)
	})
}

// Counters count requests as they arrive by endpoint ("token"), endpoint and detail
// ("token.refresh_token", "graph.GET /me"), and as they are answered with the status behind
// ("token.refresh_token.200").
func (e *Emulator) Counters() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.counts)
}

// Count is one of the Counters.
func (e *Emulator) Count(name string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts[name]
}

// ForgetRequests clears recorded requests and counters.
func (e *Emulator) ForgetRequests() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recorded, e.counts, e.peaks = nil, map[string]int{}, map[lane]int{}
}

// MostAtOnce is how many requests of one person were at work at an endpoint at the same time, at most, since
// the requests were last forgotten. At graph that is what Microsoft limits for each mailbox.
func (e *Emulator) MostAtOnce(endpoint, person string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if u := e.findUser(person); u != nil {
		return e.peaks[lane{endpoint, u.ObjectID}]
	}
	return 0
}

// WaitFor returns once the named counter has reached n, or with the context's error.
func (e *Emulator) WaitFor(ctx context.Context, name string, n int) error {
	for {
		e.mu.Lock()
		have, changed := e.counts[name], e.arrived
		e.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d requests counted as %q: %w", have, n, name, ctx.Err())
		}
	}
}

func (e *Emulator) changed() {
	close(e.arrived)
	e.arrived = make(chan struct{})
}

// arrive records a request and picks the failure that hits it.
func (e *Emulator) arrive(c *call) int {
	if c.endpoint == endpointControl {
		return -1
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.peek(c)
	c.rule = e.matchRule(c, arriving(c))
	e.received++
	r := Request{
		Seq: e.received, Time: c.now, Method: c.r.Method, Host: c.r.Host, Path: c.r.URL.Path, Endpoint: c.endpoint, Detail: c.detail,
		Query: redactValues(c.query), Form: redactValues(c.form), Headers: redactHeaders(c.r.Header), BodySize: len(c.body),
		Tenant: c.tenant, User: c.user, ClientID: c.client,
	}
	if c.rule != nil {
		r.Failed, r.Failure = c.rule.ID, c.rule.Name
	}
	c.lane = lane{c.endpoint, c.user}
	e.inFlight[c.lane]++
	r.InFlight = e.inFlight[c.lane]
	e.peaks[c.lane] = max(e.peaks[c.lane], r.InFlight)
	if len(e.recorded) >= recordsKept {
		e.recorded = slices.Clone(e.recorded[recordsKept/2:])
	}
	e.recorded = append(e.recorded, r)
	e.counts[c.endpoint]++
	if c.detail != "" {
		e.counts[c.endpoint+"."+c.detail]++
	}
	e.changed()
	return r.Seq
}

// depart completes the record. Status 0 means that the connection was dropped.
func (e *Emulator) depart(c *call, seq, status int) {
	e.logger.Debug("emulator request", "method", c.r.Method, "path", c.r.URL.Path, "status", status)
	if seq < 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.inFlight[c.lane]--; e.inFlight[c.lane] == 0 {
		delete(e.inFlight, c.lane)
	}
	if len(e.recorded) > 0 && seq >= e.recorded[0].Seq { // not forgotten meanwhile
		r := &e.recorded[seq-e.recorded[0].Seq]
		r.Status, r.User, r.ClientID, r.Result = status, c.user, c.client, c.result
		if c.rule != nil {
			r.Failed, r.Failure = c.rule.ID, c.rule.Name
		}
	}
	if status == 0 {
		return
	}
	name := c.endpoint
	if c.detail != "" {
		name += "." + c.detail
	}
	e.counts[fmt.Sprintf("%s.%d", name, status)]++
	e.changed()
}

// peek finds out whose request it is before anything is processed.
func (e *Emulator) peek(c *call) {
	first, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	if t := e.anyTenant(first); t != nil {
		c.tenant = t.id
	}
	switch c.endpoint {
	case EndpointToken:
		c.client = c.form.Get("client_id")
		if name, _, ok := c.r.BasicAuth(); ok {
			c.client = formDecoded(name)
		}
		if rt := e.refresh[hashOf(c.form.Get("refresh_token"))]; rt != nil {
			c.user = rt.user
		}
		if k := e.codes[hashOf(c.form.Get("code"))]; k != nil {
			c.user = k.user
		}
	case EndpointGraph:
		if t := e.access[hashOf(bearer(c.r))]; t != nil {
			c.user, c.client, c.tenant = t.user, t.client, t.tenant
		}
	case EndpointAuthorize:
		c.client = c.param("client_id")
		if u := e.findUser(c.form.Get("user")); u != nil {
			c.user = u.ObjectID
		}
		if target, err := url.Parse(c.form.Get("url")); err == nil && c.detail != "" { // headless
			first, _, _ := strings.Cut(strings.TrimPrefix(target.Path, "/"), "/")
			if t := e.anyTenant(first); t != nil {
				c.tenant = t.id
			}
			c.client = target.Query().Get("client_id")
		}
	case EndpointSignIn:
		if f := e.flows[c.param("flow")]; f != nil {
			c.client, c.user = f.req.app.clientID, f.user
		}
	}
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func redact(s string) string {
	sum := hashOf(s)
	return "[redacted " + hex.EncodeToString(sum[:4]) + "]"
}

func redactValues(v url.Values) map[string]string {
	secret := []string{
		"client_secret", "client_assertion", "code", "refresh_token", "access_token", "id_token", "code_verifier",
		"password", "new_password", "confirm_password", "flow", "id_token_hint", "assertion",
	}
	out := map[string]string{}
	for name, values := range v {
		text := strings.Join(values, " ")
		if slices.Contains(secret, name) {
			text = redact(text)
		}
		out[name] = text
	}
	return out
}

func redactHeaders(h http.Header) map[string]string {
	out := map[string]string{}
	for name := range h {
		switch name {
		case "Cookie":
			continue
		case "Authorization", "Proxy-Authorization":
			scheme, token, _ := strings.Cut(h.Get(name), " ")
			out[name] = scheme + " " + redact(token)
		default:
			out[name] = strings.Join(h.Values(name), ", ")
		}
	}
	return out
}

// classify names a request for counters and failures.
func classify(c *call) (endpoint, detail string) {
	path := c.r.URL.Path
	switch {
	case path == "/_emulator/sign-in" && strings.Contains(c.form.Get("url"), "/adminconsent?"):
		return EndpointAuthorize, detailAdminConsent
	case path == "/_emulator/sign-in":
		return EndpointAuthorize, "headless"
	case strings.HasPrefix(path, "/_emulator/"), path == panelPath, path == "/", path == "/favicon.ico":
		return endpointControl, ""
	case strings.HasPrefix(path, uploadPath):
		return EndpointUpload, c.r.Method
	case isGraphPath(path):
		return EndpointGraph, c.r.Method + " " + graphOperation(path)
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		return EndpointDiscovery, ""
	case strings.HasSuffix(path, "/discovery/v2.0/keys"):
		return EndpointJWKS, ""
	case strings.HasSuffix(path, "/oauth2/v2.0/authorize"):
		return EndpointAuthorize, ""
	case strings.HasSuffix(path, "/adminconsent"):
		return EndpointAuthorize, detailAdminConsent
	case strings.HasSuffix(path, "/oauth2/v2.0/token"):
		return EndpointToken, c.form.Get("grant_type")
	case strings.HasSuffix(path, "/signin"):
		return EndpointSignIn, c.form.Get("step")
	}
	return EndpointOther, ""
}
