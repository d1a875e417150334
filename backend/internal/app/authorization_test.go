package app_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// thing is what a parameter in a path names.
type thing struct {
	whose owner
	make  func(w *world, parents []string, c caller) string // for a caller who may have it
}

// owner says to whom a thing is as if it were not there.
type owner int

const (
	anybody  owner = iota
	keyed          // there for API clients that were given its account key, and for people
	personal       // there for one person
)

// things lists every parameter that a path has, by the path up to it. A route with another one fails
// TestAuthorization until somebody has thought about who may see what it names.
func things() map[string]thing {
	return map[string]thing{
		"/api/v1/account-keys/:id": {keyed, func(w *world, _ []string, c caller) string { return w.keyFor(c) }},
		"/api/v1/account-keys/:id/authorizations/:aid": {keyed, func(w *world, parents []string, _ caller) string {
			return w.admin.Call(http.MethodPost, keysPath+"/"+parents[0]+"/authorizations", map[string]any{"mode": "popup"}).
				Status(http.StatusCreated).Text("id")
		}},
		"/api/v1/audit-entries/:id": {keyed, func(w *world, _ []string, c caller) string {
			entries := w.admin.Call(http.MethodGet, "/api/v1/audit-entries?objectId="+w.keyFor(c), nil).Status(http.StatusOK).Items()
			require.NotEmpty(w.t, entries)
			id, _ := entries[0]["id"].(string)
			return id
		}},
		"/api/v1/targets/:id": {keyed, func(w *world, _ []string, c caller) string {
			w.made++
			return w.admin.Call(http.MethodPost, "/api/v1/targets", map[string]any{
				"name": fmt.Sprintf("Target %d", w.made), "accountKeyId": w.keyFor(c),
			}).Status(http.StatusCreated).Text("id")
		}},
		"/api/v1/targets/:id/uploads/:upload": {keyed, func(w *world, parents []string, _ caller) string {
			box := boxOf(w.t, w.app)
			session := secret.New(`{"u":"http://127.0.0.1:1/upload","e":"9999-01-01T00:00:00Z"}`)
			sealed, err := box.Seal(box.KeyIDs()[0], session, "targets", "upload", parents[0])
			require.NoError(w.t, err)
			return base64.RawURLEncoding.EncodeToString(sealed)
		}},
		"/api/v1/api-clients/:id": {anybody, func(w *world, _ []string, _ caller) string {
			w.made++
			return w.admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
				"name": fmt.Sprintf("Program %d", w.made), "permissions": []string{},
			}).Status(http.StatusCreated).Text("id")
		}},
		"/api/v1/api-clients/:id/secrets/:sid": {anybody, func(w *world, parents []string, _ caller) string {
			return w.admin.Call(http.MethodPost, "/api/v1/api-clients/"+parents[0]+"/secrets", map[string]any{}).
				Status(http.StatusCreated).Text("id")
		}},
		"/api/v1/users/:id": {anybody, func(w *world, _ []string, _ caller) string {
			w.made++
			return w.admin.Call(http.MethodPost, "/api/v1/users", map[string]any{
				"email": fmt.Sprintf("made%d@fabrikam.example", w.made), "name": "Made", "role": "viewer", "password": apptest.Password,
			}).Status(http.StatusCreated).Text("id")
		}},
		"/api/v1/sessions/:id": {personal, func(w *world, _ []string, c caller) string {
			again := w.signedIn(c.name, "")
			for _, item := range w.app.Call(http.MethodGet, "/api/v1/sessions", nil, again.headers...).Status(http.StatusOK).Items() {
				if id, ok := item["id"].(string); ok && item["current"] == true {
					return id
				}
			}
			require.Fail(w.t, "the session that asks is not in the list")
			return ""
		}},
		"/identity/:id":              {anybody, nothing}, // a header of the protocol's own is the proof
		"/oauth/callback/:aid":       {anybody, nothing}, // the cookie of the browser that made the attempt is the proof
		"/oauth/admin-consents/:cid": {anybody, nothing}, // as above
		"/oauth/links/:token":        {anybody, nothing}, // the value itself is the proof
	}
}

func nothing(*world, []string, caller) string { return unknownID() }

func unknownID() string { return uuid.Must(uuid.NewV7()).String() }

var routeParameter = regexp.MustCompile(`:[A-Za-z]+`)

// parameters are the things that a path names, in order.
func parameters(t *testing.T, path string) []thing {
	t.Helper()
	var out []thing
	for _, at := range routeParameter.FindAllStringIndex(path, -1) {
		known, ok := things()[path[:at[1]]]
		require.True(t, ok, "nobody has said yet what %s names, and who may see it: add it to things", path[:at[1]])
		out = append(out, known)
	}
	if strings.Contains(path, "*") { // what stands there is Graph's, and the target's to allow
		require.Equal(t, "/api/v1/targets/:id/graph/*", path, "nobody has thought about %s yet", path)
	}
	return out
}

// fill puts ids into a path.
func fill(path string, ids []string) string {
	path = strings.ReplaceAll(path, "/*", "/me")
	return routeParameter.ReplaceAllStringFunc(path, func(string) string {
		id := ids[0]
		ids = ids[1:]
		return url.PathEscape(id)
	})
}

// makeIDs makes what a path names, for a caller who may have it.
func (w *world) makeIDs(path string, c caller) []string {
	w.t.Helper()
	ids := []string{}
	for _, what := range parameters(w.t, path) {
		ids = append(ids, what.make(w, ids, c))
	}
	return ids
}

// keyFor is an account key for a caller: a fresh one, unless theirs is given.
func (w *world) keyFor(c caller) string {
	w.t.Helper()
	if c.key != "" {
		return c.key
	}
	w.made++
	id := w.admin.CreateKey(fmt.Sprintf("Mailbox %d", w.made))
	if c.program {
		w.change(c.clientID, map[string]any{"accountKeyIds": []string{id}})
	}
	return id
}

// ownerOf says whose what a path names is: everything under a thing is its owner's.
func ownerOf(t *testing.T, path string) owner {
	t.Helper()
	if what := parameters(t, path); len(what) > 0 {
		return what[0].whose
	}
	return anybody
}

func unknownIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = unknownID()
	}
	return ids
}

// verdict is what the guard must make of a caller at a route.
type verdict int

const (
	admitted verdict = iota
	unauthenticated
	forbidden
	hidden // the key is another's: nothing is there
)

func judge(route httpapi.Route, c caller, owned owner, own bool) verdict {
	switch {
	case route.Access.Public:
		return admitted
	case !c.known:
		return unauthenticated
	case route.Access.People && c.program:
		return forbidden
	case route.Access.Permission != "" && !slices.Contains(c.permissions, route.Access.Permission):
		return forbidden
	case !own && (owned == personal || (owned == keyed && c.program)):
		return hidden
	default:
		return admitted
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, route := range w.app.Server.Routes() {
		t.Run(operationName(route), func(t *testing.T) {
			w.t = t
			parameters(t, route.Path)
			if route.Access.Public {
				w.checkPublic(route)
				return
			}
			w.signInAgain()
			w.checkRefused(route)
			w.checkHidden(route)
			w.checkAdmitted(route)
		})
	}
}

// body is JSON that the route takes, so that nothing but the guard refuses it.
func (w *world) body(route httpapi.Route) any {
	if undocumented(operationName(route)) {
		return nil
	}
	schema := bodySchema(operationOf(w.t, route))
	if schema == nil {
		return nil
	}
	w.made++
	return (&generator{made: w.made * 1000}).value("", schema)
}

func (w *world) call(c caller, route httpapi.Route, ids []string, body any, headers ...string) apptest.Answer {
	w.t.Helper()
	return w.app.Call(route.Method, fill(route.Path, ids), body, slices.Concat(c.headers, headers)...)
}

// checkPublic shows that a credential makes no difference where none is asked for.
func (w *world) checkPublic(route httpapi.Route) {
	ids := w.makeIDs(route.Path, w.ada())
	for _, c := range append(w.strangers[:len(w.strangers):len(w.strangers)], w.people...) {
		got := w.call(c, route, ids, w.body(route))
		require.NotContains(w.t, []string{"unauthenticated", "permission_denied"}, got.At("code"), c.name)
		require.Less(w.t, got.Code, http.StatusInternalServerError, "%s: %s", c.name, got.Body)
		require.NotEqual(w.t, http.StatusMethodNotAllowed, got.Code, c.name)
	}
}

// checkRefused calls the route as everybody who may not: the answer tells nothing and nothing changes.
func (w *world) checkRefused(route httpapi.Route) {
	owned := ownerOf(w.t, route.Path)
	ids := w.makeIDs(route.Path, w.ada())
	callers := slices.Concat(w.strangers, w.people, w.programs[route.Access.Permission], []caller{w.outsider})
	before := contentOf(w.t, w.app)
	for _, c := range callers {
		want := judge(route, c, owned, false)
		if want == admitted {
			continue
		}
		w.requireRefusal(c, w.call(c, route, ids, w.body(route)), want)
	}
	for name, headers := range map[string][]string{
		"another site's page":  {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"a sister site's page": {"Origin", "https://sister.localhost", "Sec-Fetch-Site", "same-site"},
		"an old browser":       {"Origin", "https://evil.example", "Sec-Fetch-Site", ""},
		"a sandboxed page":     {"Origin", "null", "Sec-Fetch-Site", ""},
	} {
		if route.Method == http.MethodGet {
			continue // changes nothing, and other sites can't read what is answered
		}
		got := w.call(w.people[0], route, ids, w.body(route), headers...)
		require.Equal(w.t, "cross_origin", got.Status(http.StatusForbidden).Text("code"), name)
	}
	requireSame(w.t, before, contentOf(w.t, w.app))
}

func (w *world) requireRefusal(c caller, got apptest.Answer, want verdict) {
	w.t.Helper()
	switch want {
	case unauthenticated:
		require.Equal(w.t, http.StatusUnauthorized, got.Code, "%s: %s", c.name, got.Body)
		require.Contains(w.t, []string{"unauthenticated", "invalid_token", "signed_out"}, got.Text("code"), c.name)
		require.NotEmpty(w.t, got.Header.Get("WWW-Authenticate"), c.name)
	case forbidden:
		require.Equal(w.t, http.StatusForbidden, got.Code, "%s: %s", c.name, got.Body)
		require.Equal(w.t, "permission_denied", got.Text("code"), c.name)
	case hidden:
		require.Equal(w.t, http.StatusNotFound, got.Code, "%s: %s", c.name, got.Body)
		require.Equal(w.t, "not_found", got.Text("code"), c.name)
	case admitted:
		require.Fail(w.t, "no refusal to check")
	}
	require.Equal(w.t, "application/problem+json", got.Header.Get("Content-Type"), c.name)
	require.Empty(w.t, got.Header.Values("Set-Cookie"), c.name)
	for member := range got.JSON {
		require.Contains(w.t, []string{"type", "title", "status", "detail", "code", "requestId", "fix"}, member, c.name)
	}
	w.requireNoMarker(c, got)
}

func (w *world) requireNoMarker(c caller, got apptest.Answer) {
	w.t.Helper()
	for _, marker := range w.markers {
		require.NotContains(w.t, string(got.Body), marker, c.name)
		require.NotContains(w.t, fmt.Sprint(got.Header), marker, c.name)
	}
}

// checkHidden shows that a key which a program was not given is, to it, as if there were none; and that
// a thing is found under its own parent only.
func (w *world) checkHidden(route httpapi.Route) {
	what := parameters(w.t, route.Path)
	if slices.Contains(w.outsider.permissions, route.Access.Permission) && !route.Access.People {
		w.requireNoMarker(w.outsider, w.call(w.outsider, route, unknownIDs(len(what)), w.body(route)))
		w.checkForeignInBody(route)
	}
	if len(what) == 0 {
		return
	}
	ids := w.makeIDs(route.Path, w.ada())
	for _, c := range []caller{w.outsider, w.people[0]} {
		if judge(route, c, what[0].whose, false) != hidden {
			continue
		}
		for _, body := range []any{nil, map[string]any{}, "{", w.body(route)} {
			requireAlike(w.t, w.call(c, route, unknownIDs(len(what)), body), w.call(c, route, ids, body))
		}
	}
	if len(what) > 1 {
		ids, others := w.makeIDs(route.Path, w.people[0]), w.makeIDs(route.Path, w.people[0])
		mixed := append(others[:1:1], ids[1:]...)
		for _, c := range []caller{w.people[0], w.outsider} {
			if !route.Access.People || !c.program {
				w.call(c, route, mixed, w.body(route)).Status(http.StatusNotFound)
			}
		}
	}
}

// checkForeignInBody names the foreign key in a body, where it may name one.
func (w *world) checkForeignInBody(route httpapi.Route) {
	schema := bodySchema(operationOf(w.t, route))
	if schema == nil {
		return
	}
	for name, value := range map[string]func(id string) any{
		"accountKeyId":  func(id string) any { return id },
		"accountKeyIds": func(id string) any { return []string{id} },
	} {
		if schema.Properties[name] == nil {
			continue
		}
		ids := w.makeIDs(route.Path, w.people[0])
		ask := func(id string) apptest.Answer {
			body, _ := w.body(route).(map[string]any)
			body[name] = value(id)
			got := w.call(w.outsider, route, ids, body)
			got.Body = []byte(strings.ReplaceAll(string(got.Body), id, "ID"))
			return got
		}
		before := contentOf(w.t, w.app)
		none, there := ask(unknownID()), ask(w.foreignKey)
		require.GreaterOrEqual(w.t, there.Code, http.StatusBadRequest)
		requireAlike(w.t, none, there)
		requireSame(w.t, before, contentOf(w.t, w.app))
	}
}

// requireAlike compares two answers but for what differs in every answer.
func requireAlike(t *testing.T, a, b apptest.Answer) {
	t.Helper()
	require.Equal(t, a.Code, b.Code, "%s\n%s", a.Body, b.Body)
	strip := func(x apptest.Answer) (string, http.Header) {
		h := x.Header.Clone()
		h.Del("X-Request-Id")
		h.Del("Date")
		h.Del("RateLimit") // the second request leaves less
		id, _ := x.JSON["requestId"].(string)
		return strings.ReplaceAll(string(x.Body), id, "REQUEST"), h
	}
	bodyA, headerA := strip(a)
	bodyB, headerB := strip(b)
	require.Equal(t, bodyA, bodyB)
	require.Equal(t, headerA, headerB)
}

// checkAdmitted shows that whoever may do it gets as far as the handler.
func (w *world) checkAdmitted(route httpapi.Route) {
	owned := ownerOf(w.t, route.Path)
	for _, c := range slices.Concat(w.people, w.programs[route.Access.Permission]) {
		if judge(route, c, owned, true) != admitted {
			continue
		}
		ids := w.makeIDs(route.Path, c)
		got := w.call(c, route, ids, w.body(route))
		require.NotContains(w.t, []int{
			http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType,
		}, got.Code, "%s: %s", c.name, got.Body)
		require.Less(w.t, got.Code, http.StatusInternalServerError, "%s: %s", c.name, got.Body)
		require.NotEqual(w.t, "permission_denied", got.At("code"), c.name)
		if c.program {
			w.requireNoMarker(c, got)
		}
	}
}
