package graphtarget

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

// Bounds of what a target holds, and what it holds where nothing was said.
const (
	maxPaths        = 100
	maxHeaders      = 20
	maxHeaderValue  = 1000
	maxTimeout      = 300 // seconds
	defaultTimeout  = 60
	everyPath       = "/**"
	methodsSentence = "Choose among GET, HEAD, POST, PUT, PATCH and DELETE."
)

// methods are those that Graph takes, in the order in which they are listed.
func methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

func defaultMethods() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// Input is a target as people write it.
type Input struct {
	Name           string
	Description    string
	AccountKeyID   string
	APIVersion     APIVersion
	BasePath       string
	AllowedMethods []string
	AllowedPaths   []string
	FixedHeaders   []Header
	TimeoutSeconds int64
	Enabled        bool
}

// input is a target as people would write it.
func (t Target) input() Input {
	return Input{
		Name: t.Name, Description: t.Description, AccountKeyID: t.AccountKeyID, APIVersion: t.APIVersion, BasePath: t.BasePath,
		AllowedMethods: t.AllowedMethods, AllowedPaths: t.AllowedPaths, FixedHeaders: t.FixedHeaders,
		TimeoutSeconds: t.TimeoutSeconds, Enabled: t.Enabled,
	}
}

// apply checks the input and puts it on the target.
func (t *Target) apply(in Input) error {
	var f fields
	t.Name = f.Name("name", in.Name, "Give the target a name.")
	t.NameKey = db.Fold(t.Name)
	t.Description = f.Description("description", in.Description)
	t.AccountKeyID = strings.ToLower(strings.TrimSpace(in.AccountKeyID))
	switch id, err := uuid.Parse(t.AccountKeyID); {
	case t.AccountKeyID == "":
		f.Add("accountKeyId", "required", "Choose the account key that calls are made with.")
	case err != nil || id.String() != t.AccountKeyID:
		f.Fields = append(f.Fields, errUnknownKey.Fields...) // no text of any length or kind reaches the database
	}
	t.APIVersion, t.Enabled, t.TimeoutSeconds = in.APIVersion, in.Enabled, in.TimeoutSeconds
	if t.APIVersion != V1 && t.APIVersion != Beta {
		f.Add("apiVersion", "unknown", "Choose v1.0 or beta.")
	}
	if t.TimeoutSeconds < 1 || t.TimeoutSeconds > maxTimeout {
		f.Add("timeoutSeconds", "out_of_range", "Wait for 1 to 300 seconds.")
	}
	t.BasePath = f.basePath(in.BasePath)
	t.AllowedMethods, t.AllowedPaths = f.methods(in.AllowedMethods), f.paths(in.AllowedPaths)
	t.FixedHeaders = f.headers(in.FixedHeaders)
	t.SearchText = db.Fold(strings.Join([]string{t.Name, t.Description, t.BasePath}, "\n"))
	return f.Err()
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]{1,100}$`)

type fields struct{ fault.Fields }

func (f *fields) basePath(text string) string {
	path, err := graphpath.Parse(strings.TrimSuffix(strings.TrimSpace(text), "/"))
	if err != nil {
		f.reason("basePath", err)
		return ""
	}
	if path.Has(batch) {
		f.Add("basePath", "invalid", "Batches are taken by every target; a base path says where other calls go.")
	}
	if first, _, _ := strings.Cut(strings.TrimPrefix(path.String(), "/"), "/"); first == string(V1) || first == string(Beta) {
		f.Add("basePath", "has_version", "Leave Graph's version out: apiVersion says which.")
	}
	return path.String()
}

func (f *fields) reason(field string, err error) {
	var reason graphpath.Reason
	if errors.As(err, &reason) {
		f.Add(field, "invalid", reason.Error())
	}
}

// methods puts them into their order, each once.
func (f *fields) methods(asked []string) []string {
	out := []string{}
	for _, known := range methods() {
		if slices.ContainsFunc(asked, func(m string) bool { return strings.EqualFold(m, known) }) {
			out = append(out, known)
		}
	}
	unknown := func(m string) bool { return !slices.Contains(methods(), strings.ToUpper(m)) }
	switch {
	case slices.ContainsFunc(asked, unknown):
		f.Add("allowedMethods", "unknown", methodsSentence)
	case len(out) == 0:
		f.Add("allowedMethods", "required", "Allow at least one method.")
	}
	return out
}

func (f *fields) paths(asked []string) []string {
	out := []string{}
	if len(asked) > maxPaths {
		f.Add("allowedPaths", "too_many", "Allow at most 100 paths.")
		return out
	}
	for i, text := range asked {
		text = strings.TrimSpace(text)
		if _, err := graphpath.ParsePattern(text); err != nil {
			f.reason(fmt.Sprintf("allowedPaths[%d]", i), err)
		} else if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if len(asked) == 0 {
		f.Add("allowedPaths", "required", "Allow at least one path; /** is every path.")
	}
	return out
}

func (f *fields) headers(asked []Header) []Header {
	out := []Header{}
	if len(asked) > maxHeaders {
		f.Add("fixedHeaders", "too_many", "Send at most 20 headers.")
		return out
	}
	for i, h := range asked {
		h = Header{Name: http.CanonicalHeaderKey(strings.TrimSpace(h.Name)), Value: strings.TrimSpace(h.Value)}
		at := fmt.Sprintf("fixedHeaders[%d]", i)
		switch {
		case !headerName.MatchString(h.Name):
			f.Add(at+".name", "invalid", "A header's name has letters, digits and hyphens.")
		case ours(h.Name):
			f.Add(at+".name", "not_allowed", "This header is not for a target to set: it belongs to the connection, or says who is calling.")
		case slices.ContainsFunc(out, func(o Header) bool { return o.Name == h.Name }):
			f.Add(at+".name", "twice", "Name each header once.")
		}
		if !printableASCII(h.Value) || h.Value == "" || len(h.Value) > maxHeaderValue {
			f.Add(at+".value", "invalid", "A header's value has 1 to 1,000 printable ASCII characters.")
		}
		out = append(out, h)
	}
	return out
}

func printableASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
