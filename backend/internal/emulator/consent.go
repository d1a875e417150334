package emulator

import (
	"slices"
	"time"
)

// grantKey names whose consent it is; an empty user means everybody of the tenant.
type grantKey struct{ client, tenant, user string }

// ConsentRequest is what a person wrote on the "Approval required" page.
type ConsentRequest struct {
	ID            string    `json:"id"`
	User          string    `json:"user"`
	ClientID      string    `json:"clientId"`
	Scopes        []string  `json:"scopes"`
	Justification string    `json:"justification"`
	At            time.Time `json:"at"`
}

// granted lists in catalogue order what the person or an administrator for everybody agreed to.
func (e *Emulator) granted(a *app, u *user) []string {
	own := e.grants[grantKey{a.clientID, u.TenantID, u.ObjectID}]
	all := e.grants[grantKey{a.clientID, u.TenantID, ""}]
	var out []string
	for _, p := range permissions() {
		if own[p.name] || all[p.name] {
			out = append(out, p.name)
		}
	}
	return out
}

// missingConsent lists what was asked and is not granted. With .default everything registered counts,
// but only while nothing at all is granted yet.
func (e *Emulator) missingConsent(a *app, u *user, req scopeRequest) []string {
	have := e.granted(a, u)
	want := req.names
	if req.allOf && !slices.ContainsFunc(have, func(s string) bool { return !isOIDC(s) }) {
		want = append(slices.Clone(want), a.required...)
	}
	var out []string
	for _, s := range want {
		if !slices.Contains(have, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (e *Emulator) grant(a *app, tenantID, userID string, scopes []string) {
	key := grantKey{a.clientID, tenantID, userID}
	if e.grants[key] == nil {
		e.grants[key] = map[string]bool{}
	}
	for _, s := range scopes {
		e.grants[key][s] = true
	}
}

// mayConsent says whether the tenant's policy lets this person agree to these permissions.
func (e *Emulator) mayConsent(a *app, u *user, scopes []string) bool {
	if u.Admin {
		return true
	}
	if a.assignment {
		return false
	}
	for _, s := range scopes {
		p, ok := findPermission(s)
		if !ok || p.admin {
			return false
		}
		switch e.settings.ConsentPolicy {
		case "off":
			return false
		case "low":
			if !p.low {
				return false
			}
		case "managed":
			if p.managed {
				return false
			}
		}
	}
	return true
}
