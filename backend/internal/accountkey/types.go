package accountkey

import (
	"slices"
	"strings"
)

// TypeMicrosoftGraph is the first type of account key: delegated access to one mailbox.
const TypeMicrosoftGraph = "oauth2_microsoft_graph"

// Scope is one permission that a key can ask for.
type Scope struct {
	Name        string `json:"name" validate:"required" example:"Mail.Send"`
	Description string `json:"description" validate:"required"`
} // @name AccountKeyScope

// Type is one entry of the drop-down Account Key Type.
type Type struct {
	ID              string   `json:"id" validate:"required" example:"oauth2_microsoft_graph"`
	Name            string   `json:"name" validate:"required" example:"OAuth2 Microsoft Graph Credentials"`
	Description     string   `json:"description" validate:"required"`
	DefaultScopes   []string `json:"defaultScopes" validate:"required"`
	AvailableScopes []Scope  `json:"availableScopes" validate:"required"`
} // @name AccountKeyType

// Types lists the types of account key there are.
func Types() []Type {
	return []Type{{
		ID: TypeMicrosoftGraph, Name: "OAuth2 Microsoft Graph Credentials",
		Description:   "One Microsoft 365 mailbox, authorized by the person who owns it.",
		DefaultScopes: []string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"},
		AvailableScopes: []Scope{
			{"Mail.Read", "Read mail"},
			{"Mail.ReadWrite", "Read, change, move and delete mail, and write drafts"},
			{"Mail.Send", "Send mail"},
			{"User.Read", "Sign in and read the profile"},
			{"Mail.Read.Shared", "Read mail in mailboxes shared with the account"},
			{"Mail.ReadWrite.Shared", "Change mail in mailboxes shared with the account"},
			{"Mail.Send.Shared", "Send mail on behalf of mailboxes shared with the account"},
		},
	}}
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
	scope = strings.TrimRight(strings.TrimSpace(scope), "/")
	scope = scope[strings.LastIndexByte(scope, '/')+1:]
	for _, kind := range Types() {
		for _, known := range kind.AvailableScopes {
			if strings.EqualFold(known.Name, scope) {
				return known.Name
			}
		}
	}
	return scope
}
