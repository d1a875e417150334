package emulator

import (
	"net/url"
	"slices"
	"strings"
)

const graphAppID = "00000003-0000-0000-c000-000000000000"

// permission is one delegated permission of Graph with the texts of the consent screen.
type permission struct {
	name, title, detail string
	admin               bool // only an administrator may consent
	managed             bool // refused to users by the managed default policy
	low                 bool // classed as low risk
}

func permissions() []permission {
	return []permission{
		{name: "openid", title: "Sign in as you", detail: "Allows you to sign in to the app with your work or school account.", low: true},
		{name: "profile", title: "View your basic profile", detail: "Allows the app to see your basic profile: name, picture, user name.", low: true},
		{name: "email", title: "View your email address", detail: "Allows the app to read your primary email address.", low: true},
		{name: "offline_access", title: "Maintain access to data you have given it access to", detail: "Allows the app to see and update the data you gave it access to, even when you are not currently using the app.", low: true},
		{name: "User.Read", title: "Sign you in and read your profile", detail: "Allows you to sign in to the app with your organizational account and let the app read your profile.", low: true},
		{name: "Mail.Read", title: "Read your mail", detail: "Allows the app to read email in your mailbox.", managed: true},
		{name: "Mail.ReadBasic", title: "Read your basic mail", detail: "Allows the app to read email in your mailbox except body, previewBody, attachments and any extended properties.", managed: true},
		{name: "Mail.ReadWrite", title: "Read and write access to your mail", detail: "Allows the app to create, read, update, and delete email in your mailbox. Does not include permission to send mail.", managed: true},
		{name: "Mail.Send", title: "Send mail as you", detail: "Allows the app to send mail as you."},
		{name: "Mail.Read.Shared", title: "Read mail you can access", detail: "Allows the app to read mail you can access, including shared mail.", managed: true},
		{name: "Mail.ReadWrite.Shared", title: "Read and write mail you can access", detail: "Allows the app to change mail you can access, including shared mail.", managed: true},
		{name: "Mail.Send.Shared", title: "Send mail on behalf of others or yourself", detail: "Allows the app to send mail as you or on behalf of someone else."},
		{name: "MailboxSettings.Read", title: "Read your mailbox settings", detail: "Allows the app to read your mailbox settings.", managed: true},
		{name: "MailboxSettings.ReadWrite", title: "Read and write to your mailbox settings", detail: "Allows the app to change your mailbox settings.", managed: true},
		{name: "Calendars.Read", title: "Read your calendars", detail: "Allows the app to read events in your calendars.", managed: true},
		{name: "Contacts.Read", title: "Read your contacts", detail: "Allows the app to read your contacts."},
		{name: "User.ReadBasic.All", title: "Read all users' basic profiles", detail: "Allows the app to read a basic set of profile properties of other users in your organization."},
		{name: "User.Read.All", title: "Read all users' full profiles", detail: "Allows the app to read the full set of profile properties of other users.", admin: true},
		{name: "User.RevokeSessions.All", title: "Revoke all sign in sessions for a user", detail: "Allows the app to revoke all sign in sessions for a user.", admin: true},
		{name: "Directory.Read.All", title: "Read directory data", detail: "Allows the app to read data in your organization's directory.", admin: true},
	}
}

func findPermission(name string) (permission, bool) {
	for _, p := range permissions() {
		if strings.EqualFold(p.name, name) {
			return p, true
		}
	}
	return permission{}, false
}

func isOIDC(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "offline_access"}, scope)
}

// scopeRequest is a parsed scope parameter.
type scopeRequest struct {
	names  []string // canonical permission names without the resource
	prefix string   // how the caller wrote Graph, to answer in kind
	allOf  bool     // .default was asked
}

func (s scopeRequest) has(name string) bool { return slices.Contains(s.names, name) }

// withOIDC adds the OIDC scopes of another request. MSAL Go names them only at the token endpoint.
func (s scopeRequest) withOIDC(other scopeRequest) scopeRequest {
	s.names = slices.Clone(s.names)
	for _, n := range other.names {
		if isOIDC(n) && !s.has(n) {
			s.names = append(s.names, n)
		}
	}
	return s
}

// parseScopes reads a scope parameter. Graph may be written as nothing, as a Graph host of any
// cloud, as its application id, or as this emulator's own address.
func (e *Emulator) parseScopes(raw, base string) (scopeRequest, *stsError) {
	req := scopeRequest{prefix: "https://graph.microsoft.com/"}
	named := false
	for _, item := range strings.Fields(raw) {
		resource, name := splitScope(item)
		if resource != "" {
			if !isGraphResource(resource, base) {
				return req, e.sts(500011, "{R}", resource)
			}
			req.prefix = resource + "/"
		}
		if strings.EqualFold(name, ".default") {
			req.allOf = true
			continue
		}
		p, ok := findPermission(name)
		if !ok || resource != "" && isOIDC(p.name) {
			return req, e.sts(70011, "{S}", item)
		}
		named = named || !isOIDC(p.name)
		if !req.has(p.name) {
			req.names = append(req.names, p.name)
		}
	}
	if len(req.names) == 0 && !req.allOf {
		return req, e.sts(900144, "{P}", "scope")
	}
	if req.allOf && named {
		return req, e.sts(70011, "{S}", raw)
	}
	return req, nil
}

func splitScope(item string) (resource, name string) {
	i := strings.LastIndex(item, "/")
	if i < 0 {
		return "", item
	}
	return strings.TrimRight(item[:i], "/"), item[i+1:]
}

func isGraphResource(resource, base string) bool {
	if strings.EqualFold(resource, base) || resource == graphAppID {
		return true
	}
	u, err := url.Parse(resource)
	if err != nil {
		return false
	}
	known := []string{"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}
	if slices.Contains(known, strings.ToLower(u.Host)) {
		return true
	}
	own, err := url.Parse(base)
	return err == nil && u.Port() == own.Port() && isLoopbackName(u.Hostname()) && isLoopbackName(own.Hostname())
}

// formatScopes writes granted permissions in the asked spelling; offline_access is never listed.
func formatScopes(names []string, prefix, form string) string {
	var graph, oidc []string
	for _, n := range names {
		switch {
		case n == "offline_access":
		case isOIDC(n):
			oidc = append(oidc, n)
		case strings.HasSuffix(form, "full"):
			graph = append(graph, prefix+n)
		default:
			graph = append(graph, n)
		}
	}
	out := strings.Join(append(graph, oidc...), " ")
	if strings.HasPrefix(form, "lower") {
		return strings.ToLower(out)
	}
	return out
}
