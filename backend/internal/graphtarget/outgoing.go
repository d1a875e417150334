package graphtarget

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// outgoing is a request on its way.
type outgoing struct {
	target Ready
	method string
	path   graphpath.Path
	query  string
	asks   bool // with a question mark and nothing after it
	url    *url.URL
	header http.Header

	body   io.Reader // nil: none
	kept   []byte    // all of the body, if it is small: it can be sent again
	length int64
}

// address is the URL that a path has at Graph, as it was written.
func (o *outgoing) address(base *url.URL) *url.URL {
	raw := strings.TrimSuffix(base.EscapedPath(), "/") + "/" + string(o.target.APIVersion) + o.path.String()
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, RawPath: raw, RawQuery: o.query, ForceQuery: o.asks}
	u.Path, _ = url.PathUnescape(raw) // it was checked, by Parse and by whoever configured the base
	return u
}

// keepUpTo is how large a body may be to be held in memory, so that it can be sent again.
const keepUpTo = 64 << 10

// readSmall reads the body if it is small.
func (o *outgoing) readSmall(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		o.length = 0
		return nil
	}
	o.body = r.Body
	if r.ContentLength > keepUpTo {
		return nil
	}
	kept, err := io.ReadAll(io.LimitReader(r.Body, keepUpTo+1))
	if err != nil {
		return broken(err)
	}
	if len(kept) > keepUpTo {
		o.body = io.MultiReader(bytes.NewReader(kept), r.Body)
		return nil
	}
	o.keep(kept)
	return nil
}

func (o *outgoing) keep(body []byte) { o.body, o.kept, o.length = nil, body, int64(len(body)) }

var errBroken = fault.New(fault.Malformed, "malformed", "The body broke off.")

// broken tells why a body could not be read.
func broken(err error) error {
	if f := httpapi.BodyFault(err); f != nil {
		return f
	}
	if _, ok := fault.From(err); ok {
		return err
	}
	return errBroken.Because(err)
}

// moving is a body that says when some of it was read, until it is stopped.
type moving struct {
	from  io.Reader
	moved func()

	mu      sync.Mutex
	stopped bool
	err     error
}

// Read reads the next part.
func (m *moving) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	if !m.stopped {
		m.moved()
	}
	return n, err
}

// Close leaves the body to whoever it belongs to.
func (*moving) Close() error { return nil }

func (m *moving) stop() {
	if m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.stopped = true
	}
}

func (m *moving) failure() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
