package emulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const declared = `{"access_token":{"xms_cc":{"values":["cp1"]}}}`

func TestContinuousAccess(t *testing.T) {
	t.Parallel()
	events := map[string]func(w *world) error{
		"blocking the person":      func(w *world) error { return w.SetUserEnabled("mara", false) },
		"an administrator's reset": func(w *world) error { return w.ResetPassword("mara", "another-password", true) },
		"a changed password":       func(w *world) error { return w.ResetPassword("mara", "another-password", false) },
		"revoking the sessions":    func(w *world) error { return w.RevokeSessions("mara") },
		"a second factor":          func(w *world) error { return w.ChangeUser("mara", func(u *emulator.User) { u.MFA = true }) },
		"a challenge by the API": func(w *world) error {
			if r := w.do(w.request(http.MethodPost, "/_emulator/users/mara/challenge", "")); r.status != 204 {
				return fmt.Errorf("HTTP %d", r.status)
			}
			return nil
		},
	}
	for name, happen := range events {
		t.Run(name+" challenges at once who declared it, and nobody else", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			plain := w.redeem(w.code()).text("access_token")
			r := w.redeem(w.code(), "claims", declared)
			capable := r.text("access_token")
			require.GreaterOrEqual(t, r.body["expires_in"], 20.0*3600)
			require.NotEmpty(t, r.body["refresh_in"])
			require.Equal(t, []any{"cp1"}, claims(t, capable)["xms_cc"])
			require.NotContains(t, claims(t, plain), "xms_cc")
			require.Equal(t, 200, w.graph(capable, http.MethodGet, "/v1.0/me", "").status)
			require.NoError(t, happen(w))
			require.Equal(t, 200, w.graph(plain, http.MethodGet, "/v1.0/me", "").status)
			refused := w.graph(capable, http.MethodGet, "/v1.0/me", "")
			requireGraph(t, refused, 401, "InvalidAuthenticationToken")
			challenge := regexp.MustCompile(`error="insufficient_claims", claims="([^"]+)"`).FindStringSubmatch(refused.header.Get("WWW-Authenticate"))
			require.NotNil(t, challenge)
			got, err := base64.StdEncoding.DecodeString(challenge[1])
			require.NoError(t, err)
			since := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, w.Now().Unix())
			require.JSONEq(t, since, string(got))
		})
	}
	t.Run("a token given afterwards passes, declared at authorize alone too", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		first := w.redeem(w.code("claims", declared))
		require.NoError(t, w.Challenge("mara"))
		require.Equal(t, 401, w.graph(first.text("access_token"), http.MethodGet, "/v1.0/me", "").status)
		again := w.refresh(first.text("refresh_token"), "claims", declared)
		require.Equal(t, 200, again.status, again.raw)
		require.Equal(t, 200, w.graph(again.text("access_token"), http.MethodGet, "/v1.0/me", "").status)
	})
	t.Run("a deleted person's token finds nobody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "User.Read")
		require.NoError(t, w.DeleteUser("mara"))
		requireGraph(t, w.graph(token, http.MethodGet, "/v1.0/me", ""), 404, "Request_ResourceNotFound")
	})
}
