// Package upstream is how Latchkey calls the servers it depends on, Microsoft's above all: an HTTP
// client that follows no redirects and waits for nobody for ever, bodies read up to a bound, waits
// asked for by Retry-After, and broken calls named without repeating what the other side sent.
//
// It knows no protocol: what an answer means is for package entra and package graph to say. It is
// for servers that the operator configures; addresses chosen by customers need a stricter client.
package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// ErrBodyTooLarge is reported when an answer is longer than its reader accepts.
var ErrBodyTooLarge = errors.New("the answer is too large")

// NewHTTPClient returns a client whose calls take no longer than timeout, body included, and that
// hands redirects back instead of following them: a redirected call would take its secret along.
//
// Why a transport of our own: the default one keeps two idle connections per host, and nearly all
// of our calls go to one host.
func NewHTTPClient(timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: min(timeout, 10*time.Second), KeepAlive: 30 * time.Second}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: NoRedirect,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           512,
			MaxIdleConnsPerHost:    256,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    min(timeout, 10*time.Second),
			ResponseHeaderTimeout:  timeout,
			ExpectContinueTimeout:  time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// NoRedirect makes an http.Client return the redirect itself.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ReadBody reads at most limit bytes and reports ErrBodyTooLarge when there are more.
func ReadBody(body io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, ErrBodyTooLarge
	}
	return content, nil
}

// IsToken reports whether text can be a token, or none: visible ASCII (RFC 6749 appendix A.12 allows a space
// as well, which no header could carry).
func IsToken(text string) bool {
	for i := range len(text) {
		if text[i] < 0x21 || text[i] > 0x7e {
			return false
		}
	}
	return true
}

// CheckURL reports why raw cannot be the address of a server that secrets are sent to: it must be
// absolute, https (or http for a loopback host), and without user name, query or fragment.
func CheckURL(raw string) error {
	parsed, err := url.Parse(raw)
	if err != nil {
		return errors.New("is not a URL") // The parser's own text repeats the input.
	}
	switch {
	case parsed.Host == "" || parsed.Hostname() == "":
		return errors.New("must be an absolute URL, such as https://login.example.com")
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return fmt.Errorf("must begin with https://")
	case parsed.Scheme == "http" && !IsLoopbackHost(parsed.Hostname()):
		return errors.New("must begin with https:// (http:// is accepted for loopback hosts only)")
	case parsed.User != nil:
		return errors.New("must not hold a user name or password")
	case parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "":
		return errors.New("must not have a query or a fragment")
	}
	return nil
}

// IsLoopbackHost reports whether host, without a port, names this machine: localhost, a name under
// it (RFC 6761 §6.3), or a loopback address.
func IsLoopbackHost(host string) bool {
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
