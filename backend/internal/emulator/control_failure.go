package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const longestWait = time.Minute

// failureTable is the part of the control API that breaks things and tells what was received.
func (e *Emulator) failureTable() []controlRoute {
	return []controlRoute{
		{"GET /_emulator/failures", "The failures in force.", "", e.showFailures},
		{
			"POST /_emulator/failures", "Put a failure in force: a preset, or made to order. times is how often; without it, until cleared.",
			`{"preset":"refresh-lost-answer","times":1,"user":"mara"} or {"endpoint":"token","aadsts":50173}`, e.addFailure,
		},
		{"DELETE /_emulator/failures", "Clear all failures.", "", func(c *call) { e.ClearFailures(); c.done(nil) }},
		{"DELETE /_emulator/failures/{id}", "Clear one.", "", func(c *call) { e.ClearFailure(c.r.PathValue("id")); c.done(nil) }},
		{"GET /_emulator/presets", "The failures that have a name.", "", func(c *call) { c.json(http.StatusOK, presetViews()) }},
		{"GET /_emulator/codes", "Every AADSTS code that is known, with its error, status, suberror and claims.", "", e.locked(e.showCodes)},
		{"GET /_emulator/requests", "What was received, oldest first and redacted; ?endpoint=token&detail=refresh_token narrows it.", "", e.showRequests},
		{"DELETE /_emulator/requests", "Forget what was received, and the counters.", "", func(c *call) { e.ForgetRequests(); c.done(nil) }},
		{
			"GET /_emulator/counters", "How often what was called; ?name=token.refresh_token&atLeast=2&timeout=10s waits for it.", "",
			e.showCounters,
		},
		{"GET /_emulator/callbacks", "What was sent back to applications.", "", func(c *call) { c.json(http.StatusOK, nonNil(e.Callbacks())) }},
		{
			"GET /_emulator/callbacks/{id}", "Send the browser there once more, as a replay; ?state=… with a forged state.", "",
			e.locked(e.replay),
		},
	}
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// failureJSON is a Failure with durations as text, and perhaps a preset underneath.
type failureJSON struct {
	Failure
	Preset         string `json:"preset,omitempty"`
	Delay          string `json:"delay,omitempty"`
	RetryAfterDate string `json:"retryAfterDate,omitempty"`
}

func failureView(f Failure) failureJSON {
	out := failureJSON{Failure: f}
	if f.Delay != 0 {
		out.Delay = f.Delay.String()
	}
	if f.RetryAfterDate != 0 {
		out.RetryAfterDate = f.RetryAfterDate.String()
	}
	return out
}

func (e *Emulator) showFailures(c *call) {
	out := []failureJSON{}
	for _, f := range e.Failures() {
		out = append(out, failureView(f))
	}
	c.json(http.StatusOK, out)
}

func (e *Emulator) addFailure(c *call) {
	var in failureJSON
	if !c.read(&in) {
		return
	}
	if in.Preset != "" {
		p, known := findPreset(in.Preset)
		if !known {
			c.done(fmt.Errorf("no preset %q; GET /_emulator/presets lists them", in.Preset))
			return
		}
		in = failureView(p.Failure)
		in.Name = p.Label
		if !c.read(&in) { // what the caller says goes over the preset
			return
		}
	}
	f, err := in.failure()
	if err == nil {
		err = e.checkFailure(f)
	}
	if err != nil {
		c.done(err)
		return
	}
	c.json(http.StatusCreated, map[string]string{"id": e.Fail(f)})
}

func (in failureJSON) failure() (Failure, error) {
	f := in.Failure
	for to, text := range map[*time.Duration]string{&f.Delay: in.Delay, &f.RetryAfterDate: in.RetryAfterDate} {
		if text == "" {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return f, err
		}
		*to = d
	}
	return f, nil
}

// checkFailure says why a failure would hit nothing, or mean nothing.
func (e *Emulator) checkFailure(f Failure) error {
	endpoints := []string{"", EndpointDiscovery, EndpointJWKS, EndpointAuthorize, EndpointSignIn, EndpointToken, EndpointGraph, EndpointOther}
	switch {
	case !slices.Contains(endpoints, f.Endpoint):
		return fmt.Errorf("endpoint %q is none of discovery, jwks, authorize, signin, token, graph, other", f.Endpoint)
	case !slices.Contains([]string{"", DropBefore, DropAfter, DropDuring}, f.Drop):
		return fmt.Errorf("drop %q is none of before, after, during", f.Drop)
	case !slices.Contains([]Decision{"", Cancel, Decline, Abandon}, f.Decision):
		return fmt.Errorf("decision %q is none of cancel, decline, abandon", f.Decision)
	case f.ScopeForm != "" && !slices.Contains(scopeForms(), f.ScopeForm):
		return fmt.Errorf("scopeForm %q is none of full, short, lower, lower-full", f.ScopeForm)
	case f.Reset && f.Drop == "":
		return errors.New("reset says how a connection breaks; say when, by drop")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status %d is not between 200 and 599", f.Status)
	case f.Skip < 0 || f.Times < 0 || f.Delay < 0:
		return errors.New("skip, times and delay are not negative")
	}
	for _, who := range []string{f.User, f.As} {
		if who != "" && who != AnotherPerson && e.User(who).ObjectID == "" {
			return fmt.Errorf("no user %q", who)
		}
	}
	if f.Tenant != "" {
		if err := e.withTenant(f.Tenant, func(*tenant) {}); err != nil {
			return err
		}
	}
	if f.ClientID != "" {
		return e.withApp(f.ClientID, func(*app) {})
	}
	return nil
}

// codeJSON is one entry of the catalogue of AADSTS codes.
type codeJSON struct {
	Code     int    `json:"code"`
	Error    string `json:"error"`
	Status   int    `json:"status"`
	SubError string `json:"suberror,omitempty"`
	Claims   string `json:"claims,omitempty"`
	Page     bool   `json:"page"` // at authorize it stays on a page
	Text     string `json:"text"`
}

func (e *Emulator) showCodes(c *call) { c.json(http.StatusOK, e.codeList()) }

func (e *Emulator) codeList() []codeJSON {
	out := make([]codeJSON, 0, len(e.catalog))
	for code, s := range e.catalog {
		out = append(out, codeJSON{code, s.kind, s.status, s.suberror, s.claims, s.page, e.sts(code).text})
	}
	slices.SortFunc(out, func(a, b codeJSON) int { return a.Code - b.Code })
	return out
}

func (e *Emulator) showRequests(c *call) {
	list := e.Requests()
	if endpoint := c.query.Get("endpoint"); endpoint != "" {
		list = e.RequestsTo(endpoint, c.query.Get("detail"))
	}
	c.json(http.StatusOK, nonNil(list))
}

// showCounters answers with all counters, or waits until one has reached a number.
func (e *Emulator) showCounters(c *call) {
	name := c.query.Get("name")
	if name == "" {
		c.json(http.StatusOK, e.Counters())
		return
	}
	atLeast, patience, err := 0, longestWait, error(nil)
	if text := c.query.Get("atLeast"); text != "" {
		atLeast, err = strconv.Atoi(text)
	}
	if text := c.query.Get("timeout"); text != "" && err == nil {
		patience, err = time.ParseDuration(text)
	}
	if err != nil {
		c.done(err)
		return
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), min(patience, longestWait))
	defer cancel()
	status := http.StatusOK
	if e.WaitFor(ctx, name, atLeast) != nil {
		status = http.StatusRequestTimeout
	}
	c.json(status, map[string]int{name: e.Count(name)})
}
