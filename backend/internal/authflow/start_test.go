package authflow_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/authflow"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestLoginHint(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	keyID := f.admin.CreateKey("Hinted")

	t.Run("what is no sign-in name is refused at its field, and nothing is begun", func(t *testing.T) {
		for _, hint := range []string{"x \u0007", "mara", "Mara <mara@fabrikam.example>", strings.Repeat("m", 900_000) + "@fabrikam.example", "a@b\u2028c"} {
			got := f.start(keyID, "popup", hint).Status(http.StatusUnprocessableEntity)
			require.Equal(t, []string{"loginHint:invalid"}, got.FieldErrors())
		}
		require.Zero(t, f.count(t, &authflow.Attempt{}, keyID))
	})
	t.Run("it is handed on instead of the account picker", func(t *testing.T) {
		for _, mode := range []string{"popup", "link"} {
			started := f.start(keyID, mode, " mara@fabrikam.example\n").Status(http.StatusCreated)
			address := started.Text("url")
			if mode == "link" {
				value := strings.TrimPrefix(address, f.URL+"/authorize/")
				address = f.Browser().Call(http.MethodPost, "/oauth/links/"+value, nil).Status(http.StatusOK).Text("url")
			}
			q := query(t, address)
			require.Equal(t, "mara@fabrikam.example", q.Get("login_hint"), mode)
			require.False(t, q.Has("prompt"), mode)
		}
	})
	t.Run("the key's own counts where none is given", func(t *testing.T) {
		hinted := f.admin.CreateKey("Of tomas", func(body map[string]any) { body["loginHint"] = "tomas@fabrikam.example" })
		require.Equal(t, "tomas@fabrikam.example", query(t, f.start(hinted, "popup", "").Status(http.StatusCreated).Text("url")).Get("login_hint"))
		require.Equal(t, "mara@fabrikam.example", query(t, f.start(hinted, "popup", "mara@fabrikam.example").Status(http.StatusCreated).Text("url")).Get("login_hint"))
	})
	t.Run("without one the account picker is asked for", func(t *testing.T) {
		q := query(t, f.start(keyID, "popup", "").Status(http.StatusCreated).Text("url"))
		require.Equal(t, "select_account", q.Get("prompt"))
		require.False(t, q.Has("login_hint"))
	})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	keyID := f.authorized(t, "Challenged")
	bearer, _ := f.admin.Program("billing", []string{"tokens:issue"}, []string{keyID})
	const claims = `{"access_token":{"capolids":{"essential":true,"values":["5b0c6b1e-2d0a-4f6f-9a57-0c9d2a3f1b44"]}}}`
	asked := func(mode string) url.Values {
		address := f.start(keyID, mode, "").Status(http.StatusCreated).Text("url")
		if mode == "link" {
			value := strings.TrimPrefix(address, f.URL+"/authorize/")
			address = f.Browser().Call(http.MethodPost, "/oauth/links/"+value, nil).Status(http.StatusOK).Text("url")
		}
		return query(t, address)
	}
	require.False(t, asked("popup").Has("claims"))

	f.Emulator.Fail(emulator.Failure{Endpoint: emulator.EndpointToken, Detail: "refresh_token", Times: 1, AADSTS: 50158})
	f.Call(http.MethodPost, keyPath(keyID)+"/access-token", map[string]any{"forceRefresh": true}, bearer...).Status(http.StatusConflict)
	require.NotContains(t, string(f.key(keyID).Body), "capolids", "they are for Microsoft alone")
	for _, mode := range []string{"popup", "link"} {
		require.JSONEq(t, claims, asked(mode).Get("claims"), "what ended the authorization is told to the next sign-in")
	}
	require.Equal(t, "failed", f.admin.Authorize(keyID, "mara", emulator.Decline).Text("status"))
	require.True(t, asked("popup").Has("claims"), "nothing satisfied them yet")
	require.Equal(t, "succeeded", f.admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
	require.False(t, asked("popup").Has("claims"))
}

func TestStart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)

	t.Run("the answer tells what a later look at it tells", func(t *testing.T) {
		keyID := f.authorized(t, "Looked at")
		started := f.start(keyID, "popup", "").Status(http.StatusCreated)
		seen := f.get(keyID, started.Text("id")).Status(http.StatusOK)
		require.Equal(t, "mara@fabrikam.example", started.Text("currentAccount", "userPrincipalName"))
		delete(started.JSON, "url")
		require.Equal(t, seen.JSON, started.JSON)
		require.Equal(t, attemptPath(keyID, started.Text("id")), started.Header.Get("Location"))
	})
	t.Run("a suspended key is refused before Microsoft is asked", func(t *testing.T) {
		keyID := f.admin.CreateKey("Suspended")
		_, link := f.link(keyID)
		f.admin.Call(http.MethodPost, keyPath(keyID)+"/suspend", nil).Status(http.StatusOK)
		asked := f.Emulator.Count("token")
		for _, mode := range []string{"popup", "link"} {
			got := f.start(keyID, mode, "").Status(http.StatusConflict)
			require.Equal(t, "suspended", got.Text("code"))
			require.NotEmpty(t, got.Text("fix"))
		}
		f.admin.Call(http.MethodPost, link, nil).Status(http.StatusNotFound)
		require.Equal(t, asked, f.Emulator.Count("token"))
		require.Equal(t, int64(1), f.count(t, &authflow.Attempt{}, keyID), "the link from before")
	})
	t.Run("a key that is changed while it is being checked gets no attempt", func(t *testing.T) {
		keyID := f.admin.CreateKey("Changed meanwhile")
		var got apptest.Answer
		f.whileHeld(t, "client_credentials", func() { got = f.start(keyID, "popup", "") }, func() {
			f.admin.Call(http.MethodPatch, keyPath(keyID), map[string]any{"tenantId": "fabrikam.example"}).Status(http.StatusOK)
		})
		require.Equal(t, "key_changed", got.Status(http.StatusConflict).Text("code"))
		require.Empty(t, got.Header.Values("Set-Cookie"))
		require.Zero(t, f.count(t, &authflow.Attempt{}, keyID))
	})
	t.Run("an outage is told with the time to wait", func(t *testing.T) {
		keyID := f.admin.CreateKey("Bad moment")
		for asked, told := range map[string]string{"": "5", "2": "5", "30": "30"} {
			failure := f.Emulator.Fail(emulator.Failure{Endpoint: emulator.EndpointDiscovery, Status: http.StatusServiceUnavailable, RetryAfter: asked})
			got := f.start(keyID, "popup", "").Status(http.StatusServiceUnavailable)
			f.Emulator.ClearFailure(failure)
			require.Equal(t, "microsoft_unavailable", got.Text("code"))
			require.Equal(t, told, got.Header.Get("Retry-After"), "Microsoft said %q", asked)
		}
		require.Zero(t, f.count(t, &authflow.Attempt{}, keyID))
	})
	t.Run("a mode that is none is refused", func(t *testing.T) {
		require.Equal(t, []string{"mode:unknown"}, f.start(f.admin.CreateKey("Modeless"), "tab", "").Status(http.StatusUnprocessableEntity).FieldErrors())
	})
}

func TestAttemptCookie(t *testing.T) {
	t.Parallel()
	cookieOf := func(t *testing.T, answer apptest.Answer) *http.Cookie {
		t.Helper()
		require.Len(t, answer.Header.Values("Set-Cookie"), 1)
		cookie, err := http.ParseSetCookie(answer.Header.Get("Set-Cookie"))
		require.NoError(t, err)
		return cookie
	}

	t.Run("only the callback gets it, no script, and no page of another site", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		keyID := f.admin.CreateKey("Bound")
		started := f.start(keyID, "popup", "").Status(http.StatusCreated)
		cookie := cookieOf(t, started)
		require.Contains(t, cookie.Name, started.Text("id"), "each attempt has its own")
		require.Equal(t, authflow.CallbackPath, cookie.Path)
		require.True(t, cookie.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
		require.Equal(t, 10*60, cookie.MaxAge, "as long as the attempt is open")
		require.Empty(t, cookie.Domain)
		require.False(t, cookie.Secure, "browsers come by plain http")
		require.NotContains(t, started.Text("url"), cookie.Value)
		require.NotContains(t, string(started.Body), cookie.Value)
	})
	t.Run("a link sets it when it is followed, and not when it is made or opened", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		keyID := f.admin.CreateKey("Linked")
		made := f.start(keyID, "link", "").Status(http.StatusCreated)
		require.Empty(t, made.Header.Values("Set-Cookie"))
		link := "/oauth/links/" + strings.TrimPrefix(made.Text("url"), f.URL+"/authorize/")
		require.Empty(t, f.Call(http.MethodGet, link, nil).Status(http.StatusOK).Header.Values("Set-Cookie"))
		followed := f.Call(http.MethodPost, link, nil).Status(http.StatusOK)
		require.Equal(t, authflow.CallbackPath, cookieOf(t, followed).Path)
	})
	t.Run("behind https it goes by https only", func(t *testing.T) {
		t.Parallel()
		a := apptest.New(t, "LATCHKEY_PUBLIC_URL=https://latchkey.example")
		made := a.Call(http.MethodPost, "/api/v1/setup", map[string]any{
			"setupCode": a.SetupCode, "email": "ada@fabrikam.example", "name": "Ada", "password": apptest.Password,
		}).Status(http.StatusCreated)
		session, err := http.ParseSetCookie(made.Header.Values("Set-Cookie")[0])
		require.NoError(t, err)
		signedIn := []string{"Cookie", session.Name + "=" + session.Value}
		seed := a.Emulator.Seed()
		keyID := a.Call(http.MethodPost, "/api/v1/account-keys", map[string]any{
			"type": "oauth2_microsoft_graph", "displayName": "Secure",
			"tenantId": seed.TenantID, "clientId": seed.ClientID, "clientSecret": seed.Secret,
		}, signedIn...).Status(http.StatusCreated).Text("id")
		started := a.Call(http.MethodPost, keyPath(keyID)+"/authorizations", map[string]any{"mode": "popup"}, signedIn...).Status(http.StatusCreated)
		require.True(t, cookieOf(t, started).Secure)
		require.Equal(t, "https://latchkey.example"+authflow.CallbackPath, query(t, started.Text("url")).Get("redirect_uri"))
	})
}

func TestLinkExpiry(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	keyID := f.admin.CreateKey("Sent by mail")
	id, link := f.link(keyID)
	f.Emulator.Advance(24*time.Hour - time.Minute)
	f.admin.Call(http.MethodGet, link, nil).Status(http.StatusOK)
	followed := f.admin.Call(http.MethodPost, link, nil).Status(http.StatusOK)
	f.Emulator.Advance(2 * time.Minute)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		got := f.admin.Call(method, link, nil).Status(http.StatusNotFound)
		require.Equal(t, "link_unknown", got.Text("code"))
		require.NotEmpty(t, got.Text("fix"))
	}
	require.Equal(t, "expired", f.get(keyID, id).Text("status"))
	callback, err := f.Emulator.SignIn(followed.Text("url"), "mara", emulator.Accept)
	require.NoError(t, err)
	f.comeBack(t, callback)
	require.Equal(t, "succeeded", f.get(keyID, id).Text("status"), "whoever had begun in time is let finish")
}
