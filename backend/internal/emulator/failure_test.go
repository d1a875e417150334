package emulator_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	t.Run("so many times, after letting some through, and of one grant only", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.redeem(w.code()).text("refresh_token")
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointToken, Detail: "refresh_token", Skip: 1, Times: 2, AADSTS: 90033})
		require.Equal(t, 200, w.refresh(token).status)
		requireSTS(t, w.refresh(token), 503, 90033, "temporarily_unavailable")
		require.Equal(t, 200, w.redeem(w.code()).status)
		requireSTS(t, w.refresh(token), 503, 90033, "temporarily_unavailable")
		require.Equal(t, 200, w.refresh(token).status)
		require.Empty(t, w.Failures())
	})
	t.Run("until cleared, for one person", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		mara, tomas := w.token("mara", "User.Read"), w.token("tomas", "User.Read")
		id := w.Fail(emulator.Failure{Endpoint: emulator.EndpointGraph, User: "mara", Status: 429, RetryAfter: "7"})
		r := w.graph(mara, "GET", "/v1.0/me", "")
		requireGraph(t, r, 429, "ApplicationThrottled")
		require.Equal(t, "7", r.header.Get("Retry-After"))
		require.Equal(t, 200, w.graph(tomas, "GET", "/v1.0/me", "").status)
		w.ClearFailure(id)
		require.Equal(t, 200, w.graph(mara, "GET", "/v1.0/me", "").status)
	})
	t.Run("a code is overridden member by member", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		sub := "bad_token"
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointToken, AADSTS: 53003, Error: "interaction_required", SubError: &sub, Claims: `{"a":1}`})
		r := w.redeem("x")
		requireSTS(t, r, 400, 53003, "interaction_required")
		require.Equal(t, "bad_token", r.text("suberror"))
		require.JSONEq(t, `{"a":1}`, r.text("claims"))
	})
	t.Run("at authorize it is a page or a redirect, by code or by order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		redirect := true
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointAuthorize, Times: 1, AADSTS: 53003})
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointAuthorize, Times: 1, AADSTS: 50105, AsRedirect: &redirect})
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointAuthorize, Times: 1, AADSTS: 90033})
		require.Equal(t, "You cannot access this right now", w.open(w.authorizeURL()).title())
		require.Contains(t, w.open(w.authorizeURL()).callback().Get("error_description"), "AADSTS50105")
		require.Equal(t, "temporarily_unavailable", w.answer(w.authorizeURL(), "mara", emulator.Accept).Get("error"))
	})
	t.Run("gateways answer with HTML, or nothing, or what is given", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		path := "/" + w.seed.TenantID + "/v2.0/.well-known/openid-configuration"
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointDiscovery, Times: 1, HTML: true, Status: 502})
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointDiscovery, Times: 1, Status: 500})
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointDiscovery, Times: 1, Status: 200, Body: "[]", ContentType: "application/json"})
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointJWKS, Times: 1, Truncate: true})
		r := w.do(w.request("GET", path, ""))
		require.Equal(t, 502, r.status)
		require.Contains(t, r.raw, "<html>")
		r = w.do(w.request("GET", path, ""))
		require.Equal(t, 500, r.status)
		require.Empty(t, r.raw)
		require.Equal(t, "[]", w.do(w.request("GET", path, "")).raw)
		require.Nil(t, w.do(w.request("GET", "/"+w.seed.TenantID+"/discovery/v2.0/keys", "")).body)
		require.Equal(t, 200, w.do(w.request("GET", path, "")).status)
	})
	t.Run("token answers lose members, or gain some", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Fail(emulator.Failure{
			Endpoint: emulator.EndpointToken, Times: 1, OmitRefreshToken: true, OmitIDToken: true, ExpiresInString: true,
			Scopes: []string{"User.Read"}, Extra: map[string]any{"foci": "1"},
		})
		r := w.redeem(w.code())
		require.NotContains(t, r.body, "refresh_token")
		require.NotContains(t, r.body, "id_token")
		require.NotEmpty(t, r.text("expires_in"), "a string")
		require.Equal(t, "https://graph.microsoft.com/User.Read", r.text("scope"))
		require.Equal(t, "1", r.text("foci"))
		requireGraph(t, w.graph(r.text("access_token"), "GET", "/v1.0/me/messages", ""), 403, "ErrorAccessDenied")
	})
	t.Run("a dropped connection was processed or not, as ordered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "Mail.Send")
		send := func() error {
			r := w.request("POST", "/v1.0/me/sendMail", `{"message":{"subject":"lost","toRecipients":[{"emailAddress":{"address":"a@b.example"}}]}}`)
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
			resp, err := (&http.Transport{}).RoundTrip(r)
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		}
		before := len(w.Mailbox("mara", "sentitems"))
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointGraph, Times: 1, Drop: emulator.DropBefore})
		require.Error(t, send())
		require.Len(t, w.Mailbox("mara", "sentitems"), before)
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointGraph, Times: 1, Drop: emulator.DropAfter})
		require.Error(t, send())
		require.Len(t, w.Mailbox("mara", "sentitems"), before+1)
		require.NoError(t, send())
	})
	t.Run("an answer is slow until the caller gives up", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointDiscovery, Delay: time.Hour})
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err := w.transport.RoundTrip(w.request("GET", "/fabrikam.example/v2.0/.well-known/openid-configuration", "").WithContext(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("a challenge for fresher claims names them", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Fail(emulator.Failure{Endpoint: emulator.EndpointGraph, CAE: true})
		r := w.graph(w.token("mara", "User.Read"), "GET", "/v1.0/me", "")
		requireGraph(t, r, 401, "InvalidAuthenticationToken")
		require.Contains(t, r.header.Get("WWW-Authenticate"), `error="insufficient_claims", claims="ey`)
	})
}

func TestRecords(t *testing.T) {
	t.Parallel()
	t.Run("requests can be held, waited for and counted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.redeem(w.code()).text("refresh_token")
		release := w.Hold(emulator.EndpointToken, "refresh_token")
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { w.refresh(token) })
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, w.WaitFor(ctx, "token.refresh_token", 3))
		require.Zero(t, w.Count("token.refresh_token.200"))
		release()
		release()
		wg.Wait()
		require.Equal(t, 3, w.Count("token.refresh_token.200"))
		require.Equal(t, 3, w.RequestsTo(emulator.EndpointToken, "refresh_token")[2].InFlight)
	})
	t.Run("waiting ends with its context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.ErrorIs(t, newWorld(t).WaitFor(ctx, "token", 1), context.Canceled)
	})
	t.Run("nothing secret is kept, but equal secrets are recognised", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.redeem(w.code()).text("refresh_token")
		w.refresh(token)
		w.refresh(token)
		access := w.token("mara", "User.Read")
		w.graph(access, "GET", "/v1.0/me/messages/AAMk1", "")
		list := w.RequestsTo(emulator.EndpointToken, "refresh_token")
		require.Len(t, list, 2)
		require.Contains(t, list[0].Form["refresh_token"], "[redacted ")
		require.Equal(t, list[0].Form["refresh_token"], list[1].Form["refresh_token"])
		require.NotEqual(t, list[0].Form["refresh_token"], list[0].Form["client_secret"])
		require.Equal(t, w.User("mara").ObjectID, list[0].User)
		require.Equal(t, 1, w.Count("graph.GET /me/messages/{id}"))
		require.NoError(t, w.ChangeUser("mara", func(u *emulator.User) { u.PasswordExpired = true }))
		w.open(w.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").fill("password", "mara-copper-42").
			fill("new_password", "a-new-password").fill("confirm_password", "a-new-password").press("next")
		require.False(t, w.User("mara").PasswordExpired)
		all := w.do(w.request("GET", "/_emulator/requests", "")).raw
		for _, secret := range []string{token, access, w.seed.Secret, "mara-copper-42", "a-new-password"} {
			require.NotContains(t, all, secret)
		}
		w.ForgetRequests()
		require.Empty(t, w.Requests())
		require.Zero(t, w.Count("token"))
	})
}
