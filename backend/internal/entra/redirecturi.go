package entra

import (
	"net"
	"net/url"
	"strings"
)

const maxRedirectURI = 256

// RedirectProblem is one of Microsoft's rules that a redirect URI breaks. Refused says that no registration
// takes it; otherwise there is a way around.
type RedirectProblem struct {
	Code    string
	Refused bool
	Message string
	Fix     string
}

// RedirectURIProblems checks a redirect URI by Microsoft's rules
// (https://learn.microsoft.com/entra/identity-platform/reply-url). Whether it is registered for an app shows
// only when somebody signs in.
func RedirectURIProblems(uri string) []RedirectProblem {
	const publicURL = "Serve Latchkey at another address and set LATCHKEY_PUBLIC_URL to it."
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Hostname() == "" {
		return []RedirectProblem{{"not_a_url", true, "The redirect URI is not an address that browsers can go to.", publicURL}}
	}
	host := strings.ToLower(parsed.Hostname())
	var problems []RedirectProblem
	add := func(broken bool, problem RedirectProblem) {
		if broken {
			problems = append(problems, problem)
		}
	}
	ip := net.ParseIP(host)
	add(ip != nil && ip.To4() == nil, RedirectProblem{
		"ipv6", true, "Microsoft doesn't support IPv6 addresses in redirect URIs.", publicURL,
	})
	add(parsed.Scheme != "https" && (parsed.Scheme != "http" || host != "localhost" && host != "127.0.0.1"), RedirectProblem{
		"plain_http", true, "Microsoft accepts plain http for localhost only.",
		"Serve Latchkey by https and set LATCHKEY_PUBLIC_URL.",
	})
	add(parsed.Scheme == "http" && host == "127.0.0.1", RedirectProblem{
		"loopback_address", false, "The portal refuses http://127.0.0.1.",
		"Enter it in the app's manifest, or use localhost in LATCHKEY_PUBLIC_URL.",
	})
	add(strings.ContainsFunc(uri, func(r rune) bool { return r > 0x7e }) || strings.Contains(host, "xn--"), RedirectProblem{
		"international_name", true, "Microsoft doesn't support internationalised names in redirect URIs.", publicURL,
	})
	add(len(uri) > maxRedirectURI, RedirectProblem{
		"too_long", true, "Microsoft takes redirect URIs of at most 256 characters.", publicURL,
	})
	add(strings.ContainsAny(uri, "!$'(),;*#"), RedirectProblem{
		"character", true, "Microsoft takes none of the characters ! $ ' ( ) , ; * # in redirect URIs.", publicURL,
	})
	return problems
}
