package graph_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/graph"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

func TestMe(t *testing.T) {
	t.Parallel()
	t.Run("says whose token it is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		user, err := w.client.Me(t.Context(), w.base, w.token)
		require.NoError(t, err)
		require.Equal(t, "4d5f7a10-0c2b-4e1d-b6d8-77f0a9c31e54", user.ID)
		require.Equal(t, "mara@fabrikam.example", user.UserPrincipalName)
		require.Equal(t, "mara@fabrikam.example", user.Mail)
		require.NotEmpty(t, user.DisplayName)
	})
	t.Run("bears an account without an address", func(t *testing.T) {
		t.Parallel()
		user, err := stubbed(t, replying(200, `{"id":"x","userPrincipalName":"u","mail":null}`))
		require.NoError(t, err)
		require.Equal(t, graph.User{ID: "x", UserPrincipalName: "u"}, user)
	})
	t.Run("takes no page for an account", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{"<html>", `{}`, `{"id":7}`, `{"id":"x"`, ""} {
			_, err := stubbed(t, replying(200, body))
			require.Equal(t, graph.CodeUnexpectedAnswer, graphError(t, err).Code)
			require.True(t, graphError(t, err).Transient())
		}
	})
}

func TestDo(t *testing.T) {
	t.Parallel()
	t.Run("a refusal is told with Graph's code and ids", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "User.Read")
		_, err := w.client.Do(t.Context(), w.base, w.token, graph.Request{Method: http.MethodGet, Path: "/me/mailFolders/inbox"})
		failed := graphError(t, err)
		require.Equal(t, http.StatusForbidden, failed.Status)
		require.True(t, failed.HasCode("erroraccessdenied"))
		require.NotEmpty(t, failed.RequestID)
		require.NotEmpty(t, failed.Date)
		require.NotEmpty(t, failed.Message)
		require.False(t, failed.Transient())
	})
	t.Run("a page in place of Graph's answer has no code", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.Fail(emulator.Failure{Endpoint: "graph", Status: 404, HTML: true})
		_, err := w.client.Do(t.Context(), w.base, w.token, graph.Request{Method: http.MethodGet, Path: "/me/mailFolders/inbox"})
		require.Equal(t, http.StatusNotFound, graphError(t, err).Status)
		require.Empty(t, graphError(t, err).Code)
	})
	t.Run("asks for immutable ids under an id of its own, beside the caller's wishes", func(t *testing.T) {
		t.Parallel()
		var got *http.Request
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Clone(context.WithoutCancel(r.Context()))
			replying(202, "")(w, r)
		}))
		t.Cleanup(server.Close)
		response, err := newClient(time.Now).Do(t.Context(), server.URL+"/", secret.New("tok"), graph.Request{
			Method: http.MethodPost, Path: "/me/messages/AAM%2Fk%3D/send", Query: url.Values{"$top": {"5"}},
			Header: http.Header{"prefer": {`outlook.body-content-type="text"`}, "Authorization": {"Bearer other"}}, Body: []byte(`{}`),
		})
		require.NoError(t, err)
		require.Equal(t, 202, response.Status)
		require.Empty(t, response.Body)
		require.Equal(t, "/v1.0/me/messages/AAM%2Fk%3D/send", got.URL.EscapedPath())
		require.Equal(t, "5", got.URL.Query().Get("$top"))
		require.Equal(t, []string{"Bearer tok"}, got.Header.Values("Authorization"))
		require.Equal(t, []string{`outlook.body-content-type="text"`, `IdType="ImmutableId"`}, got.Header.Values("Prefer"))
		require.Equal(t, "application/json", got.Header.Get("Content-Type"))
		require.NoError(t, uuid.Validate(got.Header.Get("Client-Request-Id")))
	})
	t.Run("sends a token to no other host", func(t *testing.T) {
		t.Parallel()
		var lured int
		elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured++ }))
		t.Cleanup(elsewhere.Close)
		_, err := stubbed(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
		require.Equal(t, 302, graphError(t, err).Status)
		require.Zero(t, lured)
	})
	t.Run("refuses what is no request, and sends nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, r := range []graph.Request{
			{Method: "GET", Path: "me"},
			{Method: "GET", Path: "/me?x=1"},
			{Method: "GET", Path: "//evil.example/"},
			{Method: "GET", Path: "/me#x"},
			{Method: "G T", Path: "/me"},
			{Method: "GET", Path: "/me/%zz"},
			{Method: "GET", Path: ""},
		} {
			_, err := w.client.Do(t.Context(), w.base, w.token, r)
			require.ErrorIs(t, err, graph.ErrRequest, r.Path)
		}
		for _, token := range []string{"", "a b", "a\r\nX: y", "ü"} {
			_, err := w.client.Do(t.Context(), w.base, secret.New(token), graph.Request{Method: "GET", Path: "/me"})
			require.ErrorIs(t, err, graph.ErrRequest)
		}
		_, err := w.client.Me(t.Context(), "http://graph.example", w.token)
		require.ErrorIs(t, err, graph.ErrRequest)
		require.Empty(t, w.emulator.RequestsTo(emulator.EndpointGraph, ""))
	})
	t.Run("leaves in time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		defer w.emulator.Hold(emulator.EndpointGraph, "")()
		w.client.HTTP = upstream.NewHTTPClient(50 * time.Millisecond)
		_, err := w.client.Me(t.Context(), w.base, w.token)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, graph.CodeNoAnswer, graphError(t, err).Code)
		require.True(t, graphError(t, err).Transient())
	})
	t.Run("reads no more than it can bear", func(t *testing.T) {
		t.Parallel()
		_, err := stubbed(t, replying(200, strings.Repeat("a", 9<<20)))
		require.ErrorIs(t, err, upstream.ErrBodyTooLarge)
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	t.Run("an expired token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.Advance(48 * time.Hour)
		_, err := w.client.Me(t.Context(), w.base, w.token)
		failed := graphError(t, err)
		require.Equal(t, http.StatusUnauthorized, failed.Status)
		require.True(t, failed.HasCode("InvalidAuthenticationToken"))
		require.Empty(t, failed.InsufficientClaims)
		require.False(t, failed.Transient())
	})
	t.Run("a claims challenge", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.Fail(emulator.Failure{Endpoint: "graph", CAE: true})
		_, err := w.client.Me(t.Context(), w.base, w.token)
		require.Contains(t, graphError(t, err).InsufficientClaims, `"nbf"`)
	})
	t.Run("throttled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.Fail(emulator.Failure{Endpoint: "graph", Status: 429, RetryAfter: "11", Code: "ApplicationThrottled"})
		_, err := w.client.Me(t.Context(), w.base, w.token)
		failed := graphError(t, err)
		require.Equal(t, 11*time.Second, failed.RetryAfter)
		require.True(t, failed.Transient())
	})
	t.Run("throttled for long, by Graph and by something on the way", func(t *testing.T) {
		t.Parallel()
		for body, want := range map[string]time.Duration{
			`{"error":{"code":"ApplicationThrottled"}}`: time.Hour, "<html>busy</html>": 10 * time.Minute,
		} {
			_, err := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", "86400")
				replying(http.StatusServiceUnavailable, body)(w, r)
			})
			require.Equal(t, want, graphError(t, err).RetryAfter, body)
		}
	})
	t.Run("a gateway's page", func(t *testing.T) {
		t.Parallel()
		_, err := stubbed(t, replying(502, "<html>stub-access-token</html>"))
		failed := graphError(t, err)
		require.Empty(t, failed.Code)
		require.True(t, failed.Transient())
		require.NoError(t, uuid.Validate(failed.ClientRequestID))
	})
	t.Run("an error nested in lower case, with odd members", func(t *testing.T) {
		t.Parallel()
		_, err := stubbed(t, replying(400, `{"error":{"code":7,"message":"a\u0000\r\n b","innererror":{"code":"InefficientFilter",
			"innererror":{"request-id":"6f0e-1","date":"2026-03-04T09:31:07"}}}}`))
		failed := graphError(t, err)
		require.Equal(t, "InefficientFilter", failed.Code)
		require.Equal(t, "6f0e-1", failed.RequestID)
		require.Equal(t, "2026-03-04T09:31:07", failed.Date)
		require.Equal(t, "a b", failed.Message)
	})
	t.Run("repeat no token and none of Graph's wording", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`{"error":{"code":"stub-access-token!","message":"stub-access-token Mara's mail","innerError":{"request-id":"stub-access-token ","date":"x"}}}`,
			`stub-access-token`,
		} {
			_, err := stubbed(t, replying(400, body))
			failed := graphError(t, err)
			printed := fmt.Sprintf("%v %+v %#v %q %+v %#v", err, err, err, err, *failed, *failed)
			require.NotContains(t, printed, "stub-access-token")
			require.NotContains(t, err.Error(), "Mara")
		}
	})
	t.Run("tell a full mailbox from an outage", func(t *testing.T) {
		t.Parallel()
		for status, transient := range map[int]bool{400: false, 408: true, 409: false, 429: true, 500: true, 503: true, 507: false, 302: true} {
			require.Equal(t, transient, (&graph.Error{Status: status}).Transient(), status)
		}
	})
}

func TestClaimsChallenge(t *testing.T) {
	t.Parallel()
	claims := `{"access_token":{"nbf":{"essential":true,"value":"1772615400?>"}}}`
	standard := base64.StdEncoding.EncodeToString([]byte(claims))
	for name, headers := range map[string][]string{
		"as documented":             {`Bearer realm="", authorization_uri="https://l/x", error="insufficient_claims", claims="` + standard + `"`},
		"in another order":          {`Bearer claims="` + standard + `", error="insufficient_claims", realm="a, b=c"`},
		"without padding":           {`Bearer error=insufficient_claims,claims=` + strings.TrimRight(standard, "=")},
		"in the URL alphabet":       {`bearer ERROR="insufficient_claims", CLAIMS="` + base64.URLEncoding.EncodeToString([]byte(claims)) + `"`},
		"in the second header":      {`Basic realm="x"`, `Bearer error="invalid_token"`, `Bearer error="insufficient_claims", claims="` + standard + `"`},
		"after an escaped quote":    {`Bearer realm="a\"b, error=x", error="insufficient_claims", claims="` + standard + `"`},
		"beside a scheme of spaces": {`Negotiate, Bearer   error = "insufficient_claims" , claims = "` + standard + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := stubbed(t, challenging(headers))
			require.JSONEq(t, claims, graphError(t, err).InsufficientClaims)
		})
	}
	for name, headers := range map[string][]string{
		"another error":  {`Bearer error="invalid_token", claims="` + standard + `"`},
		"no claims":      {`Bearer error="insufficient_claims"`},
		"no base64":      {`Bearer error="insufficient_claims", claims="%%%"`},
		"no JSON object": {`Bearer error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(`"x"`)) + `"`},
		"a flood":        {`Bearer error="insufficient_claims", x="` + strings.Repeat("a", 20<<10) + `", claims="` + standard + `"`},
	} {
		t.Run("not with "+name, func(t *testing.T) {
			t.Parallel()
			_, err := stubbed(t, challenging(headers))
			require.Empty(t, graphError(t, err).InsufficientClaims)
		})
	}
}

func challenging(headers []string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, header := range headers {
			w.Header().Add("WWW-Authenticate", header)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}
}
