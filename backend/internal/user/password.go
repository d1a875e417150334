package user

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Lengths of a password in characters. There are no rules of composition (NIST SP 800-63B §3.1.1.2).
const (
	minPassword = 12
	maxPassword = 128
)

//go:embed common.txt
var commonText string

//go:embed words.txt
var wordsText string

// lists holds the embedded lists, folded.
type lists struct {
	common map[string]bool
	words  []string
}

var loadLists = sync.OnceValue(func() lists { //nolint:gochecknoglobals // embedded text, read once and never written to
	l := lists{common: map[string]bool{}}
	for line := range strings.FieldsSeq(commonText) {
		l.common[fold(line)] = true
	}
	for word := range strings.FieldsSeq(wordsText) {
		l.words = append(l.words, fold(word))
	}
	return l
})

// password checks a new password of the person with this email address and name.
func (f *fields) password(field string, password secret.String, email, name string) {
	text := normal(password)
	switch n := utf8.RuneCountInString(text); {
	case n < minPassword:
		f.Add(field, "too_short", "A password has at least 12 characters. A sentence is easy to remember.")
	case n > maxPassword:
		f.Add(field, "too_long", "A password has at most 128 characters.")
	case isCommon(text):
		f.Add(field, "too_common", "This is one of the first passwords that somebody would guess. Choose another.")
	case isPersonal(text, email, name):
		f.Add(field, "too_common", "Somebody who knows your name or address would guess this password. Choose another.")
	}
}

// checkPassword says at a field of the request what is wrong with a person's new password.
func checkPassword(field string, password secret.String, u User) error {
	var f fields
	f.password(field, password, u.Email, u.Name)
	return f.Err()
}

// isCommon reports passwords that guessing begins with: the lists, a short piece repeated, walks over
// the keyboard, and a word or two with digits and signs around or inside.
func isCommon(password string) bool {
	l, text := loadLists(), fold(password)
	squeezed := keep(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	if l.common[text] || l.common[squeezed] || repeats(text) || repeats(squeezed) || isWalk(squeezed) {
		return true
	}
	core := strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, letters := range []string{
		keep(text, unicode.IsLetter),
		keep(unleet(core), unicode.IsLetter),
		keep(unleet(text), unicode.IsLetter),
	} {
		if fewWords(letters, l.words) {
			return true
		}
	}
	return false
}

func keep(s string, want func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if want(r) {
			return r
		}
		return -1
	}, s)
}

// unleet undoes the usual signs in the place of letters.
func unleet(s string) string {
	return strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "5", "s", "$", "s", "7", "t").Replace(s)
}

// repeats reports a piece of at most four characters, or half of the text, over and over again.
func repeats(s string) bool {
	runes := []rune(s)
	for size := 1; size <= max(4, len(runes)/2) && size < len(runes); size++ {
		if size > 4 && len(runes) >= 2*minPassword {
			return false // twelve characters of one's own, twice, are still twelve
		}
		same := true
		for i := size; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-size]
		}
		if same {
			return true
		}
	}
	return false
}

// isWalk reports text made of pieces of three and more neighbours on a keyboard or in the alphabet.
func isWalk(s string) bool {
	walks := []string{
		"12345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm",
		"qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
		"1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmikolp", "q1w2e3r4t5y6u7i8o9p0", "147258369", "741852963",
	}
	for _, w := range slices.Clone(walks) {
		r := []rune(w)
		slices.Reverse(r)
		walks = append(walks, string(r))
	}
	// reach[i]: the first i bytes are made of such pieces.
	reach := make([]bool, len(s)+1)
	reach[0] = true
	for i := range s {
		for j := i + 3; reach[i] && j <= len(s); j++ {
			piece := s[i:j]
			if !slices.ContainsFunc(walks, func(w string) bool { return strings.Contains(w, piece) }) {
				break
			}
			reach[j] = true
		}
	}
	return len(s) > 0 && reach[len(s)]
}

// fewWords reports text that is one or two of the words, each as often as one likes.
func fewWords(s string, words []string) bool {
	var split func(rest string, used []string) bool
	split = func(rest string, used []string) bool {
		if rest == "" {
			return len(used) > 0
		}
		for _, w := range words {
			after, ok := strings.CutPrefix(rest, w)
			if !ok {
				continue
			}
			now := used
			if !slices.Contains(used, w) {
				now = append(slices.Clone(used), w)
			}
			if len(now) <= 2 && split(after, now) {
				return true
			}
		}
		return false
	}
	return split(s, nil)
}

// isPersonal reports that little is left of the password without the person's name and address and
// the product's name.
func isPersonal(password, email, name string) bool {
	alphanumeric := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	parts := strings.FieldsFunc(fold(email+" "+name), func(r rune) bool { return !alphanumeric(r) })
	local, _, _ := strings.Cut(fold(email), "@")
	parts = append(parts, keep(local, alphanumeric), keep(fold(name), alphanumeric), "latchkey")
	parts = slices.DeleteFunc(parts, func(p string) bool { return utf8.RuneCountInString(p) < 3 })
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	text := keep(fold(password), alphanumeric)
	rest := text
	for _, p := range parts {
		rest = strings.ReplaceAll(rest, p, "")
	}
	return rest != text && utf8.RuneCountInString(rest) < 8
}
