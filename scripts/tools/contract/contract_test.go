package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sample = "testdata/sample"

// at follows a path of member names through a JSON document.
func at(t *testing.T, document []byte, path ...string) any {
	t.Helper()
	var node any
	require.NoError(t, json.Unmarshal(document, &node))
	for _, name := range path {
		object, ok := node.(map[string]any)
		require.True(t, ok, "%s is not in an object", name)
		require.Contains(t, object, name)
		node = object[name]
	}
	return node
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	docs, err := generate(sample)
	require.NoError(t, err)

	t.Run("the same source gives the same bytes", func(t *testing.T) {
		t.Parallel()
		again, err := generate(sample)
		require.NoError(t, err)
		require.Equal(t, string(docs.v31), string(again.v31))
		require.Equal(t, string(docs.v30), string(again.v30))
	})
	t.Run("a required pointer may be null, in the words of each version", func(t *testing.T) {
		t.Parallel()
		field := []string{"components", "schemas", "Key", "properties", "authorizedAt"}
		require.Equal(t, map[string]any{"type": "string", "format": "date-time", "nullable": true}, at(t, docs.v30, field...))
		require.Equal(t, map[string]any{"type": []any{"string", "null"}, "format": "date-time"}, at(t, docs.v31, field...))
	})
	t.Run("a required pointer to an object may be null", func(t *testing.T) {
		t.Parallel()
		ref := map[string]any{"$ref": "#/components/schemas/Account"}
		field := []string{"components", "schemas", "Key", "properties", "account"}
		require.Equal(t, map[string]any{"type": "object", "allOf": []any{ref}, "nullable": true}, at(t, docs.v30, field...))
		require.Equal(t, map[string]any{"anyOf": []any{ref, map[string]any{"type": "null"}}}, at(t, docs.v31, field...))
	})
	t.Run("an optional pointer may be left out but is never null", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, map[string]any{"type": "string"}, at(t, docs.v31, "components", "schemas", "Key", "properties", "hint"))
		require.NotContains(t, at(t, docs.v31, "components", "schemas", "Key", "required"), "hint")
	})
	t.Run("a page of a generic type has its items and its cursor", func(t *testing.T) {
		t.Parallel()
		page := []string{"components", "schemas", "KeyPage", "properties"}
		require.Equal(t, "#/components/schemas/Key", at(t, docs.v31, append(page, "items", "items", "$ref")...))
		require.Equal(t, []any{"string", "null"}, at(t, docs.v31, append(page, "nextCursor", "type")...))
	})
	t.Run("a route takes a token with the permission, or a session", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []any{
			map[string]any{"ApiClientToken": []any{"keys:read"}},
			map[string]any{"SessionCookie": []any{}},
		}, at(t, docs.v31, "paths", "/api/v1/keys", "get", "security"))
		require.Equal(t, []any{map[string]any{"SessionCookie": []any{}}}, at(t, docs.v31, "paths", "/api/v1/keys/{id}", "patch", "security"))
		require.Equal(t, "keys:write", at(t, docs.v31, "paths", "/api/v1/keys/{id}", "patch", "x-permission"))
		require.Empty(t, at(t, docs.v31, "paths", "/api/v1/permissions", "get", "security"))
	})
	t.Run("the scopes are the permissions", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, map[string]any{"keys:read": "Read keys", "keys:write": "Change keys"},
			at(t, docs.v30, "components", "securitySchemes", "ApiClientToken", "flows", "clientCredentials", "scopes"))
	})
	t.Run("failures are problems and successes are not", func(t *testing.T) {
		t.Parallel()
		create := []string{"paths", "/api/v1/keys", "post", "responses"}
		for _, status := range []string{"400", "401", "403", "422", "503", "default"} {
			content := at(t, docs.v31, append(create, status, "content")...)
			require.Contains(t, content, problemMedia, status)
			require.NotContains(t, content, jsonMedia, status)
		}
		require.Contains(t, at(t, docs.v31, append(create, "201", "content")...), jsonMedia)
		require.Contains(t, at(t, docs.v31, append(create, "503", "headers")...), "Retry-After")
		require.Contains(t, at(t, docs.v31, "paths", "/api/v1/keys/{id}", "patch", "responses"), "412")
	})
	t.Run("what is sent takes no other members, what is answered may get more", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, false, at(t, docs.v31, "components", "schemas", "KeyCreate", "additionalProperties"))
		require.NotContains(t, at(t, docs.v31, "components", "schemas", "Key"), "additionalProperties")
	})
	t.Run("what API clients may call says how often, and that it isn't more", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"RateLimit", "RateLimit-Policy"} {
			require.Contains(t, at(t, docs.v31, "components", "headers"), name)
			for _, path := range [][]string{{"/api/v1/keys", "get", "responses", "200"}, {"/api/v1/keys", "post", "responses", "429"}, {"/oauth/token", "post", "responses", "429"}} {
				require.Equal(t, map[string]any{"$ref": "#/components/headers/" + name}, at(t, docs.v31, append(append([]string{"paths"}, path...), "headers", name)...))
			}
		}
		require.Contains(t, at(t, docs.v31, "paths", "/api/v1/keys", "get", "responses", "429", "headers"), "Retry-After")
		require.Contains(t, at(t, docs.v31, "paths", "/oauth/token", "post", "responses", "429", "content"), problemMedia)
		require.NotContains(t, at(t, docs.v31, "paths", "/api/v1/keys/{id}", "patch", "responses"), "429") // people only
		require.NotContains(t, at(t, docs.v31, "paths", "/api/v1/permissions", "get", "responses"), "429")
	})
	t.Run("what is sent and what is answered has an example of its schema", func(t *testing.T) {
		t.Parallel()
		body := []string{"paths", "/api/v1/keys", "post", "requestBody", "content", jsonMedia, "example"}
		require.Equal(t, map[string]any{"name": "Post"}, at(t, docs.v31, body...))
		answer := at(t, docs.v31, "paths", "/api/v1/keys", "get", "responses", "200", "content", jsonMedia, "example")
		item := answer.(map[string]any)["items"].([]any)[0].(map[string]any)
		require.Equal(t, "draft", item["status"])
		require.Equal(t, map[string]any{"objectId": "0198"}, item["owner"])
		require.Equal(t, []any{"Mail.Read"}, item["scopes"])
		require.Nil(t, item["authorizedAt"])
		created := at(t, docs.v31, "paths", "/api/v1/keys", "post", "responses", "201", "content", jsonMedia, "example")
		require.Equal(t, "active", created.(map[string]any)["status"])
	})
	t.Run("a failure that asks to sign in says how", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, at(t, docs.v31, "paths", "/api/v1/keys", "get", "responses", "401", "headers"), "WWW-Authenticate")
	})
	t.Run("values of an enum are named without their package", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []any{"Draft", "Active"}, at(t, docs.v31, "components", "schemas", "KeyStatus", "x-enum-varnames"))
		require.Equal(t, []any{"KeysRead", "KeysWrite"}, at(t, docs.v30, "components", "schemas", "Permission", "x-enum-varnames"))
	})
	t.Run("no security scheme is called as a schema is", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, at(t, docs.v31, "components", "securitySchemes"), "ApiClientToken")
		require.NotContains(t, at(t, docs.v31, "components", "securitySchemes"), "ApiClient")
	})
	t.Run("OAuth's errors stay OAuth's", func(t *testing.T) {
		t.Parallel()
		responses := at(t, docs.v31, "paths", "/oauth/token", "post", "responses")
		require.NotContains(t, responses, "403")
		require.Contains(t, at(t, docs.v31, "paths", "/oauth/token", "post", "responses", "default", "content"), problemMedia)
		require.Contains(t, at(t, docs.v31, "paths", "/oauth/token", "post", "responses", "400", "content"), jsonMedia)
	})
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("check passes what was just written and refuses what was edited", func(t *testing.T) {
		t.Parallel()
		out := t.TempDir()
		require.ErrorContains(t, run(sample, out, true), "out of date")
		require.NoError(t, run(sample, out, false))
		require.NoError(t, run(sample, out, true))
		require.NoError(t, os.WriteFile(filepath.Join(out, "openapi.json"), []byte("{}"), 0o600))
		require.ErrorContains(t, run(sample, out, true), "openapi.json is out of date")
	})
	t.Run("every mistake in the comments is named", func(t *testing.T) {
		t.Parallel()
		source := editedSample(t, "key/api.go",
			"// @ID        listKeys\n", "",
			"keys:write]", "keys:paint]",
			"} // @name KeyCreated", "}",
		)
		_, err := generate(source)
		require.ErrorContains(t, err, "GET /api/v1/keys: @ID, @Summary and @Tags are needed")
		require.ErrorContains(t, err, `the permission "keys:paint", which does not exist`)
		require.ErrorContains(t, err, "type key.keyCreated has no `// @name`")
	})
	t.Run("a field that nobody knows an example of is named", func(t *testing.T) {
		t.Parallel()
		_, err := generate(editedSample(t, "key/api.go", `json:"name" validate`, `json:"nickname" validate`))
		require.ErrorContains(t, err, "there is no example of KeyCreate.nickname")
	})
	t.Run("an example that is not as its schema says is refused", func(t *testing.T) {
		t.Parallel()
		_, err := generate(editedSample(t, "key/api.go", `json:"name" validate:"required" maxLength:"100"`, `json:"name" validate:"required" maxLength:"3"`))
		require.ErrorContains(t, err, "maximum string length is 3")
	})
}

// editedSample copies the sample into a folder of its own, inside this module because swag asks
// `go list` for its import path, and replaces text in one file.
func editedSample(t *testing.T, file string, replacements ...string) string {
	t.Helper()
	source, err := os.MkdirTemp("testdata", "edited-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(source)) })
	require.NoError(t, os.CopyFS(source, os.DirFS(sample)))
	path := filepath.Join(source, file)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	text := strings.NewReplacer(replacements...).Replace(string(content))
	require.NotEqual(t, string(content), text)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return source
}
