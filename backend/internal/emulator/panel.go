package emulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The control page: what there is at a glance, and a button for everything that can go wrong. Plain forms
// and no scripts, so that it works in any browser and in any test.

const (
	panelPath     = "/emulator"
	requestsShown = 40
	codeTextShown = 60
)

// press is a button with what will happen.
type press struct{ Do, Label, Effect, ID string }

// named gives buttons their ids: "person-mara-revoke".
func named(prefix string, list []press) []press {
	for i := range list {
		list[i].ID = prefix + strings.ReplaceAll(list[i].Do, " ", "-")
	}
	return list
}

// panelView is all that the page shows; the rest of it is the template's.
type panelView struct {
	Base, Now, Skew, MFACode string
	Said, Wrong              string
	Seed                     Seed
	Counts                   []field
	ClockPresses             []press
	Failures                 []failureRow
	Groups                   []presetGroup
	Codes                    []codeJSON
	People                   []personRow
	Apps                     []appRow
	Tenants                  []Tenant
	Grants                   []grantRow
	Asked                    []ConsentRequest
	Settings                 Settings
	ScopeForms               []string
	Kid                      string
	Callbacks                []callbackRow
	Requests                 []requestRow
	Routes                   []controlRoute
}

// Method and Path are the two halves of a route's pattern; About and Example are for the page.
func (r controlRoute) Method() string { return strings.Fields(r.pattern)[0] }

// Path is the address part of the pattern.
func (r controlRoute) Path() string { return strings.Fields(r.pattern)[1] }

// About says what the call does.
func (r controlRoute) About() string { return r.about }

// Example is a body, where there is one.
func (r controlRoute) Example() string { return r.example }

type failureRow struct{ ID, Name, Where, Whom, What, Often string }

type presetGroup struct {
	Name    string
	Presets []Preset
}

type personRow struct {
	*user
	Tenant, Mailbox string
	Tags            []string
	Presses         []press
}

type appRow struct {
	Registration
	Tenant  string
	Now     time.Time
	Presses []press
}

type grantRow struct{ App, Whom, Scopes string }

type callbackRow struct {
	Callback
	At, App, Who string
}

type requestRow struct {
	Request
	At, App, Who, Said, Because string
	Fields                      []field
}

func (e *Emulator) showPanel(c *call) { e.panel(c, http.StatusOK, "") }

// panel renders the page; with what was wrong when a button could not do its work.
func (e *Emulator) panel(c *call, status int, wrong string) {
	v := panelView{
		Base: c.base, Now: e.now().Format("Monday 2 January 2006, 15:04:05"), Skew: skewText(e.offset), MFACode: SecondFactor,
		Said: e.said, Wrong: wrong, Seed: e.seed, ClockPresses: named("clock-", clockPresses()), Codes: e.shortCodes(), Settings: e.settings,
		ScopeForms: scopeForms(), Kid: e.currentKey().kid, Asked: slices.Clone(e.requests), Routes: e.controlTable(),
	}
	e.said = ""
	pending := 0
	for _, r := range e.requests {
		if r.Status == RequestPending {
			pending++
		}
	}
	for name, n := range map[string]int{
		"failures in force": len(e.rules), "requests for consent open": pending, "browsers signed in": len(e.sessions),
		"sign-ins under way": len(e.flows), "refresh tokens given": len(e.refresh), "access tokens given": len(e.access),
	} {
		v.Counts = append(v.Counts, field{name, fmt.Sprint(n)})
	}
	slices.SortFunc(v.Counts, func(a, b field) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range Presets() {
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Name != p.Group {
			v.Groups = append(v.Groups, presetGroup{Name: p.Group})
		}
		last := &v.Groups[len(v.Groups)-1]
		last.Presets = append(last.Presets, p)
	}
	for _, t := range e.tenants {
		v.Tenants = append(v.Tenants, t.public())
	}
	e.panelRows(&v)
	c.identityHeaders()
	c.noStore()
	c.header.Set("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	e.render(c, "panel", v)
	c.status = status
}

func (e *Emulator) panelRows(v *panelView) {
	for _, r := range e.rules {
		v.Failures = append(v.Failures, e.failureRow(r.Failure))
	}
	for _, u := range e.users {
		v.People = append(v.People, personRow{user: u, Tenant: e.tenantName(u.TenantID), Mailbox: e.mailboxText(u), Tags: tagsOf(u), Presses: named("person-"+u.Alias()+"-", personPresses(u))})
	}
	for _, a := range e.apps {
		v.Apps = append(v.Apps, appRow{a.registration(), e.tenantName(a.tenant), e.now(), named("app-"+a.clientID+"-", appPresses(a))})
	}
	for _, g := range e.grantViews() {
		v.Grants = append(v.Grants, grantRow{e.appName(g.ClientID), orDefault(e.personName(g.User), "everybody of "+e.tenantName(g.TenantID)), strings.Join(g.Scopes, ", ")})
	}
	for _, sent := range slices.Backward(e.callbacks) {
		v.Callbacks = append(v.Callbacks, callbackRow{sent, sent.Time.Format(time.TimeOnly), e.appName(sent.ClientID), orDefault(e.personName(sent.User), "nobody")})
	}
	for _, r := range slices.Backward(e.recorded) {
		if len(v.Requests) == requestsShown {
			break
		}
		v.Requests = append(v.Requests, e.requestRow(r))
	}
}

func (e *Emulator) failureRow(f Failure) failureRow {
	row := failureRow{ID: f.ID, Name: orDefault(f.Name, "Made to order"), Where: strings.TrimSpace(orDefault(f.Endpoint, "everything") + " " + f.Detail), Often: "until cleared"}
	whom := []string{}
	if f.User != "" {
		whom = append(whom, f.User)
	}
	if f.ClientID != "" {
		whom = append(whom, e.appName(f.ClientID))
	}
	if f.Tenant != "" {
		whom = append(whom, e.tenantName(f.Tenant))
	}
	row.Whom = orDefault(strings.Join(whom, ", "), "everybody")
	if f.Times > 0 {
		row.Often = fmt.Sprintf("%d more", f.Times-f.Hits)
	}
	if f.Skip > 0 {
		row.Often += fmt.Sprintf(", after %d let through", f.Skip)
	}
	what := []string{}
	if f.AADSTS != 0 {
		what = append(what, fmt.Sprintf("AADSTS%d", f.AADSTS))
	}
	if f.Status != 0 {
		what = append(what, fmt.Sprintf("HTTP %d", f.Status))
	}
	if f.Drop != "" {
		what = append(what, "connection breaks "+f.Drop+" processing")
	}
	if f.Delay != 0 {
		what = append(what, f.Delay.String()+" late")
	}
	row.What = strings.Join(what, ", ")
	return row
}

func (e *Emulator) requestRow(r Request) requestRow {
	row := requestRow{Request: r, At: r.Time.Format(time.TimeOnly), App: e.appName(r.ClientID), Who: e.personName(r.User)}
	switch {
	case r.Status != 0:
		row.Said = strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, r.Result))
	case slices.ContainsFunc(e.rules, func(rule *rule) bool { return rule.ID == r.Failed && rule.gate != nil }):
		row.Said = "held"
	default:
		row.Said = "no answer"
	}
	if r.Failed != "" {
		row.Because = orDefault(r.Failure, "made to order")
	}
	for _, part := range []map[string]string{r.Query, r.Form} {
		for name, value := range part {
			row.Fields = append(row.Fields, field{name, value})
		}
	}
	slices.SortFunc(row.Fields, func(a, b field) int { return cmp.Compare(a.Name, b.Name) })
	return row
}

// shortCodes is the list of codes with as much of each text as a drop-down has room for.
func (e *Emulator) shortCodes() []codeJSON {
	list := e.codeList()
	for i, code := range list {
		if text := []rune(code.Text); len(text) > codeTextShown {
			list[i].Text = string(text[:codeTextShown]) + "…"
		}
	}
	return list
}

func (e *Emulator) tenantName(name string) string {
	if t := e.anyTenant(name); t != nil {
		return t.name
	}
	return name
}

func (e *Emulator) appName(clientID string) string {
	if a := e.appByID(clientID); a != nil {
		return a.name
	}
	return clientID
}

func (e *Emulator) personName(oid string) string {
	if u := e.userByID(oid); u != nil {
		return u.UserPrincipalName
	}
	return oid
}

func (e *Emulator) mailboxText(u *user) string {
	box := e.mailboxes[u.ObjectID]
	if box == nil {
		return "no mailbox"
	}
	var parts []string
	for _, f := range box.folders {
		inside := box.in(f, e.now())
		unread := 0
		for _, m := range inside {
			if !m.IsRead {
				unread++
			}
		}
		switch {
		case unread > 0:
			parts = append(parts, fmt.Sprintf("%s %d (%d unread)", f.name, len(inside), unread))
		case len(inside) > 0:
			parts = append(parts, fmt.Sprintf("%s %d", f.name, len(inside)))
		}
	}
	return orDefault(strings.Join(parts, ", "), "empty")
}

func tagsOf(u *user) []string {
	var out []string
	for _, tag := range []struct {
		name string
		on   bool
	}{
		{"administrator", u.Admin},
		{"second factor", u.MFA},
		{"blocked", !u.Enabled},
		{"locked", u.Locked},
		{"password expired", u.PasswordExpired},
		{"no mailbox", !u.HasMailbox},
	} {
		if tag.on {
			out = append(out, tag.name)
		}
	}
	return out
}

func skewText(d time.Duration) string {
	switch {
	case d > 0:
		return d.String() + " ahead of this machine"
	case d < 0:
		return (-d).String() + " behind this machine"
	}
	return "the time of this machine"
}
