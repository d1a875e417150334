package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// SecondFactor is the only code there is; the page shows it.
const SecondFactor = "246810"

func (e *Emulator) findFlow(c *call) *flow {
	cookie, err := c.r.Cookie(sessionCookie)
	f := e.flows[c.param("flow")]
	if err != nil || f == nil || f.session != cookie.Value || c.now.Sub(f.created) > flowLifetime {
		return nil
	}
	return f
}

// showFlow shows the page that a flow stands at; reloading and going back are harmless.
func (e *Emulator) showFlow(c *call) {
	f := e.findFlow(c)
	if f == nil {
		c.errorPage(e.onPage(50089))
		return
	}
	e.present(c, f)
}

// stepFlow takes one form. It ends in a redirect to the next page or back to the application.
func (e *Emulator) stepFlow(c *call) {
	f := e.findFlow(c)
	if f == nil {
		c.errorPage(e.onPage(50089))
		return
	}
	c.user, c.client = f.user, f.req.app.clientID
	f.message, f.messageCode = "", 0
	action := c.form.Get("action")
	switch {
	case action == "cancel" && (f.step == stepConsent || f.step == stepAskAdmin):
		e.endFlow(f)
		c.declined(f.req)
	case action == "cancel":
		e.endFlow(f)
		c.cancelled(f.req)
	case action == "other":
		f.step, f.username, f.user, f.fresh, f.signIn = stepUsername, "", "", false, signIn{}
	case c.form.Get("step") == f.step: // a form of an older page changes nothing
		e.takeStep(c, f)
	}
	if c.status == http.StatusOK && c.out.Len() == 0 {
		c.status = http.StatusSeeOther
		c.header.Set("Location", "/"+f.req.tenant.id+"/signin?flow="+url.QueryEscape(f.id))
	}
}

func (e *Emulator) takeStep(c *call, f *flow) {
	switch f.step {
	case stepPicker:
		e.takePick(c, f)
	case stepUsername:
		e.takeUsername(c, f)
	case stepPassword:
		e.takePassword(c, f)
	case stepChange:
		e.takeNewPassword(c, f)
	case stepMFA:
		e.takeMFA(c, f)
	case stepStay:
		if c.form.Get("action") == "yes" {
			e.setCookie(c, f.session, 90*24*3600)
		}
		f.fresh = false
		e.advance(c, f)
	case stepConsent:
		u := e.userByID(f.user)
		e.endFlow(f)
		e.consented(c, f, u, u.Admin && c.form.Get("organization") != "")
	case stepAskAdmin:
		e.ask(f.req, e.userByID(f.user), strings.TrimSpace(c.form.Get("justification")), c.now)
		f.step = stepAsked
	}
}

func (e *Emulator) takePick(c *call, f *flow) {
	oid := c.form.Get("account")
	accounts := e.live(e.sessions[f.session])
	i := slices.IndexFunc(accounts, func(a signIn) bool { return a.user == oid })
	if i < 0 {
		f.step = stepUsername
		return
	}
	f.signIn = accounts[i]
	e.advance(c, f)
}

func (f *flow) say(code int, message string) { f.messageCode, f.message = code, message }

func (e *Emulator) takeUsername(c *call, f *flow) {
	f.username = strings.TrimSpace(c.form.Get("username"))
	u := e.findUser(f.username)
	switch {
	case f.username == "":
		f.say(50034, "Enter a valid email address, phone number, or account name.")
	case u == nil || !strings.Contains(f.username, "@"):
		f.say(50034, "This username may be incorrect. Make sure you typed it correctly. Otherwise, contact your admin.")
	default:
		f.user, f.step = u.ObjectID, stepPassword
	}
}

func (e *Emulator) takePassword(c *call, f *flow) {
	u := e.userByID(f.user)
	switch {
	case u == nil:
		f.step = stepUsername
	case u.Locked:
		f.say(50053, "Your account has been locked. Contact your support person to unlock it, then try again.")
	case c.form.Get("password") != u.Password:
		u.failedSignIns++
		u.Locked = u.failedSignIns >= signInTries
		f.say(50126, "Your account or password is incorrect. If you don't remember your password, reset it now.")
	case !u.Enabled:
		f.say(50057, "Your account has been disabled. Contact your support person to enable it, then try again.")
	case u.PasswordExpired:
		f.step = stepChange
	default:
		e.signedIn(c, f, u)
	}
}

func (e *Emulator) takeNewPassword(c *call, f *flow) {
	u := e.userByID(f.user)
	fresh := c.form.Get("new_password")
	switch {
	case c.form.Get("password") != u.Password:
		f.say(50126, "Your current password is incorrect.")
	case len(fresh) < 8:
		f.say(50055, "Your new password must have at least 8 characters.")
	case fresh != c.form.Get("confirm_password"):
		f.say(50055, "The passwords you entered do not match.")
	default:
		u.Password, u.PasswordExpired = fresh, false
		e.critical(u, c.now)
		e.signedIn(c, f, u)
	}
}

func (e *Emulator) signedIn(c *call, f *flow, u *user) {
	u.failedSignIns = 0
	f.signIn = signIn{user: u.ObjectID, at: c.now, seq: e.next(), sid: e.guid()}
	f.fresh = true
	e.remember(f)
	e.advance(c, f)
}

func (e *Emulator) takeMFA(c *call, f *flow) {
	if strings.TrimSpace(c.form.Get("code")) != SecondFactor {
		f.say(50076, "You didn't enter the expected verification code. Please try again.")
		return
	}
	f.signIn.mfa = true
	e.remember(f)
	e.advance(c, f)
}

// remember puts the sign-in of a flow among the accounts of its browser, replacing an older one.
func (e *Emulator) remember(f *flow) {
	s := e.sessions[f.session]
	s.accounts = slices.DeleteFunc(s.accounts, func(a signIn) bool { return a.user == f.signIn.user })
	s.accounts = append(s.accounts, f.signIn)
}

// parseAdminConsent checks the rest of a request to the admin-consent endpoint.
func (e *Emulator) parseAdminConsent(c *call, req *authRequest) *stsError {
	req.mode, req.admin = "query", true
	scope := c.param("scope")
	if scope == "" {
		scope = ".default" // the v1 form of the endpoint: everything registered
	}
	var sts *stsError
	req.scopes, sts = e.parseScopes(scope, c.base)
	return sts
}

func (e *Emulator) adminConsent(c *call) {
	if req := e.beginAuth(c, c.r.PathValue("tenant"), e.parseAdminConsent); req != nil {
		e.startFlow(c, req)
	}
}

// logout signs the browser out. Refresh tokens stay alive: signing out is not revoking.
func (e *Emulator) logout(c *call) {
	if cookie, err := c.r.Cookie(sessionCookie); err == nil {
		delete(e.sessions, cookie.Value)
	}
	e.setCookie(c, "", -1)
	uri := c.param("post_logout_redirect_uri")
	for _, a := range e.apps {
		if _, ok := a.matchRedirect(uri); ok && uri != "" {
			if state := c.param("state"); state != "" {
				uri = withParams(uri, "query", []pair{{"state", state}})
			}
			c.redirect(uri)
			return
		}
	}
	e.page(c, "signedout", view{Title: "You signed out of your account"})
}
