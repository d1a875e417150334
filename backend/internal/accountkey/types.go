package accountkey

import (
	"slices"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

// TypeMicrosoftGraph is the first type of account key: delegated access to one mailbox.
const TypeMicrosoftGraph = "oauth2_microsoft_graph"

// Scope is one delegated permission of Microsoft Graph that a key can ask for. ID is how app
// registrations name it: scripts and manifests list permissions by it. It is the same in every cloud of
// Microsoft's, and is not that of the application permission of the same name.
type Scope struct {
	Name        string `json:"name" validate:"required" example:"Mail.Send"`
	ID          string `json:"id" validate:"required" example:"e383f46e-2787-4529-855e-0e479a3ffac0"`
	Description string `json:"description" validate:"required"`
} // @name AccountKeyScope

// Type is one entry of the drop-down Account Key Type. AlwaysAskedScopes go with every authorization,
// whatever else a key asks for.
type Type struct {
	ID                string   `json:"id" validate:"required" example:"oauth2_microsoft_graph"`
	Name              string   `json:"name" validate:"required" example:"OAuth2 Microsoft Graph Credentials"`
	Description       string   `json:"description" validate:"required"`
	DefaultScopes     []string `json:"defaultScopes" validate:"required"`
	AlwaysAskedScopes []Scope  `json:"alwaysAskedScopes" validate:"required"`
	AvailableScopes   []Scope  `json:"availableScopes" validate:"required"`
} // @name AccountKeyType

// Types lists the types of account key there are.
func Types() []Type {
	return []Type{{
		ID: TypeMicrosoftGraph, Name: "OAuth2 Microsoft Graph Credentials",
		Description:       "One Microsoft 365 mailbox, authorized by the person who owns it.",
		DefaultScopes:     []string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"},
		AlwaysAskedScopes: alwaysAskedScopes(),
		// https://learn.microsoft.com/graph/permissions-reference, the delegated ones.
		AvailableScopes: []Scope{
			{"Mail.Read", "570282fd-fa5c-430d-a7fd-fc8dc98a9dca", "Read mail"},
			{"Mail.ReadWrite", "024d486e-b451-40bb-833d-3e66d98c5c73", "Read, change, move and delete mail, and write drafts"},
			{"Mail.Send", "e383f46e-2787-4529-855e-0e479a3ffac0", "Send mail"},
			{"User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "Sign in and read the profile"},
			{"Mail.Read.Shared", "7b9103a5-4610-446b-9670-80643382c1fa", "Read mail in mailboxes shared with the account"},
			{"Mail.ReadWrite.Shared", "5df07973-7d5d-46ed-9847-1271055cbd51", "Change mail in mailboxes shared with the account"},
			{"Mail.Send.Shared", "a367ab51-6b49-43bf-a716-a1fb06d2a174", "Send mail on behalf of mailboxes shared with the account"},
		},
	}}
}

// alwaysAskedScopes are those of OpenID Connect that package entra adds to every authorization.
func alwaysAskedScopes() []Scope {
	return []Scope{
		{"openid", "37f7f235-527c-4136-accd-4a02d197296e", "Tell which account signed in"},
		{"profile", "14dad69e-099b-42c9-810b-d002981feec1", "Tell the account's name"},
		{"email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", "Tell the account's email address"},
		{"offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", "Keep access without another sign-in"},
	}
}

func typeByID(id string) (Type, bool) {
	types := Types()
	i := slices.IndexFunc(types, func(t Type) bool { return t.ID == id })
	if i < 0 {
		return Type{}, false
	}
	return types[i], true
}

// ScopeNames brings the spellings of people and providers to one: without the resource's prefix, and
// permissions that are known here in Microsoft's own letter case.
func ScopeNames(scopes []string) Scopes {
	out := make(Scopes, 0, len(scopes))
	for _, s := range scopes {
		out = append(out, scopeName(s))
	}
	return out
}

func scopeName(scope string) string {
	scope = entra.ShortScope(scope)
	for _, kind := range Types() {
		for _, known := range kind.AvailableScopes {
			if strings.EqualFold(known.Name, scope) {
				return known.Name
			}
		}
	}
	return scope
}
