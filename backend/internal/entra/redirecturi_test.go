package entra_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestRedirectURIProblems(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"https://latchkey.fabrikam.example/oauth/callback":      "",
		"https://latchkey.fabrikam.example:8443/oauth/callback": "",
		"https://192.0.2.7/oauth/callback":                      "",
		"http://localhost:8080/oauth/callback":                  "",
		"http://127.0.0.1:8080/oauth/callback":                  "loopback_address",
		"http://latchkey.fabrikam.example/oauth/callback":       "plain_http!",
		"http://dev.localhost/oauth/callback":                   "plain_http!",
		"http://10.0.0.7/oauth/callback":                        "plain_http!",
		"https://[2001:db8::1]/oauth/callback":                  "ipv6!",
		"https://[::1]:8443/oauth/callback":                     "ipv6!",
		"https://schlüssel.example/oauth/callback":              "international_name!",
		"https://xn--schlssel-n4a.example/oauth/callback":       "international_name!",
		"https://a.example/oauth/(callback)":                    "character!",
		"https://a.example/oauth/callback#here":                 "character!",
		"https://*.example/oauth/callback":                      "character!",
		"https://a.example/" + strings.Repeat("x", 240):         "too_long!",
		"/oauth/callback":                                       "not_a_url!",
	} {
		var got []string
		for _, problem := range entra.RedirectURIProblems(uri) {
			require.NotEmpty(t, problem.Message)
			require.NotEmpty(t, problem.Fix)
			code := problem.Code
			if problem.Refused {
				code += "!"
			}
			got = append(got, code)
		}
		require.Equal(t, want, strings.Join(got, " "), uri)
	}
}
