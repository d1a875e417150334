package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// stsError is one error of the identity platform: the number, what it is at the token endpoint, and its text.
type stsError struct {
	code     int
	kind     string // the standard "error" member
	status   int
	suberror string
	text     string
	claims   string
	page     bool // at the authorize endpoint it stays on a page and never comes back to the application
}

// sts looks a number up and fills in its text. Values come as placeholder, value pairs.
func (e *Emulator) sts(code int, values ...string) *stsError {
	s, known := e.catalog[code]
	if !known {
		s = stsError{kind: "invalid_grant", status: http.StatusBadRequest, text: "An error for which the emulator has no text."}
	}
	s.code = code
	s.text = strings.NewReplacer(append(values, e.usualValues()...)...).Replace(s.text)
	return &s
}

// usualValues stand in where the caller has nothing better, as in a failure made to order.
func (e *Emulator) usualValues() []string {
	now := e.now().Format("2006-01-02T15:04:05.0000000Z")
	return []string{
		"{C}", e.seed.ClientID, "{T}", e.seed.TenantID, "{N}", e.seed.AppName, "{G}", graphAppID, "{R}", "https://graph.microsoft.com",
		"{S}", "openid", "{P}", "client_id", "{U}", "", "{D1}", now, "{D2}", now,
	}
}

// description is the text with the three identifiers that support asks for.
func (s *stsError) description(c *call, sep string) string {
	return fmt.Sprintf("AADSTS%d: %s%sTrace ID: %s%sCorrelation ID: %s%sTimestamp: %s",
		s.code, s.text, sep, c.requestID, sep, c.correlationID, sep, stamp(c.now))
}

// stsJSON answers like the token endpoint does on failure.
func (c *call) stsJSON(s *stsError) {
	c.identityHeaders()
	c.noStore()
	c.result = s.kind + " " + strconv.Itoa(s.code)
	body := map[string]any{
		"error":             s.kind,
		"error_description": s.description(c, " "),
		"error_codes":       []int{s.code},
		"timestamp":         stamp(c.now),
		"trace_id":          c.requestID,
		"correlation_id":    c.correlationID,
		"error_uri":         c.errorURI(s.code),
	}
	if s.suberror != "" {
		body["suberror"] = s.suberror
	}
	if s.claims != "" {
		body["claims"] = s.claims
	}
	c.json(s.status, body)
}

func (c *call) noStore() {
	c.header.Set("Cache-Control", "no-store, no-cache")
	c.header.Set("Pragma", "no-cache")
	c.header.Set("Expires", "-1")
}

func (c *call) errorURI(code int) string {
	return c.base + "/error?code=" + url.QueryEscape(fmt.Sprint(code))
}

// params are the error as it travels to a redirect URI.
func (s *stsError) params(c *call) []pair {
	out := []pair{{"error", s.kind}, {"error_description", s.description(c, "\r\n")}, {"error_uri", c.errorURI(s.code)}}
	if s.suberror != "" {
		out = append(out, pair{"error_subcode", s.suberror})
	}
	return out
}
