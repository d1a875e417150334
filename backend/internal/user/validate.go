package user

import (
	"net/mail"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// maxEmail is RFC 5321 §4.5.3.1.3, less the angle brackets.
const maxEmail = 254

// fields collects what is wrong with a request.
type fields struct{ fault.Fields }

// maxFolded is more bytes than an address, name or password can have.
const maxFolded = 1024

// fold is what makes two addresses, names or passwords the same. What is too long for any of them is
// cut, as one character may become eighteen.
func fold(s string) string {
	return db.Fold(strings.ToValidUTF8(s[:min(len(s), maxFolded)], ""))
}

func emailKey(email string) string { return fold(strings.TrimSpace(email)) }

func (f *fields) email(email string) string {
	email = strings.TrimSpace(norm.NFC.String(email))
	a, err := mail.ParseAddress(email)
	switch {
	case email == "":
		f.Add("email", "required", "Enter an email address.")
	case len(email) > maxEmail:
		f.Add("email", "too_long", "An email address has at most 254 characters.")
	case err != nil || a.Address != email || !fault.OneLine(email):
		f.Add("email", "invalid", "Enter an email address such as mara@fabrikam.example.")
	}
	return email
}

// addressOnly is what was typed where an address belongs, or nothing if it isn't one: some people type
// their password there.
func addressOnly(typed string) string {
	var f fields
	address := f.email(typed)
	if _, domain, _ := strings.Cut(address, "@"); len(f.Fields) > 0 || !strings.Contains(domain, ".") {
		return ""
	}
	return address
}

func (f *fields) name(name string) string { return f.Name("name", name, "Enter a name.") }

// role refuses to hand out what the caller lacks. People may use every account key, so only a caller
// who may do so too can make one.
func (f *fields) role(role auth.Role, caller auth.Principal) {
	if !role.Valid() {
		f.Add("role", "unknown", "Choose admin, operator or viewer.")
		return
	}
	if !holds(caller, role) {
		f.Add("role", "not_held", "This role may do things that you may not do yourself.")
	}
}

// holds reports whether a caller may do all that people of a role may.
func holds(caller auth.Principal, role auth.Role) bool {
	held := caller.AllKeys
	for _, p := range role.Permissions() {
		held = held && caller.Can(p)
	}
	return held
}
