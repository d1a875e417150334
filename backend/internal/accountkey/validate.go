package accountkey

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Lengths in characters.
const (
	maxID     = 255 // in bytes, as are login hints and permissions: nearly all of them are ASCII
	maxSecret = 2048
	maxScopes = 50
)

var scopePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)

// fields collects what is wrong with a request.
type fields struct{ fault.Fields }

func (f *fields) displayName(name string) string {
	return f.Name("displayName", name, "Give the key a name.")
}

// tenant accepts what Microsoft calls a Directory (tenant) ID or one of its domains. A cloud that the
// operator added may be another kind of provider, whose tenants are named otherwise.
func (f *fields) tenant(id string, builtin bool) string {
	id = strings.TrimSpace(id)
	switch {
	case id == "":
	case entra.IsSharedTenant(id):
		f.Add("tenantId", "tenant_not_specific",
			"Enter the tenant's own ID: an app of one organisation cannot be used through \""+strings.ToLower(id)+"\".")
	case builtin && !entra.IsTenantOfMicrosoft(id), !entra.IsTenant(id):
		f.Add("tenantId", "invalid",
			"A Directory (tenant) ID looks like 7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11; a domain of the tenant works too. Look for spaces or quotes.")
	}
	return entra.NormalTenant(id)
}

func (f *fields) client(id string, builtin bool) string {
	id = strings.TrimSpace(id)
	switch {
	case id == "":
	case entra.IsGUID(id):
		return strings.ToLower(id)
	case builtin || len(id) > maxID || !fault.OneLine(id) || strings.ContainsRune(id, ' '):
		f.Add("clientId", "invalid",
			"An Application (client) ID looks like c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702; copy it from the app's Overview page.")
	}
	return id
}

func (f *fields) clientSecret(value secret.String) secret.String {
	trimmed := secret.New(strings.TrimSpace(value.Reveal()))
	switch {
	case utf8.RuneCountInString(trimmed.Reveal()) > maxSecret:
		f.Add("clientSecret", "too_long", "A secret has at most 2,048 characters.")
	case !fault.OneLine(trimmed.Reveal()):
		f.Add("clientSecret", "invalid", "A secret is one line of printable characters.")
	}
	return trimmed
}

func (f *fields) expiresOn(date string) string {
	date = strings.TrimSpace(date)
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		f.Add("clientSecretExpiresOn", "invalid", "Write the date as YYYY-MM-DD.")
	}
	return date
}

func (f *fields) loginHint(hint string) string {
	hint = strings.TrimSpace(hint)
	if hint == "" {
		return ""
	}
	if !isAddress(hint) {
		f.Add("loginHint", "invalid", "Enter the account's sign-in name, such as mara@fabrikam.example.")
	}
	return hint
}

func isAddress(s string) bool {
	if len(s) > maxID || !fault.OneLine(s) {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

// CheckLoginHint returns a login hint trimmed, or says at loginHint what is wrong with it.
func CheckLoginHint(hint string) (string, error) {
	var f fields
	hint = f.loginHint(hint)
	return hint, f.Err()
}

// scopes normalises a list: Graph's prefix off, no doubles, and without those that are always asked for.
func (f *fields) scopes(list []string) Scopes {
	out := Scopes{}
	if len(list) > 2*maxScopes { // comparing them all would take its time
		f.Add("scopes", "too_many", "Ask for at most 50 permissions.")
		return out
	}
	for _, s := range list {
		name := scopeName(s)
		switch {
		case strings.HasSuffix(strings.ToLower(name), ".default"):
			f.Add("scopes", "not_supported", "Name the permissions one by one; .default cannot be combined with them.")
		case !scopePattern.MatchString(name) || len(name) > maxID:
			f.Add("scopes", "invalid", "Each permission is a name such as Mail.Read.")
		case slices.Contains(entra.OpenIDScopes(), strings.ToLower(name)): // always asked for anyway
		case !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, name) }):
			out = append(out, name)
		}
	}
	if len(out) == 0 && len(f.Fields) == 0 {
		f.Add("scopes", "required", "Ask for at least one permission.")
	}
	if len(out) > maxScopes {
		f.Add("scopes", "too_many", "Ask for at most 50 permissions.")
	}
	return out
}

// ids refuses the two ids pasted into each other's field.
func (f *fields) ids(tenant, client string) {
	if tenant != "" && strings.EqualFold(tenant, client) {
		f.Add("clientId", "same_as_tenant_id", "This is the tenant ID again. Copy the Application (client) ID from the app's Overview page.")
	}
}
