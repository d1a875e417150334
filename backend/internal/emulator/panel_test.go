package emulator_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// panel is the control page in a browser without JavaScript.
type panel struct {
	*stage
	client *http.Client
	page   string
	status int
	header http.Header
}

func newPanel(t *testing.T) *panel {
	t.Helper()
	s := newStage(t)
	p := &panel{stage: s, client: s.browser()}
	p.load(s.request(http.MethodGet, "/emulator", ""))
	require.Equal(t, 200, p.status)
	return p
}

func (p *panel) load(r *http.Request) {
	p.t.Helper()
	tab := &tab{w: p.world, client: p.client}
	resp := tab.load(r)
	p.page, p.status, p.header = tab.page, resp.StatusCode, resp.Header
}

// form is the one around the element of that id.
func (p *panel) form(id string) string {
	p.t.Helper()
	at := strings.Index(p.page, ` id="`+id+`"`)
	require.Positive(p.t, at, "no element %q", id)
	start := strings.LastIndex(p.page[:at], "<form")
	require.Positive(p.t, start, id)
	end := strings.Index(p.page[start:], "</form>")
	require.Greater(p.t, start+end, at, "%q stands in no form", id)
	return p.page[start : start+end]
}

// filled is what a browser would send of a form that nobody touched.
func filled(form string) url.Values {
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input ([^>]*)>`).FindAllStringSubmatch(form, -1) {
		if strings.Contains(m[1], `type="checkbox"`) && !strings.HasSuffix(m[1], " checked") {
			continue
		}
		out.Set(attribute(m[1], "name"), attribute(m[1], "value"))
	}
	for _, m := range regexp.MustCompile(`(?s)<select ([^>]*)>(.*?)</select>`).FindAllStringSubmatch(form, -1) {
		chosen := regexp.MustCompile(`<option([^>]*) selected>`).FindStringSubmatch(m[2])
		if chosen == nil {
			chosen = regexp.MustCompile(`<option([^>]*)>`).FindStringSubmatch(m[2])
		}
		out.Set(attribute(m[1], "name"), attribute(chosen[1], "value"))
	}
	return out
}

func attribute(tag, name string) string {
	if m := regexp.MustCompile(name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// press sends the form around a button, with fields changed first.
func (p *panel) press(id string, changes ...string) *panel {
	p.t.Helper()
	fields := filled(p.form(id))
	button := regexp.MustCompile(`<button[^>]* id="` + regexp.QuoteMeta(id) + `"[^>]*>`).FindString(p.page)
	fields.Set("do", attribute(button, "value"))
	for i := 0; i < len(changes); i += 2 {
		fields.Set(changes[i], changes[i+1])
	}
	return p.post(fields)
}

func (p *panel) post(fields url.Values) *panel {
	p.t.Helper()
	r := p.request(http.MethodPost, "/emulator", fields.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.url)
	p.load(r)
	return p
}

// text is what an element of that id says.
func (p *panel) text(id string) string {
	m := regexp.MustCompile(`(?s) id="` + regexp.QuoteMeta(id) + `"[^>]*>(.*?)</`).FindStringSubmatch(p.page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

func (p *panel) buttons() []string {
	var out []string
	for _, m := range regexp.MustCompile(`<button[^>]* id="([^"]+)" name="do"`).FindAllStringSubmatch(p.page, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestPanel(t *testing.T) {
	t.Parallel()
	t.Run("it shows what there is, and says what it is", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		for _, part := range []string{
			"Emulator, not Microsoft", p.seed.TenantID, p.seed.ClientID, p.seed.Secret, p.seed.SecretID, emulator.DefaultRedirectURI,
			"mara@fabrikam.example", "mara-copper-42", "Inbox 5 (2 unread)", "Wednesday 4 March 2026, 09:00:00", "the time of this machine",
			`id="no-failures"`, "POST /" + p.seed.TenantID + "/oauth2/v2.0/token", "200 ", "mara@fabrikam.example to Latchkey",
		} {
			require.Contains(t, strings.ReplaceAll(p.page, `</span> to`, " to"), part)
		}
	})
	t.Run("no script runs on it, nothing comes from elsewhere, and every id is there once", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		policy := p.header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "form-action 'self'")
		require.NotContains(t, policy, "script-src")
		require.NotContains(t, policy, "unsafe")
		require.NotRegexp(t, `<script|<style| style=| on\w+=|(src|href|action)="(https?:)?//`, p.page)
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(p.page, -1) {
			require.NotEmpty(t, m[1])
			require.False(t, seen[m[1]], m[1])
			seen[m[1]] = true
		}
	})
	t.Run("no button is dead", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		fresh := p.page
		for _, id := range p.buttons() {
			p.Reset()
			p.page = fresh
			if id == "order" {
				p.press(id, "code", "50173")
			} else {
				p.press(id)
			}
			require.Equal(t, 200, p.status, id)
			require.NotEmpty(t, p.text("said"), id)
			require.Empty(t, p.text("error"), id)
		}
		p.load(p.request(http.MethodGet, "/emulator", ""))
		require.Empty(t, p.text("said"), "it is said once")
	})
	t.Run("a page of somebody else may not press anything", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		r := p.request(http.MethodPost, "/emulator", "do=reset")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, p.do(r).status)
		require.NotEmpty(t, p.Requests())
	})
	t.Run("what cannot be done is said, and nothing happens", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		for field, value := range map[string]string{"consentPolicy": "strict", "tokenLifetime": "soon", "loopLimit": "many", "signInFrequency": "-1s"} {
			p.press("save-settings", field, value)
			require.Equal(t, http.StatusUnprocessableEntity, p.status, field)
			require.NotEmpty(t, p.text("error"), field)
		}
		require.Equal(t, emulator.DefaultSettings(), p.Settings())
		require.Equal(t, http.StatusUnprocessableEntity, p.press("order").status, "a failure that does nothing")
		require.Equal(t, http.StatusUnprocessableEntity, p.post(url.Values{"do": {"<script>"}}).status)
		require.NotContains(t, p.page, "<script>")
		require.Equal(t, http.StatusUnprocessableEntity, p.post(url.Values{"do": {"revoke"}, "on": {"nobody"}}).status)
		require.Empty(t, p.Failures())
	})
	t.Run("what was received is shown redacted and escaped", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		p.do(p.request(http.MethodGet, "/x/<script>alert(1)</script>?client_secret=hunter2&q=<b>", ""))
		p.load(p.request(http.MethodGet, "/emulator", ""))
		require.Contains(t, p.page, "[redacted ")
		require.Contains(t, p.page, "404")
		for _, no := range []string{"<script>alert", "hunter2", p.refreshToken, p.accessToken} {
			require.NotContains(t, p.page, no)
		}
		p.press("forget")
		require.NotContains(t, p.page, "[redacted ")
	})
	t.Run("an answer is sent again from it", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		link := regexp.MustCompile(`href="(/_emulator/callbacks/[^"?]+)\?state=forged"`).FindStringSubmatch(p.page)
		require.NotNil(t, link)
		require.Contains(t, p.do(p.request(http.MethodGet, link[1], "")).header.Get("Location"), "state=state-1")
		require.Contains(t, p.do(p.request(http.MethodGet, link[1]+"?state=forged", "")).header.Get("Location"), "state=forged")
	})
	t.Run("every call that it lists exists", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		routes := regexp.MustCompile(`<strong>(\w+)</strong> (/_emulator/[^<]*)</code>`).FindAllStringSubmatch(p.page, -1)
		require.Greater(t, len(routes), 40)
		for _, r := range routes {
			if r[1] == http.MethodGet && !strings.Contains(r[2], "{") {
				require.Equal(t, 200, p.do(p.request(http.MethodGet, r[2], "")).status, r[2])
			}
		}
	})
	t.Run("an administrator approves on it what a person asked for", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		p.press("save-settings", "consentPolicy", "managed", "adminConsentWorkflow", "1")
		require.True(t, p.Settings().AdminConsentWorkflow)
		tomas := func() *tab {
			return p.open(p.authorizeURL()).signIn("tomas@fabrikam.example", "tomas-harbour-17").press("no")
		}
		tomas().fill("justification", "deliveries & <invoices>").press("request")
		p.load(p.request(http.MethodGet, "/emulator", ""))
		require.Contains(t, p.page, "deliveries &amp; &lt;invoices&gt;")
		approve := regexp.MustCompile(`value="(approve [^"]+)"`).FindStringSubmatch(p.page)
		require.NotNil(t, approve)
		p.post(url.Values{"do": {approve[1]}, "section": {"consent"}})
		require.Contains(t, p.page, `<span class="tag">approved</span>`)
		require.NotEmpty(t, tomas().callback().Get("code"))
	})
}

func TestPanelPresses(t *testing.T) {
	t.Parallel()
	refused := func(status, code int, kind string) func(t *testing.T, p *panel) {
		return func(t *testing.T, p *panel) { requireSTS(t, p.refresh(p.refreshToken), status, code, kind) }
	}
	good := func(t *testing.T, p *panel) { require.Equal(t, 200, p.refresh(p.refreshToken).status) }
	signIn := func(code string) func(t *testing.T, p *panel) {
		return func(t *testing.T, p *panel) {
			require.Contains(t, p.open(p.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").page, `data-code="`+code+`"`)
		}
	}
	app := "app-c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702-"
	cases := map[string]func(t *testing.T, p *panel){
		"person-mara-block":         refused(400, 50057, "invalid_grant"),
		"person-mara-lock":          signIn("50053"),
		"person-mara-revoke":        refused(400, 50173, "invalid_grant"),
		"person-mara-delete-person": refused(400, 51004, "invalid_grant"),
		"person-mara-unconsent":     refused(400, 65001, "invalid_grant"),
		"person-mara-reset-password": func(t *testing.T, p *panel) {
			refused(400, 50173, "invalid_grant")(t, p)
			signIn("50126")(t, p)
			require.Contains(t, p.text("said"), p.User("mara").Password)
		},
		"person-mara-change-password": func(t *testing.T, p *panel) {
			good(t, p)
			signIn("50126")(t, p)
		},
		"person-mara-expire-password": func(t *testing.T, p *panel) {
			require.Equal(t, "Update your password", p.open(p.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").title())
		},
		"person-mara-mfa-on": func(t *testing.T, p *panel) {
			require.Equal(t, "Enter code", p.open(p.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").title())
		},
		"person-mara-mailbox-off": func(t *testing.T, p *panel) {
			requireGraph(t, p.graph(p.accessToken, http.MethodGet, "/v1.0/me/messages", ""), 404, "MailboxNotEnabledForRESTAPI")
		},
		app + "disable-app":    refused(400, 7000112, "unauthorized_client"),
		app + "delete-app":     refused(400, 700016, "unauthorized_client"),
		app + "expire-secrets": refused(401, 7000222, "invalid_client"),
		app + "remove-secrets": refused(401, 7000215, "invalid_client"),
		app + "ungrant":        refused(400, 65001, "invalid_grant"),
		app + "assign-on":      refused(400, 50105, "access_denied"),
		app + "add-secret": func(t *testing.T, p *panel) {
			fresh := strings.TrimPrefix(p.text("said"), "The new secret: ")
			require.Len(t, fresh, 40)
			require.Equal(t, 200, p.refresh(p.refreshToken, "client_secret", fresh).status)
		},
		app + "grant": func(t *testing.T, p *panel) {
			require.NotEmpty(t, p.open(p.authorizeURL()).signIn("tomas@fabrikam.example", "tomas-harbour-17").press("no").callback().Get("code"))
		},
		"clock-advance-90m": func(t *testing.T, p *panel) {
			requireGraph(t, p.me(), 401, "InvalidAuthenticationToken")
			require.Contains(t, p.text("skew"), "1h30m0s ahead")
		},
		"clock-advance-2160h": refused(400, 700082, "invalid_grant"),
		"clock-advance-8784h": refused(401, 7000222, "invalid_client"),
		"clock-skew--10m":     func(t *testing.T, p *panel) { require.Contains(t, p.text("skew"), "10m0s behind") },
		"reset":               refused(400, 70000, "invalid_grant"),
	}
	for id, see := range cases {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			p := newPanel(t)
			good(t, p)
			see(t, p.press(id))
		})
	}
	t.Run("what was taken away is given back", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		for off, on := range map[string]string{
			"person-mara-block": "person-mara-unblock", app + "disable-app": app + "enable-app", app + "assign-on": app + "assign-off",
		} {
			p.press(off)
			require.NotEqual(t, 200, p.refresh(p.refreshToken).status, off)
			p.press(on)
			require.Equal(t, 200, p.refresh(p.refreshToken).status, on)
		}
	})
	t.Run("a directory is deleted and brought back, and keys roll over", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		kid := p.text("kid")
		p.post(url.Values{"do": {"delete-tenant " + p.seed.TenantID}})
		refused(400, 90002, "invalid_tenant")(t, p)
		p.post(url.Values{"do": {"restore-tenant " + p.seed.TenantID}})
		good(t, p)
		require.NotEqual(t, kid, p.press("rotate").text("kid"))
		require.Contains(t, p.keys().raw, p.text("kid"))
	})
}

func TestPanelFailures(t *testing.T) {
	t.Parallel()
	t.Run("a preset hits whom and how often the form says, and can be cleared", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		p.press("preset-secret-expired", "times", "2", "user", p.User("mara").ObjectID)
		require.Contains(t, p.text("said"), "7000222")
		require.Contains(t, p.page, "2 more")
		other := p.redeem(p.answer(p.authorizeURL(), "tomas", emulator.Accept).Get("code"))
		require.Equal(t, 200, other.status)
		requireSTS(t, p.refresh(p.refreshToken), 401, 7000222, "invalid_client")
		p.load(p.request(http.MethodGet, "/emulator", ""))
		require.Contains(t, p.page, "1 more")
		button := regexp.MustCompile(`value="(clear [^"]+)"`).FindStringSubmatch(p.page)
		require.NotNil(t, button)
		p.post(url.Values{"do": {button[1]}})
		require.NotEmpty(t, p.text("no-failures"))
		require.Equal(t, 200, p.refresh(p.refreshToken).status)
	})
	t.Run("a failure is made to order", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		p.press("order", "where", "token refresh_token", "code", "53003", "error", "interaction_required", "suberror", "basic_action", "claims", `{"x":1}`)
		r := p.refresh(p.refreshToken)
		requireSTS(t, r, 400, 53003, "interaction_required")
		require.Equal(t, "basic_action", r.text("suberror"))
		require.JSONEq(t, `{"x":1}`, r.text("claims"))

		p.press("order", "where", "graph GET /me", "status", "429", "retry", "date", "retry-after", "90")
		require.Equal(t, p.Now().Add(90*time.Second).Format(http.TimeFormat), p.me().header.Get("Retry-After"))

		p.press("order", "where", "authorize redirect", "code", "50105")
		require.Contains(t, p.open(p.authorizeURL()).callback().Get("error_description"), "AADSTS50105")
		p.press("order", "where", "authorize page", "code", "65001")
		require.Contains(t, p.open(p.authorizeURL()).page, "AADSTS65001")

		before := p.sent()
		p.press("order", "where", "graph POST /me/sendMail", "connection", "reset after")
		_, err := p.send()
		require.Error(t, err)
		require.Equal(t, before+1, p.sent())
		p.press("order", "where", "graph POST /me/sendMail", "status", "503", "body", "html", "after", "1")
		sent, err := p.send()
		require.NoError(t, err)
		require.Equal(t, 503, sent.status)
		require.Equal(t, before+2, p.sent())
	})
	t.Run("what is held shows as such until everything is cleared", func(t *testing.T) {
		t.Parallel()
		p := newPanel(t)
		p.press("order", "where", "token", "late", "held", "times", "0")
		answer := make(chan int)
		go func() { answer <- p.refresh(p.refreshToken).status }()
		require.NoError(t, p.WaitFor(t.Context(), "token.refresh_token", 1))
		p.load(p.request(http.MethodGet, "/emulator", ""))
		require.Contains(t, p.page, "<strong>held</strong>")
		p.press("clear-all")
		require.Equal(t, 200, <-answer)
	})
}
