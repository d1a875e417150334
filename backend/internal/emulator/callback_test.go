package emulator_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestCallbacks(t *testing.T) {
	t.Parallel()
	listed := func(t *testing.T, w *world) map[string]any {
		list := decodeList(t, w.do(w.request(http.MethodGet, "/_emulator/callbacks", "")))
		require.NotEmpty(t, list)
		return list[len(list)-1]
	}
	again := func(t *testing.T, w *world, query string) url.Values {
		id, ok := listed(t, w)["id"].(string)
		require.True(t, ok)
		r := w.do(w.request(http.MethodGet, "/_emulator/callbacks/"+id+query, ""))
		require.Equal(t, http.StatusFound, r.status, r.raw)
		u, err := url.Parse(r.header.Get("Location"))
		require.NoError(t, err)
		return u.Query()
	}
	t.Run("an answer can be sent again, to the letter", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := w.answer(w.authorizeURL(), "mara", emulator.Accept)
		require.Equal(t, q, again(t, w, ""))
		require.Equal(t, "forged", again(t, w, "?state=forged").Get("state"))
		require.Equal(t, q.Get("code"), again(t, w, "?state=forged").Get("code"))
		require.Equal(t, 200, w.redeem(q.Get("code")).status)
		requireSTS(t, w.redeem(again(t, w, "").Get("code")), 400, 54005, "invalid_grant")
	})
	t.Run("the list tells who and what, but neither code nor state", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		q := w.answer(w.authorizeURL("state", "keep-this-to-yourself"), "mara", emulator.Accept)
		c := listed(t, w)
		require.Equal(t, w.User("mara").ObjectID, c["user"])
		require.Equal(t, "code", c["result"])
		all := w.do(w.request(http.MethodGet, "/_emulator/callbacks", "")).raw
		require.NotContains(t, all, q.Get("code"))
		require.NotContains(t, all, "keep-this-to-yourself")
	})
	t.Run("a form is sent again as a form", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.open(w.authorizeURL("response_mode", "form_post")).press("cancel")
		c := listed(t, w)
		require.Equal(t, "access_denied", c["result"])
		id, ok := c["id"].(string)
		require.True(t, ok)
		r := w.do(w.request(http.MethodGet, "/_emulator/callbacks/"+id, ""))
		require.Contains(t, r.raw, `name="error_subcode" value="cancel"`)
		require.Equal(t, 404, w.do(w.request(http.MethodGet, "/_emulator/callbacks/none", "")).status)
	})
	t.Run("a sign-in that ends on a page sends nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.open(w.authorizeURL("client_id", "none"))
		_, err := w.SignIn(w.authorizeURL(), "mara", emulator.Abandon)
		require.Error(t, err)
		require.Empty(t, w.Callbacks())
	})
}
