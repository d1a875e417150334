package httpapi

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// stream serves a request whose body and answer are passed on as they come.
func (s *Server) stream(c echo.Context, next echo.HandlerFunc) error {
	connection := http.NewResponseController(c.Response().Writer)
	r := c.Request()
	w := &patientWriter{ResponseWriter: c.Response().Writer, connection: connection, patience: s.AnswerTimeout, http2: c.Request().ProtoMajor > 1}
	if r.Body != nil && r.Body != http.NoBody {
		closeAfterChunks(c)
		w.body = &patientBody{body: r.Body, connection: connection, patience: s.BodyTimeout}
		defer w.body.detach()
		r.Body = w.body
	}
	c.Response().Writer = w
	return next(c)
}

// patientBody gives every part of a body the time of a small one. Whoever passes it on may read it in a
// goroutine of its own, and for longer than the request lasts: from then on the connection is left alone.
type patientBody struct {
	body       io.ReadCloser
	connection *http.ResponseController
	patience   time.Duration

	mu           sync.Mutex
	begun, ended bool
	detached     bool
}

// Read reads the next part.
func (b *patientBody) Read(p []byte) (int, error) {
	b.note(true, false)
	b.allow(b.patience)
	n, err := b.body.Read(p)
	if err != nil {
		b.note(true, true)
		b.allow(0) // net/http goes on reading, to notice when the client hangs up
	}
	if f := BodyFault(err); f != nil {
		err = f
	}
	return n, err
}

func (b *patientBody) note(begun, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun, b.ended = b.begun || begun, b.ended || ended
}

// underWay reports a body of which a part has been read, and not the end.
func (b *patientBody) underWay() bool {
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.begun && !b.ended
}

func (b *patientBody) allow(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.detached || b.patience <= 0 {
		return
	}
	if d > 0 {
		setDeadline(b.connection.SetReadDeadline, d)
	} else {
		_ = b.connection.SetReadDeadline(time.Time{}) // as setDeadline
	}
}

func (b *patientBody) detach() {
	b.allow(0)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.detached = true
}

// Close closes the body.
func (b *patientBody) Close() error { return b.body.Close() }

// patientWriter gives every part of an answer the time of a small one to leave.
type patientWriter struct {
	http.ResponseWriter
	connection *http.ResponseController
	patience   time.Duration
	body       *patientBody // nil: there is none
	http2      bool
	allowed    time.Time // when the deadline was set
}

// WriteHeader begins the answer. One that comes before the end of the body would have to wait for that: net/http
// reads on first, and whoever passes the body on may be reading. What is left of it then has no use, so the
// connection ends with the answer. HTTP/2 needs none of that, and says so.
func (w *patientWriter) WriteHeader(status int) {
	if w.body.underWay() {
		_ = w.connection.EnableFullDuplex()
		w.Header().Set(echo.HeaderConnection, "close")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes the next part.
func (w *patientWriter) Write(p []byte) (int, error) {
	if w.patience > 0 {
		if now := time.Now(); now.Sub(w.allowed) > w.patience/4 { //nolint:forbidigo // the clock that sockets go by
			w.allowed = now
			setDeadline(w.connection.SetWriteDeadline, w.patience)
		}
		if w.http2 { // whose deadlines end a stream that only waits for what comes next
			w.allowed = time.Time{}
			defer func() { _ = w.connection.SetWriteDeadline(time.Time{}) }() // as setDeadline
		}
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var errShown = fault.New(fault.Forbidden, "not_fetched", "What comes from a mailbox is handed to programs and to scripts of our own pages, not shown as a page.").
	WithFix("Fetch it with the header Sec-Fetch-Dest: empty, as browsers send it by themselves, or call with a bearer token.")

// Hostile prepares an answer whose body comes from Graph: whatever a mailbox holds, no browser shows it or runs
// it on our origin. With a cookie session it must have been fetched by a script.
func Hostile(c echo.Context) error {
	if p, _ := auth.From(c.Request().Context()); p.Type == auth.TypeUser && c.Request().Header.Get("Sec-Fetch-Dest") != "empty" {
		return errShown
	}
	HostileHeaders(c.Response().Header())
	return nil
}

// HostileHeaders sets what Hostile promises, over whatever Graph says.
func HostileHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set(echo.HeaderContentDisposition, "attachment")
	h.Del(echo.HeaderSetCookie)
}
