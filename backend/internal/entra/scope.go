package entra

import (
	"slices"
	"strings"
)

// OpenIDScopes go with every authorization: a refresh token, an id_token and the account's name.
func OpenIDScopes() []string { return []string{"openid", "profile", "email", "offline_access"} }

// ShortScope returns a scope without the prefix of its resource. Microsoft answers in either form.
func ShortScope(scope string) string {
	scope = strings.TrimRight(strings.TrimSpace(scope), "/")
	return scope[strings.LastIndexByte(scope, '/')+1:]
}

// NormalizeScope returns the form in which scopes are compared: short, and in lower case.
func NormalizeScope(scope string) string { return strings.ToLower(ShortScope(scope)) }

// MissingScopes returns those of required that granted does not cover, as they are written in
// required, without repeats. OpenID scopes and offline_access never count as missing: answers need
// not list them. A wider permission covers the narrower one that it includes.
func MissingScopes(required, granted []string) []string {
	covered := map[string]bool{}
	for _, scope := range OpenIDScopes() {
		covered[scope] = true
	}
	for _, scope := range granted {
		scope = NormalizeScope(scope)
		covered[scope] = true
		for _, narrower := range includedScopes(scope) {
			covered[narrower] = true
		}
	}
	missing := []string{}
	for _, scope := range required {
		normal := NormalizeScope(scope)
		if normal == "" || covered[normal] {
			continue
		}
		covered[normal] = true
		missing = append(missing, strings.TrimSpace(scope))
	}
	return missing
}

// includedScopes lists what a normalised scope gives besides itself, by the Graph permissions
// reference.
func includedScopes(scope string) []string {
	switch scope {
	case "mail.readwrite":
		return []string{"mail.read", "mail.readbasic"}
	case "mail.read":
		return []string{"mail.readbasic"}
	case "mail.readwrite.shared":
		return []string{"mail.read.shared", "mail.readbasic.shared"}
	case "mail.read.shared":
		return []string{"mail.readbasic.shared"}
	case "user.readwrite":
		return []string{"user.read"}
	default:
		return nil
	}
}

// requestScopes is what an authorization asks for: the OpenID scopes, then each scope in full form,
// so that it means the Graph of this cloud.
func requestScopes(graphURL string, scopes []string) []string {
	request := OpenIDScopes()
	for _, scope := range scopes {
		scope = strings.TrimSpace(scope)
		if scope == "" || slices.Contains(request, strings.ToLower(scope)) {
			continue
		}
		if !strings.Contains(scope, "://") {
			scope = graphURL + "/" + scope
		}
		if !slices.Contains(request, scope) {
			request = append(request, scope)
		}
	}
	return request
}
