package graphtarget

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

var (
	errSwitched = errors.New("graph answered with a protocol of its own")
	errLongLink = errors.New("a link in graph's answer is too long")
)

// linker returns what takes the place of a link, by the name of its member. ok is false for what stays.
type linker func(member, link string) (instead string, ok bool, err error)

const (
	maxMember = 200      // bytes of a member's name as it stands there; longer ones are not ours
	maxLink   = 64 << 10 // and of its value
)

// rewriter passes JSON on as it is, but for links that are members of the outermost object. It holds no more
// than one read and one link, and does not judge: what is no JSON passes as well.
type rewriter struct {
	from io.Reader
	link linker

	ready  []byte // to be read
	spare  []byte
	failed error

	depth   int
	began   bool // the first value has begun
	plain   bool // it is no object: nothing is looked at
	text    bool // inside a string
	escaped bool // after a backslash
	value   bool // at depth 1: after a colon
	held    []byte
	holding holding
	member  string
}

// holding says what is being collected.
type holding int

const (
	nothing holding = iota
	aName           // of a member of the outermost object; it has been passed on already
	aLink           // which has not
)

// Read returns what has been looked at.
func (r *rewriter) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		if r.failed != nil {
			return 0, r.failed
		}
		if r.spare == nil {
			r.spare = make([]byte, 32<<10)
		}
		n, err := r.from.Read(r.spare)
		r.failed = err
		if n > 0 {
			out, failed := r.look(r.spare[:n])
			r.ready = out
			if failed != nil {
				r.ready, r.failed = nil, failed
			}
		}
		if err != nil && r.holding == aLink { // it broke off in the middle, and passes as it is
			r.ready, r.holding = append(r.ready, r.held...), nothing
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// look goes through the next bytes and returns what to pass on: the same slice when nothing was rewritten.
func (r *rewriter) look(p []byte) ([]byte, error) {
	var out []byte // nil as long as it is p itself
	from := 0      // what of p is not in out yet
	for i := 0; i < len(p); i++ {
		if r.plain {
			break
		}
		if r.text {
			end, closed := r.inString(p[i:])
			if r.holding != nothing {
				r.held = append(r.held, p[i:i+end]...)
				if r.holding == aLink && len(r.held) > maxLink {
					return nil, errLongLink
				}
				if r.holding == aName && len(r.held) > maxMember {
					r.holding = nothing
				}
			}
			i += end - 1
			if closed && r.holding == aLink {
				instead, err := r.replace()
				if err != nil {
					return nil, err
				}
				out, from = append(out, instead...), i+1
			}
			if closed {
				r.ended()
			}
			continue
		}
		if r.structural(p[i]) && r.holding == aLink {
			out = append(append(make([]byte, 0, len(p)+1024), out...), p[from:i]...)
			from = i
		}
	}
	if r.holding == aLink {
		return append(out, p[from:from]...), nil // the rest is held
	}
	if out == nil && from == 0 {
		return p, nil
	}
	return append(out, p[from:]...), nil
}

// structural takes a byte outside of strings. It begins to hold where a link begins.
func (r *rewriter) structural(c byte) bool {
	switch c {
	case '"':
		r.text, r.escaped, r.held = true, false, append(r.held[:0], c)
		switch {
		case !r.began:
			r.plain = true
		case r.depth != 1:
		case !r.value:
			r.holding = aName
		case ourMember(r.member):
			r.holding = aLink
		}
		return true
	case '{', '[':
		if !r.began && c == '[' {
			r.plain = true
		}
		r.began = true
		r.depth++
	case '}', ']':
		r.depth--
	case ':':
		r.value = r.value || r.depth == 1
	case ',':
		if r.depth == 1 {
			r.value, r.member = false, ""
		}
	}
	return false
}

// inString returns how many bytes belong to the string, and whether it ended with them.
func (r *rewriter) inString(p []byte) (n int, closed bool) {
	for n < len(p) {
		if r.escaped {
			r.escaped = false
			n++
			continue
		}
		before := p[n:]
		at := bytes.IndexByte(before, '"')
		if at >= 0 {
			before = before[:at]
		}
		switch slash := bytes.IndexByte(before, '\\'); {
		case slash >= 0:
			r.escaped = true
			n += slash + 1
		case at < 0:
			return len(p), false
		default:
			return n + at + 1, true
		}
	}
	return n, false
}

// ended notes a name, and stops holding.
func (r *rewriter) ended() {
	if r.holding == aName {
		r.member = textOf(r.held)
	}
	r.text, r.holding = false, nothing
}

func textOf(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

func (r *rewriter) replace() ([]byte, error) {
	link := textOf(r.held)
	instead, ok, err := r.link(r.member, link)
	if err != nil || !ok {
		return r.held, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(instead); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

const (
	memberNext   = "@odata.nextLink"
	memberDelta  = "@odata.deltaLink"
	memberUpload = "uploadUrl"
)

func ourMember(name string) bool {
	return name == memberNext || name == memberDelta || name == memberUpload
}
