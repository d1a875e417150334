package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// authRequest is a checked request to the authorize or the admin-consent endpoint.
type authRequest struct {
	tenant    *tenant
	app       *app
	redirect  RedirectURI // Registered platform; URI is what the request said, port included.
	mode      string
	state     string
	nonce     string
	scopes    scopeRequest
	prompt    string
	hint      string
	challenge string
	method    string
	idToken   bool
	cae       bool  // the client declares that it handles challenges
	admin     bool  // the admin-consent endpoint: consent only, no code
	rule      *rule // failure to show in what comes of it, or nil
}

// redirectable reports whether an error about the rest of the request may go to the application.
func (a *authRequest) redirectable() bool { return a != nil && a.redirect.URI != "" }

// parseAuthRequest checks in Microsoft's order: who asks and where to answer first, since nothing may be
// sent to an address that is not registered; then the rest, whose errors do go back.
func (e *Emulator) parseAuthRequest(c *call, tenantName string) (*authRequest, *stsError) {
	t, sts := e.resolveTenant(tenantName)
	if sts != nil {
		return nil, sts
	}
	req := &authRequest{tenant: t, state: stripHTML(c.param("state")), nonce: c.param("nonce"), hint: c.param("login_hint"), prompt: c.param("prompt")}
	if c.param("client_id") == "" {
		return nil, e.onPage(900144, "{P}", "client_id")
	}
	if req.app, sts = e.findApp(t, c.param("client_id")); sts != nil {
		return nil, sts
	}
	if len(req.app.redirects) == 0 {
		return nil, e.sts(900971)
	}
	uri := c.param("redirect_uri")
	if uri == "" {
		return nil, e.onPage(900144, "{P}", "redirect_uri")
	}
	reg, ok := req.app.matchRedirect(uri)
	if !ok {
		return nil, e.sts(50011, "{U}", uri, "{C}", req.app.clientID)
	}
	req.redirect = RedirectURI{URI: uri, Platform: reg.Platform}
	return req, nil
}

func (e *Emulator) onPage(code int, values ...string) *stsError {
	s := e.sts(code, values...)
	s.page = true
	return s
}

// parseDetails reads everything whose errors are reported to the application.
func (e *Emulator) parseDetails(c *call, req *authRequest) *stsError {
	if sts := e.parseResponse(c, req); sts != nil {
		return sts
	}
	if !slices.Contains([]string{"", "login", "none", "consent", "select_account"}, req.prompt) {
		return e.sts(90023, "{P}", "Unsupported 'prompt' value.")
	}
	req.challenge, req.method = c.param("code_challenge"), c.param("code_challenge_method")
	if req.challenge != "" {
		if req.method == "" {
			req.method = "plain"
		}
		if req.method != "plain" && req.method != "S256" || len(req.challenge) < 43 || len(req.challenge) > 128 {
			return e.sts(501491)
		}
	}
	req.cae = declaresCAE(c.param("claims"))
	var sts *stsError
	req.scopes, sts = e.parseScopes(c.param("scope"), c.base)
	return sts
}

func (e *Emulator) parseResponse(c *call, req *authRequest) *stsError {
	kinds := strings.Fields(c.param("response_type"))
	slices.Sort(kinds)
	switch strings.Join(kinds, " ") {
	case "":
		return e.sts(900144, "{P}", "response_type")
	case "code":
	case "code id_token":
		if !req.app.implicitIDToken {
			return e.sts(700054)
		}
		if req.nonce == "" {
			return e.sts(900144, "{P}", "nonce")
		}
		req.idToken = true
	default:
		return e.sts(700007)
	}
	req.mode = c.param("response_mode")
	switch req.mode {
	case "":
		req.mode = "query"
		if req.idToken {
			req.mode = "fragment"
		}
	case "query":
		if req.idToken {
			req.mode = "fragment"
			return e.sts(90023, "{P}", "response_mode 'query' is not supported for 'token' or 'id_token'.")
		}
	case "fragment", "form_post":
	default:
		req.mode = "query"
		return e.sts(90023, "{P}", "Unsupported 'response_mode' value.")
	}
	return nil
}

// stripHTML drops tags from state, as Microsoft does.
func stripHTML(s string) string {
	if !strings.ContainsAny(s, "<>") {
		return s
	}
	var b strings.Builder
	inTag := false
	for _, ch := range s {
		switch {
		case ch == '<':
			inTag = true
		case ch == '>':
			inTag = false
		case !inTag:
			b.WriteRune(ch)
		}
	}
	return b.String()
}

// fail reports an error where it belongs: on a page of ours, or at the application.
func (c *call) fail(req *authRequest, s *stsError) {
	if s.page || !req.redirectable() {
		c.errorPage(s)
		return
	}
	c.answer(req, s.params(c))
}

// cancelled is what pressing Cancel or Back on a sign-in page leads to: no description, and no number.
func (c *call) cancelled(req *authRequest) {
	c.answer(req, []pair{{"error", "access_denied"}, {"error_subcode", "cancel"}})
}

// declined is the answer after Cancel on the consent screen. Which error it is called by is a switch for
// people; the admin-consent endpoint has a documented one.
func (c *call) declined(req *authRequest) {
	s := c.e.sts(65004)
	switch kind := c.e.settingsOf(req.tenant).DeclineError; {
	case req.rule != nil && req.rule.Error != "":
		s.kind = req.rule.Error
	case req.admin:
		s.kind = "consent_required"
	case kind != "":
		s.kind = kind
	}
	c.answer(req, s.params(c))
}

// abandoned is a person who closes the window: nothing ever comes back to the application.
func (c *call) abandoned() {
	if c.headless {
		c.status = http.StatusNoContent
		return
	}
	c.e.page(c, "abandoned", view{Title: "Sign-in abandoned"})
}

func (e *Emulator) authorize(c *call) {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodPost {
		c.status = http.StatusMethodNotAllowed
		return
	}
	if req := e.beginAuth(c, c.r.PathValue("tenant"), e.parseDetails); req != nil {
		e.startFlow(c, req)
	}
}

// beginAuth checks a request and lets the failure that hit it have its way; nil means that it is answered.
func (e *Emulator) beginAuth(c *call, tenantName string, details func(*call, *authRequest) *stsError) *authRequest {
	req, sts := e.parseAuthRequest(c, tenantName)
	if sts == nil {
		c.client = req.app.clientID
		sts = details(c, req)
	}
	switch {
	case c.rule != nil && c.rule.AADSTS != 0:
		c.fail(req, c.ruleSTS(c.rule))
	case sts != nil:
		c.fail(req, sts)
	case c.rule != nil && c.obey(req, c.rule):
	default:
		return req
	}
	return nil
}
