package entra_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestCallbackError(t *testing.T) {
	t.Parallel()
	t.Run("a success is no error, whatever else stands in the link", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, entra.CallbackError(url.Values{"code": {"x"}, "state": {"y"}, "session_state": {"z"}, "iss": {"w"}}))
		require.Nil(t, entra.CallbackError(nil))
	})
	declined := map[string]url.Values{
		"declining the consent":                     {"error": {"access_denied"}, "error_description": {"AADSTS65004: User declined to consent.\r\nTrace ID: a-1"}},
		"declining it, by older documents":          {"error": {"consent_required"}, "error_description": {"AADSTS65004: User declined to consent."}},
		"declining it, number in error_uri only":    {"error": {"consent_required"}, "error_uri": {"https://login.example/error?code=65004"}},
		"cancelling the sign-in, no description":    {"error": {"access_denied"}, "error_subcode": {"cancel"}},
		"leaving the page that asks for an admin":   {"error": {"access_denied"}, "error_subcode": {"cancel"}, "error_description": {"AADSTS65004: x"}},
		"cancelling, told by the subcode only":      {"error_subcode": {"Cancel"}},
		"any other provider's way of declining":     {"error": {"access_denied"}},
		"cancelling beside another standard error":  {"error": {"server_error"}, "error_subcode": {"cancel"}},
		"declining, with a description of no shape": {"error": {"access_denied"}, "error_description": {"The user said no"}},
	}
	for name, query := range declined {
		t.Run(name+" is an answer, not a failure", func(t *testing.T) {
			t.Parallel()
			advice := entra.CallbackError(query).Advice()
			require.Equal(t, entra.ClassDeclined, advice.Class)
			require.Equal(t, "declined", advice.Code)
		})
	}
	t.Run("both ways to say no, pressed at the emulator", func(t *testing.T) {
		t.Parallel()
		for _, decision := range []emulator.Decision{emulator.Decline, emulator.Cancel} {
			w := newWorld(t)
			request, _ := w.authorizeRequest()
			location, err := w.emulator.SignIn(w.client.AuthorizeURL(w.provider(), request), "mara", decision)
			require.NoError(t, err)
			callback, err := url.Parse(location)
			require.NoError(t, err)
			require.Equal(t, request.State.Reveal(), callback.Query().Get("state"))
			require.Equal(t, entra.ClassDeclined, entra.CallbackError(callback.Query()).Advice().Class)
		}
	})
	t.Run("trouble of the service is transient", func(t *testing.T) {
		t.Parallel()
		for _, code := range []string{"server_error", "temporarily_unavailable"} {
			require.True(t, entra.CallbackError(url.Values{"error": {code}}).Transient())
		}
	})
	t.Run("an error nobody knows asks to start again", func(t *testing.T) {
		t.Parallel()
		advice := entra.CallbackError(url.Values{"error": {"<script>"}}).Advice()
		require.Equal(t, entra.ClassSignIn, advice.Class)
		require.Equal(t, "sign_in_failed", advice.Code)
	})
	t.Run("ids are read from the description", func(t *testing.T) {
		t.Parallel()
		failed := entra.CallbackError(url.Values{"error": {"access_denied"}, "error_description": {
			"AADSTS65004: Declined.\r\nTrace ID: 0d9b1c\r\nCorrelation ID: 5c1e-2\r\nTimestamp: 2026-03-04 09:12:44Z",
		}})
		require.Equal(t, "0d9b1c", failed.TraceID)
		require.Equal(t, "5c1e-2", failed.CorrelationID)
		require.Equal(t, "2026-03-04 09:12:44Z", failed.Timestamp)
	})
	t.Run("hostile parameters leave nothing behind", func(t *testing.T) {
		t.Parallel()
		evil := "<img src=x onerror=alert(1)>\x00\n" + strings.Repeat("A", 1<<20)
		failed := entra.CallbackError(url.Values{
			"error": {evil}, "error_description": {"Trace ID: " + evil}, "error_subcode": {evil},
			"error_uri": {"javascript:alert(1)//?code=1e9"}, "claims": {`{"a":` + evil},
		})
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", failed, *failed, failed), "onerror")
		require.Empty(t, failed.Code)
		require.Empty(t, failed.Suberror)
		require.Empty(t, failed.Claims)
		require.Empty(t, failed.Numbers)
	})
	t.Run("a flood of numbers is bounded", func(t *testing.T) {
		t.Parallel()
		var flood strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&flood, "AADSTS%d ", 100000+i)
		}
		require.LessOrEqual(t, len(entra.CallbackError(url.Values{
			"error": {"x"}, "error_description": {flood.String()},
		}).Numbers), 8)
	})
}
