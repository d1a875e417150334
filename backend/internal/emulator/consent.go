package emulator

import (
	"fmt"
	"slices"
	"strings"
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
	Status        string    `json:"status"` // one of the Request constants

	tenant, client string // id of the one, name of the other
}

// What became of a request for consent.
const (
	RequestPending  = "pending"
	RequestApproved = "approved"
	RequestDenied   = "denied"
)

// ask records that a person requests an application, once until somebody decides, and writes to the
// administrators of the tenant.
func (e *Emulator) ask(req *authRequest, u *user, justification string, now time.Time) {
	if e.asked(req.app, u) {
		return
	}
	scopes := e.missingConsent(req.app, u, req.scopes)
	e.requests = append(e.requests, ConsentRequest{
		ID: e.guid(), User: u.UserPrincipalName, ClientID: req.app.clientID, Justification: justification, At: now,
		Scopes: scopes, Status: RequestPending, tenant: req.tenant.id, client: req.app.name,
	})
	for _, admin := range e.users {
		if admin.Admin && admin.TenantID == req.tenant.id {
			e.notify(admin, "Approve access to "+req.app.name, u.DisplayName+" requests approval to use "+req.app.name+
				" with "+strings.Join(scopes, ", ")+".\r\n\r\nJustification: "+justification)
		}
	}
}

// asked reports whether a person waits for a decision about an application.
func (e *Emulator) asked(a *app, u *user) bool {
	return slices.ContainsFunc(e.requests, func(r ConsentRequest) bool {
		return r.Status == RequestPending && r.ClientID == a.clientID && r.User == u.UserPrincipalName
	})
}

// DecideConsentRequest is an administrator's approval or denial. Approving consents for everybody of the
// tenant to what was requested; the person hears of either by mail.
func (e *Emulator) DecideConsentRequest(id string, approve bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.requests, func(r ConsentRequest) bool { return r.ID == id })
	if i < 0 {
		return fmt.Errorf("no consent request %q", id)
	}
	r := &e.requests[i]
	if r.Status != RequestPending {
		return fmt.Errorf("the request was %s before", r.Status)
	}
	a := e.appByID(r.ClientID)
	switch {
	case !approve:
		r.Status = RequestDenied
	case a == nil:
		return fmt.Errorf("no application %q", r.ClientID)
	default:
		r.Status = RequestApproved
		e.grant(a, r.tenant, "", r.Scopes)
	}
	if u := e.findUser(r.User); u != nil {
		e.notify(u, "Your request for "+r.client+" was "+r.Status, "An administrator has "+r.Status+" your request to use "+r.client+".")
	}
	return nil
}

// notify puts a message of the directory into somebody's inbox, where there is one.
func (e *Emulator) notify(u *user, subject, body string) {
	if box := e.mailboxes[u.ObjectID]; box != nil {
		e.put(box, "inbox", Mail{
			Subject: subject, From: Address{"Directory of the emulator", "directory@" + seedDomain}, To: []Address{{u.DisplayName, u.Mail}}, Body: body,
		}, e.now())
	}
}

// grantView is one consent as the control API and the page show it.
type grantView struct {
	ClientID string   `json:"clientId"`
	TenantID string   `json:"tenantId"`
	User     string   `json:"user"` // object id; empty is everybody
	Scopes   []string `json:"scopes"`
}

func (e *Emulator) grantViews() []grantView {
	out := make([]grantView, 0, len(e.grants))
	for k, scopes := range e.grants {
		g := grantView{ClientID: k.client, TenantID: k.tenant, User: k.user, Scopes: []string{}}
		for _, p := range permissions() {
			if scopes[p.name] {
				g.Scopes = append(g.Scopes, p.name)
			}
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b grantView) int {
		return strings.Compare(a.ClientID+a.TenantID+a.User, b.ClientID+b.TenantID+b.User)
	})
	return out
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
	policy := e.settingsOf(e.findTenant(u.TenantID)).ConsentPolicy
	for _, s := range scopes {
		p, ok := findPermission(s)
		if !ok || p.admin {
			return false
		}
		switch policy {
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
