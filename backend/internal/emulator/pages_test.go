package emulator_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// tab is a browser tab without JavaScript: it fills in the page's form and presses its buttons.
type tab struct {
	w      *world
	client *http.Client
	at     *url.URL
	page   string
	out    string // address outside the emulator, once sent there
	typed  url.Values
}

func (w *world) open(target string) *tab { return w.openIn(w.browser(), target) }

func (w *world) openIn(client *http.Client, target string) *tab {
	w.t.Helper()
	p := &tab{w: w, client: client, typed: url.Values{}}
	p.load(w.request(http.MethodGet, target, ""))
	return p
}

func (p *tab) load(r *http.Request) *http.Response {
	p.w.t.Helper()
	resp, err := p.client.Do(r)
	require.NoError(p.w.t, err)
	defer func() { require.NoError(p.w.t, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(p.w.t, err)
	p.page, p.at, p.out, p.typed = string(raw), resp.Request.URL, resp.Header.Get("Location"), url.Values{}
	if p.out == "" {
		require.Contains(p.w.t, p.page, "Emulator, not Microsoft")
	}
	return resp
}

func (p *tab) fill(name, value string) *tab {
	p.w.t.Helper()
	require.Contains(p.w.t, p.page, ` name="`+name+`"`)
	p.typed.Set(name, value)
	return p
}

// press submits the form with the button of that value.
func (p *tab) press(value string) *tab {
	p.w.t.Helper()
	button := regexp.MustCompile(`<button[^>]* name="(\w+)" value="` + regexp.QuoteMeta(value) + `"`).FindStringSubmatch(p.page)
	require.NotNil(p.w.t, button, "no button %q on:\n%s", value, p.page)
	p.typed.Set(button[1], value)
	for _, m := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(p.page, -1) {
		p.typed.Set(m[1], html.UnescapeString(m[2]))
	}
	action := regexp.MustCompile(`<form[^>]* action="([^"]*)"`).FindStringSubmatch(p.page)
	require.NotNil(p.w.t, action)
	target, err := p.at.Parse(html.UnescapeString(action[1]))
	require.NoError(p.w.t, err)
	r := p.w.request(http.MethodPost, target.String(), p.typed.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p.load(r)
	return p
}

func (p *tab) title() string {
	m := regexp.MustCompile(`<h1 id="page-title">([^<]*)</h1>`).FindStringSubmatch(p.page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

func (p *tab) callback() url.Values {
	p.w.t.Helper()
	require.True(p.w.t, strings.HasPrefix(p.out, emulator.DefaultRedirectURI), "still at %q", p.title())
	u, err := url.Parse(p.out)
	require.NoError(p.w.t, err)
	return u.Query()
}

func (p *tab) signIn(user, password string) *tab {
	p.w.t.Helper()
	return p.fill("username", user).press("next").fill("password", password).press("next")
}

func TestPages(t *testing.T) {
	t.Parallel()
	t.Run("name, password, stay, consent, and back with a code", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL())
		require.Equal(t, "Sign in", p.title())
		p.fill("username", "mara@fabrikam.example").press("next")
		require.Equal(t, "Enter password", p.title())
		require.Contains(t, p.page, "mara-copper-42")
		p.fill("password", "mara-copper-42").press("next")
		require.Equal(t, "Stay signed in?", p.title())
		p.press("no")
		require.Equal(t, "Permissions requested", p.title())
		for _, line := range []string{"Read and write access to your mail", "Send mail as you", "Maintain access to data you have given it access to", "Unverified"} {
			require.Contains(t, p.page, line)
		}
		require.NotContains(t, p.page, "consent-organization")
		q := p.press("accept").callback()
		require.Equal(t, "state-1", q.Get("state"))
		require.Equal(t, 200, w.redeem(q.Get("code")).status)
	})
	t.Run("the second time everything is silent, and prompt=none too", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		browser := w.browser()
		w.openIn(browser, w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("yes").press("accept")
		require.NotEmpty(t, w.openIn(browser, w.authorizeURL()).callback().Get("code"))
		require.NotEmpty(t, w.openIn(browser, w.authorizeURL("prompt", "none")).callback().Get("code"))
		require.Equal(t, "interaction_required", w.openIn(browser, w.authorizeURL("prompt", "none", "scope", "Calendars.Read")).callback().Get("error"))
		require.Equal(t, "login_required", w.openIn(browser, w.authorizeURL("prompt", "none", "login_hint", "tomas@fabrikam.example")).callback().Get("error"))
		require.Equal(t, "Permissions requested", w.openIn(browser, w.authorizeURL("prompt", "consent")).title())
		require.Equal(t, "Sign in", w.openIn(browser, w.authorizeURL("prompt", "login")).title())
	})
	t.Run("select_account shows who is signed in, and somebody else may be picked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		browser := w.browser()
		w.openIn(browser, w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no").press("accept")
		p := w.openIn(browser, w.authorizeURL("prompt", "select_account"))
		require.Equal(t, "Pick an account", p.title())
		require.NotEmpty(t, p.press(w.User("mara").ObjectID).callback().Get("code"))
		p = w.openIn(browser, w.authorizeURL("prompt", "select_account")).press("other")
		p.signIn("tomas@fabrikam.example", "tomas-harbour-17").press("no").press("accept")
		require.NotEmpty(t, p.callback().Get("code"))
		require.Equal(t, "Pick an account", w.openIn(browser, w.authorizeURL()).title())
	})
	t.Run("a login hint skips the name", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL("login_hint", "tomas@fabrikam.example"))
		require.Equal(t, "Enter password", p.title())
		require.Contains(t, p.page, "tomas@fabrikam.example")
	})
	t.Run("wrong names and passwords are told in place, ten lock the account", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL()).fill("username", "nobody@fabrikam.example").press("next")
		require.Contains(t, p.page, `data-code="50034"`)
		p.fill("username", "mara@fabrikam.example").press("next")
		for range 10 {
			p.fill("password", "wrong").press("next")
			require.Contains(t, p.page, `data-code="50126"`)
		}
		p.fill("password", "mara-copper-42").press("next")
		require.Contains(t, p.page, `data-code="50053"`)
	})
	t.Run("an expired password is changed on the way", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.ChangeUser("mara", func(u *emulator.User) { u.PasswordExpired = true }))
		p := w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42")
		require.Equal(t, "Update your password", p.title())
		p.fill("password", "mara-copper-42").fill("new_password", "mara-silver-43").fill("confirm_password", "mara-silver-43").press("next")
		require.Equal(t, "Stay signed in?", p.title())
	})
	t.Run("cancel on signing in and on consent differ", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := w.open(w.authorizeURL()).press("cancel").callback()
		require.Equal(t, "cancel", q.Get("error_subcode"))
		require.Empty(t, q.Get("error_description"))
		q = w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no").press("cancel").callback()
		require.Contains(t, q.Get("error_description"), "AADSTS65004")
	})
	t.Run("an administrator has a second factor and may consent for all", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL()).signIn("ines@fabrikam.example", "ines-lantern-88")
		require.Equal(t, "Enter code", p.title())
		p.fill("code", "111111").press("next")
		require.Contains(t, p.page, `role="alert"`)
		p.fill("code", emulator.SecondFactor).press("next").press("no").fill("organization", "1").press("accept")
		require.NotEmpty(t, p.callback().Get("code"))
		q := w.open(w.authorizeURL()).signIn("tomas@fabrikam.example", "tomas-harbour-17").press("no").callback()
		require.NotEmpty(t, q.Get("code"), "nobody else is asked")
	})
	t.Run("approval is needed: return, or another account", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy = "managed" })
		p := w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no")
		require.Equal(t, "Need admin approval", p.title())
		require.Contains(t, p.page, "only an admin can grant")
		require.Equal(t, "cancel", p.press("cancel").callback().Get("error_subcode"))
		p = w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no").press("other")
		require.Equal(t, "Sign in", p.title())
	})
	t.Run("approval is asked for with a reason when the workflow is on", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy, s.AdminConsentWorkflow = "off", true })
		p := w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no")
		require.Equal(t, "Approval required", p.title())
		p.fill("justification", "invoices").press("request")
		require.Equal(t, "Request sent", p.title())
		require.Equal(t, "invoices", w.ConsentRequests()[0].Justification)
	})
	t.Run("form_post is a form that works without scripts", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL("response_mode", "form_post")).signIn("mara@fabrikam.example", "mara-copper-42").press("no").press("accept")
		require.Contains(t, p.page, `action="http://localhost:8080/oauth/callback"`)
		require.Regexp(t, `name="code" value="1\.AX`, p.page)
	})
	t.Run("what a stranger types is escaped", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL("redirect_uri", "https://x.example/<script>alert(1)</script>"))
		require.NotContains(t, p.page, "<script>alert")
		require.Contains(t, p.page, `id="correlation-id"`)
	})
	t.Run("a sign-in belongs to the browser that began it, and ends with the session", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL()).fill("username", "mara@fabrikam.example").press("next")
		require.Contains(t, w.open(p.at.String()).page, "AADSTS50089")
		browser := w.browser()
		w.openIn(browser, w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no").press("accept")
		require.NoError(t, w.RevokeSessions("mara"))
		require.Equal(t, "Sign in", w.openIn(browser, w.authorizeURL()).title())
	})
	t.Run("an abandoned sign-in expires", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.authorizeURL())
		w.Advance(2 * time.Hour)
		p.fill("username", "mara@fabrikam.example").press("next")
		require.Contains(t, p.page, "AADSTS50089")
	})
	t.Run("the start page shows what to paste, and signing out says so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.Contains(t, w.open("/").page, w.seed.Secret)
		require.Equal(t, "You signed out of your account", w.open("/"+w.seed.TenantID+"/oauth2/v2.0/logout").title())
		require.Equal(t, "AADSTS50173", w.open("/error?code=50173").title())
	})
}
