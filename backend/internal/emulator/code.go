package emulator

import (
	"crypto/sha256"
	"slices"
	"time"
)

const codeLifetime = 10 * time.Minute

// signIn is who signed in and when; tokens descend from it.
type signIn struct {
	user  string // object id
	at    time.Time
	seq   int64
	mfa   bool
	nonce string
	sid   string
}

// code is an authorization code: single use, bound to client, redirect URI and PKCE challenge.
type code struct {
	signIn
	client, tenant    string
	redirect          RedirectURI
	scopes            scopeRequest
	challenge, method string
	cae               bool
	expires           time.Time
	redeemed          bool
}

// issueCode ends an authorize request in success.
func (e *Emulator) issueCode(c *call, req *authRequest, s signIn) {
	if req.rule != nil && req.rule.As != "" {
		s = e.actAs(c, req, s)
	}
	c.user = s.user
	text := e.opaque("1.AX", 760)
	s.nonce = req.nonce
	e.codes[hashOf(text)] = &code{
		signIn: s, client: req.app.clientID, tenant: req.tenant.id, redirect: req.redirect, scopes: req.scopes,
		challenge: req.challenge, method: req.method, expires: c.now.Add(codeLifetime),
		cae: req.cae, redeemed: req.rule != nil && req.rule.SpentCode,
	}
	params := []pair{{"code", text}}
	if req.idToken {
		sum := sha256.Sum256([]byte(text))
		claims := e.idClaims(c, req.app, e.userByID(s.user), s, req.scopes.names)
		claims["c_hash"] = b64(sum[:16])
		if token, err := signRS256(e.currentKey(), claims); err == nil {
			params = append(params, pair{"id_token", token})
		}
	}
	c.answer(req, append(params, pair{"session_state", s.sid}))
}

// actAs signs somebody else in instead, who consents to everything that was asked.
func (e *Emulator) actAs(c *call, req *authRequest, s signIn) signIn {
	other := e.findUser(req.rule.As)
	if req.rule.As == AnotherPerson {
		if i := slices.IndexFunc(e.users, func(u *user) bool {
			return u.TenantID == req.tenant.id && u.Enabled && u.ObjectID != s.user
		}); i >= 0 {
			other = e.users[i]
		}
	}
	if other == nil {
		return s
	}
	e.grant(req.app, req.tenant.id, other.ObjectID, e.missingConsent(req.app, other, req.scopes))
	return signIn{user: other.ObjectID, at: c.now, seq: e.next(), mfa: true, sid: e.guid()}
}

// redeemable checks a presented code in Microsoft's order and spends it.
func (e *Emulator) redeemable(c *call, a *app, t *tenant) (*code, *stsError) {
	k, found := e.codes[hashOf(c.form.Get("code"))]
	switch {
	case !found, k.client != a.clientID:
		return nil, e.sts(70000)
	case k.tenant != t.id:
		return nil, e.sts(700005)
	case k.redeemed:
		return nil, e.sts(54005)
	case c.now.After(k.expires):
		return nil, e.sts(70008)
	case c.form.Get("redirect_uri") != k.redirect.URI:
		return nil, e.sts(500112, "{U}", c.form.Get("redirect_uri"))
	case !verifierMatches(k, c.form.Get("code_verifier")):
		return nil, e.sts(501481)
	}
	k.redeemed = true
	return k, nil
}

// verifierMatches follows RFC 7636 section 4.6; a verifier without a challenge is refused too.
func verifierMatches(k *code, verifier string) bool {
	switch {
	case k.challenge == "":
		return verifier == ""
	case len(verifier) < 43 || len(verifier) > 128:
		return false
	case k.method == "plain":
		return verifier == k.challenge
	}
	sum := sha256.Sum256([]byte(verifier))
	return b64(sum[:]) == k.challenge
}

// checkUser says why nothing may be issued for a sign-in any more.
func (e *Emulator) checkUser(a *app, s signIn, scopes scopeRequest) (*user, *stsError) {
	u := e.userByID(s.user)
	if u == nil {
		return nil, e.sts(51004, "{U}", s.user)
	}
	switch {
	case !u.Enabled:
		return nil, e.sts(50057)
	case s.seq < u.validFromSeq:
		return nil, e.sts(50173, "{D1}", microTime(s.at), "{D2}", microTime(u.validFrom))
	case a.assignment && !a.assigned[u.ObjectID]:
		return nil, e.sts(50105, "{U}", u.UserPrincipalName, "{C}", a.clientID, "{N}", a.name)
	case e.settingsOf(e.findTenant(u.TenantID)).RequireMFA && !s.mfa:
		return nil, e.sts(50076)
	}
	have := e.granted(a, u)
	for _, name := range scopes.names { // the OIDC scopes come with any consent
		if !isOIDC(name) && !slices.Contains(have, name) {
			return nil, e.sts(65001, "{C}", a.clientID, "{N}", a.name)
		}
	}
	if len(have) == 0 {
		return nil, e.sts(65001, "{C}", a.clientID, "{N}", a.name)
	}
	return u, nil
}

func microTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }
