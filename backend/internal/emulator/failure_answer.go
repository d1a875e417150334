package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// ruleSTS is the identity platform's error that a failure asks for, about this request.
func (c *call) ruleSTS(r *rule) *stsError {
	var values []string
	if c.client != "" {
		values = append(values, "{C}", c.client)
		if a := c.e.appByID(c.client); a != nil {
			values = append(values, "{N}", a.name)
		}
	}
	if c.tenant != "" {
		values = append(values, "{T}", c.tenant)
	}
	if u := c.e.userByID(c.user); u != nil {
		values = append(values, "{U}", u.UserPrincipalName)
	}
	s := c.e.sts(r.AADSTS, values...)
	if r.Error != "" {
		s.kind = r.Error
	}
	if r.SubError != nil {
		s.suberror = *r.SubError
	}
	if r.Claims != "" {
		s.claims = r.Claims
	}
	if r.Status != 0 {
		s.status = r.Status
	}
	if r.AsRedirect != nil {
		s.page = !*r.AsRedirect
	}
	return s
}

// answerWithFailure reports whether the failure is the whole answer.
func (c *call) answerWithFailure() bool {
	if c.rule == nil {
		return false
	}
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	return c.ruleAnswer(c.rule)
}

func (c *call) ruleAnswer(r *rule) bool {
	if r.RetryAfter != "" {
		c.header.Set("Retry-After", r.RetryAfter)
	}
	if r.RetryAfterDate != 0 {
		c.header.Set("Retry-After", c.now.Add(r.RetryAfterDate).Format(http.TimeFormat))
	}
	switch {
	case r.AADSTS != 0 && c.endpoint == EndpointAuthorize:
		return false // the authorize endpoint decides where it is shown
	case r.AADSTS != 0 && c.endpoint == EndpointSignIn:
		c.errorPage(c.ruleSTS(r))
	case r.AADSTS != 0:
		c.stsJSON(c.ruleSTS(r))
	case r.CAE:
		c.caeChallenge(c.now)
	case r.HTML:
		c.raw(r.Status, "text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Service Unavailable</title></head><body><h2>The service is unavailable.</h2></body></html>")
	case r.Body != "":
		c.raw(r.Status, r.ContentType, r.Body)
	case r.Code != "" || r.Status != 0 && c.endpoint == EndpointGraph:
		c.graphFailure(r)
	case r.Status != 0:
		c.raw(r.Status, "", "")
	default:
		return false
	}
	return true
}

func (c *call) graphFailure(r *rule) {
	g := graphStatusError(r.Status)
	if r.Code != "" {
		g.code = r.Code
	}
	if r.Message != "" {
		g.message = r.Message
	}
	c.graphError(g)
}

func (c *call) raw(status int, contentType, body string) {
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	c.status = status
	if contentType != "" {
		c.header.Set("Content-Type", contentType)
	}
	c.out.Reset()
	c.out.WriteString(body)
}

// obey does what a failure says about a whole sign-in, and reports whether that was the end of it. What
// is left shows in the answer: another person's code, another state.
func (c *call) obey(req *authRequest, r *rule) bool {
	req.rule = r
	switch {
	case r.AADSTS != 0:
		c.fail(req, c.ruleSTS(r))
	case r.Decision == Cancel:
		c.cancelled(req)
	case r.Decision == Decline:
		c.declined(req)
	case r.Decision == Abandon:
		c.abandoned()
	default:
		return c.ruleAnswer(r)
	}
	return true
}

// scopesFor are the granted permissions as a failure alters them.
func (c *call) scopesFor(granted []string) []string {
	r := c.rule
	switch {
	case r == nil:
		return granted
	case r.Scopes != nil:
		granted = r.Scopes
	}
	return slices.DeleteFunc(slices.Clone(granted), func(s string) bool {
		return slices.ContainsFunc(r.DropScopes, func(gone string) bool { return strings.EqualFold(s, gone) })
	})
}

// forgeID alters the id_token as a failure says, and picks the key that signs it.
func (c *call) forgeID(claims map[string]any) *signingKey {
	key := c.e.currentKey()
	if c.rule == nil {
		return key
	}
	for name, value := range c.rule.IDTokenClaims {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	if c.rule.UnlistedKey {
		key = unlistedKeys.at(0)
	}
	return key
}

// damage changes a real answer as the failure says.
func (c *call) damage() {
	r := c.rule
	if r == nil {
		return
	}
	if c.endpoint == EndpointToken && c.status == http.StatusOK {
		c.rewriteToken(r)
	}
	if r.Truncate {
		c.out.Truncate(c.out.Len() / 2)
	}
}

func (c *call) rewriteToken(r *rule) {
	if !r.OmitRefreshToken && !r.OmitIDToken && !r.ExpiresInString && r.Extra == nil {
		return
	}
	var answer map[string]any
	dec := json.NewDecoder(bytes.NewReader(c.out.Bytes()))
	dec.UseNumber()
	if dec.Decode(&answer) != nil {
		return
	}
	if r.OmitRefreshToken {
		delete(answer, "refresh_token")
	}
	if r.OmitIDToken {
		delete(answer, "id_token")
	}
	if n, ok := answer["expires_in"].(json.Number); ok && r.ExpiresInString {
		answer["expires_in"] = n.String()
	}
	for k, v := range r.Extra {
		answer[k] = v
	}
	c.json(c.status, answer)
}
