package graphtarget

import (
	"net/http"
	"strings"
)

// ours reports headers of a request that are not for a caller to pass on, nor for a target to set: those of
// the connection (RFC 9110 §7.6.1), those that say who is calling or on whose behalf, and those that are
// made anew for each call.
func ours(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings",
		"Authorization", "Proxy-Authorization", "Proxy-Authenticate", "Cookie", "Cookie2", "Host", "Content-Length", "Expect",
		"Accept-Encoding", "Forwarded", "Via", "X-Real-Ip", "True-Client-Ip", "X-Identity-Header", "X-Http-Method", "X-Http-Method-Override", "X-Method-Override",
		"X-Original-Url", "X-Rewrite-Url", "Origin", "Referer":
		return true
	default:
		return strings.HasPrefix(http.CanonicalHeaderKey(name), "X-Forwarded-") || strings.HasPrefix(http.CanonicalHeaderKey(name), "Sec-") ||
			strings.Contains(name, "_") // some servers take it for a hyphen
	}
}
