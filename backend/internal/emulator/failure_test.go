package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"syscall"
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

func TestStatuses(t *testing.T) {
	t.Parallel()
	endpoints := map[string]func(s *stage) reply{
		"token": func(s *stage) reply { return s.refresh(s.refreshToken) },
		"graph": (*stage).me,
	}
	s := newStage(t)
	date := s.Now().Add(90 * time.Second).Format(http.TimeFormat)
	hints := map[string]struct{ order, header string }{
		"without Retry-After": {``, ""},
		"with seconds":        {`"retryAfter":"90",`, "90"},
		"with a date":         {`"retryAfterDate":"90s",`, date},
		"with nonsense":       {`"retryAfter":"soon",`, "soon"},
	}
	for endpoint, call := range endpoints {
		for _, status := range []int{429, 500, 502, 503, 504} {
			for hint, h := range hints {
				t.Run(fmt.Sprintf("%s answers %d %s", endpoint, status, hint), func(t *testing.T) { // in a row: each hits the next request
					s.order(fmt.Sprintf(`{"endpoint":%q,%s"status":%d,"times":1}`, endpoint, h.order, status))
					r := call(s)
					require.Equal(t, status, r.status)
					require.Equal(t, h.header, r.header.Get("Retry-After"))
					require.Equal(t, 200, call(s).status)
				})
			}
		}
	}
}

func TestWhomAFailureHits(t *testing.T) {
	t.Parallel()
	t.Run("one tenant alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		other := w.AddTenant("Contoso", "contoso.example")
		w.AddUser(emulator.User{UserPrincipalName: "eve@contoso.example", TenantID: other, HasMailbox: true})
		app := w.AddApp(emulator.App{TenantID: other, RedirectURIs: []emulator.RedirectURI{{URI: emulator.DefaultRedirectURI, Platform: emulator.PlatformWeb}}})
		s := &stage{world: w}
		s.order(`{"endpoint":"token","tenant":"contoso.example","status":503}`)
		s.order(`{"endpoint":"graph","tenant":"contoso.example","status":503}`)
		require.Equal(t, 200, w.redeem(w.code()).status)
		theirs := w.request(http.MethodPost, "/"+other+"/oauth2/v2.0/token", url.Values{
			"client_id": {app.ClientID}, "client_secret": {app.Secret}, "grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"},
		}.Encode())
		theirs.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, 503, w.do(theirs).status)
		require.Equal(t, 200, w.graph(w.token("mara", "User.Read"), http.MethodGet, "/v1.0/me", "").status)
	})
	t.Run("one application alone", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		other := s.AddApp(emulator.App{Name: "Other"})
		s.order(fmt.Sprintf(`{"endpoint":"token","clientId":%q,"status":503}`, other.ClientID))
		require.Equal(t, 200, s.refresh(s.refreshToken).status)
		require.Equal(t, 503, s.post("grant_type", "client_credentials", "client_id", other.ClientID, "client_secret", other.Secret).status)
	})
	t.Run("one person, once it is known who signs in", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.order(`{"endpoint":"authorize","user":"mara","aadsts":50105,"asRedirect":true}`)
		p := s.open(s.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42")
		require.Contains(t, p.callback().Get("error_description"), "AADSTS50105")
		require.Contains(t, p.callback().Get("error_description"), "mara@fabrikam.example")
		p = s.open(s.authorizeURL()).signIn("tomas@fabrikam.example", "tomas-harbour-17")
		require.Equal(t, "Stay signed in?", p.title())
		_, err := s.SignIn(s.authorizeURL(), "mara", emulator.Accept)
		require.NoError(t, err, "it comes back, with the error")
	})
	t.Run("one person whom the browser remembers, silently too", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		browser := s.browser()
		s.openIn(browser, s.authorizeURL()).signIn("mara@fabrikam.example", "mara-copper-42").press("no")
		s.order(`{"endpoint":"authorize","user":"mara","times":2,"decision":"cancel"}`)
		require.Equal(t, "cancel", s.openIn(browser, s.authorizeURL()).callback().Get("error_subcode"))
		require.Equal(t, "cancel", s.openIn(browser, s.authorizeURL("prompt", "none")).callback().Get("error_subcode"))
		require.NotEmpty(t, s.openIn(browser, s.authorizeURL("prompt", "none")).callback().Get("code"))
	})
	t.Run("what is held is let go with its failure, even when that hits nothing more", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		id := s.order(`{"preset":"token-held","times":1}`)
		answer := make(chan int)
		go func() { answer <- s.refresh(s.refreshToken).status }()
		require.NoError(t, s.WaitFor(t.Context(), "token.refresh_token", 1))
		require.Empty(t, s.Failures())
		require.Equal(t, 200, s.refresh(s.refreshToken).status)
		require.Equal(t, 204, s.do(s.request(http.MethodDelete, "/_emulator/failures/"+id, "")).status)
		require.Equal(t, 200, <-answer)
	})
	t.Run("a failure that could hit nothing is refused", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		for _, body := range []string{
			`{"endpoint":"tokens"}`, `{"drop":"later"}`, `{"user":"nobody"}`, `{"tenant":"nowhere.example"}`, `{"clientId":"none"}`,
			`{"status":99}`, `{"times":-1}`, `{"decision":"accept"}`, `{"preset":"none"}`, `{"delay":"soon"}`, `{"retryAfterDate":"soon"}`,
			`{"reset":true}`, `{"colour":"red"}`, `{"preset":"token-held","colour":"red"}`, `{"scopeForm":"odd"}`, `{"as":"nobody"}`,
		} {
			r := s.do(s.request(http.MethodPost, "/_emulator/failures", body))
			require.Equal(t, 400, r.status, body)
			require.NotEmpty(t, r.text("error"), body)
		}
		require.Empty(t, s.Failures())
	})
	t.Run("a headless sign-in learns of a broken connection", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.order(`{"endpoint":"authorize","drop":"after"}`)
		_, err := s.SignIn(s.authorizeURL(), "mara", emulator.Accept)
		var page *emulator.PageError
		require.Error(t, err)
		require.NotErrorAs(t, err, &page)
	})
}

// TestResetOverTLS sees that a reset reaches through the encryption.
func TestResetOverTLS(t *testing.T) {
	t.Parallel()
	em := emulator.New(emulator.Options{})
	em.Fail(emulator.Failure{Endpoint: emulator.EndpointDiscovery, Times: 1, Drop: emulator.DropBefore, Reset: true})
	srv := httptest.NewTLSServer(em)
	t.Cleanup(srv.Close)
	get := func() (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/fabrikam.example/v2.0/.well-known/openid-configuration", nil)
		require.NoError(t, err)
		return srv.Client().Transport.RoundTrip(r)
	}
	_, err := get()
	require.ErrorIs(t, err, syscall.ECONNRESET)
	resp, err := get()
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode)
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
