package entra_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

var plain = regexp.MustCompile(`^[\x20-\x7e]*$`)

func FuzzParseAnswer(f *testing.F) {
	f.Add(400, "application/json", `{"error":"invalid_grant","error_codes":[50173],"suberror":"bad_token","claims":"{}"}`)
	f.Add(401, "application/json", `{"error":"invalid_client","error_description":"AADSTS7000215: x Trace ID: 1 Correlation ID: 2 Timestamp: 2026-03-04 09:15:02Z"}`)
	f.Add(400, "text/html", `<html>`)
	f.Add(200, "", `{"error":["x"],"error_codes":{},"error_uri":":"}`)
	f.Add(503, "x/y;;", `null`)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		const sent = "sent-secret-value"
		failed := entra.ParseAnswerForTest(status, contentType, []byte(strings.ReplaceAll(body, "x", sent)), secret.New(sent))
		requireTame(t, failed)
		require.NotContains(t, failed.Error()+failed.Claims, sent)
		if status < 400 || status > 403 || status == 402 {
			require.Equal(t, entra.ClassTransient, failed.Advice().Class)
		}
		failed = entra.ParseAnswerForTest(status, contentType, []byte(body))
		requireTame(t, failed)
	})
}

func FuzzCallbackError(f *testing.F) {
	f.Add("error=access_denied&error_subcode=cancel")
	f.Add("error=access_denied&error_description=AADSTS65004%3a+x%0d%0aTrace+ID%3a+1&error_uri=https%3a%2f%2fl%2ferror%3fcode%3d65004")
	f.Add("error=%00&error_description=AADSTS99999999999999&error_uri=%25zz")
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query)
		if failed := entra.CallbackError(values); failed != nil {
			requireTame(t, failed)
		} else {
			require.Empty(t, values.Get("error"))
		}
	})
}

func FuzzParseTokens(f *testing.F) {
	f.Add(`{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"a b","token_type":"Bearer"}`)
	f.Add(`{"access_token":"a","expires_in":"1e9999"}`)
	f.Add(`{"access_token":"a\n"}`)
	f.Fuzz(func(t *testing.T, body string) {
		tokens, err := entra.ParseTokensForTest([]byte(body))
		if err != nil {
			require.Equal(t, entra.Tokens{}, tokens)
			return
		}
		require.NotEmpty(t, tokens.AccessToken.Reveal())
		require.GreaterOrEqual(t, tokens.ExpiresIn, 0*tokens.ExpiresIn)
		require.LessOrEqual(t, tokens.ExpiresIn, entra.MaxExpiresIn)
		for _, token := range []secret.String{tokens.AccessToken, tokens.RefreshToken, tokens.IDToken} {
			require.Regexp(t, plain, token.Reveal())
			require.False(t, strings.ContainsAny(token.Reveal(), " \r\n"))
		}
	})
}

// requireTame holds for every error, whatever it was made from.
func requireTame(t *testing.T, failed *entra.Error) {
	t.Helper()
	require.Regexp(t, plain, failed.Error())
	require.Less(t, len(failed.Error()), 1000)
	require.LessOrEqual(t, len(failed.Numbers), 8)
	require.LessOrEqual(t, len(failed.Claims), 8<<10)
	require.True(t, utf8.ValidString(failed.Claims))
	require.GreaterOrEqual(t, failed.RetryAfter.Seconds(), 0.0)
	advice := failed.Advice()
	require.NotEmpty(t, advice.Class)
	require.Regexp(t, `^[a-z0-9_]+$`, advice.Code)
	require.NotEmpty(t, advice.Message)
	require.NotEmpty(t, advice.Fix)
}
