package emulator

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// What an administrator of the tenant does, as Go methods. People are named by object id, user principal
// name, address or the part before the @; an empty client id is the seeded application.

func (e *Emulator) withUser(name string, do func(*user)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	u := e.findUser(name)
	if u == nil {
		return fmt.Errorf("no user %q", name)
	}
	do(u)
	return nil
}

func (e *Emulator) withApp(clientID string, do func(*app)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if clientID == "" {
		clientID = e.seed.ClientID
	}
	a := e.appByID(clientID)
	if a == nil {
		return fmt.Errorf("no application %q", clientID)
	}
	do(a)
	return nil
}

// User finds a person; the zero User when there is none.
func (e *Emulator) User(name string) User {
	var out User
	if e.withUser(name, func(u *user) { out = u.User }) != nil {
		return User{}
	}
	return out
}

// Users are all people of all tenants.
func (e *Emulator) Users() []User {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]User, 0, len(e.users))
	for _, u := range e.users {
		out = append(out, u.User)
	}
	return out
}

// AddUser adds a person. Only UserPrincipalName is needed; a missing tenant is the seeded one, a missing
// object id is made, a missing password is "password". The person is enabled.
func (e *Emulator) AddUser(u User) User {
	e.mu.Lock()
	defer e.mu.Unlock()
	if u.ObjectID == "" {
		u.ObjectID = e.guid()
	}
	if u.TenantID == "" {
		u.TenantID = e.seed.TenantID
	}
	if u.Password == "" {
		u.Password = "password"
	}
	if u.DisplayName == "" {
		u.DisplayName = u.UserPrincipalName
	}
	if u.Mail == "" && u.HasMailbox {
		u.Mail = u.UserPrincipalName
	}
	u.Enabled = true
	added := &user{User: u}
	e.users = append(e.users, added)
	e.openMailbox(added)
	return u
}

// ChangeUser edits a person in place: Enabled, Locked, PasswordExpired, MFA, Admin, names, and so on.
func (e *Emulator) ChangeUser(name string, change func(*User)) error {
	return e.withUser(name, func(u *user) {
		before := u.User
		change(&u.User)
		if before.Enabled && !u.Enabled || before.Password != u.Password || !before.MFA && u.MFA {
			e.critical(u, e.now())
		}
		e.openMailbox(u)
	})
}

// SetUserEnabled blocks or unblocks a person: refresh tokens fail with 50057 while blocked.
func (e *Emulator) SetUserEnabled(name string, enabled bool) error {
	return e.ChangeUser(name, func(u *User) { u.Enabled = enabled })
}

// DeleteUser removes a person: refresh tokens fail with 51004.
func (e *Emulator) DeleteUser(name string) error {
	oid := e.User(name).ObjectID
	return e.withUser(name, func(*user) {
		e.users = slices.DeleteFunc(e.users, func(u *user) bool { return u.ObjectID == oid })
		delete(e.mailboxes, oid)
	})
}

// RevokeSessions ends all sign-ins of a person: refresh tokens fail with 50173.
func (e *Emulator) RevokeSessions(name string) error {
	return e.withUser(name, func(u *user) { e.revoke(u, e.now()) })
}

// ResetPassword sets a new password; with revoke, as in the Entra admin center, it also ends all sign-ins.
func (e *Emulator) ResetPassword(name, password string, revoke bool) error {
	return e.withUser(name, func(u *user) {
		u.Password, u.Locked, u.failedSignIns = password, false, 0
		e.critical(u, e.now())
		if revoke {
			e.revoke(u, e.now())
		}
	})
}

// GrantAdminConsent consents for everybody; without scopes, to all that is registered.
func (e *Emulator) GrantAdminConsent(clientID string, scopes ...string) error {
	return e.withApp(clientID, func(a *app) {
		if len(scopes) == 0 {
			scopes = a.required
		}
		e.grant(a, a.tenant, "", scopes)
	})
}

// RemoveConsent takes one person's consent away, or with an empty name all consent to the application:
// refresh tokens fail with 65001.
func (e *Emulator) RemoveConsent(clientID, name string) error {
	oid := ""
	if name != "" {
		if oid = e.User(name).ObjectID; oid == "" {
			return fmt.Errorf("no user %q", name)
		}
	}
	return e.withApp(clientID, func(a *app) {
		for k := range e.grants {
			if k.client == a.clientID && (oid == "" || k.user == oid) {
				delete(e.grants, k)
			}
		}
	})
}

// ConsentRequests are what people asked an administrator for.
func (e *Emulator) ConsentRequests() []ConsentRequest {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.requests)
}

// App describes a further application for AddApp.
type App struct {
	ClientID       string        `json:"clientId"`
	TenantID       string        `json:"tenantId"` // empty is the seeded tenant
	Name           string        `json:"name"`
	Publisher      string        `json:"publisher"`
	MultiTenant    bool          `json:"multiTenant"`
	RedirectURIs   []RedirectURI `json:"redirectUris"`
	RequiredScopes []string      `json:"requiredScopes"` // nil is those of the seeded application
}

// Registration is an application as it stands, with its secrets in full: they are worth nothing elsewhere.
type Registration struct {
	App
	Enabled            bool     `json:"enabled"`
	AssignmentRequired bool     `json:"assignmentRequired"`
	Assigned           []string `json:"assigned"` // object ids
	ImplicitIDToken    bool     `json:"implicitIdToken"`
	Secrets            []Secret `json:"secrets"`
	Certificates       int      `json:"certificates"`
}

// Apps are all registered applications.
func (e *Emulator) Apps() []Registration {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Registration, 0, len(e.apps))
	for _, a := range e.apps {
		out = append(out, a.registration())
	}
	return out
}

func (a *app) registration() Registration {
	r := Registration{
		App: App{
			ClientID: a.clientID, TenantID: a.tenant, Name: a.name, Publisher: a.publisher, MultiTenant: a.multiTenant,
			RedirectURIs: slices.Clone(a.redirects), RequiredScopes: slices.Clone(a.required),
		},
		Enabled: a.enabled, AssignmentRequired: a.assignment, Assigned: slices.Sorted(maps.Keys(a.assigned)),
		ImplicitIDToken: a.implicitIDToken, Certificates: len(a.certificates),
	}
	for _, s := range a.secrets {
		r.Secrets = append(r.Secrets, s.public())
	}
	return r
}

// AddApp registers another application with one secret and returns its ids and that secret.
func (e *Emulator) AddApp(a App) Seed {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a.ClientID == "" {
		a.ClientID = e.guid()
	}
	if a.TenantID == "" {
		a.TenantID = e.seed.TenantID
	}
	if a.RequiredScopes == nil {
		a.RequiredScopes = seedScopes()
	}
	if a.Name == "" {
		a.Name = "Application " + a.ClientID[:8]
	}
	added := &app{
		tenant: a.TenantID, clientID: a.ClientID, objectID: e.guid(), name: a.Name, publisher: orDefault(a.Publisher, seedDomain),
		multiTenant: a.MultiTenant, redirects: a.RedirectURIs, enabled: true, assigned: map[string]bool{}, required: a.RequiredScopes,
	}
	e.apps = append(e.apps, added)
	s := e.addSecret(added, "", 0)
	return Seed{TenantID: added.tenant, Domain: seedDomain, AppName: added.name, ClientID: added.clientID, Secret: s.value, SecretID: s.id}
}

// SetAppEnabled switches the application off (7000112) or on.
func (e *Emulator) SetAppEnabled(clientID string, enabled bool) error {
	return e.withApp(clientID, func(a *app) { a.enabled = enabled })
}

// DeleteApp removes the application: everything fails with 700016.
func (e *Emulator) DeleteApp(clientID string) error {
	return e.withApp(clientID, func(gone *app) {
		e.apps = slices.DeleteFunc(e.apps, func(a *app) bool { return a == gone })
	})
}

// RequireAssignment makes the application refuse (50105) everybody but the named people.
func (e *Emulator) RequireAssignment(clientID string, required bool, people ...string) error {
	ids := map[string]bool{}
	for _, p := range people {
		ids[e.User(p).ObjectID] = true
	}
	return e.withApp(clientID, func(a *app) { a.assignment, a.assigned = required, ids })
}

// AddSecret adds a client secret next to the existing ones. An empty value is made up, a zero validity is a year.
func (e *Emulator) AddSecret(clientID, value string, validity time.Duration) (Secret, error) {
	var out Secret
	err := e.withApp(clientID, func(a *app) { out = e.addSecret(a, value, validity).public() })
	return out, err
}

// Secret is a client secret with its id, which is the thing people paste by mistake.
type Secret struct {
	ID      string    `json:"id"`
	Value   string    `json:"value"`
	Expires time.Time `json:"expires"`
}

func (s *appSecret) public() Secret { return Secret{ID: s.id, Value: s.value, Expires: s.end} }

func (e *Emulator) addSecret(a *app, value string, validity time.Duration) *appSecret {
	id := e.guid()
	if value == "" {
		value = deriveSecret(id, a.clientID)
	}
	if validity == 0 {
		validity = 365 * 24 * time.Hour
	}
	s := &appSecret{id: id, value: value, start: e.now(), end: e.now().Add(validity)}
	a.secrets = append(a.secrets, s)
	return s
}

// ExpireSecret ends a secret now, by id or value; empty is all: 7000222.
func (e *Emulator) ExpireSecret(clientID, secret string) error {
	return e.withApp(clientID, func(a *app) {
		for _, s := range a.secrets {
			if secret == "" || s.id == secret || s.value == secret {
				s.end = e.now()
			}
		}
	})
}

// RemoveSecret deletes a secret by id or value; empty is all: 7000215.
func (e *Emulator) RemoveSecret(clientID, secret string) error {
	return e.withApp(clientID, func(a *app) {
		a.secrets = slices.DeleteFunc(a.secrets, func(s *appSecret) bool { return secret == "" || s.id == secret || s.value == secret })
	})
}

// AddCertificate registers the public half of a certificate, PEM or DER.
func (e *Emulator) AddCertificate(clientID string, certificate []byte) error {
	cert, err := parseCertificate(certificate)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return e.withApp(clientID, func(a *app) { a.certificates = append(a.certificates, cert) })
}

// AddRedirectURI registers an address; an empty platform is web.
func (e *Emulator) AddRedirectURI(clientID, uri, platform string) error {
	if err := CheckRedirectURI(uri); err != nil {
		return fmt.Errorf("redirect URI %q: %w", uri, err)
	}
	if platform == "" {
		platform = PlatformWeb
	}
	return e.withApp(clientID, func(a *app) { a.redirects = append(a.redirects, RedirectURI{URI: uri, Platform: platform}) })
}

// RemoveRedirectURI takes an address away; empty is all.
func (e *Emulator) RemoveRedirectURI(clientID, uri string) error {
	return e.withApp(clientID, func(a *app) {
		a.redirects = slices.DeleteFunc(a.redirects, func(r RedirectURI) bool { return uri == "" || r.URI == uri })
	})
}

// SetImplicitIDToken switches response_type "code id_token" on for the application.
func (e *Emulator) SetImplicitIDToken(clientID string, on bool) error {
	return e.withApp(clientID, func(a *app) { a.implicitIDToken = on })
}

func (e *Emulator) withTenant(name string, do func(*tenant)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.anyTenant(name)
	if t == nil {
		return fmt.Errorf("no tenant %q", name)
	}
	do(t)
	return nil
}

// Tenant is a directory as tests and the control API see it.
type Tenant struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Region  string   `json:"region"`
	Domains []string `json:"domains"`
	Deleted bool     `json:"deleted"`
}

// Tenants are all directories, deleted ones too.
func (e *Emulator) Tenants() []Tenant {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Tenant, 0, len(e.tenants))
	for _, t := range e.tenants {
		out = append(out, t.public())
	}
	return out
}

func (t *tenant) public() Tenant {
	return Tenant{ID: t.id, Name: t.name, Region: t.region, Domains: slices.Clone(t.domains), Deleted: t.deleted}
}

// AddTenant adds an empty directory and returns its id.
func (e *Emulator) AddTenant(name string, domains ...string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := &tenant{id: e.guid(), name: name, domains: domains, region: "EU"}
	e.tenants = append(e.tenants, t)
	return t.id
}

// DeleteTenant removes a directory by id or domain: everything about it fails with 90002.
func (e *Emulator) DeleteTenant(name string) error {
	return e.withTenant(name, func(t *tenant) { t.deleted = true })
}

// RestoreTenant brings a deleted directory back as it was.
func (e *Emulator) RestoreTenant(name string) error {
	return e.withTenant(name, func(t *tenant) { t.deleted = false })
}
