package emulator

import (
	"slices"
	"strings"
	"time"
)

type tenant struct {
	id, name, region string
	domains          []string
	deleted          bool
	settings         *Settings // nil follows the emulator's
}

// Platforms of a redirect URI.
const (
	PlatformWeb    = "web"
	PlatformSPA    = "spa"
	PlatformPublic = "public"
)

// RedirectURI is a registered address and the platform it was registered under.
type RedirectURI struct {
	URI      string `json:"uri"`
	Platform string `json:"platform"`
}

type appSecret struct {
	id, value string
	start     time.Time
	end       time.Time
}

type app struct {
	tenant          string
	clientID        string
	objectID        string
	name, publisher string
	redirects       []RedirectURI
	secrets         []*appSecret
	certificates    []*appCertificate
	required        []string // delegated permissions of the registration
	enabled         bool
	multiTenant     bool
	implicitIDToken bool
	assignment      bool
	assigned        map[string]bool
}

// User is a person of the emulated tenant, as tests and the control API see them.
type User struct {
	ObjectID          string `json:"objectId"`
	TenantID          string `json:"tenantId"`
	UserPrincipalName string `json:"userPrincipalName"`
	Mail              string `json:"mail"`
	DisplayName       string `json:"displayName"`
	GivenName         string `json:"givenName"`
	Surname           string `json:"surname"`
	JobTitle          string `json:"jobTitle"`
	Password          string `json:"password"`
	Admin             bool   `json:"admin"`
	MFA               bool   `json:"mfa"`
	HasMailbox        bool   `json:"hasMailbox"`
	Enabled           bool   `json:"enabled"`
	Locked            bool   `json:"locked"`
	PasswordExpired   bool   `json:"passwordExpired"`
}

type user struct {
	User
	failedSignIns int
	validFrom     time.Time // tokens of older sign-ins are dead
	validFromSeq  int64
	critical      time.Time // tokens given before are challenged by Graph
	criticalSeq   int64
}

// Alias is the name before the @; pages use it too.
func (u *user) Alias() string {
	name, _, _ := strings.Cut(u.UserPrincipalName, "@")
	return name
}

// Initials stand for the picture on pages.
func (u *user) Initials() string {
	out := ""
	for _, word := range strings.Fields(u.DisplayName) {
		out += string([]rune(word)[:1])
	}
	return out
}

// findTenant takes an id or a domain of a tenant that has not been deleted.
func (e *Emulator) findTenant(name string) *tenant {
	if t := e.anyTenant(name); t != nil && !t.deleted {
		return t
	}
	return nil
}

func (e *Emulator) anyTenant(name string) *tenant {
	for _, t := range e.tenants {
		if strings.EqualFold(t.id, name) || slices.ContainsFunc(t.domains, func(d string) bool { return strings.EqualFold(d, name) }) {
			return t
		}
	}
	return nil
}

// resolveTenant is findTenant with Entra's own errors for names that cannot be tenants.
func (e *Emulator) resolveTenant(name string) (*tenant, *stsError) {
	if t := e.findTenant(name); t != nil {
		return t, nil
	}
	switch strings.ToLower(name) {
	case "common", "organizations", "consumers":
		return nil, e.sts(50194)
	}
	if !isGUID(name) && !isDomain(name) {
		return nil, e.sts(900023, "{T}", name)
	}
	return nil, e.sts(90002, "{T}", name)
}

func isDomain(name string) bool {
	if !strings.Contains(name, ".") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") {
		return false
	}
	return strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// findApp looks an application up in a tenant and reports why it cannot be used there.
func (e *Emulator) findApp(t *tenant, clientID string) (*app, *stsError) {
	for _, a := range e.apps {
		if !strings.EqualFold(a.clientID, clientID) || a.tenant != t.id && !a.multiTenant {
			continue
		}
		if !a.enabled {
			return nil, e.sts(7000112, "{C}", a.clientID, "{N}", a.name)
		}
		return a, nil
	}
	return nil, e.sts(700016, "{C}", clientID, "{T}", t.name)
}

// findUser accepts an object id, a user principal name, an address, or the part before the @.
func (e *Emulator) findUser(name string) *user {
	for _, u := range e.users {
		if strings.EqualFold(u.ObjectID, name) || strings.EqualFold(u.UserPrincipalName, name) || name != "" && strings.EqualFold(u.Mail, name) {
			return u
		}
	}
	for _, u := range e.users {
		if strings.EqualFold(u.Alias(), name) {
			return u
		}
	}
	return nil
}

func (e *Emulator) userByID(oid string) *user {
	for _, u := range e.users {
		if u.ObjectID == oid {
			return u
		}
	}
	return nil
}

func (e *Emulator) appByID(clientID string) *app {
	for _, a := range e.apps {
		if strings.EqualFold(a.clientID, clientID) {
			return a
		}
	}
	return nil
}
