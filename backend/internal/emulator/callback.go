package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const callbacksKept = 50

// Callback is one answer that was sent to an application by way of the browser, with what is secret left
// out. It can be sent again, as somebody does who presses Back, or who forges a link.
type Callback struct {
	ID          string    `json:"id"`
	Time        time.Time `json:"time"`
	ClientID    string    `json:"clientId"`
	User        string    `json:"user"` // object id; empty when nobody signed in
	RedirectURI string    `json:"redirectUri"`
	Mode        string    `json:"mode"`   // response_mode
	Result      string    `json:"result"` // "code", "admin_consent", or the error
	State       string    `json:"state"`  // redacted; equal states have equal marks

	redirect RedirectURI
	params   []pair
}

// Callbacks are the latest answers to applications, oldest first.
func (e *Emulator) Callbacks() []Callback {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.callbacks)
}

// answer sends the browser back to the application in the asked response mode.
func (c *call) answer(req *authRequest, params []pair) {
	if req.admin && (len(params) == 0 || params[0].name != "admin_consent") {
		params = append([]pair{{"admin_consent", "True"}}, params...)
	}
	state := req.state
	if req.rule != nil && req.rule.State != nil {
		state = *req.rule.State
	}
	if state != "" {
		params = append(params, pair{"state", state})
	}
	sent := Callback{
		ID: c.e.guid(), Time: c.now, ClientID: req.app.clientID, User: c.user, RedirectURI: req.redirect.URI, Mode: req.mode,
		Result: resultOf(params), redirect: req.redirect, params: params,
	}
	c.result = sent.Result
	if state != "" {
		sent.State = redact(state)
	}
	c.e.callbacks = append(c.e.callbacks, sent)
	if extra := len(c.e.callbacks) - callbacksKept; extra > 0 {
		c.e.callbacks = slices.Delete(c.e.callbacks, 0, extra)
	}
	c.send(sent.redirect, sent.Mode, params)
}

func (c *call) send(to RedirectURI, mode string, params []pair) {
	if mode == "form_post" {
		c.formPost(to.URI, params)
		return
	}
	c.redirect(withParams(to.URI, mode, params))
}

func resultOf(params []pair) string {
	result := ""
	for _, p := range params {
		switch p.name {
		case "error":
			return p.value
		case "code", "admin_consent":
			result = p.name
		}
	}
	return result
}

// replay sends a browser to an application once more with an answer that it has had before; a state in
// the query takes the place of the real one.
func (e *Emulator) replay(c *call) {
	i := slices.IndexFunc(e.callbacks, func(sent Callback) bool { return sent.ID == c.r.PathValue("id") })
	if i < 0 {
		c.json(http.StatusNotFound, map[string]string{"error": "no such callback; the latest are kept"})
		return
	}
	sent := e.callbacks[i]
	params := slices.Clone(sent.params)
	if c.query.Has("state") {
		params = slices.DeleteFunc(params, func(p pair) bool { return p.name == "state" })
		params = append(params, pair{"state", c.query.Get("state")})
	}
	c.noStore()
	c.send(sent.redirect, sent.Mode, params)
}

// pair is a parameter of an answer; order is kept so that answers read like Microsoft's.
type pair struct{ name, value string }

func encodePairs(params []pair) string {
	var b strings.Builder
	for _, p := range params {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value))
	}
	return b.String()
}

// withParams builds the address to send the browser to. A registered host without a path gains one.
func withParams(uri, mode string, params []pair) string {
	if u, err := url.Parse(uri); err == nil && u.Path == "" && u.RawQuery == "" {
		uri += "/"
	}
	switch {
	case mode == "fragment":
		return uri + "#" + encodePairs(params)
	case strings.Contains(uri, "?"):
		return uri + "&" + encodePairs(params)
	}
	return uri + "?" + encodePairs(params)
}
