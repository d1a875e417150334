package httpapi

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

// maxDepth is deeper than any body of ours; what is nested deeper costs more stack than it is worth.
const maxDepth = 20

// shape compares a JSON body with the type that it is for. encoding/json alone takes members in any
// case, the last of doubles, null for anything, and half of a character for U+FFFD: mistakes of the
// caller that would otherwise pass for something else than was meant.
type shape struct {
	body    []byte
	decoder *json.Decoder
	patch   bool
}

// checkShape reports the first thing in a body that the type has no place for, by the name of its
// member. In a PATCH, null stands for taking away, so members that can't be without a value refuse it;
// anywhere else null is the same as leaving the member out.
func checkShape(body []byte, t reflect.Type, patch bool) error {
	if !utf8.Valid(body) {
		return errMalformed.WithMessage("The body is not valid UTF-8.")
	}
	s := shape{body: body, decoder: json.NewDecoder(bytes.NewReader(body)), patch: patch}
	s.decoder.UseNumber()
	token, err := s.next("")
	if err != nil {
		return err
	}
	if token == nil {
		return wrongType("", "null", t)
	}
	if err := s.value(token, t, "", 0); err != nil {
		return err
	}
	if _, err := s.decoder.Token(); err == nil {
		return errMalformed.WithMessage("The body holds more than one JSON value.")
	} else if err != io.EOF {
		return notJSON(err)
	}
	return nil
}

func notJSON(cause error) error {
	return errMalformed.WithMessage("The body is not valid JSON.").Because(cause)
}

// next reads a token and checks the text in it.
func (s *shape) next(path string) (json.Token, error) {
	from := s.decoder.InputOffset()
	token, err := s.decoder.Token()
	if err == io.EOF && len(bytes.TrimSpace(s.body)) == 0 {
		return nil, errMalformed.WithMessage("The body is empty. Send a JSON object.").Because(err)
	}
	if err != nil {
		return nil, notJSON(err)
	}
	if text, ok := token.(string); ok {
		switch {
		case strings.ContainsRune(text, 0):
			return nil, badText(path, "It holds the character U+0000, which nothing here may contain.")
		case loneSurrogate(s.body[from:s.decoder.InputOffset()]):
			return nil, badText(path, `It holds half of a surrogate pair (\ud800 to \udfff), which is no character.`)
		}
	}
	return token, nil
}

func badText(path, message string) error {
	f := errMalformed.WithMessage("The body holds text that is not valid.")
	if path == "" {
		return f.WithMessage("The body holds text that is not valid. " + message)
	}
	return f.WithFields(fault.Field{Field: path, Code: "invalid_text", Message: message})
}

// loneSurrogate reports an escape that is one half of a pair without the other (RFC 8259 §8.2).
func loneSurrogate(raw []byte) bool {
	high := rune(0)
	for i := 0; i < len(raw); i++ {
		unit := rune(0)
		if raw[i] == '\\' && i+1 < len(raw) {
			if raw[i+1] == 'u' && i+6 <= len(raw) {
				n, _ := strconv.ParseUint(string(raw[i+2:i+6]), 16, 16) // the decoder has seen four digits there
				unit = rune(n)
				i += 4
			}
			i++
		}
		switch {
		case high != 0:
			if utf16.DecodeRune(high, unit) == utf8.RuneError {
				return true
			}
			high = 0
		case utf16.IsSurrogate(unit):
			high = unit
		}
	}
	return high != 0
}

// value compares one value, whose first token was read, with a type.
func (s *shape) value(token json.Token, t reflect.Type, path string, depth int) error {
	if depth > maxDepth {
		return errMalformed.WithMessage("The body is nested too deeply.")
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return s.object(t, path, depth)
		}
		return s.array(t, path, depth)
	case string:
		return checkString(token, t, path)
	case json.Number:
		return checkNumber(token, t, path)
	case bool:
		if t.Kind() != reflect.Bool && t.Kind() != reflect.Interface {
			return wrongType(path, "boolean", t)
		}
	}
	return nil
}

func (s *shape) object(t reflect.Type, path string, depth int) error {
	if !isObject(t) {
		return wrongType(path, "object", t)
	}
	known := membersOf(t)
	seen := map[string]bool{}
	for s.decoder.More() {
		token, err := s.next(path)
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing else be a name
		at := join(path, name)
		m, ok := known[name]
		switch {
		case t.Kind() == reflect.Map:
			m = member{t: t.Elem()}
		case t.Kind() == reflect.Interface:
			m = member{t: t}
		case !ok:
			return errMalformed.WithMessage("The body has a member that is not known here: " + short(name) + ".").
				WithFields(fault.Field{Field: shortPath(at), Code: "unknown", Message: "Leave this member out, or check its spelling."})
		}
		if _, twice := seen[name]; twice {
			return errMalformed.WithMessage("The body has the member " + short(name) + " more than once.").
				WithFields(fault.Field{Field: shortPath(at), Code: "duplicate", Message: "Send this member once."})
		}
		if token, err = s.next(at); err != nil {
			return err
		}
		if token == nil && !m.nullable && s.patch {
			return errMalformed.WithMessage("The member " + short(name) + " cannot be null.").
				WithFields(fault.Field{Field: shortPath(at), Code: "wrong_type", Message: "Leave this member out to keep what it has."})
		}
		seen[name] = token != nil
		if err := s.value(token, m.t, at, depth+1); err != nil {
			return err
		}
	}
	if _, err := s.next(path); err != nil { // the closing brace
		return err
	}
	return missing(known, seen, path)
}

// missing names required members that are not there, of the kinds that look the same when they are there
// and empty: of a list, nothing would be taken for none. An empty text is refused by whom it is for.
func missing(known map[string]member, seen map[string]bool, path string) error {
	var wrong fault.Fields
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if m := known[name]; m.required && !seen[name] && !isText(m.t) {
			wrong.Add(join(path, name), "required", "Send this member; it may be empty.")
		}
	}
	return wrong.Err()
}

func (s *shape) array(t reflect.Type, path string, depth int) error {
	element := t
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		element = t.Elem()
	} else if t.Kind() != reflect.Interface {
		return wrongType(path, "array", t)
	}
	for i := 0; s.decoder.More(); i++ {
		at := path + "[" + strconv.Itoa(i) + "]"
		token, err := s.next(at)
		if err != nil {
			return err
		}
		if token == nil && element.Kind() != reflect.Interface {
			return wrongType(at, "null", element)
		}
		if err := s.value(token, element, at, depth+1); err != nil {
			return err
		}
	}
	_, err := s.next(path) // the closing bracket
	return err
}

func checkString(text string, t reflect.Type, path string) error {
	switch {
	case t == reflect.TypeFor[time.Time]():
		// A year of five digits in UTC can be stored, and then not be written as JSON any more.
		at, err := time.Parse(time.RFC3339, text)
		if year := at.UTC().Year(); err != nil || year < 1 || year > 9999 {
			return malformedMember(path, "invalid", "Write the time as 2006-01-02T15:04:05Z (RFC 3339).").Because(err)
		}
	case !isText(t) && t.Kind() != reflect.Interface:
		return wrongType(path, "string", t)
	}
	return nil
}

func checkNumber(n json.Number, t reflect.Type, path string) error {
	var err error
	switch kind := t.Kind(); {
	case isText(t), t == reflect.TypeFor[time.Time]():
		return wrongType(path, "number", t)
	case kind >= reflect.Int && kind <= reflect.Int64:
		_, err = strconv.ParseInt(n.String(), 10, t.Bits())
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		_, err = strconv.ParseUint(n.String(), 10, t.Bits())
	case kind == reflect.Float32, kind == reflect.Float64:
		_, err = strconv.ParseFloat(n.String(), t.Bits())
	case kind == reflect.Interface:
		_, err = n.Float64()
	default:
		return wrongType(path, "number", t)
	}
	if err != nil {
		return malformedMember(path, "wrong_type", "This number should be "+kindOf(t)+" that is not as large.").Because(err)
	}
	return nil
}

// isText reports types that are written as a string.
func isText(t reflect.Type) bool {
	return t.Kind() == reflect.String || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) ||
		(t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8)
}

func isObject(t reflect.Type) bool {
	return (t.Kind() == reflect.Struct && !isText(t)) || t.Kind() == reflect.Map || t.Kind() == reflect.Interface
}

func wrongType(path, is string, t reflect.Type) error {
	if path == "" {
		return errMalformed.WithMessage("The body should be " + kindOf(t) + ".")
	}
	return malformedMember(path, "wrong_type", fmt.Sprintf("This is %s; it should be %s.", article(is), kindOf(t)))
}

func malformedMember(path, code, message string) *fault.Error {
	return errMalformed.WithMessage("The member " + short(path) + " has the wrong type.").
		WithFields(fault.Field{Field: shortPath(path), Code: code, Message: message})
}

func article(kind string) string {
	switch kind {
	case "null":
		return "null"
	case "object", "array":
		return "an " + kind
	default:
		return "a " + kind
	}
}

func kindOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch kind := t.Kind(); {
	case isText(t), t == reflect.TypeFor[time.Time]():
		return "a string"
	case kind == reflect.Bool:
		return "true or false"
	case kind == reflect.Slice || kind == reflect.Array:
		return "an array"
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return "a whole number"
	case kind == reflect.Float32 || kind == reflect.Float64:
		return "a number"
	default:
		return "a JSON object"
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// short quotes what a caller wrote, cut to what is enough to find it.
func short(name string) string { return strconv.Quote(shortPath(name)) }

func shortPath(path string) string {
	const enough = 100
	if len(path) <= enough {
		return path
	}
	return strings.ToValidUTF8(path[:enough], "") + "…"
}

// member is one name that a type has a place for.
type member struct {
	t        reflect.Type
	nullable bool
	required bool
}

// optionalMember is an Optional of whatever type.
type optionalMember interface{ of() reflect.Type }

// membersOf lists the members of a type as encoding/json sees them; embedded structs lend theirs.
func membersOf(t reflect.Type) map[string]member {
	out := map[string]member{}
	if t.Kind() != reflect.Struct {
		return out
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		m := member{t: f.Type, nullable: f.Type.Kind() == reflect.Interface || strings.Contains(f.Tag.Get("extensions"), "x-nullable")}
		if o, ok := reflect.Zero(f.Type).Interface().(optionalMember); ok {
			m = member{t: o.of(), nullable: true}
		}
		m.required = slices.Contains(strings.Split(f.Tag.Get("validate"), ","), "required")
		out[name] = m
	}
	return out
}
