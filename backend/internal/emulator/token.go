package emulator

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	refreshLifetime    = 90 * 24 * time.Hour
	refreshLifetimeSPA = 24 * time.Hour
)

// refreshToken is bound to person and client; each use gives another and leaves this one good.
type refreshToken struct {
	signIn
	client, tenant string
	scopes         scopeRequest
	platform       string
	issued, used   time.Time
	fixedEnd       time.Time // SPA only: the end that rotation does not move
}

// loop counts equal failing requests.
type loop struct {
	since time.Time
	count int
}

// token is the token endpoint. Order of checks: method, tenant, form, shape of the code, client, grant.
func (e *Emulator) token(c *call) {
	c.header.Set("Access-Control-Allow-Origin", "*")
	if c.r.Method != http.MethodPost {
		c.stsJSON(e.sts(900561, "{P}", c.r.Method))
		return
	}
	if e.looping(c) {
		c.stsJSON(e.sts(50196))
		return
	}
	if sts := e.exchange(c); sts != nil {
		e.countFailure(c)
		c.stsJSON(sts)
	}
}

func (e *Emulator) exchange(c *call) *stsError {
	t, sts := e.resolveTenant(c.r.PathValue("tenant"))
	if sts != nil {
		return sts
	}
	if c.form.Get("resource") != "" {
		return e.sts(901002)
	}
	grant := c.form.Get("grant_type")
	need := map[string]string{"authorization_code": "code", "refresh_token": "refresh_token", "client_credentials": "scope"}
	switch field, known := need[grant]; {
	case grant == "":
		return e.sts(900144, "{P}", "grant_type")
	case !known:
		return e.sts(70003, "{P}", grant)
	case c.form.Get(field) == "":
		return e.sts(900144, "{P}", field)
	case grant == "authorization_code" && c.form.Get("redirect_uri") == "":
		return e.sts(900144, "{P}", "redirect_uri")
	case field != "scope" && !looksIssued(c.form.Get(field)):
		return e.sts(9002313)
	}
	a, presented, sts := e.presentedClient(c, t)
	if sts != nil {
		return sts
	}
	switch grant {
	case "authorization_code":
		return e.grantCode(c, t, a, presented)
	case "refresh_token":
		return e.grantRefresh(c, t, a, presented)
	default:
		return e.grantClient(c, t, a, presented)
	}
}

// looksIssued is the check of shape that comes before any credential is looked at.
func looksIssued(s string) bool {
	return len(s) > 100 && (strings.HasPrefix(s, "1.") || strings.HasPrefix(s, "0."))
}

func (e *Emulator) grantCode(c *call, t *tenant, a *app, p credential) *stsError {
	platform := PlatformWeb
	if k := e.codes[hashOf(c.form.Get("code"))]; k != nil {
		platform = k.redirect.Platform
	}
	if sts := e.authenticate(c, a, p, platform); sts != nil {
		return sts
	}
	k, sts := e.redeemable(c, a, t)
	if sts != nil {
		return sts
	}
	scopes := k.scopes
	if raw := c.form.Get("scope"); raw != "" {
		asked, sts := e.parseScopes(raw, c.base)
		if sts != nil {
			return sts
		}
		scopes = scopes.withOIDC(asked)
	}
	u, sts := e.checkUser(a, k.signIn, scopes)
	if sts != nil {
		return sts
	}
	e.succeed(c, grantOf{
		app: a, user: u, tenant: t, signIn: k.signIn, scopes: scopes, platform: platform, refresh: scopes.has("offline_access"),
		cae: k.cae, appidacr: p.acr(),
	})
	return nil
}

func (e *Emulator) grantRefresh(c *call, t *tenant, a *app, p credential) *stsError {
	rt, found := e.refresh[hashOf(c.form.Get("refresh_token"))]
	platform := PlatformWeb
	if found {
		platform = rt.platform
	}
	if sts := e.authenticate(c, a, p, platform); sts != nil {
		return sts
	}
	switch {
	case !found, rt.tenant != t.id:
		return e.sts(70000)
	case rt.client != a.clientID:
		s := e.sts(70000)
		s.suberror = "client_mismatch"
		return s
	case !rt.fixedEnd.IsZero() && !c.now.Before(rt.fixedEnd):
		return e.sts(700084, "{D1}", microTime(rt.issued))
	case c.now.Sub(rt.used) >= refreshLifetime:
		return e.sts(700082, "{D1}", microTime(rt.issued))
	}
	if often := e.settingsOf(t).SignInFrequency; often > 0 && c.now.Sub(rt.at) >= often {
		return e.sts(70043, "{D1}", microTime(rt.issued), "{P}", strconv.Itoa(int(often.Seconds())))
	}
	asked := rt.scopes
	if raw := c.form.Get("scope"); raw != "" {
		var sts *stsError
		if asked, sts = e.parseScopes(raw, c.base); sts != nil {
			return sts
		}
	}
	u, sts := e.checkUser(a, rt.signIn, asked)
	if sts != nil {
		return sts
	}
	rt.used = c.now
	c.user = u.ObjectID
	e.succeed(c, grantOf{
		app: a, user: u, tenant: t, signIn: rt.signIn, scopes: asked, platform: platform, refresh: true, fixedEnd: rt.fixedEnd,
		appidacr: p.acr(),
	})
	return nil
}

// grantClient is the app-only grant. It needs no application permission, so it proves the credential and nothing else.
func (e *Emulator) grantClient(c *call, t *tenant, a *app, p credential) *stsError {
	if sts := e.authenticate(c, a, p, PlatformWeb); sts != nil {
		return sts
	}
	fields := slices.DeleteFunc(strings.Fields(c.form.Get("scope")), isOIDC) // MSAL Go adds them; they mean nothing here
	if len(fields) != 1 || !strings.HasSuffix(fields[0], "/.default") {
		return e.sts(1002012, "{S}", c.form.Get("scope"))
	}
	if resource, _ := splitScope(fields[0]); !isGraphResource(resource, c.base) {
		return e.sts(500011, "{R}", resource, "{T}", t.name)
	}
	life := e.accessLifetime(t, false)
	at := e.issueAccess(c, &accessToken{client: a.clientID, tenant: t.id, issued: c.now, expires: c.now.Add(life), appidacr: p.acr()}, "")
	c.tokenAnswer(map[string]any{"token_type": "Bearer", "expires_in": int(life.Seconds()), "ext_expires_in": int(life.Seconds()), "access_token": at})
	return nil
}

// grantOf is everything that a delegated token answer is made of.
type grantOf struct {
	app      *app
	user     *user
	tenant   *tenant
	signIn   signIn
	scopes   scopeRequest
	platform string
	refresh  bool
	fixedEnd time.Time
	cae      bool
	appidacr string
}

// succeed answers with fresh tokens. Signing waits until the lock is released.
func (e *Emulator) succeed(c *call, g grantOf) {
	c.user = g.user.ObjectID
	scopes := slices.DeleteFunc(e.granted(g.app, g.user), func(s string) bool { return s == "offline_access" })
	scopes = c.scopesFor(scopes)
	cae := g.cae || declaresCAE(c.form.Get("claims"))
	life := e.accessLifetime(g.tenant, cae)
	form := e.settingsOf(g.tenant).ScopeForm
	if c.rule != nil && c.rule.ScopeForm != "" {
		form = c.rule.ScopeForm
	}
	answer := map[string]any{
		"token_type": "Bearer", "scope": formatScopes(scopes, g.scopes.prefix, form),
		"expires_in": int(life.Seconds()), "ext_expires_in": int(life.Seconds()),
	}
	if life > 2*time.Hour {
		answer["refresh_in"] = int(life.Seconds()) / 2
	}
	answer["access_token"] = e.issueAccess(c, &accessToken{
		client: g.app.clientID, tenant: g.tenant.id, user: g.user.ObjectID, scopes: scopes, issued: c.now, expires: c.now.Add(life), appidacr: g.appidacr, cae: cae,
	}, g.signIn.sid)
	if g.refresh {
		rt := &refreshToken{
			signIn: g.signIn, client: g.app.clientID, tenant: g.tenant.id, scopes: g.scopes, platform: g.platform,
			issued: c.now, used: c.now, fixedEnd: g.fixedEnd,
		}
		if !rt.scopes.has("offline_access") {
			rt.scopes.names = append(slices.Clone(rt.scopes.names), "offline_access")
		}
		if g.platform == PlatformSPA && rt.fixedEnd.IsZero() {
			rt.fixedEnd = c.now.Add(refreshLifetimeSPA)
		}
		text := e.opaque("1.AX", 1100)
		e.refresh[hashOf(text)] = rt
		answer["refresh_token"] = text
	}
	if c.form.Get("client_info") == "1" {
		info, err := json.Marshal(map[string]string{"uid": g.user.ObjectID, "utid": g.user.TenantID})
		if err == nil {
			answer["client_info"] = b64(info)
		}
	}
	if !g.scopes.has("openid") {
		c.tokenAnswer(answer)
		return
	}
	claims := e.idClaims(c, g.app, g.user, g.signIn, g.scopes.names)
	key := c.forgeID(claims)
	c.late = func() {
		if token, err := signRS256(key, claims); err == nil {
			answer["id_token"] = token
		}
		c.tokenAnswer(answer)
	}
}

func (c *call) tokenAnswer(answer map[string]any) {
	c.identityHeaders()
	c.noStore()
	c.json(http.StatusOK, answer)
}

// accessLifetime is 60 to 90 minutes, or 20 to 28 hours where Graph can challenge the token meanwhile.
func (e *Emulator) accessLifetime(t *tenant, cae bool) time.Duration {
	switch fixed := e.settingsOf(t).TokenLifetime; {
	case fixed > 0:
		return fixed
	case cae:
		return time.Duration(e.between(20*3600, 28*3600)) * time.Second
	}
	return time.Duration(e.between(3600, 5399)) * time.Second
}

func (c *call) loopKey() tokenHash { return sha256.Sum256(append([]byte(c.r.URL.Path), c.body...)) }

// looping reports a client that keeps sending the same failing request.
func (e *Emulator) looping(c *call) bool {
	l := e.loops[c.loopKey()]
	if l == nil || e.settings.LoopLimit == 0 {
		return false
	}
	if c.now.Sub(l.since) > time.Minute {
		delete(e.loops, c.loopKey())
		return false
	}
	return l.count >= e.settings.LoopLimit
}

func (e *Emulator) countFailure(c *call) {
	l := e.loops[c.loopKey()]
	if l == nil {
		l = &loop{since: c.now}
		e.loops[c.loopKey()] = l
	}
	l.count++
}

// deviceCode is listed in the discovery document; the seeded application does not allow public client flows.
func (e *Emulator) deviceCode(c *call) { c.stsJSON(e.sts(7000218)) }
