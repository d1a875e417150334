package apiclient_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// brokenDB is a database that has gone away.
func brokenDB(t *testing.T) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dbtest.NewURL(t), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, d.Close())
	return d
}

func newHandler(t *testing.T, s *apiclient.Service) http.Handler {
	t.Helper()
	public, err := url.Parse(issuer)
	require.NoError(t, err)
	server := &httpapi.Server{Logger: slog.New(slog.DiscardHandler), Now: s.Now, Public: public, Clients: s}
	require.NoError(t, server.Start())
	(&apiclient.API{Service: s}).Mount(server.API(), server.Root())
	return server.Handler()
}

// call sends a request and returns the answer with its JSON.
func call(t *testing.T, h http.Handler, method, path, body string, header ...string) (*http.Response, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, issuer+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := map[string]any{}
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	}
	return w.Result(), out
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	c, plain := newClient(t, s)
	h := newHandler(t, s)
	id, text := c.ID, plain.Reveal()
	basic := func(id, plain string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+plain))
	}
	inForm := "&client_id=" + id + "&client_secret=" + text
	const grant, form = "grant_type=client_credentials", "application/x-www-form-urlencoded"
	encoded := strings.ReplaceAll(id, "-", "%2D") // RFC 6749 §2.3.1: both parts are form-encoded

	for name, row := range map[string]struct {
		body, contentType, authorization string
		status                           int
		code, scope                      string
	}{
		"in the form":              {grant + inForm, form, "", 200, "", "tokens:issue mail:send"},
		"with a charset":           {grant + inForm, form + "; charset=utf-8", "", 200, "", "tokens:issue mail:send"},
		"by HTTP Basic":            {grant, form, basic(id, text), 200, "", "tokens:issue mail:send"},
		"by HTTP Basic, encoded":   {grant, form, basic(encoded, text), 200, "", "tokens:issue mail:send"},
		"a narrower scope":         {grant + "&scope=mail:send" + inForm, form, "", 200, "", "mail:send"},
		"a scope it lacks":         {grant + "&scope=mail:send+users:write" + inForm, form, "", 400, "invalid_scope", ""},
		"a scope nobody knows":     {grant + "&scope=everything" + inForm, form, "", 400, "invalid_scope", ""},
		"both ways at once":        {grant + inForm, form, basic(id, text), 400, "invalid_request", ""},
		"no grant":                 {inForm[1:], form, "", 400, "invalid_request", ""},
		"another grant":            {"grant_type=password" + inForm, form, "", 400, "unsupported_grant_type", ""},
		"a parameter twice":        {grant + "&scope=mail:send&scope=mail:send" + inForm, form, "", 400, "invalid_request", ""},
		"JSON":                     {`{"grant_type":"client_credentials"}`, "application/json", "", 400, "invalid_request", ""},
		"no credentials":           {grant, form, "", 401, "invalid_client", ""},
		"another client's id":      {grant, form, basic("0198c0de-0000-7000-8000-000000000000", text), 401, "invalid_client", ""},
		"a wrong secret":           {grant, form, basic(id, text[:len(text)-1]+"!"), 401, "invalid_client", ""},
		"a broken encoding":        {grant, form, basic(id, "%zz"), 401, "invalid_client", ""},
		"an Authorization too odd": {grant, form, "Basic ???", 401, "invalid_client", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, got := call(t, h, http.MethodPost, "/oauth/token", row.body, "Content-Type", row.contentType, "Authorization", row.authorization)
			require.Equal(t, row.status, res.StatusCode, got)
			require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
			require.Equal(t, "no-cache", res.Header.Get("Pragma"))
			if row.status != http.StatusOK {
				require.Equal(t, row.code, got["error"])
				require.NotEmpty(t, got["error_description"])
				require.Equal(t, row.status == http.StatusUnauthorized, strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Basic"))
				return
			}
			require.Equal(t, "Bearer", got["token_type"])
			require.InDelta(t, 900, got["expires_in"], 0)
			require.Equal(t, row.scope, got["scope"])
		})
	}
	t.Run("credentials in the address don't count", func(t *testing.T) {
		t.Parallel()
		res, got := call(t, h, http.MethodPost, "/oauth/token?client_id="+id+"&client_secret="+text, grant, "Content-Type", form)
		require.Equal(t, http.StatusUnauthorized, res.StatusCode, got)
	})
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	h := newHandler(t, s)
	_, got := call(t, h, http.MethodGet, "/.well-known/oauth-authorization-server", "")
	require.Equal(t, issuer, got["issuer"])
	require.Equal(t, issuer+"/oauth/token", got["token_endpoint"])
	_, set := call(t, h, http.MethodGet, strings.TrimPrefix(got["jwks_uri"].(string), issuer), "")
	kid, private := signingKeyOf(t, s)
	point, err := private.PublicKey.Bytes()
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	require.Equal(t, map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "use": "sig", "alg": "ES256", "kid": kid, "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:]),
	}}}, set)
}

func TestAPI(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	admin, plain := newClient(t, s, func(in *apiclient.Input) { in.Permissions, in.AllAccountKeys = auth.AllPermissions(), true })
	h := newHandler(t, s)
	bearer := "Bearer " + tokenOf(t, s, admin, plain).Reveal()
	do := func(method, path, body string, header ...string) (*http.Response, map[string]any) {
		return call(t, h, method, "/api/v1"+path, body, append(header, "Authorization", bearer, "Content-Type", "application/json")...)
	}

	res, made := do("POST", "/api-clients", `{"name":"billing","permissions":["mail:send"]}`)
	require.Equal(t, http.StatusCreated, res.StatusCode, made)
	path := strings.TrimPrefix(res.Header.Get("Location"), "/api/v1")
	require.Contains(t, made["secret"], "lk_")
	require.Equal(t, []any{}, made["accountKeyIds"])
	res, got := do("GET", path, "")
	require.NotContains(t, got, "secret")
	etag := res.Header.Get("ETag")
	res, _ = do("PATCH", path, `{"description":"Sends invoices"}`, "If-Match", etag)
	require.Equal(t, http.StatusOK, res.StatusCode)
	res, _ = do("PATCH", path, `{"description":"x"}`, "If-Match", etag)
	require.Equal(t, http.StatusPreconditionFailed, res.StatusCode)
	res, second := do("POST", path+"/secrets", `{}`)
	require.Equal(t, http.StatusCreated, res.StatusCode)
	res, got = do("POST", path+"/secrets", `{}`)
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Equal(t, "too_many_secrets", got["code"])
	res, _ = do("DELETE", path+"/secrets/"+second["id"].(string), "")
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, _ = do("DELETE", path, "")
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, _ = do("GET", path, "")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
}
