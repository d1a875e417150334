package graphtarget_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// seen is what the probe got.
type seen struct {
	method, uri, host string
	header            http.Header
	length            int64
	chunked           bool
	body              string
	trailer           http.Header
}

// record has the probe keep what comes, and answer 200.
func (p *probe) record() func() seen {
	var mu sync.Mutex
	var last seen
	p.answer(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a body that breaks off is shorter
		mu.Lock()
		defer mu.Unlock()
		last = seen{r.Method, r.RequestURI, r.Host, r.Header.Clone(), r.ContentLength, len(r.TransferEncoding) > 0, string(body), r.Trailer}
	})
	return func() seen {
		mu.Lock()
		defer mu.Unlock()
		got := last
		last = seen{}
		return got
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bearer := f.program()
	id := f.create("All")

	t.Run("Graph's answer comes back with the key's token behind it", func(t *testing.T) {
		got := f.Call(http.MethodGet, path(id, "/me?$select=id,mail"), nil, bearer...).Status(http.StatusOK)
		require.Equal(t, "mara@fabrikam.example", got.Text("mail"))
		require.NotEmpty(t, got.Header.Get("Request-Id"))
		require.NotEmpty(t, got.Header.Get("X-Ms-Ags-Diagnostic"))
	})
	t.Run("Graph's failures are its own", func(t *testing.T) {
		f.Emulator.Fail(emulator.Failure{Endpoint: "graph", Detail: "GET /me/messages/{id}", Times: 1, Status: 404})
		got := f.Call(http.MethodGet, path(id, "/me/messages/x"), nil, append(bearer, "client-request-id", "11111111-2222-3333-4444-555555555555")...)
		require.Equal(t, http.StatusNotFound, got.Code)
		require.Equal(t, "ErrorItemNotFound", got.Text("error", "code"))
		require.Equal(t, "11111111-2222-3333-4444-555555555555", got.Header.Get("Client-Request-Id"))
		require.NotEmpty(t, got.Header.Get("X-Request-Id"), "ours is beside them")
	})
	t.Run("calls count as uses of the key", func(t *testing.T) {
		require.NoError(t, f.Broker.FlushUses(t.Context()))
		consumers, _ := f.admin.Call(http.MethodGet, keysPath+"/"+f.keyID+"/usage", nil).At("consumers").([]any)
		require.InDelta(t, 2, consumers[0].(map[string]any)["usesLast24Hours"], 0)
	})
	t.Run("path and query go as they were written", func(t *testing.T) {
		last := f.probe.record()
		for _, rest := range []string{
			"/probe/a%2Fb", "/probe/a%2fb", "/probe/a%20b", "/probe/%41", "/probe/a%252Fb", "/probe/x('y')", "/probe/root:/a.txt:/content", "/probe/AAMk=",
			"/probe?$filter=subject%20eq%20'a%26b'&$top=1", "/probe?", "/probe?a=b;c=d&$expand=x($select=y;$top=1)", "/probe?%zz", "/probe?a+b=%2B&&x", "/probe/",
		} {
			answer, body := f.raw(t, "GET "+path(id, rest)+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "+bearer[1]+"\r\n\r\n")
			require.Equal(t, http.StatusOK, answer.StatusCode, "%s: %s", rest, body)
			require.Equal(t, "/v1.0"+rest, last().uri)
		}
	})
	t.Run("version, base path and fixed headers are the target's", func(t *testing.T) {
		last := f.probe.record()
		beta := f.create("Beta", with("apiVersion", "beta"), with("basePath", "/probe/x"), with("fixedHeaders", []any{
			map[string]any{"name": "Prefer", "value": `IdType="ImmutableId"`},
		}))
		f.Call(http.MethodGet, path(beta, "/y"), nil, append(bearer, "Prefer", "nothing", "ConsistencyLevel", "eventual")...).Status(http.StatusOK)
		got := last()
		require.Equal(t, "/beta/probe/x/y", got.uri)
		require.Equal(t, []string{`IdType="ImmutableId"`}, got.header.Values("Prefer"))
		require.Equal(t, "eventual", got.header.Get("Consistencylevel"))
		f.Call(http.MethodGet, path(beta, ""), nil, bearer...).Status(http.StatusNotFound) // no such route
		f.Call(http.MethodGet, path(beta, "/"), nil, bearer...).Status(http.StatusOK)
		require.Equal(t, "/beta/probe/x", last().uri)
	})
	t.Run("what says who is calling stays here", func(t *testing.T) {
		last := f.probe.record()
		answer, body := f.raw(t, "POST "+path(id, "/probe")+" HTTP/1.1\r\nHost: evil.example\r\nAuthorization: "+bearer[1]+"\r\nCookie: a=b\r\n"+
			"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil.example\r\nForwarded: for=1.2.3.4\r\nVia: 1.1 x\r\nProxy-Authorization: Basic eDp5\r\n"+
			"Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: websocket\r\nTrailer: X-Late\r\nExpect: 100-continue\r\n"+
			"X-HTTP-Method-Override: DELETE\r\nX_Authorization: x\r\nAccept-Encoding: gzip\r\nX-Kept: yes\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")
		require.Equal(t, http.StatusOK, answer.StatusCode, body)
		got := last()
		require.Equal(t, "hi", got.body)
		names := []string{}
		for name := range got.header {
			names = append(names, name)
		}
		require.ElementsMatch(t, []string{"Authorization", "X-Kept", "Content-Type", "Content-Length", "Accept-Encoding", "User-Agent"}, names)
		require.NotEqual(t, bearer[1], got.header.Get("Authorization"))
		require.NotContains(t, got.host, "evil")
		require.Equal(t, "identity", got.header.Get("Accept-Encoding"))
	})
	t.Run("lengths and chunks are kept both ways, trailers are not", func(t *testing.T) {
		last := f.probe.record()
		head := "POST " + path(id, "/probe") + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + bearer[1] + "\r\n"
		big := strings.Repeat("x", 100_000)
		f.raw(t, head+"Transfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"+fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Late: 1\r\n\r\n", len(big), big))
		got := last()
		require.True(t, got.chunked)
		require.Equal(t, big, got.body)
		require.Empty(t, got.trailer)
		f.raw(t, head+fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(big), big))
		require.Equal(t, int64(len(big)), last().length)
		f.raw(t, strings.Replace(head, "POST", "GET", 1)+"\r\n")
		require.Equal(t, int64(0), last().length)

		f.probe.answer(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Late")
			if r.URL.Query().Has("length") {
				w.Header().Set("Content-Length", "5")
			}
			_, _ = io.WriteString(w, "12")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "345")
			w.Header().Set("X-Late", "1")
		})
		answer, body := f.raw(t, strings.Replace(head, "POST", "GET", 1)+"\r\n")
		require.Equal(t, []string{"chunked"}, answer.TransferEncoding)
		require.Equal(t, "12345", body)
		require.Empty(t, answer.Trailer)
		answer, _ = f.raw(t, "GET "+path(id, "/probe?length")+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "+bearer[1]+"\r\n\r\n")
		require.Equal(t, int64(5), answer.ContentLength)
		length := f.Call(http.MethodHead, path(id, "/probe?length"), nil, bearer...)
		require.Equal(t, http.StatusOK, length.Code)
		require.Equal(t, "5", length.Header.Get("Content-Length"))
		require.Empty(t, length.Body)
	})
	t.Run("a redirect is handed on and not followed", func(t *testing.T) {
		f.probe.answer(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/file", http.StatusFound)
		})
		got := f.Call(http.MethodGet, path(id, "/probe"), nil, bearer...)
		require.Equal(t, http.StatusFound, got.Code)
		require.Equal(t, "https://elsewhere.example/file", got.Header.Get("Location"))
	})
}

func TestCallRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bearer := f.program()
	f.probe.answer(func(http.ResponseWriter, *http.Request) { t.Error("something came through") })
	id := f.create("Narrow", with("basePath", "/probe"), with("allowedMethods", []string{"GET"}), with("allowedPaths", []string{"/probe/a/*", "/probe/me"}))
	code := func(method, rest string) (int, any) {
		got := f.Call(method, path(id, rest), nil, bearer...)
		return got.Code, got.At("code")
	}
	t.Run("what the target doesn't allow", func(t *testing.T) {
		for _, row := range []struct{ method, rest, want string }{
			{"POST", "/me", "method_refused"},
			{"DELETE", "/a/b", "method_refused"},
			{"GET", "/", "path_refused"},
			{"GET", "/a", "path_refused"},
			{"GET", "/a/b/c", "path_refused"},
			{"GET", "/a/b%2Fc", "path_refused"},
			{"GET", "/a/b%2fc", "path_refused"},
			{"GET", "/B/b", "path_refused"},
			{"GET", "/me/x", "path_refused"},
		} {
			status, got := code(row.method, row.rest)
			require.Equal(t, http.StatusForbidden, status, row.rest)
			require.Equal(t, row.want, got, row.rest)
		}
	})
	t.Run("what could lead elsewhere, in whatever encoding", func(t *testing.T) {
		for _, rest := range []string{
			"/a/..", "/a/../me", "/a/.", "/a//b", "//evil.example/x", "/a/%2e%2e", "/a/%2E%2e/me", "/a/.%2e", "/a/%252e%252e", "/a/%25252e%25252e",
			"/a%2f..%2f..", "/a/x%2f%2e%2e", "/a%2f%2fb", "/a/\\b", "/a%5cb", "/a%255cb", "/a/%00", "/a/%0d%0aX:%20y", "/a/%250d%250a", "/a/%c0%ae%c0%ae",
			"/a/..;/me", "/a/..;x=y/me", "/a/%ff", "/a/%7f", "/@evil.example/%2e%2e", "/a/{b}", "/a/b|c",
		} {
			answer, body := f.raw(t, "GET "+path(id, rest)+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "+bearer[1]+"\r\n\r\n")
			require.Equal(t, http.StatusBadRequest, answer.StatusCode, "%s: %s", rest, body)
			require.Contains(t, body, `"code":"bad_path"`, rest)
		}
	})
	t.Run("a whole address as target leads nowhere else", func(t *testing.T) {
		for _, rest := range []string{"/a/../x", "/a/%2e%2e"} {
			answer, _ := f.raw(t, "GET http://evil.example"+path(id, rest)+" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nAuthorization: "+bearer[1]+"\r\n\r\n")
			require.Equal(t, http.StatusBadRequest, answer.StatusCode)
		}
		answer, body := f.raw(t, "GET "+targetsPath+"/%30"+id[1:]+"/graph/a/b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "+bearer[1]+"\r\n\r\n")
		require.Contains(t, []int{http.StatusNotFound, http.StatusForbidden, http.StatusOK}, answer.StatusCode, body)
	})
	t.Run("a target that is switched off, or whose key serves nothing", func(t *testing.T) {
		f.admin.Call(http.MethodPatch, targetsPath+"/"+id, map[string]any{"enabled": false}).Status(http.StatusOK)
		status, got := code("GET", "/me")
		require.Equal(t, http.StatusConflict, status)
		require.Equal(t, "target_disabled", got)
		f.admin.Call(http.MethodPatch, targetsPath+"/"+id, map[string]any{"enabled": true}).Status(http.StatusOK)
		f.admin.Call(http.MethodPost, keysPath+"/"+f.keyID+"/suspend", nil).Status(http.StatusOK)
		status, got = code("GET", "/me")
		require.Equal(t, http.StatusConflict, status)
		require.Equal(t, "suspended", got)
	})
	t.Run("a target of a key that the program was not given", func(t *testing.T) {
		other := f.admin.CreateKey("Other")
		id := f.create("Other's", with("accountKeyId", other))
		got := f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusNotFound)
		require.Equal(t, "not_found", got.Text("code"))
	})
}

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create("All")
	bearer := f.program()
	const page = "<script>fetch('/api/v1/users')</script>"
	f.probe.answer(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Content-Type": "text/html", "Set-Cookie": "latchkey_session=evil", "Content-Disposition": "inline", "Content-Security-Policy": "default-src *",
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true", "Clear-Site-Data": `"*"`, "Refresh": "0;url=https://evil.example",
			"Link": "</x>; rel=preload", "Service-Worker-Allowed": "/", "Strict-Transport-Security": "max-age=0", "X-Content-Type-Options": "sniff", "Www-Authenticate": "Basic realm=x",
			"Connection": "X-Secret", "X-Secret": "1", "Request-Id": "r-1", "Cache-Control": "public, max-age=1000", "Content-Security-Policy-Report-Only": "x",
		} {
			w.Header().Set(name, value)
		}
		_, _ = io.WriteString(w, page)
	})
	for name, got := range map[string]interface{ Get(string) string }{
		"to a program": f.Call(http.MethodGet, path(id, "/probe"), nil, bearer...).Status(http.StatusOK).Header,
		"to a page":    f.admin.Call(http.MethodGet, path(id, "/probe"), nil).Status(http.StatusOK).Header,
	} {
		require.Equal(t, "nosniff", got.Get("X-Content-Type-Options"), name)
		require.Equal(t, "sandbox; default-src 'none'", got.Get("Content-Security-Policy"), name)
		require.Equal(t, "attachment", got.Get("Content-Disposition"), name)
		require.Equal(t, "no-store", got.Get("Cache-Control"), name)
		require.Equal(t, "r-1", got.Get("Request-Id"), name)
		for _, gone := range []string{
			"Set-Cookie", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Clear-Site-Data", "Refresh", "Link", "Service-Worker-Allowed",
			"Strict-Transport-Security", "Www-Authenticate", "X-Secret", "Content-Security-Policy-Report-Only",
		} {
			require.Empty(t, got.Get(gone), "%s: %s", name, gone)
		}
	}
	t.Run("a browser shows nothing of it", func(t *testing.T) {
		for _, destination := range []string{"document", "iframe", "script", "image", "object", "style", ""} {
			got := f.admin.Call(http.MethodGet, path(id, "/probe"), nil, "Sec-Fetch-Dest", destination).Status(http.StatusForbidden)
			require.Equal(t, "not_fetched", got.Text("code"))
			require.NotContains(t, string(got.Body), "script>")
		}
	})
	t.Run("an answer that is split is no two answers", func(t *testing.T) {
		f.probe.answer(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-A: b\rSet-Cookie: x=y\r\nContent-Length: 2\r\n\r\nok")
				_ = conn.Close()
			}
		})
		got := f.Call(http.MethodGet, path(id, "/probe"), nil, bearer...)
		require.Empty(t, got.Header.Get("Set-Cookie"))
		for _, values := range got.Header {
			for _, value := range values {
				require.NotContains(t, value, "\r")
			}
		}
	})
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create("All", with("timeoutSeconds", 1))
	bearer := f.program()
	t.Run("no answer in time", func(t *testing.T) {
		f.probe.answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		got := f.Call(http.MethodGet, path(id, "/probe"), nil, bearer...).Status(http.StatusGatewayTimeout)
		require.Equal(t, "graph_timeout", got.Text("code"))
	})
	t.Run("the time-out is for the head alone", func(t *testing.T) {
		f.probe.answer(func(w http.ResponseWriter, r *http.Request) {
			for range 4 {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				<-f.after(t, "400ms")
			}
		})
		got := f.Call(http.MethodGet, path(id, "/probe"), nil, bearer...).Status(http.StatusOK)
		require.Equal(t, "xxxx", string(got.Body))
	})
	t.Run("the connection breaks before the answer", func(t *testing.T) {
		f.probe.answer(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		got := f.Call(http.MethodPost, path(id, "/probe"), "{}", bearer...).Status(http.StatusBadGateway)
		require.Equal(t, "graph_unreachable", got.Text("code"))
	})
	t.Run("an answer that breaks off is cut, and no part passes for the whole", func(t *testing.T) {
		f.probe.answer(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 100_000))
			panic(http.ErrAbortHandler)
		})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+path(id, "/probe"), http.NoBody)
		require.NoError(t, err)
		request.Header.Set(bearer[0], bearer[1])
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		_, err = io.ReadAll(answer.Body)
		require.Error(t, err)
	})
	t.Run("who goes away ends the call", func(t *testing.T) {
		gone := make(chan struct{})
		began := make(chan struct{})
		f.probe.answer(func(_ http.ResponseWriter, r *http.Request) {
			close(began)
			<-r.Context().Done()
			close(gone)
		})
		slow := f.create("Slow", with("timeoutSeconds", 300))
		conn := f.open(t, "GET "+path(slow, "/probe")+" HTTP/1.1\r\nHost: x\r\nAuthorization: "+bearer[1]+"\r\n\r\n")
		<-began
		require.NoError(t, conn.Close())
		<-gone
	})
}
