package emulator

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// filter is a parsed $filter: the properties it names, in order, and its test.
type filter struct {
	fields []string
	match  predicate
}

type predicate func(map[string]any) bool

type filterParser struct {
	tokens []string
	fields []string
}

// parseFilter reads the part of OData that Outlook understands for messages:
// comparisons, contains, startswith, endswith, any over categories, and, or, not, brackets.
func parseFilter(text string) (*filter, error) {
	lex := regexp.MustCompile(`'(?:[^']|'')*'|[()]|,|[^\s(),']+`)
	p := &filterParser{tokens: lex.FindAllString(text, -1)}
	match, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("unexpected %q", p.tokens[0])
	}
	return &filter{fields: p.fields, match: match}, nil
}

func (p *filterParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *filterParser) next() string {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *filterParser) expect(token string) error {
	if got := p.next(); got != token {
		return fmt.Errorf("expected %q, found %q", token, got)
	}
	return nil
}

func (p *filterParser) or() (predicate, error) {
	left, err := p.and()
	for err == nil && strings.EqualFold(p.peek(), "or") {
		p.next()
		var right predicate
		if right, err = p.and(); err == nil {
			first := left
			left = func(m map[string]any) bool { return first(m) || right(m) }
		}
	}
	return left, err
}

func (p *filterParser) and() (predicate, error) {
	left, err := p.unary()
	for err == nil && strings.EqualFold(p.peek(), "and") {
		p.next()
		var right predicate
		if right, err = p.unary(); err == nil {
			first := left
			left = func(m map[string]any) bool { return first(m) && right(m) }
		}
	}
	return left, err
}

func (p *filterParser) unary() (predicate, error) {
	if strings.EqualFold(p.peek(), "not") {
		p.next()
		inner, err := p.unary()
		return func(m map[string]any) bool { return !inner(m) }, err
	}
	if p.peek() == "(" {
		p.next()
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	return p.primary()
}

func (p *filterParser) primary() (predicate, error) {
	name := p.next()
	if name == "" {
		return nil, errors.New("unexpected end")
	}
	lower := strings.ToLower(name)
	if p.peek() == "(" {
		if field, found := strings.CutSuffix(lower, "/any"); found {
			return p.anyOf(field)
		}
		return p.function(lower)
	}
	p.fields = append(p.fields, name)
	op := strings.ToLower(p.next())
	if !slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le"}, op) {
		return nil, fmt.Errorf("unknown operator %q", op)
	}
	want, err := literal(p.next())
	if err != nil {
		return nil, err
	}
	return func(m map[string]any) bool { return holds(lookup(m, name), op, want) }, nil
}

func (p *filterParser) function(name string) (predicate, error) {
	tests := map[string]func(string, string) bool{"contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix}
	test, known := tests[name]
	if !known {
		return nil, fmt.Errorf("unknown function %q", name)
	}
	p.next()
	field := p.next()
	p.fields = append(p.fields, field)
	if err := p.expect(","); err != nil {
		return nil, err
	}
	want, err := literal(p.next())
	if err != nil {
		return nil, err
	}
	text, ok := want.(string)
	if !ok {
		return nil, errors.New("expected a text")
	}
	return func(m map[string]any) bool {
		have, ok := lookup(m, field).(string)
		return ok && test(strings.ToLower(have), strings.ToLower(text))
	}, p.expect(")")
}

// anyOf is categories/any(c:c eq 'Red').
func (p *filterParser) anyOf(field string) (predicate, error) {
	p.fields = append(p.fields, field)
	p.next()
	variable := p.next()
	if _, _, ok := strings.Cut(variable, ":"); !ok {
		return nil, errors.New("expected a lambda such as c:c eq 'x'")
	}
	if op := p.next(); !strings.EqualFold(op, "eq") {
		return nil, fmt.Errorf("unknown operator %q in a lambda", op)
	}
	want, err := literal(p.next())
	if err != nil {
		return nil, err
	}
	return func(m map[string]any) bool {
		list, ok := lookup(m, field).([]string)
		return ok && slices.ContainsFunc(list, func(s string) bool { return compare(s, want) == 0 })
	}, p.expect(")")
}

// literal is a quoted text, a truth value, null, a number, or a time, which needs no quotes.
func literal(token string) (any, error) {
	switch lower := strings.ToLower(token); {
	case len(token) >= 2 && token[0] == '\'':
		return strings.ReplaceAll(token[1:len(token)-1], "''", "'"), nil
	case lower == "true", lower == "false":
		return lower == "true", nil
	case lower == "null":
		return nil, nil //nolint:nilnil // null is a value here.
	}
	if n, err := strconv.Atoi(token); err == nil {
		return n, nil
	}
	if t, err := parseTime(token); err == nil {
		return t, nil
	}
	return nil, fmt.Errorf("unknown literal %q", token)
}

// parseTime reads the forms of a time that people write in filters.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02", s)
	}
	return t, err
}

// holds applies one comparison. Times are stored as text and compared as times.
func holds(have any, op string, want any) bool {
	n := 0
	switch w := want.(type) {
	case nil:
		n = 1
		if have == nil {
			n = 0
		}
	case time.Time:
		text, ok := have.(string)
		t, err := parseTime(text)
		if !ok || err != nil {
			return false
		}
		n = t.Compare(w)
	default:
		if have == nil {
			return op == "ne"
		}
		n = compare(have, want)
	}
	switch op {
	case "eq":
		return n == 0
	case "ne":
		return n != 0
	case "gt":
		return n > 0
	case "ge":
		return n >= 0
	case "lt":
		return n < 0
	}
	return n <= 0
}
