package apiclient

import (
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

// LeashInput is a leash as people write it.
type LeashInput struct {
	AccountKeyID     *string // nil: every account key without a leash of its own
	RawTokens        bool
	GraphMethods     []string // of lists, nil is no bound
	GraphPaths       []string
	RecipientDomains []string
	SendsPerDay      *int64
}

func inputOf(leashes []Leash) []LeashInput {
	out := make([]LeashInput, 0, len(leashes))
	for _, l := range leashes {
		out = append(out, LeashInput{
			AccountKeyID: l.keyID(), RawTokens: l.RawTokens, GraphMethods: l.GraphMethods, GraphPaths: pathTexts(l.GraphPaths),
			RecipientDomains: l.RecipientDomains, SendsPerDay: l.Sends,
		})
	}
	return out
}

func pathTexts(patterns []graphpath.Pattern) []string {
	if patterns == nil {
		return nil
	}
	out := make([]string, 0, len(patterns))
	for _, p := range patterns {
		out = append(out, p.String())
	}
	return out
}

const (
	maxInLeash = 100
	maxSends   = 1_000_000
)

// graphMethods are those that Graph takes.
func graphMethods() []string { return []string{"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"} }

// applyLeashes puts the leashes on the client. Those on account keys that the caller may not use stay as they
// are: they could not see them, so they did not mean to take them away. One on a key that the client loses
// goes with it.
func applyLeashes(tx *gorm.DB, wrong *fault.Fields, c *Client, in Input, actor auth.Principal, before Client) error {
	c.Leashes = nil
	had := map[string]Leash{}
	for _, l := range before.Leashes {
		had[l.AccountKeyID] = l
		if hidden := l.AccountKeyID != auth.EveryOtherKey && !actor.MayUseKey(l.AccountKeyID); hidden && c.uses(l.AccountKeyID) {
			c.Leashes = append(c.Leashes, l)
		}
	}
	if len(in.Leashes) > maxListed {
		wrong.Add("leashes", "too_many", "Give at most 2,000 leashes, and one to every other account key.")
		return nil
	}
	var others []string // keys of leashes that only having all keys gives the client
	seen := map[string]bool{}
	for i, l := range in.Leashes {
		at := "leashes[" + strconv.Itoa(i) + "]"
		id := auth.EveryOtherKey
		if l.AccountKeyID != nil {
			id = strings.ToLower(*l.AccountKeyID) // as in paths
		}
		_, known := had[id]
		switch {
		case l.AccountKeyID != nil && id == "":
			*wrong = append(*wrong, unknownKeyAt(at+".accountKeyId", id))
			continue
		case seen[id]:
			wrong.Add(at+".accountKeyId", "duplicate", "An account key has one leash, and every other one together.")
			continue
		case id != auth.EveryOtherKey && !actor.MayUseKey(id):
			if !known {
				*wrong = append(*wrong, unknownKeyAt(at+".accountKeyId", id))
			}
			continue
		case id != auth.EveryOtherKey && !c.uses(id):
			if !known || !before.uses(id) {
				wrong.Add(at+".accountKeyId", "not_granted", "The API client may not use this account key.")
			}
			continue
		case id != auth.EveryOtherKey && c.AllAccountKeys && !known:
			others = append(others, id)
		}
		seen[id] = true
		c.Leashes = append(c.Leashes, l.leash(wrong, at, id))
	}
	found, err := existing(tx, others)
	if err != nil {
		return err
	}
	for _, id := range others {
		if !slices.Contains(found, id) {
			*wrong = append(*wrong, unknownKeyAt("leashes", id))
		}
	}
	slices.SortFunc(c.Leashes, func(a, b Leash) int { return strings.Compare(a.AccountKeyID, b.AccountKeyID) })
	return nil
}

// leash checks one leash and writes it as it is kept.
func (l LeashInput) leash(wrong *fault.Fields, at, id string) Leash {
	out := Leash{AccountKeyID: id, Leash: auth.Leash{RawTokens: l.RawTokens, Sends: l.SendsPerDay}}
	out.GraphMethods = list(wrong, at+".graphMethods", l.GraphMethods, func(text string) (kept, mistake string) {
		method := strings.TrimSpace(text)
		if !slices.Contains(graphMethods(), method) {
			return "", "Methods are " + strings.Join(graphMethods(), ", ") + "."
		}
		return method, ""
	})
	texts := list(wrong, at+".graphPaths", l.GraphPaths, func(text string) (kept, mistake string) {
		pattern, err := graphpath.ParsePattern(strings.TrimSpace(text))
		if err != nil {
			return "", err.Error()
		}
		return pattern.String(), ""
	})
	if texts != nil {
		out.GraphPaths = []graphpath.Pattern{}
	}
	for _, text := range texts {
		pattern, _ := graphpath.ParsePattern(text) // as just above
		out.GraphPaths = append(out.GraphPaths, pattern)
	}
	out.RecipientDomains = list(wrong, at+".recipientDomains", l.RecipientDomains, func(text string) (kept, mistake string) {
		domain, ok := auth.NormalDomainPattern(text)
		if !ok {
			return "", "Write domains as contoso.com, or *.contoso.com for its subdomains."
		}
		return domain, ""
	})
	if l.SendsPerDay != nil && (*l.SendsPerDay < 0 || *l.SendsPerDay > maxSends) {
		wrong.Add(at+".sendsPerDay", "out_of_range", "Allow 0 to 1,000,000 sends a day.")
	}
	excluded(wrong, at, out.Leash)
	return out
}

// excluded reports what would let a client send past the bounds of its mail.
func excluded(wrong *fault.Fields, at string, l auth.Leash) {
	if !l.BoundsMail() {
		return
	}
	if l.RawTokens {
		wrong.Add(at+".rawTokens", "excluded", "With the token itself it can send to anybody, as often as it likes. Allow no raw tokens, or leave recipients and sends unbounded.")
	}
	writing := slices.ContainsFunc(l.GraphMethods, func(m string) bool { return m != "GET" && m != "HEAD" })
	if l.GraphMethods == nil || writing {
		wrong.Add(at+".graphMethods", "excluded", "By calls of Graph that write it can send to anybody, as often as it likes. Allow GET and HEAD alone, or leave recipients and sends unbounded.")
	}
}

// list checks each item of a list and keeps each once; nil stays nil.
func list(wrong *fault.Fields, field string, items []string, read func(string) (kept, mistake string)) []string {
	if items == nil {
		return nil
	}
	if len(items) > maxInLeash {
		wrong.Add(field, "too_many", "List at most 100.")
		return []string{}
	}
	out := []string{}
	for i, item := range items {
		text, mistake := read(item)
		if mistake != "" {
			wrong.Add(field+"["+strconv.Itoa(i)+"]", "invalid", mistake)
		} else if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}
