package fault

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Lengths in characters of what people call and describe things by, and search for.
const (
	maxName        = 100
	maxDescription = 1000
	maxSearch      = 255
)

// OneLine reports text that is printable and stays on its line: without control characters, the
// separators of lines and paragraphs, and what stands for a character that could not be read.
func OneLine(text string) bool { return printable(text, "") }

func printable(text, allowed string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		unfit := unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
		return unfit && !strings.ContainsRune(allowed, r)
	})
}

// Name returns the name of a thing or a person as it is kept, and says what is wrong with it; missing
// is what to say when there is none.
func (f *Fields) Name(field, name, missing string) string {
	name = strings.TrimSpace(norm.NFC.String(name))
	switch {
	case name == "":
		f.Add(field, "required", missing)
	case utf8.RuneCountInString(name) > maxName:
		f.Add(field, "too_long", "A name has at most 100 characters.")
	case !OneLine(name):
		f.Add(field, "invalid", "A name is one line of printable characters.")
	}
	return name
}

// Description returns a description, which may have several lines, as it is kept, and says what is
// wrong with it.
func (f *Fields) Description(field, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case utf8.RuneCountInString(text) > maxDescription:
		f.Add(field, "too_long", "A description has at most 1,000 characters.")
	case !printable(text, "\n\t\r"):
		f.Add(field, "invalid", "Use printable characters.")
	}
	return text
}

// Search says what is wrong with text that somebody searches for. PostgreSQL takes valid UTF-8 only.
func (f *Fields) Search(field, text string) {
	if utf8.RuneCountInString(text) > maxSearch || !printable(text, "\t") {
		f.Add(field, "invalid", "Search for at most 255 printable characters.")
	}
}
