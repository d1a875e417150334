package emulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func isGraphPath(path string) bool {
	return strings.HasPrefix(path, "/v1.0/") || strings.HasPrefix(path, "/beta/") || path == "/oidc/userinfo"
}

// graphErr is an error of Graph.
type graphErr struct {
	status        int
	code, message string
}

func gerr(status int, code, message string) *graphErr { return &graphErr{status, code, message} }

// graphStatusError is what Graph usually says with a status.
func graphStatusError(status int) *graphErr {
	switch status {
	case http.StatusUnauthorized:
		return gerr(status, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
	case http.StatusForbidden:
		return errAccessDenied()
	case http.StatusNotFound:
		return errNotFound()
	case http.StatusTooManyRequests:
		return gerr(status, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
	case http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
		return gerr(status, "serviceNotAvailable", "The service is temporarily unavailable.")
	case 0, http.StatusInternalServerError:
		return gerr(http.StatusInternalServerError, "generalException", "An unspecified error has occurred.")
	}
	return gerr(status, strings.ReplaceAll(http.StatusText(status), " ", ""), http.StatusText(status))
}

func errAccessDenied() *graphErr {
	return gerr(http.StatusForbidden, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

func errNotFound() *graphErr {
	return gerr(http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
}

func errNoResource(name string) *graphErr {
	return gerr(http.StatusNotFound, "Request_ResourceNotFound", fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", name))
}

func errBadRequest(message string) *graphErr {
	return gerr(http.StatusBadRequest, "BadRequest", message)
}

// graphCall is one call of Graph with who makes it and whose data it is about.
type graphCall struct {
	*call
	token *accessToken
	me    *user    // who calls
	owner *user    // whose mailbox
	rest  []string // path after /me or /users/{id}, decoded
	prefs map[string]string
	top   string // "/v1.0/me" as the caller wrote it
}

func (c *call) graphHeaders() {
	c.header.Set("request-id", c.requestID)
	client := c.r.Header.Get("client-request-id")
	if client == "" {
		client = c.requestID
	}
	c.header.Set("client-request-id", client)
	c.header.Set("Strict-Transport-Security", "max-age=31536000")
	c.header.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"EMULATOR"}}`)
}

const graphJSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

func (c *call) graphAnswer(v any) {
	c.header.Set("Content-Type", graphJSON)
	c.header.Set("OData-Version", "4.0")
	c.json(http.StatusOK, v)
}

func (c *call) graphError(g *graphErr) {
	c.graphHeaders()
	c.result = g.code
	client := c.header.Get("client-request-id")
	c.header.Set("Content-Type", "application/json")
	if g.status == http.StatusUnauthorized && c.header.Get("WWW-Authenticate") == "" {
		c.header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="", authorization_uri="%s/common/oauth2/authorize", client_id="%s"`, c.base, graphAppID))
	}
	c.json(g.status, map[string]any{"error": map[string]any{
		"code": g.code, "message": g.message,
		"innerError": map[string]any{"date": c.now.Format("2006-01-02T15:04:05"), "request-id": c.requestID, "client-request-id": client},
	}})
}

// caeChallenge is the 401 that only a token given after that time gets past.
func (c *call) caeChallenge(since time.Time) {
	claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, since.Unix())
	c.header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="", authorization_uri="%s/common/oauth2/authorize", error="insufficient_claims", claims="%s"`,
		c.base, base64.StdEncoding.EncodeToString([]byte(claims))))
	c.graphError(gerr(http.StatusUnauthorized, "InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenCreatedWithOutdatedPolicies"))
}

// graph answers everything below /v1.0 and /beta.
func (e *Emulator) graph(c *call) {
	c.graphHeaders()
	if c.r.URL.Path == "/oidc/userinfo" {
		e.userinfo(c)
		return
	}
	if limit := e.settings.MailboxConcurrency; limit > 0 && e.inFlight[c.lane] > limit && c.user != "" {
		c.header.Set("Retry-After", "1")
		c.graphError(graphStatusError(http.StatusTooManyRequests))
		return
	}
	if isBatch(c.r.URL.Path) {
		if gErr := e.batch(c); gErr != nil {
			c.graphError(gErr)
		}
		return
	}
	g, gErr := e.openGraph(c)
	if gErr == nil {
		if since, yes := e.challenged(g.token); yes {
			c.caeChallenge(since)
			return
		}
		gErr = e.graphRoute(g)
	}
	if gErr != nil {
		c.graphError(gErr)
	}
}

func (e *Emulator) checkToken(c *call) (*accessToken, *graphErr) {
	text := bearer(c.r)
	bad := func(message string) *graphErr {
		return gerr(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
	}
	if text == "" {
		return nil, bad("Access token is empty.")
	}
	t := e.access[hashOf(text)]
	switch {
	case t == nil:
		return nil, bad("CompactToken validation failed with reason code: 80049228.")
	case !c.now.Before(t.expires):
		return nil, bad("Lifetime validation failed, the token is expired.")
	case c.now.Before(t.issued.Add(-skewAllowed)):
		return nil, bad("Access token has expired or is not yet valid.")
	}
	c.user, c.client = t.user, t.client
	return t, nil
}

func (e *Emulator) openGraph(c *call) (*graphCall, *graphErr) {
	t, gErr := e.checkToken(c)
	if gErr != nil {
		return nil, gErr
	}
	if t.user != "" && e.userByID(t.user) == nil {
		return nil, errNoResource(t.user)
	}
	g := &graphCall{call: c, token: t, me: e.userByID(t.user), prefs: parsePrefer(c.r.Header.Values("Prefer"))}
	raw := strings.Split(strings.Trim(c.r.URL.EscapedPath(), "/"), "/")
	parts := make([]string, len(raw))
	for i, p := range raw {
		parts[i] = unescape(p)
	}
	parts = splitKeys(parts)
	switch {
	case len(parts) >= 2 && strings.EqualFold(parts[1], "me"):
		if g.me == nil {
			return nil, errBadRequest("/me request is only valid with delegated authentication flow.")
		}
		g.owner, g.rest, g.top = g.me, parts[2:], "/"+strings.Join(raw[:2], "/")
	case len(parts) >= 3 && strings.EqualFold(parts[1], "users"):
		g.owner, g.rest = e.findUser(parts[2]), parts[3:]
		g.top = "/" + parts[0] + "/users/" + url.PathEscape(parts[2])
		if g.owner == nil || g.owner.TenantID != t.tenant || !strings.Contains(parts[2], "@") && !isGUID(parts[2]) {
			return nil, errNoResource(parts[2])
		}
	default:
		return nil, errBadRequest(fmt.Sprintf("Resource not found for the segment '%s'.", strings.Join(parts[1:], "/")))
	}
	return g, nil
}

// splitKeys turns the OData key form mailFolders('inbox') into two segments.
func splitKeys(parts []string) []string {
	var out []string
	for _, p := range parts {
		name, rest, found := strings.Cut(p, "('")
		if key, closed := strings.CutSuffix(rest, "')"); found && closed {
			out = append(out, name, strings.ReplaceAll(key, "''", "'"))
			continue
		}
		out = append(out, p)
	}
	return out
}

func unescape(s string) string {
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}

// graphOperation is the path with the ids taken out, for counters and failures: "/me/messages/{id}".
func graphOperation(path string) string {
	if path == "/oidc/userinfo" {
		return path
	}
	parts := splitKeys(strings.Split(strings.Trim(path, "/"), "/"))[1:]
	collections := []string{"users", "messages", "mailfolders", "childfolders", "attachments", "subscriptions"}
	verbs := []string{"delta", "$count", "$value"}
	for i := 1; i < len(parts); i++ {
		if slices.Contains(collections, strings.ToLower(parts[i-1])) && !slices.Contains(verbs, parts[i]) {
			parts[i] = "{id}"
			i++
		}
	}
	return "/" + strings.Join(parts, "/")
}

func parsePrefer(headers []string) map[string]string {
	out := map[string]string{}
	for _, item := range strings.Split(strings.Join(headers, ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		if name != "" {
			out[strings.ToLower(name)] = strings.Trim(value, `"`)
		}
	}
	return out
}

// may demands one of the given permissions.
func (g *graphCall) may(scopes ...string) *graphErr {
	for _, s := range scopes {
		if slices.Contains(g.token.scopes, s) {
			return nil
		}
	}
	return errAccessDenied()
}
