package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"
)

// routes is the whole surface on one screen. Patterns keep {tenant} first, as Microsoft's do.
func (e *Emulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	on := func(pattern string, h func(*call)) {
		e.free(mux, pattern, e.locked(h))
	}
	on("GET /{tenant}/v2.0/.well-known/openid-configuration", e.discovery)
	on("GET /{tenant}/discovery/v2.0/keys", e.jwks)
	on("GET /common/discovery/instance", e.instanceDiscovery)
	on("/{tenant}/oauth2/v2.0/authorize", e.authorize)
	on("/{tenant}/oauth2/v2.0/token", e.token)
	on("/{tenant}/oauth2/v2.0/logout", e.logout)
	on("/{tenant}/oauth2/v2.0/devicecode", e.deviceCode)
	on("GET /{tenant}/v2.0/adminconsent", e.adminConsent)
	on("GET /{tenant}/adminconsent", e.adminConsent)
	on("GET /{tenant}/signin", e.showFlow)
	on("POST /{tenant}/signin", e.stepFlow)
	on(uploadPath+"{session}", e.upload)
	on("GET /{$}", e.home)
	on("GET /error", e.errorHelp)
	on("GET "+panelPath, e.showPanel)
	e.free(mux, "POST "+panelPath, e.pressPanel)
	e.controlRoutes(mux)
	return mux
}

// locked runs a handler under the lock, and frees it whatever happens.
func (e *Emulator) locked(h func(*call)) func(*call) {
	return func(c *call) {
		e.mu.Lock()
		defer e.mu.Unlock()
		h(c)
	}
}

type callKey struct{}

// free routes to a handler that takes the lock itself, where it needs it.
func (e *Emulator) free(mux *http.ServeMux, pattern string, h func(*call)) {
	mux.HandleFunc(pattern, func(_ http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(callKey{}).(*call)
		if !ok {
			return
		}
		c.r = r
		h(c)
	})
}

// ServeHTTP answers one request: count it, apply the failure rule that matches, else run it.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := e.newCall(r)
	if err != nil {
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return
	}
	if e.process(c) { //nolint:contextcheck // the context is that of the call's request.
		c.flush(w)
	}
	if c.rule != nil && c.rule.Drop != "" {
		c.breakOff(w)
	}
}

// process does everything about a request but answer it, and reports whether there is to be an answer.
func (e *Emulator) process(c *call) bool {
	seq := e.arrive(c)
	if c.rule != nil {
		c.rule.hold(c.r.Context())
		if c.rule.Drop == DropBefore {
			e.depart(c, seq, 0)
			return false
		}
	}
	after := c.rule != nil && c.rule.After
	if after || !c.answerWithFailure() {
		e.run(c)
		c.damage()
	}
	if after {
		done := c.header
		if c.header = (http.Header{}); !c.answerWithFailure() {
			c.header = done
		}
	}
	if c.rule != nil && c.rule.Drop != "" && c.rule.Drop != DropDuring {
		e.depart(c, seq, 0)
		return false
	}
	e.depart(c, seq, c.status)
	return true
}

// breakOff ends the connection: by closing it, or with a TCP reset where the failure asks for one and the
// connection is the caller's own.
func (c *call) breakOff(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok && c.rule.Reset {
		if conn, _, err := h.Hijack(); err == nil {
			if err := reset(conn); err != nil {
				c.e.logger.Debug("connection not reset", "error", err)
			}
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// reset closes a connection with nothing to linger for, which sends RST instead of FIN.
func reset(conn net.Conn) error {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	var unlingered error
	if t, ok := conn.(*net.TCPConn); ok {
		unlingered = t.SetLinger(0)
	}
	return errors.Join(unlingered, conn.Close())
}

// run finds the route and lets it write into the call's buffer. Graph has its own grammar of paths.
func (e *Emulator) run(c *call) {
	if isGraphPath(c.r.URL.Path) {
		e.locked(e.graph)(c)
	} else {
		ctx := context.WithValue(c.r.Context(), callKey{}, c)
		e.mux.ServeHTTP(bufferWriter{c}, c.r.WithContext(ctx))
	}
	if c.late != nil {
		c.late()
	}
}

// bufferWriter lets the mux's own 404, 405 and redirects into the buffer.
type bufferWriter struct{ c *call }

func (b bufferWriter) Header() http.Header         { return b.c.header }
func (b bufferWriter) WriteHeader(status int)      { b.c.status = status }
func (b bufferWriter) Write(p []byte) (int, error) { return b.c.out.Write(p) }

// flush writes the buffered answer; half of it when the connection is to break on the way.
func (c *call) flush(w http.ResponseWriter) {
	h := w.Header()
	for k, v := range c.header {
		h[k] = v
	}
	if c.header.Get("Date") == "" {
		h.Set("Date", c.now.Format(http.TimeFormat))
	}
	body := c.out.Bytes()
	if c.status != http.StatusNoContent && c.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if c.rule != nil && c.rule.Drop == DropDuring {
		body = body[:len(body)/2]
	}
	w.WriteHeader(c.status)
	if _, err := w.Write(body); err != nil { //nolint:gosec // pages come from html/template, the rest is JSON.
		c.e.logger.Debug("answer not delivered", "error", err)
	}
	if c.rule != nil && c.rule.Drop == DropDuring {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
}

// stamp is Microsoft's way of writing a time in errors.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// iso is Graph's way of writing a time.
func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
