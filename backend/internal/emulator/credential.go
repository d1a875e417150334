package emulator

import (
	"crypto/subtle"
	"net/url"
	"slices"
	"time"
)

// credential is what a client presented to prove itself.
type credential struct {
	secret    string
	assertion string
	kind      string // client_assertion_type
}

func (p credential) acr() string {
	if p.assertion != "" {
		return "2"
	}
	return "1"
}

// presentedClient finds the application and its credential in the body or in HTTP Basic.
func (e *Emulator) presentedClient(c *call, t *tenant) (*app, credential, *stsError) {
	p := credential{secret: c.form.Get("client_secret"), assertion: c.form.Get("client_assertion"), kind: c.form.Get("client_assertion_type")}
	id := c.form.Get("client_id")
	if name, password, ok := c.r.BasicAuth(); ok {
		// RFC 6749 section 2.3.1: both parts are form-encoded first.
		id, p.secret = formDecoded(name), formDecoded(password)
	}
	if id == "" && p.assertion != "" {
		id = assertionSubject(p.assertion)
	}
	if id == "" {
		return nil, p, e.sts(900144, "{P}", "client_id")
	}
	c.client = id
	a, sts := e.findApp(t, id)
	return a, p, sts
}

func formDecoded(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}

// authenticate checks the credential by the platform of the redirect URI that the grant came from.
func (e *Emulator) authenticate(c *call, a *app, p credential, platform string) *stsError {
	switch {
	case platform == PlatformPublic && (p.secret != "" || p.assertion != ""):
		return e.sts(700025)
	case platform == PlatformPublic:
		return nil
	case platform == PlatformSPA && c.r.Header.Get("Origin") == "":
		return e.sts(9002327)
	case platform == PlatformSPA && p.secret == "" && p.assertion == "":
		return nil
	case p.assertion != "":
		return e.checkAssertion(c, a, p)
	case p.secret == "":
		return e.sts(7000218)
	}
	return e.checkSecret(c.now, a, p.secret)
}

func (e *Emulator) checkSecret(now time.Time, a *app, presented string) *stsError {
	i := slices.IndexFunc(a.secrets, func(s *appSecret) bool {
		return subtle.ConstantTimeCompare([]byte(s.value), []byte(presented)) == 1
	})
	switch {
	case i < 0 && len(a.secrets) > 0 && !slices.ContainsFunc(a.secrets, func(s *appSecret) bool { return now.Before(s.end) }):
		return e.sts(7000222, "{C}", a.clientID)
	case i < 0:
		return e.sts(7000215, "{C}", a.clientID)
	case !now.Before(a.secrets[i].end):
		return e.sts(7000222, "{C}", a.clientID)
	}
	return nil
}
