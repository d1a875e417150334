// Package graphpath reads the paths of Microsoft Graph that callers write, and tells which of them a list
// allows. A target's allow-list and an API client's leash are made of the same patterns.
//
// It promises: a Path means the same to everybody who may read it on the way to Graph, whether they
// decode it never, once or several times. What could mean two things is no Path, but for an escaped
// slash: Path.Readings has both.
package graphpath

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Reason says why a text is no path or no pattern, in words for whoever wrote it.
type Reason string

// Error returns the sentence.
func (r Reason) Error() string { return string(r) }

// Why a text is no path.
const (
	ErrNoSlash   = Reason("A path begins with a slash.")
	ErrTooLong   = Reason("A path has at most 4,096 characters.")
	ErrEscape    = Reason("A percent sign is followed by two hexadecimal digits.")
	ErrCharacter = Reason("A path has no spaces, controls, backslashes, question marks or number signs, nor characters beyond ASCII: escape them by percent signs.")
	ErrControl   = Reason("A path has no control characters and no backslashes, however they are escaped, and is UTF-8.")
	ErrDots      = Reason("A path has no segments . or .., however they are escaped.")
	ErrEmpty     = Reason("A path has no empty segments: two slashes in a row.")
)

const (
	maxPath = 4096
	// maxDecodings is how often a path may change by being decoded. Nobody in earnest escapes an escape twice.
	maxDecodings = 4
)

// Path is a path below Graph's version, escaped as it was written: "/me/messages/AAMk%3D". The root is "".
type Path struct{ raw string }

// Parse checks a path as it stands in an address, without its query. "" and "/" are the root.
func Parse(raw string) (Path, error) {
	if raw == "" || raw == "/" {
		return Path{}, nil
	}
	switch {
	case raw[0] != '/':
		return Path{}, ErrNoSlash
	case len(raw) > maxPath:
		return Path{}, ErrTooLong
	}
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`\?#"<>^`+"`{|}", c) >= 0 {
			return Path{}, ErrCharacter
		}
	}
	if err := harmless(raw); err != nil {
		return Path{}, err
	}
	return Path{raw}, nil
}

// harmless looks at a path as whoever decodes it once, twice or more would see it.
func harmless(raw string) error {
	if _, err := url.PathUnescape(raw); err != nil {
		return ErrEscape
	}
	text := raw
	for range maxDecodings {
		if err := plain(text); err != nil {
			return err
		}
		decoded := decode(text)
		if decoded == text {
			return nil
		}
		text = decoded
	}
	return ErrEscape
}

// decode is what a lenient server makes of a path: it leaves a percent sign that begins no escape.
func decode(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if i+3 <= len(text) && text[i] == '%' {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				out.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

func plain(text string) error {
	if !utf8.ValidString(text) {
		return ErrControl // a dot or a slash written at more length than it needs is one to some
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == 0x7f || c == '\\' {
			return ErrControl
		}
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(text[1:], "/"), "/") {
		// Some servers take what follows a semicolon for parameters, and the dots before it for dots; others drop
		// spaces at the end.
		name, _, _ := strings.Cut(segment, ";")
		switch strings.Trim(name, " ") {
		case ".", "..":
			return ErrDots
		case "":
			return ErrEmpty
		}
	}
	return nil
}

// String returns the path as it was written; "" is the root.
func (p Path) String() string { return p.raw }

// Join returns the path below another.
func (p Path) Join(below Path) Path { return Path{p.raw + below.raw} }

// Below returns what a path adds to another, and whether it lies below that or is the same.
func (p Path) Below(base Path) (Path, bool) {
	rest, ok := strings.CutPrefix(p.raw, base.raw)
	if !ok || (rest != "" && rest[0] != '/') {
		return Path{}, false
	}
	return Path{rest}, true
}

// Readings returns the path's segments, once and for all decoded, in every way in which they can be told
// apart: an escaped slash may be part of a name, or lie between two.
func (p Path) Readings() [][]string {
	if p.raw == "" || p.raw == "/" {
		return [][]string{{}}
	}
	whole := split(p.raw)
	for i, segment := range whole {
		if decoded, err := url.PathUnescape(segment); err == nil {
			whole[i] = decoded
		}
	}
	readings := [][]string{whole}
	if apart := split("/" + strings.Join(whole, "/")); len(apart) != len(whole) {
		readings = append(readings, apart)
	}
	return readings
}

// split leaves out the slash at the end, which Graph takes for nothing.
func split(path string) []string { return strings.Split(strings.TrimSuffix(path[1:], "/"), "/") }

// Last returns the last segment, decoded.
func (p Path) Last() string {
	readings := p.Readings()
	last := readings[len(readings)-1]
	if len(last) == 0 {
		return ""
	}
	return last[len(last)-1]
}

// Has reports whether a segment begins with a name, without case and however often it was escaped: what a
// lenient server may take for it.
func (p Path) Has(name string) bool {
	text := p.raw
	for decoded := decode(text); decoded != text; decoded = decode(text) {
		text = decoded
	}
	return slices.ContainsFunc(strings.Split(text, "/"), func(segment string) bool {
		return len(segment) >= len(name) && strings.EqualFold(segment[:len(name)], name)
	})
}

// Pattern allows some paths: "/me/messages/*" those with any one segment in place of the star, and
// "/me/**" /me and everything below it. Two stars stand at the end. Everything else is compared as Graph compares
// names: without regard to case.
type Pattern struct{ text string }

// Why a text is no pattern.
const (
	ErrStars    = Reason("A star stands for one whole segment: /me/messages/*.")
	ErrTwoStars = Reason("Two stars stand for everything below, and at the end: /me/messages/**.")
	ErrSlash    = Reason("A pattern has no slash at the end.")
	ErrRoot     = Reason("Write /** for every path.")
	ErrEscaped  = Reason("Write the path without percent signs, as Graph's documentation does.")
)

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	if strings.Contains(text, "%") {
		return Pattern{}, ErrEscaped
	}
	if _, err := Parse(text); err != nil {
		return Pattern{}, err
	}
	if text == "" || text == "/" {
		return Pattern{}, ErrRoot
	}
	if strings.HasSuffix(text, "/") {
		return Pattern{}, ErrSlash
	}
	segments := strings.Split(text[1:], "/")
	for i, segment := range segments {
		switch {
		case segment == "*":
		case segment == "**" && i == len(segments)-1:
		case segment == "**":
			return Pattern{}, ErrTwoStars
		case strings.Contains(segment, "*"):
			return Pattern{}, ErrStars
		}
	}
	return Pattern{text}, nil
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// matches compares with one reading of a path.
func (p Pattern) matches(segments []string) bool {
	for want := range strings.SplitSeq(p.text[1:], "/") {
		if want == "**" {
			return true
		}
		if len(segments) == 0 || (want != "*" && !sameName(want, segments[0])) {
			return false
		}
		segments = segments[1:]
	}
	return len(segments) == 0
}

// sameName compares two segments without regard to the case of ASCII letters: folding others would take for one
// name what Graph takes for two.
func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// List allows calls by their method and path.
type List struct {
	Methods []string // in capitals; GET allows HEAD as well
	Paths   []Pattern
}

// AllowsMethod reports whether the list has the method.
func (l List) AllowsMethod(method string) bool {
	return slices.Contains(l.Methods, method) || (method == "HEAD" && slices.Contains(l.Methods, "GET"))
}

// AllowsPath reports whether the list has a pattern for the path, in whichever way it is read.
func (l List) AllowsPath(path Path) bool {
	return !slices.ContainsFunc(path.Readings(), func(segments []string) bool {
		return !slices.ContainsFunc(l.Paths, func(p Pattern) bool { return p.matches(segments) })
	})
}
