package graphtarget_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bearer := f.program()
	id := f.create("Mail", with("basePath", "/me"), with("allowedMethods", []string{"GET"}), with("allowedPaths", []string{"/me", "/me/messages/**", "/me/mailFolders/*"}))
	item := func(method, url string, more ...string) string {
		return fmt.Sprintf(`{"id":"1","method":%q,"url":%q%s}`, method, url, strings.Join(more, ""))
	}
	send := func(t *testing.T, items ...string) (int, string, string) {
		t.Helper()
		got := f.Call(http.MethodPost, path(id, "/$batch"), `{"requests":[`+strings.Join(items, ",")+`]}`, bearer...)
		code, _ := got.At("code").(string)
		return got.Code, code, string(got.Body)
	}
	t.Run("what is allowed one by one is allowed together", func(t *testing.T) {
		status, _, body := send(t, item("GET", "/me"), `{"id":"2","method":"get","url":"me/messages?$top=1","dependsOn":["1"],"headers":{"Prefer":"x"}}`)
		require.Equal(t, http.StatusOK, status, body)
		var answer struct {
			Responses []struct {
				ID     string
				Status int
				Body   map[string]any
			}
		}
		require.NoError(t, json.Unmarshal([]byte(body), &answer))
		require.Len(t, answer.Responses, 2)
		require.Equal(t, 200, answer.Responses[1].Status)
		require.NotContains(t, body, f.URL, "links inside are not rewritten")
	})
	t.Run("what is not is named", func(t *testing.T) {
		before := f.Emulator.Count("graph")
		for _, bad := range []string{
			item("POST", "/me/messages"), item("DELETE", "/me/messages/x"), item("GET", "/users/x/messages"), item("GET", "/me/calendar"), item("GET", "/memories"),
			item("GET", "/me/../users"), item("GET", "/me/%2e%2e/users"), item("GET", "/me/messages/%252e%252e/x"), item("GET", "//evil.example/me"), item("GET", "https://evil.example/me"),
			item("GET", "/me\\users"), item("GET", "/me/mailFolders/a%2Fb"), item("GET", "/$batch"), item("GET", "/me/messages/$batch"), item("GET", "/v1.0/me"),
			item("GET", "/me", `,"headers":{"Authorization":"Bearer x"}`), item("GET", "/me", `,"headers":{"cookie":"x"}`), item("GET", "/me", `,"headers":{"X-HTTP-Method":"DELETE"}`),
			item("GET", "/me", `,"URL":"/users"`), item("GET", "/me", `,"method":"DELETE"`), `{"id":"1","method":"GET"}`, `{"id":"1","url":"/me"}`, `{"method":"GET","url":"/me"}`, `[]`, `null`,
			`{"id":"1","method":7,"url":"/me"}`,
		} {
			status, code, body := send(t, item("GET", "/me"), bad)
			require.Equal(t, http.StatusForbidden, status, "%s: %s", bad, body)
			require.Equal(t, "batch_item_refused", code, bad)
			require.Contains(t, body, "Request 2 of the batch", bad)
		}
		require.Equal(t, before, f.Emulator.Count("graph"))
	})
	t.Run("what is no batch is refused", func(t *testing.T) {
		for _, body := range []string{
			"", "{}", "[]", "null", `{"requests":[]}`, `{"requests":{}}`, `{"requests":[` + item("GET", "/me") + `],"Requests":[]}`, `{"requests":[` + item("GET", "/me") + `]}x`,
			`{"requests":[` + item("GET", "/me") + `],"x":1}`, `{"requests":[` + strings.TrimSuffix(strings.Repeat(item("GET", "/me")+",", 21), ",") + `]}`,
		} {
			got := f.Call(http.MethodPost, path(id, "/$batch"), body, bearer...)
			require.Equal(t, http.StatusBadRequest, got.Code, "%s: %s", body, got.Body)
			require.Equal(t, "bad_batch", got.Text("code"))
		}
		got := f.Call(http.MethodPost, path(id, "/$batch"), strings.Repeat(" ", 5<<20), bearer...)
		require.Equal(t, http.StatusRequestEntityTooLarge, got.Code)
		f.Call(http.MethodGet, path(id, "/$batch"), nil, bearer...).Status(http.StatusForbidden)
		f.Call(http.MethodPost, path(id, "/$batch"), "{}", append(bearer, "Content-Encoding", "gzip")...).Status(http.StatusBadRequest)
		for _, sneaky := range []string{"/%24batch", "/%24%62atch", "/$BATCH", "/messages/$batch", "/$batch/"} {
			got := f.Call(http.MethodPost, path(id, sneaky), `{"requests":[`+item("DELETE", "/users/x")+`]}`, bearer...)
			require.Contains(t, []int{http.StatusForbidden, http.StatusBadRequest}, got.Code, sneaky)
		}
	})
	t.Run("a batch by another spelling is looked at as well, whatever else is allowed", func(t *testing.T) {
		all := f.create("Everything", with("allowedPaths", []string{"/**", "/$batch"}))
		narrow := f.create("Nearly", with("allowedPaths", []string{"/*"}))
		for _, spelling := range []string{"/%24batch", "/$BATCH", "/$batch/", "/%24%62%61tch"} {
			got := f.Call(http.MethodPost, path(narrow, spelling), `{"requests":[`+item("GET", "/me/messages")+`]}`, bearer...)
			require.Equal(t, http.StatusForbidden, got.Code, spelling)
			got = f.Call(http.MethodPost, path(all, spelling), `{"requests":[`+item("GET", "/me", `,"headers":{"Authorization":"x"}`)+`]}`, bearer...)
			require.Equal(t, http.StatusForbidden, got.Code, spelling)
		}
	})
}
