package emulator

import (
	"errors"
	"net/url"
	"strings"
)

func isLoopbackName(host string) bool { return host == "localhost" || host == "127.0.0.1" }

// matchRedirect finds the registration that a redirect URI belongs to: the whole string, case and
// trailing slash included, except that the port of a loopback address does not matter.
func (a *app) matchRedirect(uri string) (RedirectURI, bool) {
	for _, reg := range a.redirects {
		if reg.URI == uri || withoutLoopbackPort(reg.URI) == withoutLoopbackPort(uri) {
			return reg, true
		}
	}
	return RedirectURI{}, false
}

func withoutLoopbackPort(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || !isLoopbackName(u.Hostname()) || u.Port() == "" || u.User != nil {
		return uri
	}
	return strings.Replace(uri, "://"+u.Host, "://"+u.Hostname(), 1)
}

// CheckRedirectURI says why an address cannot be registered.
func CheckRedirectURI(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Host == "":
		return errors.New("not an absolute URI")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackName(u.Hostname())):
		return errors.New("must use https, or http on localhost or 127.0.0.1")
	case len(uri) > 256:
		return errors.New("longer than 256 characters")
	case strings.Contains(uri, "#"):
		return errors.New("must not have a fragment")
	case strings.ContainsAny(uri, "!$'(),;*"):
		return errors.New("holds a character that is not allowed: ! $ ' ( ) , ; *")
	}
	return nil
}
