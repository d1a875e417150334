package entra_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestRedeem(t *testing.T) {
	t.Parallel()
	t.Run("a finished sign-in becomes tokens, in one request", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.SetTokenLifetime(4387 * time.Second)
		tokens := w.tokens()
		require.False(t, tokens.AccessToken.IsZero())
		require.False(t, tokens.RefreshToken.IsZero())
		require.False(t, tokens.IDToken.IsZero())
		require.Equal(t, 4387*time.Second, tokens.ExpiresIn)
		require.Empty(t, entra.MissingScopes([]string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"}, tokens.Scopes))
		require.Equal(t, 1, w.emulator.Count("token.authorization_code"))
	})
	t.Run("each call has an id of its own, which the answer repeats", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		request, _ := w.signIn()
		request.ClientSecret = secret.New("wrong")
		_, err := w.client.Redeem(t.Context(), w.provider(), request)
		sent := w.emulator.RequestsTo(emulator.EndpointToken, "authorization_code")
		require.Len(t, sent, 1, "a refused code is not tried a second time in another way")
		id := entraError(t, err).CorrelationID
		require.NoError(t, uuid.Validate(id))
		require.Equal(t, id, headerOf(sent[0].Headers, "client-request-id"))
		require.Empty(t, headerOf(sent[0].Headers, "authorization"))
	})
	t.Run("a code is good once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		request, _ := w.signIn()
		_, err := w.client.Redeem(t.Context(), w.provider(), request)
		require.NoError(t, err)
		_, err = w.client.Redeem(t.Context(), w.provider(), request)
		require.Equal(t, "code_already_used", entraError(t, err).Advice().Code)
	})
	t.Run("a verifier of another attempt is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		request, _ := w.signIn()
		request.Verifier = secret.Random()
		_, err := w.client.Redeem(t.Context(), w.provider(), request)
		require.Equal(t, "pkce_mismatch", entraError(t, err).Advice().Code)
	})
	t.Run("a missing refresh token is an error at once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		request, _ := w.signIn()
		w.emulator.Fail(emulator.Failure{Endpoint: "token", OmitRefreshToken: true})
		_, err := w.client.Redeem(t.Context(), w.provider(), request)
		advice := entraError(t, err).Advice()
		require.Equal(t, entra.ClassConfiguration, advice.Class)
		require.Equal(t, "refresh_token_missing", advice.Code)
	})
	t.Run("a missing id_token is not", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		request, _ := w.signIn()
		w.emulator.Fail(emulator.Failure{Endpoint: "token", OmitIDToken: true})
		tokens, err := w.client.Redeem(t.Context(), w.provider(), request)
		require.NoError(t, err)
		require.True(t, tokens.IDToken.IsZero())
	})
	t.Run("an answer that names no scopes granted those asked for", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, replyingJSON(200, map[string]any{
			"access_token": "a", "refresh_token": "r", "token_type": "bearer", "expires_in": 60,
		}))
		tokens, err := s.client.Redeem(t.Context(), s.provider, entra.RedeemRequest{Scopes: []string{"Mail.Read"}})
		require.NoError(t, err)
		require.Equal(t, []string{"Mail.Read"}, tokens.Scopes)
	})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	t.Run("brings a new pair", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		before := w.tokens()
		after, err := w.client.Refresh(t.Context(), w.provider(), w.refreshRequest(before.RefreshToken))
		require.NoError(t, err)
		require.NotEqual(t, before.AccessToken.Reveal(), after.AccessToken.Reveal())
		require.NotEqual(t, before.RefreshToken.Reveal(), after.RefreshToken.Reveal())
		require.NotEmpty(t, after.Scopes)
	})
	t.Run("keeps the refresh token when the answer has none", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		before := w.tokens()
		w.emulator.Fail(emulator.Failure{Endpoint: "token", OmitRefreshToken: true})
		after, err := w.client.Refresh(t.Context(), w.provider(), w.refreshRequest(before.RefreshToken))
		require.NoError(t, err)
		require.Equal(t, before.RefreshToken.Reveal(), after.RefreshToken.Reveal())
	})
	t.Run("without a refresh token asks nobody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := w.client.Refresh(t.Context(), w.provider(), w.refreshRequest(secret.String{}))
		require.Equal(t, entra.ClassSignIn, entraError(t, err).Advice().Class)
		require.Zero(t, w.emulator.Count("token"))
	})
	verdicts := map[string]struct {
		arrange func(w *world) error
		class   entra.Class
		code    string
	}{
		"revoked sessions": {func(w *world) error { return w.emulator.RevokeSessions("mara") }, entra.ClassSignIn, "grant_revoked"},
		"removed consent":  {func(w *world) error { return w.emulator.RemoveConsent("", "mara") }, entra.ClassSignIn, "consent_required"},
		"disabled account": {func(w *world) error { return w.emulator.SetUserEnabled("mara", false) }, entra.ClassAdministrator, "account_disabled"},
		"deleted account":  {func(w *world) error { return w.emulator.DeleteUser("mara") }, entra.ClassAdministrator, "account_deleted"},
		"expired secret":   {func(w *world) error { return w.emulator.ExpireSecret("", "") }, entra.ClassConfiguration, "client_secret_expired"},
		"90 days of rest":  {func(w *world) error { w.emulator.Advance(91 * 24 * time.Hour); return nil }, entra.ClassSignIn, "grant_inactive"},
	}
	for name, verdict := range verdicts {
		t.Run(name+" is told for what it is", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tokens := w.tokens()
			provider := w.provider()
			require.NoError(t, verdict.arrange(w))
			_, err := w.client.Refresh(t.Context(), provider, w.refreshRequest(tokens.RefreshToken))
			advice := entraError(t, err).Advice()
			require.Equal(t, verdict.class, advice.Class)
			require.Equal(t, verdict.code, advice.Code)
		})
	}
	t.Run("a claims challenge is kept for the next sign-in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		tokens := w.tokens()
		w.emulator.Fail(emulator.Failure{Endpoint: "token", AADSTS: 53003})
		_, err := w.client.Refresh(t.Context(), w.provider(), w.refreshRequest(tokens.RefreshToken))
		require.Contains(t, entraError(t, err).Claims, "capolids")
	})
}

func TestRefreshOutages(t *testing.T) {
	t.Parallel()
	outages := map[string]struct {
		failure emulator.Failure
		code    string
	}{
		"a gateway's page":           {emulator.Failure{Status: 502, HTML: true}, "microsoft_unavailable"},
		"a page that says 400":       {emulator.Failure{Status: 400, HTML: true}, "unexpected_answer"},
		"a page that says 200":       {emulator.Failure{Status: 200, HTML: true}, "unexpected_answer"},
		"an empty 503":               {emulator.Failure{Status: 503, RetryAfter: "7"}, "microsoft_unavailable"},
		"half an answer":             {emulator.Failure{Truncate: true}, "unexpected_answer"},
		"half an error":              {emulator.Failure{Status: 400, Body: `{"error":"invalid_grant","error_codes":[5`, ContentType: "application/json"}, "unexpected_answer"},
		"a connection that breaks":   {emulator.Failure{Drop: emulator.DropBefore}, "unexpected_answer"},
		"a lost answer":              {emulator.Failure{Drop: emulator.DropAfter}, "unexpected_answer"},
		"an answer that breaks off":  {emulator.Failure{Drop: emulator.DropDuring}, "unexpected_answer"},
		"a throttled tenant":         {emulator.Failure{AADSTS: 90055}, "throttled"},
		"trouble of the service":     {emulator.Failure{AADSTS: 90033}, "microsoft_unavailable"},
		"a verdict told by a 500":    {emulator.Failure{AADSTS: 50173, Status: 500}, "microsoft_unavailable"},
		"a verdict told by a 200":    {emulator.Failure{AADSTS: 50173, Status: 200}, "unexpected_answer"},
		"a verdict told by a 429":    {emulator.Failure{AADSTS: 7000215, Status: 429}, "throttled"},
		"a verdict told by no error": {emulator.Failure{Status: 400, Body: `{"message":"no"}`, ContentType: "application/json"}, "unexpected_answer"},
	}
	for name, outage := range outages {
		t.Run(name+" is nobody's fault", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tokens := w.tokens()
			outage.failure.Endpoint, outage.failure.Detail = "token", "refresh_token"
			w.emulator.Fail(outage.failure)
			_, err := w.client.Refresh(t.Context(), w.provider(), w.refreshRequest(tokens.RefreshToken))
			advice := entraError(t, err).Advice()
			require.Equal(t, entra.ClassTransient, advice.Class)
			require.Equal(t, outage.code, advice.Code)
			require.Equal(t, 1, w.emulator.Count("token.refresh_token"), "retrying is the caller's business")
		})
	}
	t.Run("a slow provider is left in time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		tokens := w.tokens()
		provider := w.provider()
		defer w.emulator.Hold(emulator.EndpointToken, "")()
		w.client.HTTP = entra.NewHTTPClient(50 * time.Millisecond)
		_, err := w.client.Refresh(t.Context(), provider, w.refreshRequest(tokens.RefreshToken))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, "microsoft_timeout", entraError(t, err).Advice().Code)
	})
	t.Run("a caller that leaves is told so", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, replying(200, "text/plain", ""))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.client.Refresh(ctx, s.provider, entra.RefreshRequest{RefreshToken: secret.New("x")})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, entra.ClassTransient, entraError(t, err).Advice().Class)
	})
	t.Run("a provider that isn't there is unreachable", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		address := server.URL
		server.Close()
		s := newStub(t, replying(200, "", ""))
		s.provider.TokenEndpoint = address + "/token"
		failed := s.refreshError(t)
		require.Equal(t, "microsoft_unreachable", failed.Advice().Code)
		require.ErrorContains(t, failed, "refused")
	})
	t.Run("a certificate that isn't trusted is named", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		s := newStub(t, replying(200, "", ""))
		s.provider.TokenEndpoint = server.URL + "/token"
		require.Equal(t, "untrusted_certificate", s.refreshError(t).Advice().Code)
	})
}

func TestRefreshFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		var lured int
		elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured++ }))
		s := newStub(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) })
		failed := s.refreshError(t)
		elsewhere.Close()
		require.Zero(t, lured)
		require.EqualValues(t, 1, s.calls.Load())
		require.True(t, failed.Transient())
		require.Equal(t, status, failed.Status)
	}
}

func TestRefreshSendsAForm(t *testing.T) {
	t.Parallel()
	var form url.Values
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, "no form", http.StatusBadRequest)
			return
		}
		form = r.PostForm
		replyingJSON(200, map[string]any{"access_token": "a", "token_type": "Bearer"})(w, r)
	})
	_, err := s.refresh(t)
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {"stub-refresh-token"},
		"client_id": {"client"}, "client_secret": {"stub-client-secret"},
	}, form)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, " 120 ": 2 * time.Minute, "-5": 0, "soon": 0, "1.5": 0,
		"Wed, 04 Mar 2026 09:01:00 GMT": time.Minute,
		"Wed, 04 Mar 2026 08:00:00 GMT": 0,
		"Wed, 04 Mar 2099 09:01:00 GMT": 10 * time.Minute,
		"86400":                         10 * time.Minute,
		"99999999999999999999999999":    10 * time.Minute,
	} {
		s := newStub(t, func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set("Retry-After", header)
			}
			w.WriteHeader(http.StatusTooManyRequests)
		})
		require.Equal(t, want, s.refreshError(t).RetryAfter, header)
	}
	t.Run("longer if the provider itself says so, and not a page of something on the way", func(t *testing.T) {
		t.Parallel()
		for body, want := range map[string]time.Duration{
			`{"error":"temporarily_unavailable"}`: time.Hour, `<h1>Gateway</h1>`: 10 * time.Minute,
			`{"message":"try tomorrow"}`: 10 * time.Minute, `{"error":"rate_limited"}`: 10 * time.Minute,
			`{"error":"new_error","error_codes":[90055]}`: time.Hour,
		} {
			s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", "86400")
				replying(http.StatusServiceUnavailable, "application/json", body)(w, r)
			})
			require.Equal(t, want, s.refreshError(t).RetryAfter, body)
		}
	})
}

func TestRefreshLifetimes(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]time.Duration{
		`3599`: 3599 * time.Second, `"3599"`: 3599 * time.Second, `" 3599 "`: 3599 * time.Second,
		`3599.9`: 3599 * time.Second, `3.6e3`: time.Hour, `5`: 5 * time.Second, `86400`: 24 * time.Hour,
		`0`: 0, `-1`: 0, `"-3600"`: 0, `-1e400`: 0,
		`null`: entra.AssumedExpiresIn, `""`: entra.AssumedExpiresIn, `"soon"`: entra.AssumedExpiresIn,
		`"NaN"`: entra.AssumedExpiresIn, `"Infinity"`: entra.AssumedExpiresIn, `[60]`: entra.AssumedExpiresIn, `true`: entra.AssumedExpiresIn,
		`1e12`: entra.MaxExpiresIn, `1e400`: entra.MaxExpiresIn, `"99999999999999999999"`: entra.MaxExpiresIn,
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			tokens, err := newStub(t, replying(200, "application/json",
				`{"access_token":"a","refresh_token":"new","token_type":"Bearer","expires_in":`+written+`}`)).refresh(t)
			require.NoError(t, err, "an odd lifetime must not cost the refresh token")
			require.Equal(t, want, tokens.ExpiresIn)
			require.Equal(t, "new", tokens.RefreshToken.Reveal())
		})
	}
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		tokens, err := newStub(t, replyingJSON(200, map[string]any{"access_token": "a"})).refresh(t)
		require.NoError(t, err)
		require.Equal(t, entra.AssumedExpiresIn, tokens.ExpiresIn)
		require.Nil(t, tokens.Scopes)
	})
	t.Run("as the emulator writes it when told to use a string", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.emulator.SetTokenLifetime(90 * time.Second)
		w.emulator.Fail(emulator.Failure{Endpoint: "token", ExpiresInString: true})
		require.Equal(t, 90*time.Second, w.tokens().ExpiresIn)
	})
}

func TestRefreshRefusesUnfitTokens(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 70_000)
	for name, body := range map[string]map[string]any{
		"no access token":                  {"refresh_token": "r", "token_type": "Bearer"},
		"an empty access token":            {"access_token": "", "refresh_token": "r"},
		"an access token of another type":  {"access_token": 7},
		"a line break in the access token": {"access_token": "a\r\nX-Evil: 1"},
		"a NUL in the refresh token":       {"access_token": "a", "refresh_token": "r\x00"},
		"a space in the id_token":          {"access_token": "a", "id_token": "a b"},
		"letters beyond ASCII":             {"access_token": "tökén"},
		"an absurdly long access token":    {"access_token": long},
		"an absurdly long refresh token":   {"access_token": "a", "refresh_token": long},
		"a token that is not a bearer's":   {"access_token": "a", "token_type": "DPoP"},
		"an error beside the token":        {"access_token": "a", "error": "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens, err := newStub(t, replyingJSON(200, body)).refresh(t)
			require.Equal(t, entra.Tokens{}, tokens)
			require.True(t, entraError(t, err).Transient())
		})
	}
	t.Run("but an odd content type or letter case is no reason", func(t *testing.T) {
		t.Parallel()
		for _, contentType := range []string{"text/html", "text/plain", "application/x-www-form-urlencoded", "odd;;"} {
			tokens, err := newStub(t, replying(200, contentType, `{"access_token":"a","token_type":"bEARER","refresh_token":"r2"}`)).refresh(t)
			require.NoError(t, err, contentType)
			require.Equal(t, "r2", tokens.RefreshToken.Reveal())
		}
	})
}

func headerOf(headers map[string]string, name string) string {
	for key, value := range headers {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}
