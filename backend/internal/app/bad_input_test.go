package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// attempt is one request with something wrong in it, perhaps.
type attempt struct {
	what    string
	body    string
	headers []string
	field   string // the member that must be named
	broken  bool   // it must be refused, whatever the schema says
}

// odd is text that programs stumble over.
func odd() []string {
	return []string{
		"", " ", "\t\n\r", "\u0001", "\u007f", "\u0085", "\u2028\u2029", "\ufeff", "\u200b\u200d", "\u202eevil\u202c", "\ufffd", "\ufffe\uffff",
		"a\u0301", "\u00e1", "İıſK", "ﷺ" + strings.Repeat("ﷺ", 99), "😀", "👩‍👩‍👧‍👦🏳️‍🌈", strings.Repeat("e\u0301", 100), "\U0010ffff", "日本語", "null", "undefined", "NaN", "true",
		"-1", "1e999", "00000000-0000-0000-0000-000000000000", "' OR '1'='1", "\"; DROP TABLE users; --", "%", "_", "\\", "%00", "%n%s", "${jndi:ldap://x}", "{{7*7}}",
		"<script>alert(1)</script>", "../../etc/passwd", "C:\\", "a\r\nSet-Cookie: x=y", "=cmd|'/c calc'!A0", strings.Repeat("x", 101), strings.Repeat("ä", 300), strings.Repeat("x", 5000),
		"a@b", "a@b@c.example", "<a@b.example>", "Ada <ada@fabrikam.example>", "ada@fabrikam.example", "ADA@FABRIKAM.EXAMPLE", "ada@[127.0.0.1]", strings.Repeat("a", 300) + "@b.example",
		"9999-12-31", "0000-00-00", "2026-02-30", "10000-01-01", "9999-12-31T23:59:59.999999999-12:00", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2300-01-01T00:00:00.123456789+14:00",
		"2026-06-30T23:59:60Z", "2026-03-01T09:00:00", "common", "organizations", "global", "https://login.evil.example", ".default", "Mail.Read Mail.Send", "openid",
	}
}

// raws are JSON values of every sort.
func raws() []string {
	return []string{
		"null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e3", "1E400", "-1e-400", "9007199254740993", "9223372036854775807", "9223372036854775808",
		"-9223372036854775809", strings.Repeat("9", 400), "[]", "{}", `[[]]`, `[null]`, `[{}]`, `{"a":{}}`, `""`, `"x"`, `["x","x"]`,
		strings.Repeat("[", 200) + strings.Repeat("]", 200), strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200),
	}
}

// whole are bodies that are no object, or no JSON.
func whole() []string {
	return []string{
		"", " ", "null", "true", "1", `"x"`, "[]", "[{}]", "{", "}", "{}{}", "{}\n{}\n", "{},", "\ufeff{}", "{\"a\":1,}", "{'a':1}", "{a:1}", "// x\n{}", "\xff\xfe{\x00}\x00",
		"{}\x00", "a=b&c=d", "<xml/>", strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 50_000), `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, "\x1f\x8b\x08\x00",
		"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--",
	}
}

func mustJSON(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// place is one value within a body, and how to put another there.
type place struct {
	path string
	put  func(raw string)
}

// places lists every value of a body.
func places(path string, value any, put func(any)) []place {
	out := []place{{path, func(raw string) { put(json.RawMessage(raw)) }}}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			at := strings.TrimPrefix(path+"."+name, ".")
			out = append(out, places(at, value[name], func(x any) { value[name] = x })...)
		}
	case []any:
		for i := range value {
			out = append(out, places(path+"["+strconv.Itoa(i)+"]", value[i], func(x any) { value[i] = x })...)
		}
	}
	return out
}

// nextAttempt makes a request to an operation from chance.
func nextAttempt(r *rand.Rand, g *generator, schema *openapi3.Schema) attempt {
	body, _ := g.value("", schema).(map[string]any)
	all := places("", body, func(any) {})[1:]
	if len(all) == 0 {
		return attempt{what: "an empty object", body: "{}"}
	}
	at := all[r.IntN(len(all))]
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	switch r.IntN(13) {
	case 0:
		return attempt{what: "a body as the document wants it", body: mustJSON(body)}
	case 1:
		text := pick(whole())
		return attempt{what: "a body that is no object", body: text, broken: true}
	case 2, 3, 4:
		raw := pick(raws())
		at.put(raw)
		return attempt{what: at.path + " as " + raw[:min(len(raw), 30)], body: mustJSON(body)}
	case 5, 6, 7:
		at.put(mustJSON(pick(odd())))
		return attempt{what: at.path + " as odd text", body: mustJSON(body)}
	case 8:
		at.put(pick([]string{`"\ud800"`, `"x\udfff"`, `"\ud83d\ud83d"`, `"\u0000"`, `"a\u0000b"`}))
		return attempt{what: at.path + " as text that is none", body: mustJSON(body), broken: true}
	case 9:
		name := slices.Sorted(maps.Keys(body))[r.IntN(len(body))]
		delete(body, name)
		return attempt{what: "without " + name, body: mustJSON(body)}
	case 10:
		name := pick([]string{"id", "constructor", "__proto__", "createdAt", "role ", "", "Version", "a.b", "\u202e"})
		body[name] = 1
		return attempt{what: "with " + name, body: mustJSON(body), field: name, broken: true}
	case 11:
		name := slices.Sorted(maps.Keys(body))[r.IntN(len(body))]
		text := mustJSON(body)
		if r.IntN(2) == 0 {
			return attempt{what: name + " twice", body: "{" + mustJSON(name) + ":" + mustJSON(body[name]) + "," + text[1:], field: name, broken: true}
		}
		other := strings.ToUpper(name[:1]) + name[1:]
		body[other] = body[name]
		delete(body, name)
		return attempt{what: name + " in another case", body: mustJSON(body), field: other, broken: true}
	default:
		return oversized(r, at, body)
	}
}

// oversized puts much where little is expected.
func oversized(r *rand.Rand, at place, body map[string]any) attempt {
	list := make([]string, 70_000)
	for i := range list {
		list[i] = strconv.FormatInt(int64(i), 36)
	}
	value := mustJSON(list)
	if r.IntN(2) == 0 {
		value = mustJSON(strings.Repeat("ﷺ", 200_000))
	}
	at.put(value)
	return attempt{what: at.path + " as much too much", body: mustJSON(body)}
}

// trial sends attempts to one route and looks for what must not happen.
type trial struct {
	w      *world
	route  httpapi.Route
	o      *apptest.Operation
	ids    []string
	before map[string][]string
	told   bool   // something was accepted, so the log may have grown
	now    string // what is being tried, for the message when it fails
}

func (w *world) trial(route httpapi.Route) *trial {
	w.t.Helper()
	w.signInAgain()
	return &trial{w: w, route: route, o: operationOf(w.t, route), ids: w.makeIDs(route.Path, w.people[0]), before: contentOf(w.t, w.app)}
}

// send sends one request as the administrator; what is refused must not change anything.
func (x *trial) send(a attempt) apptest.Answer {
	x.w.t.Helper()
	got := x.call(a, fill(x.route.Path, x.ids))
	after := contentOf(x.w.t, x.w.app)
	if got.Code >= http.StatusBadRequest {
		requireSame(x.w.t, x.before, after)
	}
	x.before = after
	return got
}

// call sends one request and looks at the answer: whatever is wrong is the caller's fault, and a problem
// says what it is.
func (x *trial) call(a attempt, path string) apptest.Answer {
	t := x.w.t
	t.Helper()
	x.now = fmt.Sprintf("%s with %.60s: %.150q", operationName(x.route), a.what, a.body)
	headers := x.w.people[0].headers
	if x.route.Access.Public {
		headers = nil
	}
	var body any
	if a.body != "" {
		body = a.body
	}
	got := x.w.app.Call(x.route.Method, path, body, slices.Concat(headers, a.headers)...)
	if got.Code >= http.StatusInternalServerError {
		require.Equal(t, http.StatusServiceUnavailable, got.Code, "%s\n%s\n%s", x.now, got.Body, x.w.logOf(got))
		require.NotNil(t, x.o.Responses.Value("503"), x.now)
	}
	require.Less(t, len(got.Body), 200_000, "a long answer to %s", x.now)
	if got.Code < http.StatusBadRequest {
		x.told = true
		require.False(t, a.broken, "%s was accepted: %s", x.now, got.Body)
		return got
	}
	if !x.route.Access.Public {
		require.NotEqual(t, http.StatusUnauthorized, got.Code, "the session is gone: %s", x.now)
	}
	for _, member := range []string{"type", "title", "detail", "code", "requestId"} {
		require.NotEmpty(t, got.Text(member), x.now)
	}
	if got.Text("code") == "validation_failed" {
		require.NotEmpty(t, got.FieldErrors(), x.now)
	}
	if a.field != "" {
		require.Equal(t, http.StatusBadRequest, got.Code, "%s: %s", x.now, got.Body)
		require.Contains(t, strings.Join(got.FieldErrors(), " ")+" ", a.field+":", "%s: %s", x.now, got.Body)
	}
	return got
}

// logOf is what the log says of a request.
func (w *world) logOf(got apptest.Answer) string {
	id, log := got.Header.Get("X-Request-Id"), ""
	for line := range strings.Lines(w.app.Output.String()) {
		if id != "" && strings.Contains(line, id) {
			log += line
		}
	}
	return log
}

// report says what was being tried when the test failed.
func (x *trial) report(failing bool) {
	if failing {
		x.w.t.Logf("last tried: %s", x.now)
	}
}

// badBodies tries n bodies from chance on every route that takes one.
func badBodies(t *testing.T, w *world, seed uint64, n int) {
	t.Helper()
	for i, route := range w.app.Server.Routes() {
		if undocumented(operationName(route)) || bodySchema(operationOf(t, route)) == nil {
			continue
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		x := w.trial(route)
		failing := true
		t.Cleanup(func() { x.report(failing) })
		schema := bodySchema(x.o)
		w.made += 1000
		g := &generator{rand: r, made: w.made * 1000}
		for range n {
			x.send(nextAttempt(r, g, schema))
		}
		x.dates(g, schema)
		for _, contentType := range []string{
			"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json-patch+json", "application/jsonlines",
			"application/json, text/plain", "json", "", "*/*", "application/json; charset", strings.Repeat("a", 5000),
		} {
			x.call(attempt{
				what: "the type " + contentType, body: mustJSON(g.value("", schema)), broken: true, headers: []string{"Content-Type", contentType},
			}, fill(route.Path, x.ids))
		}
		requireSame(t, x.before, contentOf(t, w.app))
		w.requireReadable(x.ids, route)
		failing = false
	}
}

// dates tries every odd date where one is expected: one of them once could be stored and not be read again.
func (x *trial) dates(g *generator, schema *openapi3.Schema) {
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if !strings.HasPrefix(schema.Properties[name].Value.Format, "date") {
			continue
		}
		for _, date := range odd() {
			if date == "" || date[0] < '0' || date[0] > '9' {
				continue
			}
			body, _ := g.value("", schema).(map[string]any)
			body[name] = date
			if got := x.send(attempt{what: name + " as " + date, body: mustJSON(body)}); got.Code < http.StatusBadRequest {
				x.w.requireReadable(x.ids, x.route)
				x.before = contentOf(x.w.t, x.w.app) // looking at everything includes an export, which is an entry
			}
		}
	}
}

// requireReadable looks at everything that can be listed, after whatever was accepted.
func (w *world) requireReadable(ids []string, after httpapi.Route) {
	w.t.Helper()
	for _, route := range w.app.Server.Routes() {
		if route.Method != http.MethodGet || route.Access.Public {
			continue
		}
		path := route.Path
		if n := strings.Count(path, ":"); n > 0 {
			shared := strings.HasPrefix(after.Path, path[:strings.Index(path, ":")])
			if n > len(ids) || !shared {
				continue
			}
			path = fill(path, ids)
		}
		got := w.app.Call(http.MethodGet, path, nil, w.people[0].headers...)
		require.Less(w.t, got.Code, http.StatusInternalServerError, "%s after %s: %s\n%s", path, operationName(after), got.Body, w.logOf(got))
	}
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	badBodies(t, newWorld(t), 1, 20)
}

func TestSoakBadBodies(t *testing.T) {
	seed, more := soak(t)
	for ; more(); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { badBodies(t, newWorld(t), seed, 500) })
	}
}

// badQueries are values for any parameter, as they stand in the address.
func badQueries() []string {
	return []string{
		"", "-1", "0", "201", "1e2", "1.0", "+5", "0x10", "99999999999999999999", "many", "%00", "a%00b", "%ff", "%c3%28", "%zz", "%", "%u0041", "a%0d%0aSet-Cookie:%20x=y", "%F0%9F%98%80",
		"%E2%80%AE", "'--", "%25%25%25", "%5C", "_%25", strings.Repeat("a", 300), strings.Repeat("%F0%9F%98%80", 2000), "null", "[]", "a,b", "a%20b%20c%20d",
		"%EF%B7%BA%EF%B7%BA", "MDAwMA", "MDE5MGYzYzQtNmExYi03YzU1LTlkM2UtMWYyYTNiNGM1ZDZl", "2026-03-01T09:00:00Z", "9999-12-31T23:59:59-23:59", "2026-03-01",
	}
}

func TestBadQueriesAndPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, route := range w.app.Server.Routes() {
		if undocumented(operationName(route)) || route.Access.Public {
			continue
		}
		x := w.trial(route)
		failing := true
		t.Cleanup(func() { x.report(failing) })
		if route.Method == http.MethodGet {
			x.queries()
		}
		x.paths()
		after := contentOf(t, w.app)
		if x.told { // an export is an entry of the log
			after["audit_entries"] = x.before["audit_entries"]
		}
		requireSame(t, x.before, after)
		failing = false
	}
}

func (x *trial) queries() {
	path := fill(x.route.Path, x.ids)
	for _, p := range x.o.Parameters {
		if p.Value.In != "query" {
			continue
		}
		for _, value := range badQueries() {
			a := attempt{what: "query " + p.Value.Name + "=" + value[:min(len(value), 40)]}
			got := x.call(a, path+"?"+p.Value.Name+"="+value)
			if _, err := url.QueryUnescape(value); err != nil {
				require.Equal(x.w.t, http.StatusBadRequest, got.Code, x.now)
			}
			if got.Code == http.StatusUnprocessableEntity {
				require.Contains(x.w.t, got.FieldErrors()[0], p.Value.Name+":", x.now)
			}
			x.call(a, path+"?"+p.Value.Name+"=1&"+p.Value.Name+"="+value)
		}
	}
}

func (x *trial) paths() {
	if len(x.ids) == 0 {
		return
	}
	id := x.ids[0]
	for _, bad := range []string{
		"x", "%00", "%ff", "%zz", "..", "%2e%2e", "a%2fb", id + "%00", id + "%20", "%20" + id, "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""),
		id[:35], id + "0", strings.Repeat("a", 5000), "%F0%9F%98%80", "'%20OR%20'1'='1", "*", ";", "null", "0", "-1",
	} {
		path := routeParameter.ReplaceAllString(x.route.Path, bad)
		if _, err := url.Parse(path); err != nil || strings.Contains(path, "/..") {
			continue // what no client of ours can send is tried on the wire
		}
		x.now = x.route.Method + " " + path
		got := x.w.app.Call(x.route.Method, path, x.w.body(x.route), x.w.people[0].headers...)
		require.Equal(x.w.t, http.StatusNotFound, got.Code, "%s: %s", x.now, got.Body)
		require.Equal(x.w.t, "not_found", got.Text("code"), x.now)
	}
}
