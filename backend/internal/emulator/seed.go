package emulator

import (
	"strings"
	"time"
)

// Seed is what a new emulator holds, for tests and for the start banner.
type Seed struct {
	TenantID  string
	Domain    string
	AppName   string
	ClientID  string
	Secret    string
	SecretID  string
	Redirects []string
}

// Seed tells the identifiers that an application under test has to be configured with.
func (e *Emulator) Seed() Seed {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seed
}

const seedDomain = "fabrikam.example"

// seedID keeps the documented identifiers for the empty seed and derives others for any other.
func seedID(seed, name, wellKnown string) string {
	if seed == "" {
		return wellKnown
	}
	return deriveGUID(seed, name)
}

// plant fills the empty emulator.
func (e *Emulator) plant(o Options) {
	now := e.now()
	t := &tenant{
		id: seedID(o.Seed, "tenant", "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11"), name: "Fabrikam", region: "EU",
		domains: []string{seedDomain, "fabrikam.onmicrosoft.example"},
	}
	e.tenants = append(e.tenants, t)
	a := &app{
		tenant: t.id, clientID: seedID(o.Seed, "client", "c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702"), objectID: deriveGUID(o.Seed, "app object"),
		name: "Latchkey", publisher: seedDomain, enabled: true, assigned: map[string]bool{},
		required: seedScopes(),
	}
	for _, uri := range o.RedirectURIs {
		a.redirects = append(a.redirects, RedirectURI{URI: uri, Platform: PlatformWeb})
	}
	s := &appSecret{id: deriveGUID(o.Seed, "secret id"), value: deriveSecret(o.Seed, "secret"), start: now.AddDate(0, 0, -1), end: now.AddDate(1, 0, 0)}
	a.secrets = append(a.secrets, s)
	e.apps = append(e.apps, a)
	e.seed = Seed{
		TenantID: t.id, Domain: seedDomain, AppName: a.name, ClientID: a.clientID,
		Secret: s.value, SecretID: s.id, Redirects: o.RedirectURIs,
	}
	for _, p := range seedPeople(o.Seed, t.id) {
		u := &user{User: p}
		e.users = append(e.users, u)
		e.openMailbox(u)
	}
	e.plantMail(now.Truncate(time.Second))
}

// seedScopes are the delegated permissions of a registration that reads and sends mail.
func seedScopes() []string {
	return []string{"openid", "profile", "email", "offline_access", "User.Read", "Mail.Read", "Mail.ReadWrite", "Mail.Send"}
}

func seedPeople(seed, tenantID string) []User {
	person := func(id, given, family, job, password string) User {
		alias := strings.ToLower(given)
		return User{
			ObjectID: id, TenantID: tenantID, UserPrincipalName: alias + "@" + seedDomain, Mail: alias + "@" + seedDomain,
			DisplayName: given + " " + family, GivenName: given, Surname: family, JobTitle: job,
			Password: password, HasMailbox: true, Enabled: true,
		}
	}
	mara := person(seedID(seed, "mara", "4d5f7a10-0c2b-4e1d-b6d8-77f0a9c31e54"), "Mara", "Lindqvist", "Accounts payable", "mara-copper-42")
	tomas := person(deriveGUID(seed, "tomas"), "Tomas", "Okafor", "Operations", "tomas-harbour-17")
	ines := person(deriveGUID(seed, "ines"), "Ines", "Haddad", "IT administrator", "ines-lantern-88")
	ines.Admin, ines.MFA = true, true
	return []User{mara, tomas, ines}
}
