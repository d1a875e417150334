package auth

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

// Leash bounds what an API client may do with an account key, within its permissions. A nil Leash bounds
// nothing; of a list, nil is no bound and an empty one allows nothing.
//
// Why raw tokens and mail bounds exclude each other: Microsoft knows neither, so whoever has the token, or
// may write through Graph, sends to whom and as often as they like.
type Leash struct {
	RawTokens        bool     // may have the access token itself
	GraphMethods     []string // in capitals; GET allows HEAD as well
	GraphPaths       []graphpath.Pattern
	RecipientDomains []string // as NormalDomainPattern writes them
	Sends            *int64   // a day
}

// Leash returns what bounds the principal at an account key; nil is nothing.
func (p Principal) Leash(accountKeyID string) *Leash {
	if l, own := p.Leashes[accountKeyID]; own {
		return l
	}
	return p.Leashes[EveryOtherKey]
}

// EveryOtherKey stands, in Principal.Leashes, for the account keys without a leash of their own.
const EveryOtherKey = ""

// AllowsRawTokens reports whether the access token itself may be handed out.
func (l *Leash) AllowsRawTokens() bool { return l == nil || l.RawTokens }

// AllowsGraph reports whether a call of Microsoft Graph is allowed; the path is that after the API version.
// A batch carries calls of its own, which no list of methods or paths would see, so a leash that has one
// allows none.
func (l *Leash) AllowsGraph(method string, path graphpath.Path) bool {
	if l == nil {
		return true
	}
	if l.BoundsMail() && !reads(method) {
		return false
	}
	if l.GraphMethods != nil && !(graphpath.List{Methods: l.GraphMethods}).AllowsMethod(method) {
		return false
	}
	if (l.GraphMethods != nil || l.GraphPaths != nil) && strings.EqualFold(path.Last(), "$batch") {
		return false
	}
	return l.GraphPaths == nil || graphpath.List{Paths: l.GraphPaths}.AllowsPath(path)
}

func reads(method string) bool { return method == "GET" || method == "HEAD" }

// BoundsMail reports whether the leash bounds to whom, or how often, mail is sent.
func (l *Leash) BoundsMail() bool {
	return l != nil && (l.RecipientDomains != nil || l.Sends != nil)
}

// AllowsRecipients reports whether mail may go to addresses in all of these domains.
func (l *Leash) AllowsRecipients(domains []string) bool {
	if l == nil || l.RecipientDomains == nil {
		return true
	}
	return !slices.ContainsFunc(domains, func(domain string) bool {
		normal, ok := NormalDomain(domain)
		return !ok || !slices.ContainsFunc(l.RecipientDomains, func(pattern string) bool { return domainCovers(pattern, normal) })
	})
}

// SendsPerDay returns how many mails may be sent in a day, and whether that is bounded at all.
func (l *Leash) SendsPerDay() (most int64, bounded bool) {
	if l == nil || l.Sends == nil {
		return 0, false
	}
	return *l.Sends, true
}

// Within reports whether everything that the leash allows, another allows as well. Patterns are compared one
// by one: several that cover one only together are not taken to.
func (l *Leash) Within(other *Leash) bool {
	if other == nil {
		return true
	}
	if l == nil {
		l = &Leash{RawTokens: true}
	}
	most, bounded := other.SendsPerDay()
	mine, mineBounded := l.SendsPerDay()
	return (!l.RawTokens || other.RawTokens) &&
		(!bounded || (mineBounded && mine <= most)) &&
		covered(l.GraphMethods, other.GraphMethods, func(wide, narrow string) bool {
			return wide == narrow || (wide == "GET" && narrow == "HEAD")
		}) &&
		covered(l.GraphPaths, other.GraphPaths, graphpath.Pattern.Covers) &&
		covered(l.RecipientDomains, other.RecipientDomains, domainCovers)
}

// covered reports whether each of the narrow items is covered by one of the wide ones.
func covered[T any](narrow, wide []T, covers func(wide, narrow T) bool) bool {
	if wide == nil || narrow == nil {
		return wide == nil
	}
	return !slices.ContainsFunc(narrow, func(n T) bool {
		return !slices.ContainsFunc(wide, func(w T) bool { return covers(w, n) })
	})
}

const (
	anySubdomain  = "*."
	maxDomainName = 253 // RFC 1035 §2.3.4, without the dot of the root
	maxLabel      = 63
)

// NormalDomain writes a domain in the one way in which domains are compared (IDNA, lower case), and reports
// whether it is one.
func NormalDomain(domain string) (string, bool) {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(strings.TrimSpace(domain), "."))
	if err != nil || ascii == "" || len(ascii) > maxDomainName {
		return "", false
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > maxLabel {
			return "", false
		}
	}
	return ascii, true
}

// NormalDomainPattern is NormalDomain for what may begin with "*.": the subdomains, at any depth, without the
// domain itself.
func NormalDomainPattern(pattern string) (string, bool) {
	domain, subdomains := strings.CutPrefix(strings.TrimSpace(pattern), anySubdomain)
	normal, ok := NormalDomain(domain)
	if ok && subdomains {
		normal = anySubdomain + normal
	}
	return normal, ok
}

// domainCovers reports whether a pattern allows what a domain or another pattern does.
func domainCovers(pattern, other string) bool {
	if parent, subdomains := strings.CutPrefix(pattern, "*"); subdomains {
		return strings.HasSuffix(other, parent) // ".contoso.com", also at the end of "*.contoso.com"
	}
	return pattern == other
}
