package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const maxBody = 8 << 20

// call is one request on its way through the emulator, with its buffered answer.
type call struct {
	e             *Emulator
	r             *http.Request
	endpoint      string // family, for counters and failure rules
	detail        string // grant type, or Graph operation
	base          string // scheme and host that the caller used
	requestID     string
	correlationID string
	now           time.Time
	body          []byte
	form          url.Values // of a form-encoded body; never nil
	query         url.Values
	rule          *rule // failure to apply, or nil
	tenant, user  string
	client        string
	lane          lane
	result        string // for the record
	headless      bool   // answers are for a program: no pages
	pageError     *PageError

	header http.Header
	status int
	out    bytes.Buffer
	late   func() // work for after the lock is released
}

func (e *Emulator) newCall(r *http.Request) (*call, error) {
	c := &call{e: e, r: r, header: http.Header{}, status: http.StatusOK, base: baseOf(r), form: url.Values{}, query: r.URL.Query()}
	if r.Body != nil {
		plain, err := unzipped(r)
		if err != nil {
			return nil, err
		}
		if c.body, err = io.ReadAll(io.LimitReader(plain, maxBody)); err != nil {
			return nil, err
		}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(c.body)); err == nil {
			c.form = form
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c.now = e.now()
	c.requestID = e.guid()
	c.correlationID = r.Header.Get("client-request-id")
	if !isGUID(c.correlationID) {
		c.correlationID = e.guid()
	}
	c.endpoint, c.detail = classify(c)
	return c, nil
}

// unzipped returns the body as it was before it was compressed, which Microsoft's libraries do for Graph.
func unzipped(r *http.Request) (io.Reader, error) {
	if !strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		return r.Body, nil
	}
	return gzip.NewReader(r.Body)
}

func baseOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

func (c *call) host() string {
	_, host, _ := strings.Cut(c.base, "://")
	return host
}

// param is one value by name from the query, or from the form of a POST.
func (c *call) param(name string) string {
	if v := c.form.Get(name); v != "" {
		return v
	}
	return c.query.Get(name)
}

// json answers with a value; pass the status first.
func (c *call) json(status int, v any) {
	c.status = status
	if c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", "application/json; charset=utf-8")
	}
	c.out.Reset()
	enc := json.NewEncoder(&c.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		c.status = http.StatusInternalServerError
	}
}

func (c *call) redirect(location string) {
	c.status = http.StatusFound
	c.header.Set("Location", location)
}

// decode reads a JSON body; an empty one leaves v as it is.
func (c *call) decode(v any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("more than one JSON value")
	}
	return nil
}

func bodyOf(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, ch := range []byte(s) {
		switch i {
		case 8, 13, 18, 23:
			if ch != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", rune(ch)) {
				return false
			}
		}
	}
	return true
}
