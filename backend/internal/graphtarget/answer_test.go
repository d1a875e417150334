package graphtarget_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bearer := f.program()
	id := f.create("All", with("basePath", "/me"))
	own := f.URL + path(id, "")
	graph := f.Config.Clouds[len(f.Config.Clouds)-1].GraphURL

	t.Run("a list is read to its end by its links", func(t *testing.T) {
		next, pages, messages := own+"/messages?$top=2&$select=subject", 0, 0
		for next != "" {
			require.True(t, strings.HasPrefix(next, own+"/messages?"), next)
			got := f.Call(http.MethodGet, next, nil, bearer...).Status(http.StatusOK)
			list, _ := got.At("value").([]any)
			messages += len(list)
			pages++
			next, _ = got.At("@odata.nextLink").(string)
		}
		require.Greater(t, pages, 1)
		require.Greater(t, messages, 2)
	})
	// pass answers with a body and returns what comes through.
	pass := func(t *testing.T, body, contentType string, chunked bool) string {
		t.Helper()
		f.probe.answer(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for part := range slicesOf(body, chunked) {
				_, _ = io.WriteString(w, part)
				if chunked {
					_ = http.NewResponseController(w).Flush()
				}
			}
		})
		return string(f.Call(http.MethodGet, path(id, "/probe"), nil, bearer...).Status(http.StatusOK).Body)
	}
	const odata = "application/json;odata.metadata=minimal"
	inside := graph + "/v1.0/me/messages?$skip=10&x=%2F"
	t.Run("what lies inside leads here, byte for byte the rest", func(t *testing.T) {
		for _, row := range []struct{ from, want string }{
			{`{"a":1,"@odata.nextLink":"LINK","value":[]}`, `{"a":1,"@odata.nextLink":"OWN","value":[]}`},
			{`{ "@odata.deltaLink" : "LINK" }`, `{ "@odata.deltaLink" : "OWN" }`},
			{`{"\u0040odata.nextLink":"LINK"}`, `{"\u0040odata.nextLink":"OWN"}`},
			{`{"value":[{"@odata.nextLink":"LINK"}],"x":{"@odata.nextLink":"LINK"}}`, ""},
			{`{"x":"@odata.nextLink","y":"LINK"}`, ""},
			{`[{"@odata.nextLink":"LINK"}]`, ""},
			{`"LINK"`, ""},
			{`{"@odata.nextLink":null,"uploadUrl":"LINK"}`, ""},
			{`{"a\"@odata.nextLink":"LINK","b":"\\","@odata.nextLink":"LINK"}`, `{"a\"@odata.nextLink":"LINK","b":"\\","@odata.nextLink":"OWN"}`},
			{`{"@odata.nextLink":"LINK`, ""},
			{`{"a":"` + strings.Repeat("ä\\n", 40_000) + `","@odata.nextLink":"LINK"}`, `{"a":"` + strings.Repeat("ä\\n", 40_000) + `","@odata.nextLink":"OWN"}`},
			{"not JSON at all", ""},
			{"", ""},
		} {
			from := strings.ReplaceAll(row.from, "LINK", inside)
			want := from
			if row.want != "" {
				want = strings.NewReplacer("LINK", inside, "OWN", own+"/messages?$skip=10&x=%2F").Replace(row.want)
			}
			require.Equal(t, want, pass(t, from, odata, false))
			require.Equal(t, want, pass(t, from, "application/json", true), "in small parts")
		}
	})
	t.Run("what lies outside stays as it is", func(t *testing.T) {
		for _, link := range []string{
			"https://evil.example/v1.0/me/messages", graph + "/beta/me/messages", graph + "/v1.0/users/x", graph + "/v1.0/memories", graph + "/v1.0/me/../users",
			graph + "/v1.0/me/%2e%2e/users", graph + ".evil.example/v1.0/me", "//evil.example/v1.0/me", "/v1.0/me", "https://x@" + strings.TrimPrefix(graph, "http://") + "/v1.0/me", "",
		} {
			body := fmt.Sprintf(`{"@odata.nextLink":%q}`, link)
			require.Equal(t, body, pass(t, body, odata, false))
		}
	})
	t.Run("what is no JSON stays as it is", func(t *testing.T) {
		body := `{"@odata.nextLink":"` + inside + `"}`
		require.Equal(t, body, pass(t, body, "text/plain", false))
	})
}

// slicesOf yields a text whole, or in parts of seven bytes.
func slicesOf(text string, small bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for small && len(text) > 7 && len(text) < 1000 {
			if !yield(text[:7]) {
				return
			}
			text = text[7:]
		}
		yield(text)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bearer := f.program()
	id := f.create("All", with("basePath", "/me"))
	list := f.Call(http.MethodGet, path(id, "/messages?$top=1"), nil, bearer...).Status(http.StatusOK)
	message, _ := list.At("value").([]any)[0].(map[string]any)["id"].(string)
	open := func(t *testing.T, size int) string {
		t.Helper()
		made := f.Call(http.MethodPost, path(id, "/messages/"+message+"/attachments/createUploadSession"), map[string]any{
			"AttachmentItem": map[string]any{"attachmentType": "file", "name": "plan.pdf", "size": size},
		}, bearer...).Status(http.StatusCreated)
		require.NotContains(t, string(made.Body), "authtoken")
		require.True(t, strings.HasPrefix(made.Text("uploadUrl"), f.URL+targetsPath+"/"+id+"/uploads/"))
		return made.Text("uploadUrl")
	}
	put := func(address string, part []byte, contentRange string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, bytes.NewReader(part))
		require.NoError(t, err)
		request.Header.Set(bearer[0], bearer[1])
		request.Header.Set("Content-Range", contentRange)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	t.Run("goes in parts to where the session is, without a token", func(t *testing.T) {
		content := bytes.Repeat([]byte("0123456789"), 300_000)
		address := open(t, len(content))
		half := 2_000_000
		first := put(address, content[:half], fmt.Sprintf("bytes 0-%d/%d", half-1, len(content)))
		require.Equal(t, http.StatusOK, first.StatusCode)
		var state map[string]any
		require.NoError(t, json.NewDecoder(first.Body).Decode(&state))
		require.Equal(t, []any{"2000000"}, state["NextExpectedRanges"])
		f.Call(http.MethodGet, address, nil, bearer...).Status(http.StatusOK)
		last := put(address, content[half:], fmt.Sprintf("bytes %d-%d/%d", half, len(content)-1, len(content)))
		require.Equal(t, http.StatusCreated, last.StatusCode)
		require.NotEmpty(t, last.Header.Get("Location"))
		require.Equal(t, content, f.Emulator.Uploads()[0].Received)
		for _, r := range f.Emulator.RequestsTo("upload", "") {
			require.NotContains(t, r.Headers, "Authorization")
			require.NotContains(t, r.Headers, "Cookie")
		}
		require.NotContains(t, f.Output.String(), "authtoken")
	})
	t.Run("can be ended", func(t *testing.T) {
		address := open(t, 10)
		f.Call(http.MethodDelete, address, nil, bearer...).Status(http.StatusNoContent)
		require.Equal(t, http.StatusNotFound, put(address, []byte("0123456789"), "bytes 0-9/10").StatusCode)
	})
	t.Run("a handle is good for its target alone, and not for ever", func(t *testing.T) {
		address := open(t, 10)
		other := f.create("Other")
		foreign := strings.Replace(address, id, other, 1)
		require.Equal(t, "upload_not_found", f.Call(http.MethodGet, foreign, nil, bearer...).Status(http.StatusNotFound).Text("code"))
		for _, bad := range []string{address[:len(address)-1], address + "A", address + "/x", address[:len(address)-40] + strings.Repeat("A", 40)} {
			f.Call(http.MethodGet, bad, nil, bearer...).Status(http.StatusNotFound)
		}
		f.Emulator.Advance(25 * 60 * 60 * 1e9)
		f.admin.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password}).Status(http.StatusOK)
		again := f.program()
		require.Equal(t, "upload_not_found", f.Call(http.MethodGet, address, nil, again...).Status(http.StatusNotFound).Text("code"))
	})
}

func TestUnauthorized(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bearer := f.program()
	id := f.create("All")
	sends := func() int { return f.Emulator.Count("graph.GET /me") }
	t.Run("a token that Graph no longer takes is refreshed, and the call made again", func(t *testing.T) {
		f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusOK)
		f.Emulator.Advance(6 * 1e9)
		f.Emulator.Fail(emulator.Failure{Endpoint: "graph", Detail: "GET /me", Times: 1, Status: 401})
		before, refreshes := sends(), f.Emulator.Count("token.refresh_token")
		f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusOK)
		require.Equal(t, before+2, sends())
		require.Equal(t, refreshes+1, f.Emulator.Count("token.refresh_token"))
	})
	t.Run("once", func(t *testing.T) {
		f.Emulator.Advance(6 * 1e9)
		failure := f.Emulator.Fail(emulator.Failure{Endpoint: "graph", Detail: "GET /me", Status: 401})
		before := sends()
		got := f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusUnauthorized)
		f.Emulator.ClearFailure(failure)
		require.Equal(t, "InvalidAuthenticationToken", got.Text("error", "code"))
		require.Equal(t, before+2, sends())
	})
	t.Run("with the body, if that is small; what was streamed cannot be sent again", func(t *testing.T) {
		var bodies []int
		f.probe.answer(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if bodies = append(bodies, len(body)); len(bodies) == 1 {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		for _, row := range []struct{ size, status, times int }{{60_000, 200, 2}, {70_000, 401, 1}} {
			f.Emulator.Advance(6 * 1e9)
			bodies = nil
			f.Call(http.MethodPost, path(id, "/probe"), strings.Repeat(" ", row.size), bearer...).Status(row.status)
			require.Len(t, bodies, row.times)
			require.Equal(t, row.size, bodies[len(bodies)-1])
		}
	})
}

func TestThrottled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bearer := f.program()
	id := f.create("All")
	f.Emulator.Fail(emulator.Failure{Endpoint: "graph", Detail: "GET /me", Times: 1, Status: 429, RetryAfter: "120"})
	told := f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusTooManyRequests)
	require.Equal(t, "120", told.Header.Get("Retry-After"))
	require.Equal(t, "ApplicationThrottled", told.Text("error", "code"), "Graph's own words")
	before := f.Emulator.Count("graph")
	spared := f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusTooManyRequests)
	require.Equal(t, "mailbox_throttled", spared.Text("code"))
	require.NotEmpty(t, spared.Header.Get("Retry-After"))
	require.Equal(t, before, f.Emulator.Count("graph"), "Microsoft is left alone")
	f.Emulator.Advance(121 * 1e9)
	f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusOK)
	f.Emulator.Fail(emulator.Failure{Endpoint: "graph", Detail: "GET /me", Times: 1, Status: 503, RetryAfter: "1"})
	f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusServiceUnavailable)
	f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusOK) // after a moment
}
