// Package auth says who is calling and what they may do. It knows nothing about storage.
package auth

import "slices"

// Permission is the right to do one sort of thing; it is also a scope of an API client's JWT.
type Permission string // @name Permission

// All permissions there are.
const (
	AccountKeysRead  Permission = "account-keys:read"  // See account keys, their status and history
	AccountKeysWrite Permission = "account-keys:write" // Create, change, authorize, suspend, revoke and delete account keys
	TokensIssue      Permission = "tokens:issue"       // Get access tokens of account keys
	MailRead         Permission = "mail:read"          // Read mail through account keys
	MailWrite        Permission = "mail:write"         // Change, move and delete mail, and write drafts, through account keys
	MailSend         Permission = "mail:send"          // Send mail through account keys
	GraphCall        Permission = "graph:call"         // Call Microsoft Graph through targets
	TargetsWrite     Permission = "targets:write"      // Create, change and delete targets
	TargetsRead      Permission = "targets:read"       // See targets
	EventsRead       Permission = "events:read"        // See email rules, events and deliveries
	EventsWrite      Permission = "events:write"       // Create, change and delete email rules and webhook endpoints
	APIClientsWrite  Permission = "api-clients:write"  // Create, change and delete API clients
	UsersWrite       Permission = "users:write"        // Add, change and remove people
	SettingsWrite    Permission = "settings:write"     // Change settings of this server
	AuditRead        Permission = "audit:read"         // Read the audit log
)

// Description is one permission with the sentence that explains it.
type Description struct {
	Name        Permission `json:"name" validate:"required"`
	Description string     `json:"description" validate:"required"`
} // @name PermissionDescription

// Descriptions lists every permission in the order in which pages show them.
func Descriptions() []Description {
	return []Description{
		{AccountKeysRead, "See account keys, their status and history"},
		{AccountKeysWrite, "Create, change, authorize, suspend, revoke and delete account keys"},
		{TokensIssue, "Get access tokens of account keys"},
		{MailRead, "Read mail through account keys"},
		{MailWrite, "Change, move and delete mail, and write drafts, through account keys"},
		{MailSend, "Send mail through account keys"},
		{GraphCall, "Call Microsoft Graph through targets"},
		{TargetsWrite, "Create, change and delete targets"},
		{TargetsRead, "See targets"},
		{EventsRead, "See email rules, events and deliveries"},
		{EventsWrite, "Create, change and delete email rules and webhook endpoints"},
		{APIClientsWrite, "Create, change and delete API clients"},
		{UsersWrite, "Add, change and remove people"},
		{SettingsWrite, "Change settings of this server"},
		{AuditRead, "Read the audit log"},
	}
}

// AllPermissions returns every permission, in the order of Descriptions.
func AllPermissions() []Permission {
	all := make([]Permission, 0, len(Descriptions()))
	for _, d := range Descriptions() {
		all = append(all, d.Name)
	}
	return all
}

// Valid reports whether p is a permission there is.
func (p Permission) Valid() bool { return slices.Contains(AllPermissions(), p) }

// Role is what a person is.
type Role string // @name Role

// The roles of people.
const (
	RoleAdmin    Role = "admin"
	RoleOperator Role = "operator"
	RoleViewer   Role = "viewer"
)

// Valid reports whether r is a role there is.
func (r Role) Valid() bool { return r == RoleAdmin || r == RoleOperator || r == RoleViewer }

// Permissions returns what people of this role may do; an unknown role may do nothing.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleAdmin:
		return AllPermissions()
	case RoleOperator:
		return slices.DeleteFunc(AllPermissions(), func(p Permission) bool {
			return p == UsersWrite || p == APIClientsWrite || p == SettingsWrite
		})
	case RoleViewer:
		return []Permission{AccountKeysRead, TargetsRead, EventsRead, AuditRead}
	default:
		return nil
	}
}
