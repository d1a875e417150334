package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const skewAllowed = 5 * time.Minute

// graphRoute finds the operation by the path after the person.
func (e *Emulator) graphRoute(g *graphCall) *graphErr {
	if len(g.rest) == 0 {
		return e.getUser(g)
	}
	switch strings.ToLower(g.rest[0]) {
	case "revokesigninsessions", "microsoft.graph.revokesigninsessions":
		return e.revokeMine(g)
	case "messages", "mailfolders", "sendmail", "microsoft.graph.sendmail":
		return e.mailRoute(g)
	}
	return errBadRequest("Resource not found for the segment '" + g.rest[0] + "'.")
}

func (e *Emulator) getUser(g *graphCall) *graphErr {
	if g.r.Method != http.MethodGet {
		return gerr(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
	scopes := []string{"User.Read", "User.Read.All", "User.ReadBasic.All"}
	if g.owner != g.me {
		scopes = scopes[1:]
	}
	if g.may(scopes...) != nil {
		return gerr(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	all := map[string]any{
		"businessPhones": []string{"+49 30 555 0100"}, "displayName": g.owner.DisplayName, "givenName": orNull(g.owner.GivenName),
		"jobTitle": orNull(g.owner.JobTitle), "mail": orNull(g.owner.Mail), "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": "en-GB",
		"surname": orNull(g.owner.Surname), "userPrincipalName": g.owner.UserPrincipalName, "id": g.owner.ObjectID,
	}
	out := selectFrom(all, g.query.Get("$select"))
	out["@odata.context"] = g.base + "/v1.0/$metadata#users/$entity"
	g.graphAnswer(out)
	return nil
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// selectFrom keeps the named properties; annotations and the id always stay.
func selectFrom(all map[string]any, list string) map[string]any {
	if list == "" {
		return all
	}
	names := strings.Split(strings.ToLower(strings.ReplaceAll(list, " ", "")), ",")
	out := map[string]any{}
	for k, v := range all {
		if k == "id" || strings.HasPrefix(k, "@") || slices.Contains(names, strings.ToLower(k)) {
			out[k] = v
		}
	}
	return out
}

func (e *Emulator) revokeMine(g *graphCall) *graphErr {
	if g.r.Method != http.MethodPost {
		return gerr(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
	if g.may("User.RevokeSessions.All") != nil {
		return gerr(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	e.revoke(g.owner, g.now)
	g.graphAnswer(map[string]any{"@odata.context": g.base + "/v1.0/$metadata#Edm.Boolean", "value": true})
	return nil
}

// revoke kills every refresh token, code and browser session of a person.
func (e *Emulator) revoke(u *user, now time.Time) {
	u.validFrom, u.validFromSeq = now, e.next()
	e.critical(u, now)
}

// userinfo is the OIDC endpoint on the Graph host.
func (e *Emulator) userinfo(c *call) {
	t, gErr := e.checkToken(c)
	if gErr == nil && !slices.Contains(t.scopes, "openid") {
		gErr = errAccessDenied()
	}
	if gErr != nil {
		c.graphError(gErr)
		return
	}
	u := e.userByID(t.user)
	if u == nil {
		c.graphError(errNotFound())
		return
	}
	out := map[string]any{"sub": pairwise(t.client, u.ObjectID)}
	if slices.Contains(t.scopes, "profile") {
		out["name"], out["given_name"], out["family_name"] = u.DisplayName, u.GivenName, u.Surname
		out["picture"] = "https://graph.microsoft.com/v1.0/me/photo/$value"
	}
	if slices.Contains(t.scopes, "email") && u.Mail != "" {
		out["email"] = u.Mail
	}
	c.json(http.StatusOK, out)
}
