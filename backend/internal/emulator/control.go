package emulator

import (
	"net/http"
	"time"
)

// controlRoute is one call of the control API: what the page says about it, and what it does.
type controlRoute struct {
	pattern, about, example string
	handle                  func(*call)
}

// controlTable is the control API: the Go methods over HTTP, for programs in other languages and for curl.
func (e *Emulator) controlTable() []controlRoute {
	return append([]controlRoute{
		{"GET /_emulator/state", "Everything at a glance.", "", e.showState},
		{"POST /_emulator/reset", "Start over: clock, people, tokens, failures and records as in the beginning.", "", func(c *call) { e.Reset(); c.done(nil) }},
		{"POST /_emulator/clock", "Advance the clock, or set how far it is ahead of the machine's.", `{"advance":"90m"} or {"skew":"-10m"}`, e.setClock},
		{"GET /_emulator/settings", "The switches.", "", func(c *call) { c.json(http.StatusOK, settingsView(e.Settings())) }},
		{"PATCH /_emulator/settings", "Change switches; what is left out stays.", `{"consentPolicy":"managed"}`, e.patchSettings},
		{"POST /_emulator/keys/rotate", "Sign with a new key. The JWKS drops the oldest.", "", func(c *call) { e.RotateKeys(); c.done(nil) }},
		{"POST /_emulator/sign-in", "Sign in without pages, by a form; answers with the Location that a browser would be sent to.", "url=…&user=mara&decision=accept", e.locked(e.signInHeadless)},
	}, append(e.failureTable(), e.directoryTable()...)...)
}

func (e *Emulator) controlRoutes(mux *http.ServeMux) {
	var foreign http.CrossOriginProtection
	for _, r := range e.controlTable() {
		e.free(mux, r.pattern, func(c *call) {
			// A page of somebody else, open in the same browser, has no business here.
			if err := foreign.Check(c.r); err != nil {
				c.json(http.StatusForbidden, map[string]string{"error": err.Error()})
				return
			}
			r.handle(c)
		})
	}
	e.free(mux, "GET /_emulator/style.css", e.style)
}

// app is the client id of the path; "default" is the seeded application.
func (c *call) app() string { return nameUnless("default", c.r.PathValue("app")) }

// secret is the secret's id of the path; "all" is all of them.
func (c *call) secret() string { return nameUnless("all", c.r.PathValue("secret")) }

func nameUnless(word, name string) string {
	if name == word {
		return ""
	}
	return name
}

// done answers 204, or 400 with what was wrong.
func (c *call) done(err error) {
	if err != nil {
		c.json(http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	c.status = http.StatusNoContent
}

// read decodes the body and answers 400 when it cannot.
func (c *call) read(v any) bool {
	if err := c.decode(v); err != nil {
		c.done(err)
		return false
	}
	return true
}

func (e *Emulator) showState(c *call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.appByID(e.seed.ClientID)
	state := map[string]any{
		"now": e.now(), "skew": e.offset.String(), "base": c.base, "tenantId": e.seed.TenantID, "domain": e.seed.Domain, "clientId": e.seed.ClientID,
		"counters": e.counts, "failures": len(e.rules), "sessions": len(e.sessions), "openSignIns": len(e.flows),
		"refreshTokens": len(e.refresh), "accessTokens": len(e.access), "settings": settingsView(e.settings),
	}
	if a != nil {
		state["secrets"], state["redirectUris"], state["appEnabled"] = a.registration().Secrets, a.redirects, a.enabled
	}
	state["grants"] = e.grantViews()
	c.json(http.StatusOK, state)
}

func (e *Emulator) setClock(c *call) {
	var in struct {
		Advance string `json:"advance"`
		Skew    string `json:"skew"`
	}
	if !c.read(&in) {
		return
	}
	text, move := in.Advance, e.Advance
	if in.Skew != "" {
		text, move = in.Skew, e.SetSkew
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		c.done(err)
		return
	}
	move(d)
	c.json(http.StatusOK, map[string]any{"now": e.Now()})
}

// settingsJSON is Settings with durations as text; absent members stay as they are.
type settingsJSON struct {
	TokenLifetime        *string `json:"tokenLifetime,omitempty"`
	ScopeForm            *string `json:"scopeForm,omitempty"`
	OpaqueAccessTokens   *bool   `json:"opaqueAccessTokens,omitempty"`
	ConsentPolicy        *string `json:"consentPolicy,omitempty"`
	AdminConsentWorkflow *bool   `json:"adminConsentWorkflow,omitempty"`
	DeclineError         *string `json:"declineError,omitempty"`
	RequireMFA           *bool   `json:"requireMfa,omitempty"`
	SignInFrequency      *string `json:"signInFrequency,omitempty"`
	LoopLimit            *int    `json:"loopLimit,omitempty"`
	OpenerPolicy         *string `json:"openerPolicy,omitempty"`
	DeliveryDelay        *string `json:"deliveryDelay,omitempty"`
	MailboxConcurrency   *int    `json:"mailboxConcurrency,omitempty"`
}

func settingsView(s Settings) settingsJSON {
	text := func(d time.Duration) *string { out := d.String(); return &out }
	return settingsJSON{
		text(s.TokenLifetime), &s.ScopeForm, &s.OpaqueAccessTokens, &s.ConsentPolicy, &s.AdminConsentWorkflow, &s.DeclineError,
		&s.RequireMFA, text(s.SignInFrequency), &s.LoopLimit, &s.OpenerPolicy, text(s.DeliveryDelay), &s.MailboxConcurrency,
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// over puts the given members over the switches as they are.
func (in settingsJSON) over(s Settings) (Settings, error) {
	for to, from := range map[*time.Duration]*string{
		&s.TokenLifetime: in.TokenLifetime, &s.SignInFrequency: in.SignInFrequency, &s.DeliveryDelay: in.DeliveryDelay,
	} {
		if from == nil {
			continue
		}
		d, err := time.ParseDuration(*from)
		if err != nil {
			return s, err
		}
		*to = d
	}
	set(&s.ScopeForm, in.ScopeForm)
	set(&s.OpaqueAccessTokens, in.OpaqueAccessTokens)
	set(&s.ConsentPolicy, in.ConsentPolicy)
	set(&s.AdminConsentWorkflow, in.AdminConsentWorkflow)
	set(&s.DeclineError, in.DeclineError)
	set(&s.RequireMFA, in.RequireMFA)
	set(&s.LoopLimit, in.LoopLimit)
	set(&s.OpenerPolicy, in.OpenerPolicy)
	set(&s.MailboxConcurrency, in.MailboxConcurrency)
	return s, s.check()
}

func (e *Emulator) patchSettings(c *call) {
	var in settingsJSON
	if !c.read(&in) {
		return
	}
	next, err := in.over(e.Settings())
	if err != nil {
		c.done(err)
		return
	}
	e.Configure(func(s *Settings) { *s = next })
	c.json(http.StatusOK, settingsView(next))
}

// patchTenantSettings gives a tenant switches of its own.
func (e *Emulator) patchTenantSettings(c *call) {
	var in settingsJSON
	if !c.read(&in) {
		return
	}
	if in.LoopLimit != nil || in.OpenerPolicy != nil || in.DeliveryDelay != nil || in.MailboxConcurrency != nil {
		c.json(http.StatusBadRequest, map[string]string{"error": "loopLimit, openerPolicy, deliveryDelay and mailboxConcurrency are the same for all tenants; PATCH /_emulator/settings"})
		return
	}
	var next Settings
	var wrong error
	err := e.ConfigureTenant(c.r.PathValue("tenant"), func(s *Settings) {
		if next, wrong = in.over(*s); wrong == nil {
			*s = next
		}
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		c.done(err)
		return
	}
	c.json(http.StatusOK, settingsView(next))
}
