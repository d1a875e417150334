package auth

import (
	"fmt"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

// ErrLeashed is told to an API client whose leash doesn't allow what it asked for.
var ErrLeashed = fault.New(fault.Forbidden, "leashed", "The leash of this API client on the account key doesn't allow this.")

// RequireRawTokens refuses to hand out the access token itself where the leash doesn't allow it, and says what
// it allows instead.
func (l *Leash) RequireRawTokens() error {
	if l.AllowsRawTokens() {
		return nil
	}
	return ErrLeashed.
		WithMessage("The leash of this API client on the account key doesn't let it have the access token itself. Through Latchkey it allows: " + l.through() + ".").
		WithFix("Do that through Latchkey, which keeps the token, or ask an administrator to change the leash.")
}

// String tells all of a leash in words.
func (l *Leash) String() string {
	if l == nil {
		return "everything that the permissions allow"
	}
	tokens := "no raw tokens"
	if l.RawTokens {
		tokens = "raw tokens"
	}
	return tokens + "; " + l.through()
}

// through tells what a leash allows without the token.
func (l *Leash) through() string {
	sends := ""
	if most, bounded := l.SendsPerDay(); bounded {
		sends = fmt.Sprintf(", at most %d sent a day", most)
	}
	return l.graphWords() + "; " + l.mailWords() + sends
}

func (l *Leash) graphWords() string {
	words := "calls of Graph"
	switch {
	case l.GraphMethods == nil:
	case len(l.GraphMethods) == 0:
		words = "no calls of Graph"
	default:
		words = strings.Join(l.GraphMethods, ", ") + " calls of Graph"
	}
	switch {
	case l.GraphPaths == nil:
	case len(l.GraphPaths) == 0:
		words += " at no path"
	default:
		words += " at " + strings.Join(texts(l.GraphPaths), ", ")
	}
	return words
}

func (l *Leash) mailWords() string {
	switch {
	case l.RecipientDomains == nil:
		return "mail to anybody"
	case len(l.RecipientDomains) == 0:
		return "mail to nobody"
	default:
		return "mail to " + strings.Join(l.RecipientDomains, ", ")
	}
}

func texts(patterns []graphpath.Pattern) []string {
	out := make([]string, 0, len(patterns))
	for _, p := range patterns {
		out = append(out, p.String())
	}
	return out
}
