package graphpath

import "strings"

// Covers reports whether a pattern allows every path that another allows.
func (p Pattern) Covers(other Pattern) bool {
	mine, theirs := strings.Split(p.text[1:], "/"), strings.Split(other.text[1:], "/")
	for i, want := range mine {
		switch {
		case want == "**":
			return true
		case i >= len(theirs) || theirs[i] == "**":
			return false
		case want != "*" && (theirs[i] == "*" || !sameName(want, theirs[i])):
			return false
		}
	}
	return len(mine) == len(theirs)
}
