package emulator

import (
	"maps"
	"strings"
	"time"
)

const accessTokensKept = 50_000 // beyond this the long expired ones are forgotten

// accessToken is what the emulator knows of a token it gave out; the text itself is not kept.
type accessToken struct {
	client, tenant  string
	user            string // empty for app-only
	scopes          []string
	issued, expires time.Time
	appidacr        string
	cae             bool  // the client handles challenges
	seq             int64 // orders it against what happens to the person
}

// issueAccess makes the token's text. It reads like a JWT, but its header holds a nonce and its signature
// verifies against nothing, so that nobody comes to rely on looking inside.
func (e *Emulator) issueAccess(c *call, t *accessToken, sid string) string {
	text := ""
	t.seq = e.next()
	if e.settingsOf(e.findTenant(t.tenant)).OpaqueAccessTokens {
		text = e.opaque("EwB", 900)
	} else {
		header := map[string]any{"typ": "JWT", "nonce": e.opaque("", 43), "alg": "RS256", "kid": e.currentKey().kid, "x5t": e.currentKey().kid}
		input, err := jwtInput(header, e.accessClaims(t, sid))
		if err != nil {
			input = "e30.e30"
		}
		text = input + "." + b64(e.bytes(256))
	}
	if len(e.access) > accessTokensKept {
		maps.DeleteFunc(e.access, func(_ tokenHash, old *accessToken) bool { return c.now.Sub(old.expires) > time.Hour })
	}
	e.access[hashOf(text)] = t
	return text
}

func (e *Emulator) accessClaims(t *accessToken, sid string) map[string]any {
	claims := map[string]any{
		"aud": "https://graph.microsoft.com", "iss": "https://sts.windows.net/" + t.tenant + "/",
		"iat": t.issued.Unix(), "nbf": t.issued.Unix(), "exp": t.expires.Unix(),
		"aio": e.opaque("AX", 60), "appid": t.client, "appidacr": t.appidacr, "idtyp": "app", "oid": t.client, "rh": e.opaque("1.A", 60),
		"tenant_region_scope": "EU", "tid": t.tenant, "uti": e.opaque("", 22), "ver": "1.0",
	}
	if t.cae {
		claims["xms_cc"] = []string{"cp1"}
	}
	u := e.userByID(t.user)
	if u == nil {
		return claims
	}
	maps.Copy(claims, map[string]any{
		"acct": 0, "acr": "1", "amr": []string{"pwd"}, "app_displayname": e.appByID(t.client).name, "idtyp": "user", "ipaddr": "127.0.0.1",
		"name": u.DisplayName, "family_name": u.Surname, "given_name": u.GivenName, "oid": u.ObjectID, "puid": "10032000" + strings.ToUpper(u.ObjectID[:8]),
		"scp": strings.Join(t.scopes, " "), "sid": sid, "sub": pairwise(t.client, u.ObjectID), "unique_name": u.UserPrincipalName, "upn": u.UserPrincipalName,
	})
	return claims
}

func pairwise(client, oid string) string {
	sum := hashOf(client + "\x00" + oid)
	return b64(sum[:])
}

// idClaims are the id_token's: oid, name and preferred_username need profile, email needs email.
func (e *Emulator) idClaims(c *call, a *app, u *user, s signIn, scopes []string) map[string]any {
	issued := c.now.Add(-5 * time.Minute) // Entra dates id tokens back to forgive skewed clocks.
	claims := map[string]any{
		"aud": a.clientID, "iss": c.base + "/" + u.TenantID + "/v2.0", "iat": issued.Unix(), "nbf": issued.Unix(), "exp": c.now.Add(time.Hour).Unix(),
		"aio": e.opaque("AX", 60), "rh": e.opaque("1.A", 60), "sid": s.sid, "sub": pairwise(a.clientID, u.ObjectID), "tid": u.TenantID, "uti": e.opaque("", 22), "ver": "2.0",
	}
	if s.nonce != "" {
		claims["nonce"] = s.nonce
	}
	for _, scope := range scopes {
		switch scope {
		case "profile":
			claims["oid"], claims["name"], claims["preferred_username"] = u.ObjectID, u.DisplayName, u.UserPrincipalName
		case "email":
			if u.Mail != "" {
				claims["email"] = u.Mail
			}
		}
	}
	return claims
}
