package emulator

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

// view is what a page shows; each page uses its part.
type view struct {
	Title, Nonce           string
	Action, Flow, Step     string
	Tenant, App, Publisher string
	User                   *user
	Username               string
	Message                string
	MessageCode            int
	Accounts, People       []*user
	Permissions            []permissionText
	Organization, Admin    bool
	MFACode                string
	Code                   int
	Text                   string
	RequestID, Correlation string
	Timestamp              string
	Post                   string
	Fields                 []field
}

type field struct{ Name, Value string }

type permissionText struct{ Name, Title, Detail string }

func parsePages() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"choice": choiceOf, "initial": initial}).ParseFS(pageFiles, "pages/*.html"))
}

// choice is one entry of a drop-down.
type choice struct {
	Value, Label string
	Chosen       bool
}

func choiceOf(value, label, current string) choice { return choice{value, label, value == current} }

// initial is the letter that stands for a picture.
func initial(name string) string {
	for _, letter := range name {
		return string(letter)
	}
	return ""
}

// page renders one template into the answer.
func (e *Emulator) page(c *call, name string, v view) {
	v.Nonce = e.opaque("", 22)
	c.identityHeaders()
	c.noStore()
	c.header.Set("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'self'; script-src 'nonce-"+v.Nonce+"'; base-uri 'none'; frame-ancestors 'none'")
	if e.settings.OpenerPolicy != "" {
		c.header.Set("Cross-Origin-Opener-Policy", e.settings.OpenerPolicy)
	}
	e.render(c, name, v)
}

// render puts a template into the answer.
func (e *Emulator) render(c *call, name string, data any) {
	var out bytes.Buffer
	if err := e.templates.ExecuteTemplate(&out, name, data); err != nil {
		e.logger.Error("page not rendered", "page", name, "error", err)
		c.raw(http.StatusInternalServerError, "text/plain; charset=utf-8", "the emulator could not render this page")
		return
	}
	c.header.Set("Content-Type", "text/html; charset=utf-8")
	c.header.Set("X-Frame-Options", "DENY")
	c.out.Reset()
	c.out.Write(out.Bytes())
}

// present shows the page that a flow stands at, unless the call is answered already.
func (e *Emulator) present(c *call, f *flow) {
	if f.step == stepDone {
		return
	}
	v := view{
		Action: "/" + f.req.tenant.id + "/signin", Flow: f.id, Step: f.step, Tenant: f.req.tenant.name, App: f.req.app.name,
		Publisher: f.req.app.publisher, User: e.userByID(f.user), Username: f.username, Message: f.message, MessageCode: f.messageCode,
		MFACode: SecondFactor, RequestID: c.requestID, Correlation: c.correlationID, Timestamp: stamp(c.now),
	}
	for _, u := range e.users {
		if u.TenantID == f.req.tenant.id {
			v.People = append(v.People, u)
		}
	}
	titles := map[string]string{
		stepPicker: "Pick an account", stepUsername: "Sign in", stepPassword: "Enter password", stepChange: "Update your password",
		stepMFA: "Enter code", stepStay: "Stay signed in?", stepConsent: "Permissions requested", stepApproval: "Need admin approval",
		stepAskAdmin: "Approval required", stepAsked: "Request sent",
	}
	v.Title = titles[f.step]
	switch f.step {
	case stepPicker:
		for _, a := range e.live(e.sessions[f.session]) {
			v.Accounts = append(v.Accounts, e.userByID(a.user))
		}
	case stepConsent, stepAskAdmin, stepApproval:
		e.describeConsent(f, &v)
	}
	e.page(c, f.step, v)
}

func (e *Emulator) describeConsent(f *flow, v *view) {
	names := e.missingConsent(f.req.app, v.User, f.req.scopes)
	if len(names) == 0 || f.req.admin {
		names = f.req.scopes.names
		if f.req.scopes.allOf {
			names = append(names, f.req.app.required...)
		}
	}
	for _, n := range names {
		if p, ok := findPermission(n); ok {
			v.Permissions = append(v.Permissions, permissionText{p.name, p.title, p.detail})
		}
	}
	v.Organization, v.Admin = f.req.admin, v.User.Admin && !f.req.admin
}

// errorPage is where a sign-in ends without the application hearing of it.
func (c *call) errorPage(s *stsError) {
	c.result = "page " + strconv.Itoa(s.code)
	if c.headless {
		c.pageError = &PageError{Code: s.code, Message: s.text}
		c.json(http.StatusBadRequest, map[string]any{"page": "error", "code": s.code, "message": s.text})
		return
	}
	title := "Sorry, but we're having trouble signing you in."
	if s.code == 53000 || s.code == 53003 || s.code == 530032 {
		title = "You cannot access this right now"
	}
	c.e.page(c, "error", view{Title: title, Code: s.code, Text: s.text, RequestID: c.requestID, Correlation: c.correlationID, Timestamp: stamp(c.now)})
}

// formPost answers with a form that submits itself, or by its button where scripts are off.
func (c *call) formPost(uri string, params []pair) {
	if c.headless {
		c.redirect(withParams(uri, "query", params))
		return
	}
	v := view{Title: "Working…", Post: uri}
	for _, p := range params {
		v.Fields = append(v.Fields, field{p.name, p.value})
	}
	c.e.page(c, "formpost", v)
}

func (e *Emulator) style(c *call) {
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		c.status = http.StatusNotFound
		return
	}
	c.raw(http.StatusOK, "text/css; charset=utf-8", string(css))
	c.header.Set("Cache-Control", "no-cache")
}

// home leads to the control page, which tells what runs here and what to paste where.
func (e *Emulator) home(c *call) { c.redirect(panelPath) }

// errorHelp is where error_uri leads.
func (e *Emulator) errorHelp(c *call) {
	code := 0
	for known := range e.catalog {
		if strings.TrimLeft(c.query.Get("code"), "0") == strconv.Itoa(known) {
			code = known
		}
	}
	if code == 0 {
		c.status = http.StatusNotFound
		e.page(c, "error", view{Title: "Unknown error code", RequestID: c.requestID, Correlation: c.correlationID, Timestamp: stamp(c.now)})
		return
	}
	s := e.sts(code)
	e.page(c, "error", view{Title: "AADSTS" + strconv.Itoa(code), Code: code, Text: s.text, RequestID: c.requestID, Correlation: c.correlationID, Timestamp: stamp(c.now)})
}
