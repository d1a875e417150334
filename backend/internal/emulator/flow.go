package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Steps of signing in: the page that a flow shows next.
const (
	stepPicker   = "picker"
	stepUsername = "username"
	stepPassword = "password"
	stepChange   = "change_password"
	stepMFA      = "mfa"
	stepStay     = "stay"
	stepConsent  = "consent"
	stepApproval = "approval" // needs an administrator
	stepAskAdmin = "ask_admin"
	stepAsked    = "asked"
	stepDone     = "done"
)

const (
	sessionCookie = "emulator_session"
	flowLifetime  = time.Hour
	signInTries   = 10
)

// session is a browser: the accounts that signed in with it, newest last.
type session struct {
	id       string
	accounts []signIn
}

// flow is one authorize request on its way through the pages, bound to the browser that began it.
type flow struct {
	id, session string
	req         *authRequest
	step        string
	username    string // as typed
	user        string // object id once known
	signIn      signIn // set once signed in
	fresh       bool   // signed in within this flow, so "Stay signed in?" is asked
	message     string // inline error of the page
	messageCode int
	created     time.Time
}

// browser finds the session of the cookie or begins one.
func (e *Emulator) browser(c *call) *session {
	if cookie, err := c.r.Cookie(sessionCookie); err == nil {
		if s := e.sessions[cookie.Value]; s != nil {
			return s
		}
	}
	s := &session{id: e.opaque("", 43)}
	e.sessions[s.id] = s
	e.setCookie(c, s.id, 0)
	return s
}

func (e *Emulator) setCookie(c *call, value string, maxAge int) {
	cookie := &http.Cookie{ //nolint:gosec // Secure follows the scheme: plain http is for loopback.
		Name: sessionCookie, Value: value, Path: "/", HttpOnly: true, MaxAge: maxAge,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(c.base, "https://"),
	}
	c.header.Set("Set-Cookie", cookie.String())
}

// live lists the accounts of a browser that are still signed in.
func (e *Emulator) live(s *session) []signIn {
	var out []signIn
	for _, a := range s.accounts {
		if u := e.userByID(a.user); u != nil && u.Enabled && a.seq >= u.validFromSeq {
			out = append(out, a)
		}
	}
	return out
}

// startFlow decides what an authorize request needs first: nothing, a pick, a name or a password.
func (e *Emulator) startFlow(c *call, req *authRequest) {
	s := e.browser(c)
	f := &flow{id: e.opaque("", 43), session: s.id, req: req, username: req.hint, created: c.now}
	accounts := e.live(s)
	hinted := slices.IndexFunc(accounts, func(a signIn) bool {
		u := e.userByID(a.user)
		return req.hint != "" && (strings.EqualFold(u.UserPrincipalName, req.hint) || strings.EqualFold(u.Mail, req.hint))
	})
	if req.prompt == "none" {
		e.silent(c, f, accounts, hinted)
		return
	}
	switch {
	case req.prompt == "select_account" && len(accounts) > 0:
		f.step = stepPicker
	case req.prompt == "select_account", req.prompt == "login":
		f.step = stepUsername
		if req.prompt == "login" && e.findUser(req.hint) != nil && req.hint != "" {
			f.step, f.user = stepPassword, e.findUser(req.hint).ObjectID
		}
	case hinted >= 0:
		f.signIn = accounts[hinted]
	case req.hint != "" && e.findUser(req.hint) != nil:
		f.step, f.user = stepPassword, e.findUser(req.hint).ObjectID
	case len(accounts) == 1 && req.hint == "":
		f.signIn = accounts[0]
	case len(accounts) > 1 && req.hint == "":
		f.step = stepPicker
	default:
		f.step = stepUsername
	}
	e.keepFlow(c, f)
	if f.step == "" {
		e.advance(c, f)
	}
	e.present(c, f)
}

// keepFlow remembers a flow and forgets those that nobody finished.
func (e *Emulator) keepFlow(c *call, f *flow) {
	for id, old := range e.flows {
		if c.now.Sub(old.created) > flowLifetime {
			delete(e.flows, id)
		}
	}
	e.flows[f.id] = f
}

// silent answers prompt=none: a code, or an error at the application; never a page.
func (e *Emulator) silent(c *call, f *flow, accounts []signIn, hinted int) {
	quiet := func(code int, kind string) {
		s := e.sts(code)
		s.page, s.kind, s.suberror = false, kind, ""
		c.fail(f.req, s)
	}
	switch {
	case hinted >= 0:
		f.signIn = accounts[hinted]
	case len(accounts) == 0, f.req.hint != "":
		quiet(50058, "login_required")
		return
	case len(accounts) > 1:
		quiet(16000, "interaction_required")
		return
	default:
		f.signIn = accounts[0]
	}
	u := e.userByID(f.signIn.user)
	c.user = u.ObjectID
	if e.failPerson(c, f) {
		return
	}
	if sts := e.admissible(f.req, u); sts != nil {
		quiet(sts.code, "interaction_required")
		return
	}
	switch {
	case e.needsMFA(u) && !f.signIn.mfa:
		quiet(50076, "interaction_required")
	case len(e.missingConsent(f.req.app, u, f.req.scopes)) > 0:
		quiet(65001, "interaction_required")
	default:
		e.issueCode(c, f.req, f.signIn)
	}
}

// failPerson applies the failure that was made for whoever has just turned out to be signing in.
func (e *Emulator) failPerson(c *call, f *flow) bool {
	if f.req.rule != nil {
		return false
	}
	r := e.matchRule(c, signingIn(f.req))
	if r == nil {
		return false
	}
	if c.rule == nil {
		c.rule = r
	}
	return c.obey(f.req, r)
}

func (e *Emulator) needsMFA(u *user) bool {
	return u.MFA || e.settingsOf(e.findTenant(u.TenantID)).RequireMFA
}

// admissible says whether this person may use this application at all.
func (e *Emulator) admissible(req *authRequest, u *user) *stsError {
	values := []string{"{U}", u.UserPrincipalName, "{T}", req.tenant.name, "{C}", req.app.clientID, "{N}", req.app.name}
	switch {
	case !u.Enabled:
		return e.onPage(50057)
	case u.TenantID != req.tenant.id:
		return e.sts(50020, values...)
	case req.app.assignment && !req.app.assigned[u.ObjectID]:
		return e.sts(50105, values...)
	}
	return nil
}

// advance moves a flow whose person is signed in to the next thing that is needed, or ends it.
func (e *Emulator) advance(c *call, f *flow) {
	u := e.userByID(f.signIn.user)
	f.user, c.user = u.ObjectID, u.ObjectID
	if e.failPerson(c, f) {
		e.endFlow(f)
		return
	}
	if sts := e.admissible(f.req, u); sts != nil {
		e.endFlow(f)
		c.fail(f.req, sts)
		return
	}
	missing := e.missingConsent(f.req.app, u, f.req.scopes)
	switch {
	case e.needsMFA(u) && !f.signIn.mfa:
		f.step = stepMFA
	case f.fresh:
		f.step = stepStay
	case f.req.admin && !u.Admin:
		f.step = stepApproval
	case f.req.admin, f.req.prompt == "consent" && len(missing) == 0:
		f.step = stepConsent
	case len(missing) == 0:
		e.endFlow(f)
		e.issueCode(c, f.req, f.signIn)
	case e.mayConsent(f.req.app, u, missing):
		f.step = stepConsent
	case e.asked(f.req.app, u):
		f.step = stepAsked
	case e.settingsOf(f.req.tenant).AdminConsentWorkflow:
		f.step = stepAskAdmin
	default:
		f.step = stepApproval
	}
}

func (e *Emulator) approvalError(req *authRequest) *stsError {
	if e.settingsOf(req.tenant).AdminConsentWorkflow {
		return e.onPage(90095, "{N}", req.app.name)
	}
	return e.onPage(90094, "{N}", req.app.name)
}

func (e *Emulator) endFlow(f *flow) {
	f.step = stepDone
	delete(e.flows, f.id)
}

// consented records the consent and sends the browser back.
func (e *Emulator) consented(c *call, f *flow, u *user, everybody bool) {
	req := f.req
	scopes := e.missingConsent(req.app, u, req.scopes)
	if req.admin || everybody {
		scopes = req.scopes.names
		if req.scopes.allOf {
			scopes = append(slices.Clone(scopes), req.app.required...)
		}
		e.grant(req.app, req.tenant.id, "", scopes)
	} else {
		e.grant(req.app, req.tenant.id, u.ObjectID, scopes)
	}
	if !req.admin {
		e.issueCode(c, req, f.signIn)
		return
	}
	c.answer(req, []pair{
		{"admin_consent", "True"},
		{"tenant", req.tenant.id},
		{"scope", formatScopes(scopes, req.scopes.prefix, e.settingsOf(req.tenant).ScopeForm)},
	})
}
