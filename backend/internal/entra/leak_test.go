package entra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// TestNoSecretInErrors has providers repeat whatever they were sent, in every place they can, and
// looks at the error in every way it can be printed.
func TestNoSecretInErrors(t *testing.T) {
	t.Parallel()
	const clientSecret, refreshToken, code, verifier = "clientsecretvalue", "refreshtokenvalue", "authorizationcodevalue", "verifiervalue"
	hidden := []string{clientSecret, refreshToken, code, verifier, "issuedtokenvalue"}

	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			one := r.PostForm.Get("client_secret")
			other := first(r.PostForm.Get("refresh_token"), r.PostForm.Get("code"), one)
			all := r.PostForm.Encode()
			replyingJSON(status, map[string]any{
				"error": other, "suberror": one, "trace_id": other, "correlation_id": one, "timestamp": one,
				"error_description": "AADSTS7000215: " + all + " Trace ID: " + other + " Correlation ID: " + one,
				"error_uri":         "https://x/?" + all, "claims": `{"a":"` + other + one + `"}`,
				"access_token": "issuedtokenvalue", "token_type": "x" + one,
			})(w, r)
		}
	}
	handlers := map[string]http.HandlerFunc{
		"in an error": echo(401), "in a success": echo(200), "in an outage": echo(500),
		"in a page":      replying(400, "text/html", refreshToken+clientSecret+code+verifier),
		"in broken JSON": replying(200, "application/json", `{"access_token":"issuedtokenvalue","refresh_token":"`+refreshToken),
		"in bad tokens":  replyingJSON(200, map[string]any{"access_token": "issuedtokenvalue\n", "refresh_token": refreshToken}),
		"in a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://x.invalid/"+refreshToken+clientSecret, http.StatusTemporaryRedirect)
		},
		"in no HTTP":       raw(clientSecret + refreshToken + code + "\r\n\r\n"),
		"in a bad header":  raw("HTTP/1.1 200 OK\r\n" + clientSecret + refreshToken + "\r\n\r\n"),
		"in a status line": raw("HTTP/1.1 2" + refreshToken + " " + code + "\r\n\r\n"),
		"in a length":      raw("HTTP/1.1 200 OK\r\nContent-Length: " + clientSecret + "\r\n\r\n"),
	}
	for name, handler := range handlers {
		t.Run("repeated "+name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, handler)
			var logged bytes.Buffer
			s.client.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			_, refresh := s.client.Refresh(t.Context(), s.provider, entra.RefreshRequest{
				ClientID: "client", ClientSecret: secret.New(clientSecret), RefreshToken: secret.New(refreshToken),
			})
			tokens, redeem := s.client.Redeem(t.Context(), s.provider, entra.RedeemRequest{
				ClientID: "client", ClientSecret: secret.New(clientSecret), Code: secret.New(code), Verifier: secret.New(verifier),
			})
			probe := s.client.Probe(t.Context(), s.provider, "client", secret.New(clientSecret))
			printed := logged.String() + fmt.Sprintf("%v %+v %#v", tokens, tokens, tokens)
			require.Error(t, refresh)
			require.Error(t, redeem)
			for _, err := range []error{refresh, redeem, probe} {
				printed += printedInEveryWay(t, err)
			}
			requireHidden(t, printed, hidden)
		})
	}
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // HTTP/1.1 always can
		if err != nil {
			return
		}
		defer func(c net.Conn) { _ = c.Close() }(connection)
		_, _ = io.WriteString(connection, answer)
	}
}

func printedInEveryWay(t *testing.T, err error) string {
	t.Helper()
	var all bytes.Buffer
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T"} {
			fmt.Fprintf(&all, verb+"\n", e)
		}
		var failed *entra.Error
		if errors.As(e, &failed) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
				fmt.Fprintf(&all, verb+"\n", *failed)
			}
			encoded, marshalErr := json.Marshal(failed)
			require.NoError(t, marshalErr)
			all.Write(encoded)
			fmt.Fprintf(&all, "%#v", failed.Advice())
		}
		slog.New(slog.NewTextHandler(&all, nil)).Error("x", "error", e)
	}
	return all.String()
}

func requireHidden(t *testing.T, printed string, hidden []string) {
	t.Helper()
	for _, value := range hidden {
		require.NotContains(t, printed, value)
		require.NotContains(t, printed, fmt.Sprintf("%x", value))
		require.NotContains(t, printed, fmt.Sprintf("%X", value))
	}
}
