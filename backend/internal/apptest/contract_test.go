package apptest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// clientCreated is the creation of an API client as it should be.
func clientCreated() exchange {
	return exchange{
		method: http.MethodPost, url: &url.URL{Path: "/api/v1/api-clients"},
		request: http.Header{"Content-Type": {"application/json"}},
		body:    []byte(`{"name":"billing","permissions":["mail:send"],"description":null}`),
		code:    http.StatusCreated,
		header:  http.Header{"Content-Type": {"application/json; charset=UTF-8"}, "Location": {"/x"}, "Etag": {`"1"`}},
		answer: []byte(`{"id":"1","name":"billing","description":"","permissions":["mail:send"],"allAccountKeys":false,"accountKeyIds":[],
			"disabled":false,"leashes":[],"rateLimitPerMinute":null,"secrets":[{"id":"2","hint":"lk_","createdAt":"2026-03-01T09:00:00Z","expiresAt":null,"lastUsedAt":null}],
			"createdAt":"2026-03-01T09:00:00Z","updatedAt":"2026-03-01T09:00:00Z","createdBy":{"type":"user","id":"u","name":"U"},
			"lastUsedAt":null,"secret":"lk_x"}`),
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) func(*exchange) {
		return func(x *exchange) {
			x.answer = []byte(strings.Replace(string(x.answer), old, with, 1))
			x.body = []byte(strings.Replace(string(x.body), old, with, 1))
		}
	}
	list := func(x *exchange) {
		x.method, x.body, x.code, x.answer = http.MethodGet, nil, http.StatusOK, []byte(`{"items":[],"nextCursor":null}`)
	}
	for name, change := range map[string]func(*exchange){
		"as the document says":     func(*exchange) {},
		"a list":                   list,
		"a list with a limit":      func(x *exchange) { list(x); x.url.RawQuery = "limit=7" },
		"a page of the web app":    func(x *exchange) { x.url.Path, x.code, x.answer = "/setup", http.StatusOK, []byte("<html>") },
		"nothing at an address":    func(x *exchange) { x.url.Path, x.code = "/api/v1/nothing", http.StatusNotFound },
		"a refused body":           func(x *exchange) { refuse(x, http.StatusBadRequest); x.body = []byte("x") },
		"a body that is too large": func(x *exchange) { refuse(x, http.StatusRequestEntityTooLarge) },
	} {
		t.Run("fits: "+name, func(t *testing.T) {
			t.Parallel()
			x := clientCreated()
			change(&x)
			require.NoError(t, x.check())
		})
	}
	for name, change := range map[string]func(*exchange){
		"a status that is not promised":      func(x *exchange) { x.code = http.StatusOK },
		"a failure that is not promised":     func(x *exchange) { refuse(x, http.StatusTeapot) },
		"a failure of the server":            func(x *exchange) { refuse(x, http.StatusInternalServerError) },
		"a failure that is no problem":       func(x *exchange) { refuse(x, http.StatusForbidden); x.header.Set("Content-Type", "application/json") },
		"a problem without its code":         func(x *exchange) { refuse(x, http.StatusForbidden); replace(`"code":"c",`, "")(x) },
		"a missing header":                   func(x *exchange) { x.header.Del("Location") },
		"a missing member":                   replace(`"disabled":false,`, ""),
		"a member more than is promised":     replace(`"disabled":false,`, `"disabled":false,"enabled":true,`),
		"a member more, deeper":              replace(`"hint":`, `"hash":"x","hint":`),
		"a member of another type":           replace(`"disabled":false`, `"disabled":"no"`),
		"null that is not promised":          replace(`"secrets":[`, `"accountKeys":null,"secrets":[`),
		"a time that is none":                replace(`"createdAt":"2026-03-01T09:00:00Z","updatedAt"`, `"createdAt":"today","updatedAt"`),
		"a value outside of an enum":         replace(`"type":"user"`, `"type":"robot"`),
		"an address that is not there":       func(x *exchange) { x.url.Path = "/api/v1/nothing" },
		"a method that is not there":         func(x *exchange) { x.method = http.MethodPut },
		"a parameter that is not there":      func(x *exchange) { list(x); x.url.RawQuery = "size=7" },
		"a parameter of another type":        func(x *exchange) { list(x); x.url.RawQuery = "limit=many" },
		"a parameter that is too large":      func(x *exchange) { list(x); x.url.RawQuery = "limit=201" },
		"a body that was accepted and isn't": replace(`{"name":"billing","permissions"`, `{"name":1,"permissions"`),
		"a body without a required member":   replace(`,"permissions":["mail:send"],"description":null}`, `}`),
		"a body with an unknown member":      replace(`"description":null}`, `"desc":"x"}`),
		"null where a PATCH has none":        patchWithNull,
		"no body":                            func(x *exchange) { x.body = nil },
		"a body where there is none":         func(x *exchange) { list(x); x.body = []byte("{}") },
		"a body of another type":             func(x *exchange) { x.request.Set("Content-Type", "text/plain") },
	} {
		t.Run("found: "+name, func(t *testing.T) {
			t.Parallel()
			x := clientCreated()
			change(&x)
			require.Error(t, x.check())
		})
	}
}

func patchWithNull(x *exchange) {
	x.method, x.url.Path, x.code = http.MethodPatch, "/api/v1/api-clients/1", http.StatusOK
	x.answer = []byte(strings.Replace(string(x.answer), `,"secret":"lk_x"`, "", 1))
	x.body = []byte(`{"description":null}`)
}

func refuse(x *exchange, code int) {
	x.code, x.header = code, http.Header{"Content-Type": {"application/problem+json"}}
	x.answer = []byte(`{"type":"t","title":"T","status":400,"detail":"d","code":"c","requestId":"r"}`)
}
