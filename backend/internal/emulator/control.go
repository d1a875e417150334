package emulator

import (
	"encoding/json"
	"net/http"
	"time"
)

// controlRoutes is the control API: the Go methods over HTTP, for programs in other languages and for curl.
func (e *Emulator) controlRoutes(mux *http.ServeMux) {
	e.free(mux, "POST /_emulator/sign-in", e.locked(e.signInHeadless))
	e.free(mux, "GET /_emulator/style.css", e.style)
	e.free(mux, "GET /_emulator/state", e.showState)
	e.free(mux, "POST /_emulator/clock", e.setClock)
	e.free(mux, "GET /_emulator/settings", func(c *call) { c.json(http.StatusOK, settingsView(e.Settings())) })
	e.free(mux, "PATCH /_emulator/settings", e.patchSettings)
	e.free(mux, "GET /_emulator/failures", func(c *call) { c.json(http.StatusOK, e.Failures()) })
	e.free(mux, "POST /_emulator/failures", e.addFailure)
	e.free(mux, "DELETE /_emulator/failures", func(c *call) { e.ClearFailures(); c.done(nil) })
	e.free(mux, "DELETE /_emulator/failures/{id}", func(c *call) { e.ClearFailure(c.r.PathValue("id")); c.done(nil) })
	e.free(mux, "GET /_emulator/requests", e.showRequests)
	e.free(mux, "DELETE /_emulator/requests", func(c *call) { e.ForgetRequests(); c.done(nil) })
	e.free(mux, "GET /_emulator/counters", func(c *call) { c.json(http.StatusOK, e.Counters()) })
	e.free(mux, "GET /_emulator/users", func(c *call) { c.json(http.StatusOK, e.Users()) })
	e.free(mux, "POST /_emulator/users", e.postUser)
	e.free(mux, "PATCH /_emulator/users/{user}", e.patchUser)
	e.free(mux, "DELETE /_emulator/users/{user}", func(c *call) { c.done(e.DeleteUser(c.r.PathValue("user"))) })
	e.free(mux, "POST /_emulator/users/{user}/revoke-sessions", func(c *call) { c.done(e.RevokeSessions(c.r.PathValue("user"))) })
	e.free(mux, "POST /_emulator/users/{user}/reset-password", e.postPassword)
	e.free(mux, "GET /_emulator/consent-requests", func(c *call) { c.json(http.StatusOK, e.ConsentRequests()) })
	e.free(mux, "POST /_emulator/keys/rotate", func(c *call) { e.RotateKeys(); c.done(nil) })
	e.free(mux, "POST /_emulator/apps", e.postApp)
	e.free(mux, "PATCH /_emulator/apps/{app}", e.patchApp)
	e.free(mux, "DELETE /_emulator/apps/{app}", func(c *call) { c.done(e.DeleteApp(c.app())) })
	e.free(mux, "POST /_emulator/apps/{app}/secrets", e.postSecret)
	e.free(mux, "POST /_emulator/apps/{app}/secrets/{secret}/expire", func(c *call) { c.done(e.ExpireSecret(c.app(), c.secret())) })
	e.free(mux, "DELETE /_emulator/apps/{app}/secrets/{secret}", func(c *call) { c.done(e.RemoveSecret(c.app(), c.secret())) })
	e.free(mux, "POST /_emulator/apps/{app}/certificates", func(c *call) { c.done(e.AddCertificate(c.app(), c.body)) })
	e.free(mux, "POST /_emulator/apps/{app}/redirect-uris", e.postRedirect)
	e.free(mux, "DELETE /_emulator/apps/{app}/redirect-uris", func(c *call) { c.done(e.RemoveRedirectURI(c.app(), c.query.Get("uri"))) })
	e.free(mux, "POST /_emulator/apps/{app}/consent", e.postConsent)
	e.free(mux, "DELETE /_emulator/apps/{app}/consent", func(c *call) { c.done(e.RemoveConsent(c.app(), c.query.Get("user"))) })
}

// app is the client id of the path; "default" is the seeded application.
func (c *call) app() string {
	if id := c.r.PathValue("app"); id != "default" {
		return id
	}
	return ""
}

// secret is the secret's id of the path; "all" is all of them.
func (c *call) secret() string {
	if id := c.r.PathValue("secret"); id != "all" {
		return id
	}
	return ""
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
		"now": e.now(), "base": c.base, "tenantId": e.seed.TenantID, "domain": e.seed.Domain, "clientId": e.seed.ClientID,
		"counters": e.counts, "failures": len(e.rules), "sessions": len(e.sessions), "openSignIns": len(e.flows),
		"refreshTokens": len(e.refresh), "accessTokens": len(e.access), "settings": settingsView(e.settings),
	}
	if a != nil {
		secrets := make([]Secret, 0, len(a.secrets))
		for _, s := range a.secrets {
			secrets = append(secrets, s.public())
		}
		state["secrets"], state["redirectUris"], state["appEnabled"] = secrets, a.redirects, a.enabled
	}
	grants := []map[string]any{}
	for k, scopes := range e.grants {
		names := []string{}
		for _, p := range permissions() {
			if scopes[p.name] {
				names = append(names, p.name)
			}
		}
		grants = append(grants, map[string]any{"clientId": k.client, "user": k.user, "scopes": names})
	}
	state["grants"] = grants
	c.json(http.StatusOK, state)
}

func (e *Emulator) setClock(c *call) {
	var in struct {
		Advance string `json:"advance"`
	}
	if !c.read(&in) {
		return
	}
	d, err := time.ParseDuration(in.Advance)
	if err != nil {
		c.done(err)
		return
	}
	e.Advance(d)
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
}

func settingsView(s Settings) settingsJSON {
	text := func(d time.Duration) *string { out := d.String(); return &out }
	return settingsJSON{
		text(s.TokenLifetime), &s.ScopeForm, &s.OpaqueAccessTokens, &s.ConsentPolicy, &s.AdminConsentWorkflow, &s.DeclineError,
		&s.RequireMFA, text(s.SignInFrequency), &s.LoopLimit, &s.OpenerPolicy, text(s.DeliveryDelay),
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (e *Emulator) patchSettings(c *call) {
	var in settingsJSON
	if !c.read(&in) {
		return
	}
	next := e.Settings()
	for to, from := range map[*time.Duration]*string{
		&next.TokenLifetime: in.TokenLifetime, &next.SignInFrequency: in.SignInFrequency, &next.DeliveryDelay: in.DeliveryDelay,
	} {
		if from == nil {
			continue
		}
		d, err := time.ParseDuration(*from)
		if err != nil {
			c.done(err)
			return
		}
		*to = d
	}
	set(&next.ScopeForm, in.ScopeForm)
	set(&next.OpaqueAccessTokens, in.OpaqueAccessTokens)
	set(&next.ConsentPolicy, in.ConsentPolicy)
	set(&next.AdminConsentWorkflow, in.AdminConsentWorkflow)
	set(&next.DeclineError, in.DeclineError)
	set(&next.RequireMFA, in.RequireMFA)
	set(&next.LoopLimit, in.LoopLimit)
	set(&next.OpenerPolicy, in.OpenerPolicy)
	e.Configure(func(s *Settings) { *s = next })
	c.json(http.StatusOK, settingsView(next))
}

func (e *Emulator) addFailure(c *call) {
	var in struct {
		Failure
		Delay string `json:"delay"`
	}
	if !c.read(&in) {
		return
	}
	if in.Delay != "" {
		d, err := time.ParseDuration(in.Delay)
		if err != nil {
			c.done(err)
			return
		}
		in.Failure.Delay = d
	}
	c.json(http.StatusCreated, map[string]string{"id": e.Fail(in.Failure)})
}

func (e *Emulator) showRequests(c *call) {
	list := e.Requests()
	if endpoint := c.query.Get("endpoint"); endpoint != "" {
		list = e.RequestsTo(endpoint, c.query.Get("detail"))
	}
	if list == nil {
		list = []Request{}
	}
	c.json(http.StatusOK, list)
}

func (e *Emulator) postUser(c *call) {
	in := User{HasMailbox: true}
	if c.read(&in) {
		c.json(http.StatusCreated, e.AddUser(in))
	}
}

// patchUser merges the given members into the person.
func (e *Emulator) patchUser(c *call) {
	name := c.r.PathValue("user")
	changed := e.User(name)
	if err := json.Unmarshal(c.body, &changed); err != nil {
		c.done(err)
		return
	}
	if err := e.ChangeUser(name, func(u *User) { *u = changed }); err != nil {
		c.done(err)
		return
	}
	c.json(http.StatusOK, e.User(changed.ObjectID))
}

func (e *Emulator) postPassword(c *call) {
	var in struct {
		Password string `json:"password"`
		Revoke   bool   `json:"revoke"`
	}
	if c.read(&in) {
		c.done(e.ResetPassword(c.r.PathValue("user"), in.Password, in.Revoke))
	}
}

func (e *Emulator) postApp(c *call) {
	var in App
	if c.read(&in) {
		c.json(http.StatusCreated, e.AddApp(in))
	}
}

func (e *Emulator) patchApp(c *call) {
	var in struct {
		Enabled            *bool     `json:"enabled"`
		AssignmentRequired *bool     `json:"assignmentRequired"`
		Assigned           []string  `json:"assigned"`
		ImplicitIDToken    *bool     `json:"implicitIdToken"`
		RequiredScopes     *[]string `json:"requiredScopes"`
	}
	if !c.read(&in) {
		return
	}
	if in.AssignmentRequired != nil {
		if err := e.RequireAssignment(c.app(), *in.AssignmentRequired, in.Assigned...); err != nil {
			c.done(err)
			return
		}
	}
	c.done(e.withApp(c.app(), func(a *app) {
		set(&a.enabled, in.Enabled)
		set(&a.implicitIDToken, in.ImplicitIDToken)
		set(&a.required, in.RequiredScopes)
	}))
}

func (e *Emulator) postSecret(c *call) {
	var in struct {
		Value    string `json:"value"`
		Validity string `json:"validity"`
	}
	if !c.read(&in) {
		return
	}
	var validity time.Duration
	if in.Validity != "" {
		d, err := time.ParseDuration(in.Validity)
		if err != nil {
			c.done(err)
			return
		}
		validity = d
	}
	s, err := e.AddSecret(c.app(), in.Value, validity)
	if err != nil {
		c.done(err)
		return
	}
	c.json(http.StatusCreated, s)
}

func (e *Emulator) postRedirect(c *call) {
	var in RedirectURI
	if c.read(&in) {
		c.done(e.AddRedirectURI(c.app(), in.URI, in.Platform))
	}
}

func (e *Emulator) postConsent(c *call) {
	var in struct {
		Scopes []string `json:"scopes"`
	}
	if c.read(&in) {
		c.done(e.GrantAdminConsent(c.app(), in.Scopes...))
	}
}
