package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
)

// say sends bytes, ends the sending, and reads every answer there is.
func say(t *testing.T, a *apptest.App, raw string) []*http.Response {
	t.Helper()
	w := dial(t, a)
	go func() { // the other side may have had enough before the end
		_, _ = io.WriteString(w, raw)
		if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	var answers []*http.Response
	for {
		answer, err := http.ReadResponse(w.r, nil)
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		answer.Body = io.NopCloser(strings.NewReader(string(body)))
		answers = append(answers, answer)
	}
}

// TestWire sends what no HTTP client would. net/http refuses most of it before anything of ours is asked,
// and says so in plain text; what comes through is a problem. Nothing is 5xx, and nothing is taken for a
// second request.
func TestWire(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Wired")
	cookie := "Cookie: " + admin.Cookies() + "\r\n"
	host := "Host: " + strings.TrimPrefix(a.URL, "http://") + "\r\n"
	const smuggled = "DELETE /api/v1/account-keys/KEY HTTP/1.1\r\nHost: x\r\nCOOKIE\r\n"
	second := strings.NewReplacer("KEY", keyID, "COOKIE\r\n", cookie).Replace(smuggled) + "\r\n"
	session := "POST /api/v1/session HTTP/1.1\r\n" + host + "Content-Type: application/json\r\n"
	get := func(target string) string { return "GET " + target + " HTTP/1.1\r\n" + host + "\r\n" }
	before := contentOf(t, a)

	for name, row := range map[string]struct {
		raw  string
		want []int // the statuses of all answers
	}{
		"two lengths":                  {session + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + second, []int{400}},
		"two lengths in one":           {session + "Content-Length: 2, 3\r\n\r\n{}" + second, []int{400}},
		"a negative length":            {session + "Content-Length: -1\r\n\r\n{}" + second, []int{400}},
		"a length with a sign":         {session + "Content-Length: +2\r\n\r\n{}" + second, []int{400}},
		"a length in hexadecimal":      {session + "Content-Length: 0x2\r\n\r\n{}" + second, []int{400}},
		"a length beyond all":          {session + "Content-Length: 99999999999999999999\r\n\r\n{}" + second, []int{400}},
		"a body that is shorter":       {session + "Content-Length: 200\r\n\r\n{}", []int{400}},
		"a body that covers the next":  {session + fmt.Sprintf("Content-Length: %d\r\n\r\n{}%s", 2+len(second), second), []int{400}},
		"another coding":               {session + "Transfer-Encoding: gzip\r\n\r\n{}" + second, []int{501}},
		"two codings":                  {session + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + second, []int{501}},
		"identity":                     {session + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}" + second, []int{501}},
		"a coding twice":               {session + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + second, []int{501}},
		"a coding with a control":      {session + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + second, []int{400}},
		"a coding with a space before": {session + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + second, []int{400}},
		"chunks without a size":        {session + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n" + second, []int{400}},
		"a chunk with a sign":          {session + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + second, []int{400}},
		"a chunk beyond all":           {session + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{}\r\n0\r\n\r\n" + second, []int{400}},
		"chunks that break off":        {session + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", []int{400}},
		"U+0000 in a header":           {session + "X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}" + second, []int{400}},
		"a header without a name":      {session + ": b\r\nContent-Length: 2\r\n\r\n{}" + second, []int{400}},
		"a header with a space":        {session + "X A: b\r\nContent-Length: 2\r\n\r\n{}" + second, []int{400}},
		"a header without a colon":     {session + "X-A\r\nContent-Length: 2\r\n\r\n{}" + second, []int{400}},
		"no host":                      {"GET /api/v1/instance HTTP/1.1\r\n\r\n" + second, []int{400}},
		"two hosts":                    {"GET /api/v1/instance HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + second, []int{400}},
		"a host that is none":          {"GET /api/v1/instance HTTP/1.1\r\nHost: a b\r\n\r\n" + second, []int{400}},
		"a target without a slash":     {get("api/v1/instance") + second, []int{400}},
		"a target with a bad escape":   {get("/api/v1/%zz") + second, []int{400}},
		"a target with a control":      {get("/api/v1/\x01") + second, []int{400}},
		"a version that is none":       {"GET / HTTP/9.9\r\n" + host + "\r\n", []int{505}},
		"no version":                   {"GET /\r\n\r\n", []int{400}},
		"TLS":                          {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 100) + "\r\n\r\n", []int{400}},
		"HTTP/2 without TLS":           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{405}},
		"something else to expect":     {session + "Expect: the-spanish-inquisition\r\nContent-Length: 2\r\n\r\n{}", []int{417}},
		"CONNECT":                      {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", []int{405}},
		"TRACE":                        {"TRACE /api/v1/session HTTP/1.1\r\n" + host + cookie + "\r\n", []int{405}},
		"a method of its own":          {"BREW /api/v1/session HTTP/1.1\r\n" + host + cookie + "\r\n", []int{405}},
		"a method in small letters":    {"delete /api/v1/account-keys/" + keyID + " HTTP/1.1\r\n" + host + cookie + "\r\n", []int{405}},
		"OPTIONS of everything":        {"OPTIONS * HTTP/1.1\r\n" + host + "\r\n", []int{200}},
		"another method by a header":   {"POST /api/v1/account-keys/" + keyID + " HTTP/1.1\r\n" + host + cookie + "X-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n", []int{405}},
		"a method in the query":        {"POST /api/v1/account-keys/" + keyID + "?_method=DELETE HTTP/1.1\r\n" + host + cookie + "Content-Length: 0\r\n\r\n", []int{405}},
		"a credential in the trailer":  {"GET /api/v1/session HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTrailer: Cookie\r\n\r\n0\r\n" + cookie + "\r\n", []int{401}},
		"dots up":                      {get("/api/v1/account-keys/../users"), []int{404}},
		"escaped dots up":              {get("/api/v1/instance/%2e%2e/users"), []int{404}},
		"two slashes":                  {get("//api/v1/users"), []int{404}},
		"two slashes inside":           {get("/api/v1//users"), []int{404}},
		"a slash at the end":           {get("/api/v1/users/"), []int{404}},
		"capitals":                     {get("/API/V1/users"), []int{404}},
		"a parameter in the path":      {get("/api/v1/users;x=y"), []int{404}},
		"the API itself":               {get("/api/v1"), []int{404}},
		"an escaped slash":             {get("/api%2Fv1/users"), []int{404}},
		"a whole address as target":    {"GET http://evil.example/api/v1/users HTTP/1.1\r\nHost: evil.example\r\n\r\n", []int{401}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, answer := range say(t, a, row.raw) {
				got = append(got, answer.StatusCode)
				body, err := io.ReadAll(answer.Body)
				require.NoError(t, err)
				requireRefused(t, answer, string(body))
			}
			require.Equal(t, row.want, got)
		})
	}
	requireSame(t, before, contentOf(t, a))
}

// requireRefused checks what is ours of a refusal.
func requireRefused(t *testing.T, answer *http.Response, body string) {
	t.Helper()
	require.NotContains(t, body+fmt.Sprint(answer.Header), "evil.example")
	if answer.Header.Get("X-Request-Id") == "" || answer.StatusCode < 400 {
		return // net/http's
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
		require.Contains(t, body, "front end") // a page's address, without pages built in
		return
	}
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	require.Contains(t, body, `"code":"`)
}

func TestLengthAndChunks(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	// RFC 9112 §6.3: the chunks count, and whoever counts the other way must not find a request behind them.
	answers := say(t, a, "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 6\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	require.Len(t, answers, 1)
	require.Equal(t, http.StatusBadRequest, answers[0].StatusCode)
}

// TestAbandoned hangs up before there is an answer: nobody of ours has to look into that.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	a.Admin()
	const request = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	for range 20 { // the end of the sending may come before or after the work
		for _, answer := range say(t, a, request) {
			require.Contains(t, []int{http.StatusUnauthorized, http.StatusRequestTimeout, 499, http.StatusTooManyRequests}, answer.StatusCode)
		}
	}
	require.NotContains(t, a.Output.String(), `"level":"ERROR"`)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()

	t.Run("nobody is believed about where they come from unless a proxy is trusted", func(t *testing.T) {
		a.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "spoof@fabrikam.example", "password": "x"},
			"X-Forwarded-For", "203.0.113.7", "X-Real-IP", "203.0.113.7", "Forwarded", "for=203.0.113.7", "True-Client-IP", "203.0.113.7", "CF-Connecting-IP", "203.0.113.7",
		).Status(http.StatusUnauthorized)
		for _, rows := range allContent(t, a) {
			for _, row := range rows {
				require.NotContains(t, row, "203.0.113.7")
			}
		}
	})
	t.Run("forwarded headers change no address that is told", func(t *testing.T) {
		plain := a.Call(http.MethodGet, "/api/v1/instance", nil)
		got := a.Call(http.MethodGet, "/api/v1/instance", nil,
			"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-Prefix", "/evil", "X-Original-URL", "/api/v1/users", "X-Rewrite-URL", "/api/v1/users")
		require.Equal(t, string(plain.Body), string(got.Body))
		made := admin.Call(http.MethodPost, keysPath, draft("Here"), "X-Forwarded-Host", "evil.example").Status(http.StatusCreated)
		require.Equal(t, keysPath+"/"+made.Text("id"), made.Header.Get("Location"))
	})
	t.Run("another host is sent to ours, whatever the path tries to add", func(t *testing.T) {
		for target, want := range map[string]string{
			"/setup": "/setup", "/x?a=b": "/x?a=b", "//evil.example/x": "//evil.example/x", "/%0d%0aSet-Cookie:%20x=y": "/%0D%0ASet-Cookie:%20x=y", "/a%5cb": "/a%5Cb",
		} {
			answers := say(t, a, "GET "+target+" HTTP/1.1\r\nHost: evil.example\r\n\r\n")
			require.Len(t, answers, 1)
			require.Equal(t, http.StatusFound, answers[0].StatusCode, target)
			require.Equal(t, a.URL+want, answers[0].Header.Get("Location"))
			require.Empty(t, answers[0].Header.Get("Set-Cookie"))
		}
	})
	t.Run("If-Match takes nothing but the version that was read", func(t *testing.T) {
		keyID := admin.CreateKey("Matched")
		path := keysPath + "/" + keyID
		etag := admin.Call(http.MethodGet, path, nil).Header.Get("ETag")
		for _, tag := range []string{
			`"0"`, `"-1"`, `W/` + etag, strings.Trim(etag, `"`), `"x"`, `""`, `"`, `"99999999999999999999"`, `,`, `,,,`, `"2", "3"`, `*, "9"`, `"1`, `1"`, `"01x"`,
			`"` + strings.Repeat("1", 5000) + `"`, strings.Repeat(`"2",`, 5000), "\"\u00e4\"", etag + "x",
		} {
			for _, method := range []string{http.MethodPatch, http.MethodDelete} {
				var body any
				if method == http.MethodPatch {
					body = map[string]any{"description": "changed"}
				}
				got := admin.Call(method, path, body, "If-Match", tag)
				require.Equal(t, "precondition_failed", got.Status(http.StatusPreconditionFailed).Text("code"), "%.40q", tag)
			}
		}
		require.Empty(t, admin.Call(http.MethodGet, path, nil).Text("description"))
		admin.Call(http.MethodPatch, path, map[string]any{"description": "changed"}, "If-Match", `"0", `+etag).Status(http.StatusOK)
	})
	t.Run("odd credentials are refused alike", func(t *testing.T) {
		for _, value := range []string{
			"Bearer", "Bearer ", "Bearer  ", "bearer x", "BEARER\tx", "Bearer x y", "Bearer x,Bearer y", "Basic", "Basic !", "Basic Og==", "Digest username=x", "Negotiate YII=", "x",
			"Bearer " + strings.Repeat("x", 50_000), "Bearer \u00e4", "Bearer null", "Bearer undefined",
		} {
			got := a.Call(http.MethodGet, keysPath, nil, "Authorization", value).Status(http.StatusUnauthorized)
			require.Contains(t, []string{"unauthenticated", "invalid_token"}, got.Text("code"), value)
		}
		for _, value := range []string{"latchkey_session", "latchkey_session=\x22", "latchkey_session=a; latchkey_session=b", "=x", ";;;", "latchkey_session=" + strings.Repeat("a", 50_000)} {
			a.Call(http.MethodGet, keysPath, nil, "Cookie", value).Status(http.StatusUnauthorized)
		}
	})
	t.Run("a header is not answered for what it asks", func(t *testing.T) {
		for _, header := range [][]string{
			{"Accept", "text/html"},
			{"Accept", "*/*;q=0"},
			{"Accept-Encoding", "x"},
			{"Range", "bytes=0-1"},
			{"Accept-Language", strings.Repeat("x", 5000)},
			{"If-None-Match", "*"},
			{"If-Modified-Since", "x"},
			{"X-Request-Id", "mine"},
			{"Content-Type", "x/y"},
			{"Upgrade", "websocket"},
			{"User-Agent", strings.Repeat("\u00e4", 5000)},
		} {
			got := a.Call(http.MethodGet, "/api/v1/instance", nil, header...).Status(http.StatusOK)
			require.NotEqual(t, "mine", got.Header.Get("X-Request-Id"))
			require.NotEmpty(t, got.JSON["name"])
		}
	})
}

// allContent is contentOf without its exceptions.
func allContent(t *testing.T, a *apptest.App) map[string][]string {
	t.Helper()
	return map[string][]string{"all": strings.Split(databaseContent(t, a), "\n")}
}
