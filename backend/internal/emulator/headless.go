package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Decision is what a person does at the end of signing in.
type Decision string

// Decisions for SignIn and for the headless form.
const (
	Accept                Decision = "accept"                  // consent where it is needed
	AcceptForOrganization Decision = "accept_for_organization" // an administrator ticks the box
	Decline               Decision = "decline"                 // press Cancel on the consent screen
	Cancel                Decision = "cancel"                  // press Cancel on the sign-in page
	Abandon               Decision = "abandon"                 // close the window: nothing comes back
)

// PageError is a sign-in that ended on a page and never came back to the application.
type PageError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error says which page it was.
func (p *PageError) Error() string {
	return fmt.Sprintf("stays on a page: AADSTS%d: %s", p.Code, p.Message)
}

// SignIn follows an authorize (or admin-consent) URL as a person would, with the right password and second
// factor, and returns the address that the browser is sent to. With response_mode form_post the parameters
// are appended to that address as a query. The error is a *PageError when nothing comes back.
func (e *Emulator) SignIn(authorizeURL, username string, d Decision) (string, error) {
	u, err := url.Parse(authorizeURL)
	if err != nil {
		return "", fmt.Errorf("authorize URL: %w", err)
	}
	form := url.Values{"url": {authorizeURL}, "user": {username}, "decision": {string(d)}}
	r := &http.Request{
		Method: http.MethodPost, Host: u.Host, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		URL: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/_emulator/sign-in"}, Body: bodyOf(form.Encode()),
	}
	c, err := e.newCall(r)
	if err != nil {
		return "", err
	}
	if !e.process(c) {
		return "", errors.New("the connection broke")
	}
	if c.pageError != nil {
		return "", c.pageError
	}
	if location := c.header.Get("Location"); location != "" {
		return location, nil
	}
	return "", fmt.Errorf("no way on: HTTP %d %s", c.status, strings.TrimSpace(c.out.String()))
}

// signInHeadless is POST /_emulator/sign-in: one form instead of all the pages.
func (e *Emulator) signInHeadless(c *call) {
	u, err := url.Parse(c.form.Get("url"))
	parts := []string{""}
	if err == nil {
		parts = strings.Split(strings.Trim(u.Path, "/"), "/")
	}
	last := parts[len(parts)-1]
	if err != nil || len(parts) < 2 || last != "authorize" && last != "adminconsent" {
		c.json(http.StatusBadRequest, map[string]string{"error": "url must be an authorize or admin-consent URL of this emulator"})
		return
	}
	decision, who := Decision(c.form.Get("decision")), c.form.Get("user")
	c.headless, c.query, c.form = true, u.Query(), url.Values{}
	if u.Host != "" {
		c.base = u.Scheme + "://" + u.Host
	}
	details := e.parseDetails
	if last == "adminconsent" {
		details = e.parseAdminConsent
	}
	switch req := e.beginAuth(c, parts[0], details); {
	case req == nil:
	case req.prompt == "none":
		c.fail(req, e.sts(50058))
	default:
		e.decide(c, req, who, decision)
	}
}

// decide plays the person: every page is answered rightly, the last one as asked.
func (e *Emulator) decide(c *call, req *authRequest, who string, d Decision) {
	switch d {
	case Cancel:
		c.cancelled(req)
		return
	case Abandon:
		c.abandoned()
		return
	default: // the rest is decided at the consent
	}
	u := e.findUser(who)
	if u == nil {
		c.fail(req, e.onPage(50034, "{U}", who, "{T}", req.tenant.name))
		return
	}
	c.user = u.ObjectID
	f := &flow{req: req, user: u.ObjectID, signIn: signIn{user: u.ObjectID, at: c.now, seq: e.next(), mfa: true, sid: e.guid()}}
	if sts := e.admissible(req, u); sts != nil {
		c.fail(req, sts)
		return
	}
	if d == Decline {
		c.declined(req)
		return
	}
	switch missing := e.missingConsent(req.app, u, req.scopes); {
	case req.admin && !u.Admin:
		c.fail(req, e.onPage(90093))
	case !req.admin && len(missing) > 0 && !e.mayConsent(req.app, u, missing):
		c.fail(req, e.approvalError(req))
	default:
		e.consented(c, f, u, req.admin || d == AcceptForOrganization && u.Admin)
	}
}
