package emulator_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func (w *world) adminConsentURL(changes ...string) string {
	q := url.Values{
		"client_id": {w.seed.ClientID}, "redirect_uri": {emulator.DefaultRedirectURI}, "state": {"s-1"},
		"scope": {"https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/Mail.Send"},
	}
	for i := 0; i < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
	}
	return w.url + "/" + w.seed.TenantID + "/v2.0/adminconsent?" + q.Encode()
}

// asInes signs the administrator in through the pages.
func (p *tab) asInes() *tab {
	p.w.t.Helper()
	return p.signIn("ines@fabrikam.example", "ines-lantern-88").fill("code", emulator.SecondFactor).press("next").press("no")
}

func TestAdminConsentPages(t *testing.T) {
	t.Parallel()
	t.Run("an administrator reviews and accepts for everybody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy = "off" })
		p := w.open(w.adminConsentURL()).asInes()
		require.Equal(t, "Permissions requested", p.title())
		require.Contains(t, p.page, "Review for your organization")
		require.Contains(t, p.page, `data-permission="Mail.Send"`)
		require.NotContains(t, p.page, `data-permission="Mail.ReadWrite"`)
		require.Equal(t, url.Values{
			"admin_consent": {"True"}, "tenant": {w.seed.TenantID}, "state": {"s-1"},
			"scope": {"https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/Mail.Send"},
		}, p.press("accept").callback())
		require.NotEmpty(t, w.code("scope", "Mail.Read Mail.Send"), "nobody is asked any more")
		_, err := w.SignIn(w.authorizeURL("scope", "Mail.ReadWrite"), "mara", emulator.Accept)
		require.Error(t, err, "only what was reviewed")
	})
	t.Run("declining comes back as the documented error", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := w.open(w.adminConsentURL()).asInes().press("cancel").callback()
		require.Equal(t, "consent_required", q.Get("error"))
		require.Equal(t, "True", q.Get("admin_consent"))
		require.Equal(t, "s-1", q.Get("state"))
		require.Contains(t, q.Get("error_description"), "AADSTS65004")
		require.False(t, q.Has("code"))
	})
	t.Run("somebody who is no administrator gets no further", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.open(w.adminConsentURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no")
		require.Equal(t, "Need admin approval", p.title())
		q := p.press("cancel").callback()
		require.Equal(t, url.Values{"admin_consent": {"True"}, "error": {"access_denied"}, "error_subcode": {"cancel"}, "state": {"s-1"}}, q)
		p = w.open(w.adminConsentURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no").press("other").asInes()
		require.Equal(t, "Permissions requested", p.title())
	})
	t.Run("a failure about the rest of the request goes back, one about who asks stays", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := w.open(w.adminConsentURL("scope", "Mail.Everything")).callback()
		require.Equal(t, "invalid_scope", q.Get("error"))
		require.Equal(t, "True", q.Get("admin_consent"))
		p := w.open(w.adminConsentURL("redirect_uri", "https://elsewhere.example/"))
		require.Empty(t, p.out)
		require.Contains(t, p.page, "AADSTS50011")
	})
	t.Run("a failure made to order hits it, and not ordinary sign-ins", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.order(`{"endpoint":"authorize","detail":"adminconsent","decision":"decline","error":"access_denied"}`)
		require.Equal(t, "access_denied", s.open(s.adminConsentURL()).callback().Get("error"))
		require.NotEmpty(t, s.code())
		require.Equal(t, "access_denied", s.answer(s.adminConsentURL(), "ines", emulator.Accept).Get("error"))
	})
}

func TestConsentPolicies(t *testing.T) {
	t.Parallel()
	for policy, allowed := range map[string]map[string]bool{
		"legacy":  {"User.Read": true, "Mail.Send": true, "Mail.Read": true, "Directory.Read.All": false},
		"managed": {"User.Read": true, "Mail.Send": true, "Mail.Read": false, "Mail.ReadWrite": false},
		"low":     {"User.Read": true, "Mail.Send": false, "Mail.Read": false},
		"off":     {"User.Read": false, "Mail.Send": false},
	} {
		for scope, may := range allowed {
			t.Run(policy+" and "+scope, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				r := w.do(w.request(http.MethodPatch, "/_emulator/tenants/fabrikam.example/settings", `{"consentPolicy":"`+policy+`"}`))
				require.Equal(t, 200, r.status, r.raw)
				p := w.open(w.authorizeURL("scope", scope)).signIn("mara@fabrikam.example", "mara-copper-42").press("no")
				if may {
					require.NotEmpty(t, p.press("accept").callback().Get("code"))
					return
				}
				require.Equal(t, "Need admin approval", p.title())
			})
		}
	}
	t.Run("an application without a name has a page all the same", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.Equal(t, 204, w.do(w.request(http.MethodPatch, "/_emulator/apps/default", `{"name":""}`)).status)
		require.Equal(t, "Permissions requested", w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no").title())
	})
	t.Run("the switches of one tenant are not those of another", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		other := w.AddTenant("Contoso", "contoso.example")
		require.NoError(t, w.ConfigureTenant(other, func(s *emulator.Settings) { s.ConsentPolicy = "off" }))
		require.NotEmpty(t, w.code())
		require.Equal(t, "legacy", w.Settings().ConsentPolicy)
		r := w.do(w.request(http.MethodPatch, "/_emulator/tenants/contoso.example/settings", `{"loopLimit":1}`))
		require.Equal(t, 400, r.status)
		require.Contains(t, r.text("error"), "all tenants")
	})
}

func TestConsentWorkflow(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T) (*world, string) {
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.ConsentPolicy, s.AdminConsentWorkflow = "managed", true })
		w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no").
			fill("justification", "invoices").press("request")
		list := decodeList(t, w.do(w.request(http.MethodGet, "/_emulator/consent-requests", "")))
		require.Len(t, list, 1)
		require.Equal(t, emulator.RequestPending, list[0]["status"])
		id, ok := list[0]["id"].(string)
		require.True(t, ok)
		return w, id
	}
	again := func(w *world) *tab {
		return w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no")
	}
	last := func(w *world, who string) emulator.Mail {
		list := w.Mailbox(who, "inbox")
		return list[len(list)-1]
	}
	t.Run("an approval lets the person in, and says so by mail", func(t *testing.T) {
		t.Parallel()
		w, id := ask(t)
		require.Equal(t, "Approve access to Latchkey", last(w, "ines").Subject)
		require.Contains(t, last(w, "ines").Body, "invoices")
		require.Equal(t, "Request sent", again(w).title(), "asking twice is no use")
		require.Equal(t, 204, w.do(w.request(http.MethodPost, "/_emulator/consent-requests/"+id+"/approve", "")).status)
		require.NotEmpty(t, again(w).callback().Get("code"))
		require.Equal(t, "Your request for Latchkey was approved", last(w, "mara").Subject)
		require.Equal(t, 400, w.do(w.request(http.MethodPost, "/_emulator/consent-requests/"+id+"/deny", "")).status, "decided is decided")
	})
	t.Run("a denial changes nothing, and the person may ask again", func(t *testing.T) {
		t.Parallel()
		w, id := ask(t)
		require.Equal(t, 204, w.do(w.request(http.MethodPost, "/_emulator/consent-requests/"+id+"/deny", "")).status)
		require.Equal(t, "Approval required", again(w).title())
		require.Equal(t, emulator.RequestDenied, w.ConsentRequests()[0].Status)
	})
}
