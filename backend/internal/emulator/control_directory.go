package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// directoryTable is the part of the control API that does what an administrator of the tenant does.
func (e *Emulator) directoryTable() []controlRoute {
	return append([]controlRoute{
		{"GET /_emulator/users", "All people, with their passwords.", "", func(c *call) { c.json(http.StatusOK, e.Users()) }},
		{"POST /_emulator/users", "Add a person.", `{"userPrincipalName":"new@fabrikam.example"}`, e.postUser},
		{
			"PATCH /_emulator/users/{user}", "Change a person: block, lock, expire the password, take the mailbox away.",
			`{"enabled":false} or {"locked":true,"passwordExpired":true,"mfa":true,"hasMailbox":false}`, e.patchUser,
		},
		{"DELETE /_emulator/users/{user}", "Delete a person: refresh fails with 51004.", "", func(c *call) { c.done(e.DeleteUser(c.r.PathValue("user"))) }},
		{"POST /_emulator/users/{user}/revoke-sessions", "Revoke the sessions: refresh fails with 50173.", "", func(c *call) { c.done(e.RevokeSessions(c.r.PathValue("user"))) }},
		{
			"POST /_emulator/users/{user}/reset-password", "Set a password; with revoke as in the Entra admin center, which also revokes.",
			`{"password":"new-password","revoke":true}`, e.postPassword,
		},
		{"POST /_emulator/users/{user}/challenge", "Challenge the tokens given so far, of clients that declared cp1.", "", func(c *call) { c.done(e.Challenge(c.r.PathValue("user"))) }},
		{"GET /_emulator/users/{user}/messages", "The messages of a folder; ?folder=sentitems, or else the inbox.", "", e.showMessages},
		{"POST /_emulator/users/{user}/messages", "Deliver a message as from outside.", `{"subject":"Hello","from":{"address":"a@b.example"},"body":"…"}`, e.postMessage},
		{"GET /_emulator/tenants", "All directories.", "", func(c *call) { c.json(http.StatusOK, e.Tenants()) }},
		{"POST /_emulator/tenants", "Add an empty directory.", `{"name":"Contoso","domains":["contoso.example"]}`, e.postTenant},
		{"DELETE /_emulator/tenants/{tenant}", "Delete a directory: 90002.", "", func(c *call) { c.done(e.DeleteTenant(c.r.PathValue("tenant"))) }},
		{"POST /_emulator/tenants/{tenant}/restore", "Bring it back.", "", func(c *call) { c.done(e.RestoreTenant(c.r.PathValue("tenant"))) }},
		{"PATCH /_emulator/tenants/{tenant}/settings", "Give one directory switches of its own.", `{"consentPolicy":"off"}`, e.patchTenantSettings},
		{"GET /_emulator/consent-requests", "What people asked an administrator for.", "", func(c *call) { c.json(http.StatusOK, nonNil(e.ConsentRequests())) }},
		{"POST /_emulator/consent-requests/{id}/approve", "Approve: consent for everybody to what was asked.", "", func(c *call) { c.done(e.DecideConsentRequest(c.r.PathValue("id"), true)) }},
		{"POST /_emulator/consent-requests/{id}/deny", "Deny.", "", func(c *call) { c.done(e.DecideConsentRequest(c.r.PathValue("id"), false)) }},
	}, e.appTable()...)
}

// appTable is about applications; "default" in a path is the seeded one.
func (e *Emulator) appTable() []controlRoute {
	return []controlRoute{
		{"GET /_emulator/apps", "All applications, with their secrets.", "", func(c *call) { c.json(http.StatusOK, e.Apps()) }},
		{"POST /_emulator/apps", "Register an application; answers with its ids and a secret.", `{"name":"Other","redirectUris":[{"uri":"https://o.example/cb","platform":"web"}]}`, e.postApp},
		{"PATCH /_emulator/apps/{app}", "Change an application.", `{"enabled":false} or {"assignmentRequired":true,"assigned":["mara"]}`, e.patchApp},
		{"DELETE /_emulator/apps/{app}", "Delete it: 700016.", "", func(c *call) { c.done(e.DeleteApp(c.app())) }},
		{"POST /_emulator/apps/{app}/secrets", "Add a client secret beside the others.", `{"value":"","validity":"720h"}`, e.postSecret},
		{"POST /_emulator/apps/{app}/secrets/{secret}/expire", "Expire a secret by its id, or all: 7000222.", "", func(c *call) { c.done(e.ExpireSecret(c.app(), c.secret())) }},
		{"DELETE /_emulator/apps/{app}/secrets/{secret}", "Delete a secret by its id, or all: 7000215.", "", func(c *call) { c.done(e.RemoveSecret(c.app(), c.secret())) }},
		{"POST /_emulator/apps/{app}/certificates", "Register the public half of a certificate; the body is PEM or DER.", "", func(c *call) { c.done(e.AddCertificate(c.app(), c.body)) }},
		{"POST /_emulator/apps/{app}/redirect-uris", "Register an address.", `{"uri":"https://o.example/cb","platform":"web"}`, e.postRedirect},
		{"DELETE /_emulator/apps/{app}/redirect-uris", "Take ?uri=… away, or all.", "", func(c *call) { c.done(e.RemoveRedirectURI(c.app(), c.query.Get("uri"))) }},
		{"POST /_emulator/apps/{app}/consent", "Grant admin consent, to all registered permissions or to these.", `{"scopes":["Mail.Read"]}`, e.postConsent},
		{"DELETE /_emulator/apps/{app}/consent", "Remove the consent of ?user=…, or all: refresh fails with 65001.", "", func(c *call) { c.done(e.RemoveConsent(c.app(), c.query.Get("user"))) }},
	}
}

func (e *Emulator) postUser(c *call) {
	in := User{HasMailbox: true}
	if !c.read(&in) {
		return
	}
	if !strings.Contains(in.UserPrincipalName, "@") || e.User(in.UserPrincipalName).UserPrincipalName != "" {
		c.done(fmt.Errorf("userPrincipalName %q is no address, or somebody's already", in.UserPrincipalName))
		return
	}
	c.json(http.StatusCreated, e.AddUser(in))
}

// patchUser merges the given members into the person.
func (e *Emulator) patchUser(c *call) {
	name := c.r.PathValue("user")
	before := e.User(name)
	changed := before
	if !c.read(&changed) {
		return
	}
	if changed.ObjectID != before.ObjectID || changed.TenantID != before.TenantID {
		c.done(errors.New("objectId and tenantId stay for life"))
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

func (e *Emulator) showMessages(c *call) {
	if err := e.withUser(c.r.PathValue("user"), func(*user) {}); err != nil {
		c.done(err)
		return
	}
	c.json(http.StatusOK, nonNil(e.Mailbox(c.r.PathValue("user"), orDefault(c.query.Get("folder"), "inbox"))))
}

func (e *Emulator) postMessage(c *call) {
	var in Mail
	if !c.read(&in) {
		return
	}
	out, err := e.Deliver(c.r.PathValue("user"), in)
	if err != nil {
		c.done(err)
		return
	}
	c.json(http.StatusCreated, out)
}

func (e *Emulator) postTenant(c *call) {
	var in struct {
		Name    string   `json:"name"`
		Domains []string `json:"domains"`
	}
	if c.read(&in) {
		c.json(http.StatusCreated, map[string]string{"id": e.AddTenant(in.Name, in.Domains...)})
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
		Name               *string   `json:"name"`
		Publisher          *string   `json:"publisher"`
		Enabled            *bool     `json:"enabled"`
		MultiTenant        *bool     `json:"multiTenant"`
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
		set(&a.name, in.Name)
		set(&a.publisher, in.Publisher)
		set(&a.enabled, in.Enabled)
		set(&a.multiTenant, in.MultiTenant)
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
