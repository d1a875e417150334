package graphtarget_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	t.Run("a name and a key are enough", func(t *testing.T) {
		got := f.admin.Call(http.MethodPost, targetsPath, f.target("Plain")).Status(http.StatusCreated)
		require.Equal(t, targetsPath+"/"+got.Text("id"), got.Header.Get("Location"))
		require.Equal(t, "v1.0", got.Text("apiVersion"))
		require.Equal(t, "Mailbox", got.Text("accountKeyName"))
		require.Equal(t, f.URL+targetsPath+"/"+got.Text("id")+"/graph", got.Text("url"))
		require.Equal(t, []any{"GET", "POST", "PUT", "PATCH", "DELETE"}, got.At("allowedMethods"))
		require.Equal(t, []any{"/**"}, got.At("allowedPaths"))
		require.Equal(t, []any{}, got.At("fixedHeaders"))
		require.InDelta(t, 60, got.At("timeoutSeconds"), 0)
		require.Equal(t, true, got.At("enabled"))
	})
	t.Run("what is given is kept, in its plain form", func(t *testing.T) {
		got := f.admin.Call(http.MethodPost, targetsPath, f.target("Full", with("apiVersion", "beta"), with("basePath", "/me/"),
			with("allowedMethods", []string{"post", "GET", "POST"}), with("allowedPaths", []string{"/me/messages/*", "/me/messages/*"}),
			with("fixedHeaders", []any{map[string]any{"name": "prefer", "value": `IdType="ImmutableId"`}}),
			with("timeoutSeconds", 5), with("enabled", false))).Status(http.StatusCreated)
		require.Equal(t, "/me", got.Text("basePath"))
		require.Equal(t, []any{"GET", "POST"}, got.At("allowedMethods"))
		require.Equal(t, []any{"/me/messages/*"}, got.At("allowedPaths"))
		require.Equal(t, []any{map[string]any{"name": "Prefer", "value": `IdType="ImmutableId"`}}, got.At("fixedHeaders"))
		require.Equal(t, false, got.At("enabled"))
	})
	t.Run("a name is taken once, whatever its case", func(t *testing.T) {
		f.create("Taken")
		got := f.admin.Call(http.MethodPost, targetsPath, f.target("TAKEN")).Status(http.StatusUnprocessableEntity)
		require.Equal(t, []string{"name:taken"}, got.FieldErrors())
	})
	t.Run("whatever is wrong is named", func(t *testing.T) {
		header := func(name, value string) []any { return []any{map[string]any{"name": name, "value": value}} }
		for _, row := range []struct {
			field string
			value any
			want  string
		}{
			{"name", " ", "name:required"},
			{"accountKeyId", "", "accountKeyId:required"},
			{"accountKeyId", "0198d1b2-7c3e-7a4f-8b5c-6d7e8f901234", "accountKeyId:unknown"},
			{"accountKeyId", strings.Repeat("ﷺ", 9000), "accountKeyId:unknown"},
			{"apiVersion", "v2.0", "apiVersion:unknown"},
			{"basePath", "me", "basePath:invalid"},
			{"basePath", "/me/../users", "basePath:invalid"},
			{"basePath", "/me/%2e%2e", "basePath:invalid"},
			{"basePath", "//evil.example", "basePath:invalid"},
			{"basePath", "https://evil.example", "basePath:invalid"},
			{"basePath", "/\\evil.example", "basePath:invalid"},
			{"basePath", "@evil.example", "basePath:invalid"},
			{"basePath", "/me?x=y", "basePath:invalid"},
			{"basePath", "/v1.0/me", "basePath:has_version"},
			{"allowedMethods", []string{}, "allowedMethods:required"},
			{"allowedMethods", []string{"GET", "CONNECT"}, "allowedMethods:unknown"},
			{"allowedPaths", []string{}, "allowedPaths:required"},
			{"allowedPaths", []string{"/me", "/me/**/x"}, "allowedPaths[1]:invalid"},
			{"fixedHeaders", header("Host", "evil.example"), "fixedHeaders[0].name:not_allowed"},
			{"fixedHeaders", header("authorization", "Bearer x"), "fixedHeaders[0].name:not_allowed"},
			{"fixedHeaders", header("Cookie", "a=b"), "fixedHeaders[0].name:not_allowed"},
			{"fixedHeaders", header("Transfer-Encoding", "chunked"), "fixedHeaders[0].name:not_allowed"},
			{"fixedHeaders", header("connection", "close"), "fixedHeaders[0].name:not_allowed"},
			{"fixedHeaders", header("x-forwarded-for", "::1"), "fixedHeaders[0].name:not_allowed"},
			{"fixedHeaders", header("X Y", "a"), "fixedHeaders[0].name:invalid"},
			{"fixedHeaders", header("X-Y\r\nHost", "a"), "fixedHeaders[0].name:invalid"},
			{"fixedHeaders", header("X-Y", "a\r\nHost: evil.example"), "fixedHeaders[0].value:invalid"},
			{"fixedHeaders", append(header("x-y", "a"), header("X-Y", "b")...), "fixedHeaders[1].name:twice"},
			{"timeoutSeconds", 0, "timeoutSeconds:out_of_range"},
			{"timeoutSeconds", 301, "timeoutSeconds:out_of_range"},
		} {
			got := f.admin.Call(http.MethodPost, targetsPath, f.target("Wrong", with(row.field, row.value)))
			require.Equal(t, http.StatusUnprocessableEntity, got.Code, "%s %v: %s", row.field, row.value, got.Body)
			require.Equal(t, []string{row.want}, got.FieldErrors(), "%v", row.value)
		}
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 5 {
		f.create(fmt.Sprintf("Number %d", i), with("basePath", "/me"))
	}
	otherKey := f.admin.CreateKey("Other")
	f.create("Other's", with("accountKeyId", otherKey))
	names := func(query string) (out []string, cursor any) {
		got := f.admin.Call(http.MethodGet, targetsPath+query, nil).Status(http.StatusOK)
		for _, item := range got.Items() {
			name, _ := item["name"].(string)
			out = append(out, name)
		}
		return out, got.At("nextCursor")
	}
	t.Run("newest first, page by page", func(t *testing.T) {
		first, cursor := names("?limit=4")
		require.Equal(t, []string{"Other's", "Number 4", "Number 3", "Number 2"}, first)
		rest, end := names(fmt.Sprintf("?limit=4&cursor=%v", cursor))
		require.Equal(t, []string{"Number 1", "Number 0"}, rest)
		require.Nil(t, end)
	})
	t.Run("narrowed by words and by key", func(t *testing.T) {
		found, _ := names("?q=NUMBER+3")
		require.Equal(t, []string{"Number 3"}, found)
		found, _ = names("?accountKeyId=" + otherKey)
		require.Equal(t, []string{"Other's"}, found)
		f.admin.Call(http.MethodGet, targetsPath+"?accountKeyId=x", nil).Status(http.StatusUnprocessableEntity)
	})
	t.Run("a program sees those of its keys", func(t *testing.T) {
		bearer, _ := f.admin.Program("reader", []string{"targets:read", "targets:write"}, []string{otherKey})
		got := f.Call(http.MethodGet, targetsPath, nil, bearer...).Status(http.StatusOK)
		require.Len(t, got.Items(), 1)
		id, _ := got.Items()[0]["id"].(string)
		denied := f.Call(http.MethodPatch, targetsPath+"/"+id, map[string]any{"accountKeyId": f.keyID}, bearer...).
			Status(http.StatusUnprocessableEntity)
		require.Equal(t, []string{"accountKeyId:unknown"}, denied.FieldErrors())
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create("Changed")
	path := targetsPath + "/" + id
	first := f.admin.Call(http.MethodGet, path, nil).Status(http.StatusOK).Header.Get("ETag")
	second := f.admin.Call(http.MethodPatch, path, map[string]any{"allowedMethods": []string{"GET"}, "enabled": false}, "If-Match", first).Status(http.StatusOK)
	require.NotEqual(t, first, second.Header.Get("ETag"))
	require.Equal(t, []any{"GET"}, second.At("allowedMethods"))
	f.admin.Call(http.MethodPatch, path, map[string]any{"enabled": true}, "If-Match", first).Status(http.StatusPreconditionFailed)
	f.admin.Call(http.MethodDelete, path, nil, "If-Match", first).Status(http.StatusPreconditionFailed)
	f.admin.Call(http.MethodDelete, path, nil, "If-Match", second.Header.Get("ETag")).Status(http.StatusNoContent)
	f.admin.Call(http.MethodGet, path, nil).Status(http.StatusNotFound)
}

func TestKeyDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create("Gone with its key")
	usage := f.admin.Call(http.MethodGet, keysPath+"/"+f.keyID+"/usage", nil).Status(http.StatusOK)
	require.Equal(t, []any{map[string]any{"id": id, "name": "Gone with its key"}}, usage.At("targets"))
	f.admin.Call(http.MethodDelete, keysPath+"/"+f.keyID, nil).Status(http.StatusNoContent)
	f.admin.Call(http.MethodGet, targetsPath+"/"+id, nil).Status(http.StatusNotFound)
	log := f.admin.Call(http.MethodGet, "/api/v1/audit-entries?objectId="+id, nil).Status(http.StatusOK).Items()
	require.Equal(t, "target.deleted", log[0]["action"])
	require.True(t, strings.HasPrefix(fmt.Sprint(log[0]["message"]), "Deleted with its account key"))
}
