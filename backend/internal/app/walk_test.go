package app_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestMainJob(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Invoices mailbox")

	done := admin.Authorize(keyID, "mara", emulator.Accept)
	require.Equal(t, "succeeded", done.Text("status"), string(done.Body))
	require.Equal(t, "mara@fabrikam.example", done.Text("account", "userPrincipalName"))

	top := admin.Call(http.MethodGet, "/api/v1/account-keys", nil).Status(http.StatusOK).Items()[0]
	require.Equal(t, keyID, top["id"])
	require.Equal(t, "authorized", top["status"])
	require.Nil(t, top["statusReason"])
	require.Empty(t, top["missingScopes"])

	bearer, _ := admin.Program("billing", []string{"tokens:issue"}, []string{keyID})
	issue := func() string {
		got := a.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/access-token", nil, bearer...).Status(http.StatusOK)
		require.Equal(t, "Bearer", got.Text("tokenType"))
		return got.Text("accessToken")
	}
	readsMail := func(token string) int {
		cloud := a.Config.Clouds[len(a.Config.Clouds)-1]
		return a.Call(http.MethodGet, cloud.GraphURL+"/v1.0/me/messages", nil, "Authorization", "Bearer "+token).Code
	}
	first := issue()
	require.Equal(t, http.StatusOK, readsMail(first))
	require.Equal(t, first, issue(), "a warm token is served again")
	require.Zero(t, a.Emulator.Count("token.refresh_token"))

	a.Emulator.Advance(2 * time.Hour)
	require.Equal(t, http.StatusUnauthorized, readsMail(first))
	bearer, _ = admin.Program("billing two hours later", []string{"tokens:issue"}, []string{keyID})
	require.Equal(t, http.StatusOK, readsMail(issue()))
}

func TestStartAuthorization(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	start := func(keyID string) apptest.Answer {
		return admin.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/authorizations", map[string]any{"mode": "popup"})
	}

	t.Run("a missing field is named", func(t *testing.T) {
		draft := admin.Call(http.MethodPost, "/api/v1/account-keys", map[string]any{
			"type": "oauth2_microsoft_graph", "displayName": "Draft",
		}).Status(http.StatusCreated)
		require.Equal(t, "draft", draft.Text("status"))
		got := start(draft.Text("id")).Status(http.StatusUnprocessableEntity)
		require.Equal(t, []string{"tenantId:required", "clientId:required", "clientSecret:required"}, got.FieldErrors())
	})
	t.Run("what Microsoft refuses is told at its field before any dialog", func(t *testing.T) {
		for field, value := range map[string]string{
			"clientSecret": a.Emulator.Seed().SecretID,
			"tenantId":     "11111111-2222-4333-8444-555555555555",
			"clientId":     "11111111-2222-4333-8444-555555555556",
		} {
			id := admin.CreateKey("Wrong "+field, func(body map[string]any) { body[field] = value })
			got := start(id).Status(http.StatusUnprocessableEntity)
			require.Len(t, got.FieldErrors(), 1, string(got.Body))
			require.Contains(t, got.FieldErrors()[0], field+":")
			require.NotEmpty(t, got.Text("fix"))
			require.NotContains(t, string(got.Body), a.Emulator.Seed().Secret)
		}
	})
}

func TestCallback(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	begin := func(name string) (keyID, attemptID, callback string) {
		keyID = admin.CreateKey(name)
		started := admin.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/authorizations", map[string]any{"mode": "popup"}).
			Status(http.StatusCreated)
		callback, err := a.Emulator.SignIn(started.Text("url"), "mara", emulator.Accept)
		require.NoError(t, err)
		return keyID, started.Text("id"), callback
	}
	status := func(keyID, attemptID string) string {
		return admin.Call(http.MethodGet, "/api/v1/account-keys/"+keyID+"/authorizations/"+attemptID, nil).Text("status")
	}
	unknown := a.URL + "/authorization/unknown"

	t.Run("declining and cancelling are answers", func(t *testing.T) {
		for _, decision := range []emulator.Decision{emulator.Decline, emulator.Cancel} {
			got := admin.Authorize(admin.CreateKey("Declined "+string(decision)), "mara", decision)
			require.Equal(t, "failed", got.Text("status"))
			require.Equal(t, "declined", got.Text("failure", "class"))
			require.NotEmpty(t, got.Text("failure", "fix"))
		}
	})
	t.Run("a state is good once", func(t *testing.T) {
		keyID, attemptID, callback := begin("Replayed")
		redeemed := a.Emulator.Count("token.authorization_code")
		admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		again := admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		require.Equal(t, unknown, again.Header.Get("Location"))
		require.Equal(t, redeemed+1, a.Emulator.Count("token.authorization_code"))
		require.Equal(t, "succeeded", status(keyID, attemptID))
	})
	t.Run("two callbacks with one state spend it once", func(t *testing.T) {
		_, _, callback := begin("Raced")
		redeemed := a.Emulator.Count("token.authorization_code")
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { admin.Call(http.MethodGet, callback, nil) })
		}
		both.Wait()
		require.Equal(t, redeemed+1, a.Emulator.Count("token.authorization_code"))
	})
	t.Run("another browser cannot finish it", func(t *testing.T) {
		keyID, attemptID, callback := begin("Stolen")
		stolen := a.Browser().Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		require.Equal(t, unknown, stolen.Header.Get("Location"))
		require.Equal(t, "pending", status(keyID, attemptID))
		admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		require.Equal(t, "succeeded", status(keyID, attemptID))
	})
	t.Run("it expires", func(t *testing.T) {
		keyID, attemptID, callback := begin("Late")
		a.Emulator.Advance(11 * time.Minute)
		late := admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		require.Equal(t, unknown, late.Header.Get("Location"))
		require.Equal(t, "expired", status(keyID, attemptID))
	})
	t.Run("changing the registration ends it", func(t *testing.T) {
		keyID, attemptID, callback := begin("Re-pointed")
		admin.Call(http.MethodPatch, "/api/v1/account-keys/"+keyID, map[string]any{"tenantId": "fabrikam.example"}).Status(http.StatusOK)
		late := admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		require.Equal(t, unknown, late.Header.Get("Location"))
		require.Equal(t, "failed", status(keyID, attemptID))
	})
	t.Run("the outcome is told to the browser that made it, and to no other", func(t *testing.T) {
		_, attemptID, callback := begin("Told")
		admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		got := admin.Call(http.MethodGet, "/oauth/callback/"+attemptID, nil).Status(http.StatusOK)
		require.Equal(t, "Told", got.Text("accountKey", "displayName"))
		a.Browser().Call(http.MethodGet, "/oauth/callback/"+attemptID, nil).Status(http.StatusNotFound)
	})
	t.Run("no refresh token is an error at once", func(t *testing.T) {
		a.Emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "authorization_code", Times: 1, OmitRefreshToken: true})
		got := admin.Authorize(admin.CreateKey("No refresh token"), "mara", emulator.Accept)
		require.Equal(t, "failed", got.Text("status"))
		require.Equal(t, "configuration", got.Text("failure", "class"))
	})
}

func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Pinned")
	admin.Authorize(keyID, "mara", emulator.Accept)
	upn := func() string {
		return admin.Call(http.MethodGet, "/api/v1/account-keys/"+keyID, nil).Status(http.StatusOK).Text("account", "userPrincipalName")
	}
	decide := func(id, what string) apptest.Answer {
		return admin.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/authorizations/"+id+"/"+what, nil)
	}

	held := admin.Authorize(keyID, "tomas", emulator.Accept)
	require.Equal(t, "needs_confirmation", held.Text("status"))
	require.Equal(t, "tomas@fabrikam.example", held.Text("account", "userPrincipalName"))
	require.Equal(t, "mara@fabrikam.example", held.Text("currentAccount", "userPrincipalName"))
	require.Equal(t, "mara@fabrikam.example", upn(), "nothing is overwritten before somebody decides")

	require.Equal(t, "failed", decide(held.Text("id"), "reject").Status(http.StatusOK).Text("status"))
	decide(held.Text("id"), "confirm").Status(http.StatusConflict)
	require.Equal(t, "mara@fabrikam.example", upn())

	held = admin.Authorize(keyID, "tomas", emulator.Accept)
	require.Equal(t, "succeeded", decide(held.Text("id"), "confirm").Status(http.StatusOK).Text("status"))
	require.Equal(t, "tomas@fabrikam.example", upn())
}

func TestAuthorizationLink(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("For somebody else")
	link := admin.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/authorizations", map[string]any{"mode": "link"}).
		Status(http.StatusCreated)
	value := link.Text("url")[len(a.URL+"/authorize/"):]

	mara := a.Browser()
	for range 3 { // a mail scanner opens it, too
		require.Equal(t, "For somebody else", mara.Call(http.MethodGet, "/oauth/links/"+value, nil).Status(http.StatusOK).Text("displayName"))
	}
	followed := mara.Call(http.MethodPost, "/oauth/links/"+value, nil).Status(http.StatusOK)
	callback, err := a.Emulator.SignIn(followed.Text("url"), "mara", emulator.Accept)
	require.NoError(t, err)
	mara.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)

	got := admin.Call(http.MethodGet, "/api/v1/account-keys/"+keyID+"/authorizations/"+link.Text("id"), nil).Status(http.StatusOK)
	require.Equal(t, "succeeded", got.Text("status"))
	mara.Call(http.MethodPost, "/oauth/links/"+value, nil).Status(http.StatusNotFound)
}

func TestAccessToken(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	keyID := admin.CreateKey("Busy mailbox")
	admin.Authorize(keyID, "mara", emulator.Accept)
	other := admin.CreateKey("Other mailbox")
	path := "/api/v1/account-keys/" + keyID + "/access-token"

	t.Run("fifty callers of an expired key cause one refresh and get the same token", func(t *testing.T) {
		before := a.Emulator.Count("token.refresh_token") // by whomever: a sweep may be first
		a.Emulator.Advance(30 * time.Hour)
		admin := a.Browser()
		admin.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password}).Status(http.StatusOK)
		bearer, _ := admin.Program("fifty", []string{"tokens:issue"}, []string{keyID})
		tokens := make([]string, 50)
		var callers sync.WaitGroup
		for i := range tokens {
			callers.Go(func() {
				tokens[i] = a.Call(http.MethodPost, path, nil, bearer...).Status(http.StatusOK).Text("accessToken")
			})
		}
		callers.Wait()
		for _, token := range tokens {
			require.Equal(t, tokens[0], token)
		}
		require.Equal(t, before+1, a.Emulator.Count("token.refresh_token"))
	})
	admin = a.Browser()
	admin.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password}).Status(http.StatusOK)
	t.Run("a client without the permission is refused, and without the key sees nothing", func(t *testing.T) {
		reader, _ := admin.Program("reader", []string{"account-keys:read"}, []string{keyID})
		got := a.Call(http.MethodPost, path, nil, reader...).Status(http.StatusForbidden)
		require.Equal(t, "permission_denied", got.Text("code"))
		require.Contains(t, got.Header.Get("WWW-Authenticate"), "insufficient_scope")
		stranger, _ := admin.Program("stranger", []string{"tokens:issue", "account-keys:read"}, []string{other})
		a.Call(http.MethodPost, path, nil, stranger...).Status(http.StatusNotFound)
		require.Len(t, a.Call(http.MethodGet, "/api/v1/account-keys", nil, stranger...).Status(http.StatusOK).Items(), 1)
	})
	t.Run("a still valid token is served while Microsoft is out of order", func(*testing.T) {
		bearer, _ := admin.Program("outage", []string{"tokens:issue"}, []string{keyID})
		a.Call(http.MethodPost, path, map[string]any{"forceRefresh": true}, bearer...).Status(http.StatusOK)
		failure := a.Emulator.Fail(emulator.Failure{Endpoint: "token", Status: 503})
		defer a.Emulator.ClearFailure(failure)
		a.Emulator.Advance(50 * time.Minute) // less than half of any lifetime is left
		a.Call(http.MethodPost, path, map[string]any{"minTtlSeconds": 86400}, bearer...).Status(http.StatusOK)
	})
	t.Run("a grant that Microsoft took back is told, and heals by authorizing again", func(t *testing.T) {
		a.Emulator.Advance(time.Hour)
		admin := a.Browser()
		admin.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password}).Status(http.StatusOK)
		bearer, _ := admin.Program("dead", []string{"tokens:issue"}, []string{keyID})
		require.NoError(t, a.Emulator.RevokeSessions("mara"))
		a.Emulator.Advance(10 * time.Second) // a sweep may have been here a moment ago
		got := a.Call(http.MethodPost, path, map[string]any{"forceRefresh": true}, bearer...).Status(http.StatusConflict)
		require.Equal(t, "reauthorization_required", got.Text("code"))
		refreshes := a.Emulator.Count("token.refresh_token")
		a.Call(http.MethodPost, path, nil, bearer...).Status(http.StatusConflict)
		require.Equal(t, refreshes, a.Emulator.Count("token.refresh_token"), "a dead grant is left alone")
		require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
		a.Call(http.MethodPost, path, nil, bearer...).Status(http.StatusOK)
	})
	t.Run("suspended and revoked keys serve nothing", func(t *testing.T) {
		bearer, _ := admin.Program("switch", []string{"tokens:issue"}, []string{keyID})
		for _, step := range []struct {
			verb, code string
			status     int
		}{{"suspend", "suspended", 409}, {"resume", "", 200}, {"revoke", "revoked", 409}} {
			admin.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/"+step.verb, nil).Status(http.StatusOK)
			got := a.Call(http.MethodPost, path, nil, bearer...).Status(step.status)
			if step.code != "" {
				require.Equal(t, step.code, got.Text("code"))
			}
		}
	})
}

func TestShortLifetimes(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{5 * time.Second, 24 * time.Hour} {
		t.Run(lifetime.String(), func(t *testing.T) {
			t.Parallel()
			a := apptest.New(t)
			a.Emulator.SetTokenLifetime(lifetime)
			admin := a.Admin()
			keyID := admin.CreateKey("Short")
			admin.Authorize(keyID, "mara", emulator.Accept)
			bearer, _ := admin.Program("p", []string{"tokens:issue"}, []string{keyID})
			path := "/api/v1/account-keys/" + keyID + "/access-token"
			first := a.Call(http.MethodPost, path, nil, bearer...).Status(http.StatusOK)
			require.InDelta(t, lifetime.Seconds(), first.At("expiresIn"), 2)
			a.Emulator.Advance(lifetime * 6 / 10)
			admin = a.Browser()
			admin.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password}).Status(http.StatusOK)
			bearer, _ = admin.Program("q", []string{"tokens:issue"}, []string{keyID})
			second := a.Call(http.MethodPost, path, map[string]any{"minTtlSeconds": 86400}, bearer...).Status(http.StatusOK)
			require.NotEqual(t, first.Text("accessToken"), second.Text("accessToken"), "less than half the life was left")
		})
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	t.Run("a page of another site can change nothing with our cookies", func(t *testing.T) {
		before := len(admin.Call(http.MethodGet, "/api/v1/account-keys", nil).Items())
		cookies := admin.Cookies()
		got := a.Call(http.MethodPost, "/api/v1/account-keys", map[string]any{"type": "oauth2_microsoft_graph", "displayName": "Evil"},
			"Cookie", cookies, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
		require.Equal(t, "cross_origin", got.Status(http.StatusForbidden).Text("code"))
		require.Len(t, admin.Call(http.MethodGet, "/api/v1/account-keys", nil).Items(), before)
	})
	t.Run("signing in across origins is refused too", func(*testing.T) {
		a.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": "ada@fabrikam.example", "password": apptest.Password},
			"Origin", "https://evil.example").Status(http.StatusForbidden)
	})
	t.Run("a token request needs no origin", func(*testing.T) {
		a.Call(http.MethodPost, "/oauth/token", url.Values{"grant_type": {"client_credentials"}}).Status(http.StatusUnauthorized)
	})
}
