package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultTop = 10
	maxTop     = 1000
)

// listAnswer applies the OData options to a list and answers with one page of it.
func (g *graphCall) listAnswer(what string, all []map[string]any) *graphErr {
	top, gErr := g.number("$top", defaultTop, 1, maxTop)
	if gErr != nil {
		return gErr
	}
	skip, gErr := g.number("$skip", 0, 0, 1<<30)
	if gErr != nil {
		return gErr
	}
	all, gErr = g.narrow(all)
	if gErr != nil {
		return gErr
	}
	out := map[string]any{"@odata.context": g.context(what)}
	if g.query.Get("$count") == "true" {
		out["@odata.count"] = len(all)
	}
	from, to := min(skip, len(all)), min(skip+top, len(all))
	page := make([]map[string]any, 0, to-from)
	list := g.query.Get("$select")
	for _, item := range all[from:to] {
		page = append(page, selectFrom(dropUnasked(item, list), list))
	}
	out["value"] = page
	if to < len(all) {
		out["@odata.nextLink"] = g.nextLink(top, to)
	}
	g.prefer()
	g.graphAnswer(out)
	return nil
}

// narrow applies $search or $filter, and the order.
func (g *graphCall) narrow(all []map[string]any) ([]map[string]any, *graphErr) {
	order, search := g.query.Get("$orderby"), g.query.Get("$search")
	if search != "" {
		switch {
		case order != "":
			return nil, gerr(http.StatusBadRequest, "SearchWithOrderBy", "The query parameter '$orderBy' is not supported with '$search'.")
		case g.query.Get("$filter") != "":
			return nil, gerr(http.StatusBadRequest, "SearchWithFilter", "The query parameter '$filter' is not supported with '$search'.")
		}
		all = searchMessages(all, search)
		sortBy(all, []sortKey{{"sentDateTime", true}})
		return all, nil
	}
	keys := parseOrder(order)
	if text := g.query.Get("$filter"); text != "" {
		f, err := parseFilter(text)
		if err != nil {
			return nil, errBadRequest("Invalid filter clause: " + err.Error())
		}
		if !orderFits(keys, f.fields) {
			return nil, gerr(http.StatusBadRequest, "InefficientFilter", "The restriction or sort order is too complex for this operation.")
		}
		all = slices.DeleteFunc(all, func(item map[string]any) bool { return !f.match(item) })
	}
	if len(keys) == 0 && len(all) > 0 && all[0]["receivedDateTime"] != nil {
		keys = []sortKey{{"receivedDateTime", true}}
	}
	sortBy(all, keys)
	return all, nil
}

func (g *graphCall) number(name string, fallback, low, high int) (int, *graphErr) {
	text := g.query.Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, errBadRequest("Invalid value '" + text + "' for " + name + " query option found. The " + name + " query option requires a whole number in range.")
	}
	return n, nil
}

// nextLink repeats the caller's own options and path with the next offset.
func (g *graphCall) nextLink(top, skip int) string {
	q := url.Values{}
	for name, values := range g.query {
		if name != "$skip" && name != "$top" {
			q[name] = values
		}
	}
	link := g.base + g.r.URL.EscapedPath() + "?"
	if rest := q.Encode(); rest != "" {
		link += strings.ReplaceAll(rest, "%24", "$") + "&"
	}
	return link + "$top=" + strconv.Itoa(top) + "&$skip=" + strconv.Itoa(skip)
}

type sortKey struct {
	field string
	desc  bool
}

func parseOrder(text string) []sortKey {
	var out []sortKey
	for _, item := range strings.Split(text, ",") {
		words := strings.Fields(item)
		if len(words) > 0 {
			out = append(out, sortKey{words[0], len(words) > 1 && strings.EqualFold(words[1], "desc")})
		}
	}
	return out
}

// orderFits is Graph's rule: with both, every sort property stands in the filter, first and in the same order.
func orderFits(keys []sortKey, fields []string) bool {
	for i, k := range keys {
		if i >= len(fields) || !strings.EqualFold(fields[i], k.field) {
			return false
		}
	}
	return true
}

func sortBy(all []map[string]any, keys []sortKey) {
	slices.SortStableFunc(all, func(a, b map[string]any) int {
		for _, k := range keys {
			n := compare(lookup(a, k.field), lookup(b, k.field))
			if k.desc {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}

// lookup follows a path such as from/emailAddress/address; letter case of names does not matter.
func lookup(item map[string]any, path string) any {
	name, rest, nested := strings.Cut(path, "/")
	for k, v := range item {
		if !strings.EqualFold(k, name) {
			continue
		}
		inner, isMap := v.(map[string]any)
		if nested && isMap {
			return lookup(inner, rest)
		}
		return v
	}
	return nil
}

func compare(a, b any) int {
	switch a := a.(type) {
	case bool:
		b, ok := b.(bool)
		if !ok || a == b {
			return 0
		}
		if a {
			return 1
		}
		return -1
	case int:
		b, ok := b.(int)
		if !ok {
			return 0
		}
		return a - b
	case string:
		b, ok := b.(string)
		if !ok {
			return 0
		}
		return strings.Compare(strings.ToLower(a), strings.ToLower(b))
	}
	return 0
}

// searchMessages is the small part of KQL that people use: words, quoted phrases and property:value.
func searchMessages(all []map[string]any, query string) []map[string]any {
	query = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(query), `"`), `"`)
	words := strings.Fields(strings.ToLower(strings.ReplaceAll(query, `\"`, "")))
	return slices.DeleteFunc(all, func(item map[string]any) bool {
		return !matchesAll(item, words)
	})
}

func matchesAll(item map[string]any, words []string) bool {
	for _, w := range words {
		property, value, named := strings.Cut(w, ":")
		if !named {
			property, value = "", w
		}
		if w != "and" && !strings.Contains(searchText(item, property), value) {
			return false
		}
	}
	return true
}

func searchText(item map[string]any, property string) string {
	text := func(paths ...string) string {
		var parts []string
		for _, p := range paths {
			switch v := lookup(item, p).(type) {
			case string:
				parts = append(parts, v)
			case []map[string]any:
				for _, r := range v {
					name, _ := lookup(r, "emailAddress/name").(string)
					address, _ := lookup(r, "emailAddress/address").(string)
					parts = append(parts, name, address)
				}
			}
		}
		return strings.ToLower(strings.Join(parts, " "))
	}
	from := []string{"from/emailAddress/name", "from/emailAddress/address"}
	switch property {
	case "subject":
		return text("subject")
	case "from":
		return text(from...)
	case "to", "cc", "bcc":
		return text(property + "Recipients")
	case "participants", "recipients":
		return text(append(from, "toRecipients", "ccRecipients", "bccRecipients")...)
	case "body":
		return text("body/content")
	case "importance", "received", "sent":
		return text(property, property+"DateTime")
	case "hasattachment", "hasattachments":
		return strconv.FormatBool(item["hasAttachments"] == true)
	}
	return text(append(from, "subject", "body/content")...)
}
