package graphtarget

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/latchkey/latchkey/backend/internal/graphpath"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// buffers are what bodies are copied through.
var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }} //nolint:gochecknoglobals // shared by all calls, holds nothing

// wholeUpTo is how large an answer may be to be rewritten before its length is told. Longer ones with links to
// rewrite go out in chunks.
const wholeUpTo = 32 << 10

// answer passes Graph's answer on.
func (c *Caller) answer(w http.ResponseWriter, r *http.Request, t Ready, base *url.URL, path graphpath.Path, from *http.Response) error {
	if from.StatusCode < http.StatusOK {
		return errUnreachable.Because(errSwitched)
	}
	answerHeader(w.Header(), from)
	if r.Method == http.MethodHead || !rewritable(from) {
		return pass(w, from, from.Body, from.ContentLength)
	}
	links := c.links(r.Context(), t, base, path)
	if from.ContentLength >= 0 && from.ContentLength <= wholeUpTo {
		return whole(w, from, links)
	}
	w.Header().Del("Content-Length")
	return pass(w, from, &rewriter{from: from.Body, link: links}, -1)
}

// whole rewrites an answer that is short, so that its length can be told.
func whole(w http.ResponseWriter, from *http.Response, link linker) error {
	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	defer buffers.Put(buffer)
	body := (*buffer)[:from.ContentLength]
	if _, err := io.ReadFull(from.Body, body); err != nil {
		return errUnreachable.Because(err)
	}
	r := rewriter{link: link}
	body, err := r.look(body)
	if err != nil {
		return errUnreachable.Because(err)
	}
	if r.holding == aLink { // it ends in the middle of one
		body = append(body, r.held...)
	}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(from.StatusCode)
	_, err = w.Write(body)
	return err
}

// pass copies an answer as it comes. What breaks off is cut, so that a part never passes for the whole.
func pass(w http.ResponseWriter, from *http.Response, body io.Reader, length int64) error {
	w.WriteHeader(from.StatusCode)
	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	defer buffers.Put(buffer)
	flush := func() error { return nil }
	if length < 0 {
		flush = http.NewResponseController(w).Flush // it may be a stream, whose parts are waited for
	}
	for {
		n, err := body.Read(*buffer)
		if n > 0 {
			if _, err := w.Write((*buffer)[:n]); err != nil {
				return err
			}
			if err := flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// rewritable reports an answer that may hold links: JSON, all of it, as it is.
func rewritable(from *http.Response) bool {
	if from.StatusCode == http.StatusPartialContent || from.StatusCode == http.StatusNoContent || from.StatusCode == http.StatusNotModified {
		return false
	}
	if coding := from.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return false
	}
	kind, _, _ := mime.ParseMediaType(from.Header.Get("Content-Type"))
	return kind == "application/json" || strings.HasSuffix(kind, "+json")
}

// answerHeader puts Graph's headers on our answer, but for those of the connection and those that would tell a
// browser something about our origin.
func answerHeader(h http.Header, from *http.Response) {
	named := connectionNames(from.Header)
	for name, values := range from.Header {
		if !forbidden(name) && !named[name] {
			h[name] = values
		}
	}
	if challenges := from.Header.Values("Www-Authenticate"); len(challenges) > 0 {
		for _, value := range challenges {
			if len(value) >= 6 && strings.EqualFold(value[:6], "Bearer") { // a browser would ask a person for a password
				h.Add("Www-Authenticate", value)
			}
		}
	}
	httpapi.HostileHeaders(h)
}

// forbidden reports headers of an answer that are not passed on.
func forbidden(name string) bool {
	switch name {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Authenticate",
		"Set-Cookie", "Set-Cookie2", "Www-Authenticate", "Clear-Site-Data", "Strict-Transport-Security", "Public-Key-Pins", "Expect-Ct", "Alt-Svc", "Refresh",
		"Link", "Service-Worker-Allowed", "Sourcemap", "X-Sourcemap", "Nel", "Report-To", "Reporting-Endpoints", "Timing-Allow-Origin", "Permissions-Policy", "Feature-Policy",
		"Origin-Agent-Cluster", "Speculation-Rules", "Supports-Loading-Mode", "Document-Policy", "Critical-Ch", "Accept-Ch", "X-Frame-Options", "X-Xss-Protection",
		"Cache-Control", "Pragma", "Expires", "Referrer-Policy", "X-Request-Id", "X-Content-Type-Options", "Content-Disposition":
		return true
	default:
		return strings.HasPrefix(name, "Access-Control-") || strings.HasPrefix(name, "Cross-Origin-") || strings.HasPrefix(name, "Content-Security-Policy")
	}
}

// connectionNames are the headers that belong to one connection because Connection says so (RFC 9110 §7.6.1).
func connectionNames(h http.Header) map[string]bool {
	var named map[string]bool
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if named == nil {
				named = map[string]bool{}
			}
			named[http.CanonicalHeaderKey(strings.TrimSpace(name))] = true
		}
	}
	return named
}

// requestHeader is what a caller's headers become, with those that the target fixes.
func requestHeader(from http.Header, fixed []Header) http.Header {
	named := connectionNames(from)
	h := make(http.Header, len(from)+len(fixed)+2)
	for name, values := range from {
		if !ours(name) && !named[name] {
			h[name] = values
		}
	}
	for _, f := range fixed {
		h[f.Name] = []string{f.Value}
	}
	if _, said := h["User-Agent"]; !said {
		h["User-Agent"] = []string{"latchkey"}
	}
	h["Accept-Encoding"] = []string{"identity"} // links have to be found
	return h
}
