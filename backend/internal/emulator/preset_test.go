package emulator_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// refusals are presets that are a plain refusal of the token endpoint.
func refusals() map[string]struct {
	status, code   int
	kind, suberror string
} {
	return map[string]struct {
		status, code   int
		kind, suberror string
	}{
		"refresh-revoked":     {400, 50173, "invalid_grant", ""},
		"refresh-expired":     {400, 700082, "invalid_grant", ""},
		"refresh-mfa":         {400, 50076, "invalid_grant", "basic_action"},
		"refresh-policy":      {400, 53003, "invalid_grant", "message_only"},
		"refresh-consent":     {400, 65001, "invalid_grant", "consent_required"},
		"refresh-interaction": {400, 50158, "interaction_required", "basic_action"},
		"secret-wrong":        {401, 7000215, "invalid_client", ""},
		"secret-expired":      {401, 7000222, "invalid_client", ""},
		"app-disabled":        {400, 7000112, "unauthorized_client", ""},
		"request-loop":        {400, 50196, "invalid_grant", ""},
		"unknown-code":        {400, 999999, "invalid_grant", ""},
		"verdict-by-200":      {200, 50173, "invalid_grant", ""},
		"verdict-by-500":      {500, 50173, "invalid_grant", ""},
		"token-throttled":     {429, 90055, "temporarily_unavailable", ""},
		"token-unavailable":   {503, 90033, "temporarily_unavailable", ""},
	}
}

// sights are the other presets, each as a plain HTTP client sees it.
func sights() map[string]func(t *testing.T, s *stage) {
	all := map[string]func(t *testing.T, s *stage){}
	for _, part := range []map[string]func(t *testing.T, s *stage){signInSights(), tokenSights(), answerSights(), graphSights()} {
		for name, see := range part {
			all[name] = see
		}
	}
	return all
}

func signInSights() map[string]func(t *testing.T, s *stage) {
	back := func(check func(t *testing.T, q url.Values)) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) { check(t, s.open(s.authorizeURL()).callback()) }
	}
	through := func(s *stage) url.Values {
		return s.open(s.authorizeURL("prompt", "consent")).signIn("mara@fabrikam.example", "mara-copper-42").press("no").press("accept").callback()
	}
	return map[string]func(t *testing.T, s *stage){
		"sign-in-cancelled": back(func(t *testing.T, q url.Values) {
			require.Equal(t, url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}, "state": {"state-1"}}, q)
		}),
		"consent-declined": back(func(t *testing.T, q url.Values) {
			require.Equal(t, "access_denied", q.Get("error"))
			require.Contains(t, q.Get("error_description"), "AADSTS65004")
		}),
		"consent-declined-required": back(func(t *testing.T, q url.Values) {
			require.Equal(t, "consent_required", q.Get("error"))
			require.Contains(t, q.Get("error_description"), "AADSTS65004")
		}),
		"sign-in-abandoned": func(t *testing.T, s *stage) {
			p := s.open(s.authorizeURL())
			require.Equal(t, "Sign-in abandoned", p.title())
			require.NotContains(t, p.page, "<form")
			require.NotContains(t, p.page, "<a ")
		},
		"another-person": func(t *testing.T, s *stage) {
			r := s.redeem(through(s).Get("code"))
			require.Equal(t, 200, r.status, r.raw)
			require.Equal(t, s.User("tomas").ObjectID, claims(t, r.text("id_token"))["oid"])
			require.Contains(t, s.graph(r.text("access_token"), http.MethodGet, "/v1.0/me", "").raw, "tomas@")
		},
		"forged-state": func(t *testing.T, s *stage) { require.Equal(t, "forged-state", through(s).Get("state")) },
		"no-state":     func(t *testing.T, s *stage) { require.False(t, through(s).Has("state")) },
		"spent-code": func(t *testing.T, s *stage) {
			requireSTS(t, s.redeem(through(s).Get("code")), 400, 54005, "invalid_grant")
		},
		"sign-in-blocked": func(t *testing.T, s *stage) {
			require.Equal(t, "You cannot access this right now", s.open(s.authorizeURL()).title())
		},
		"sign-in-unavailable": back(func(t *testing.T, q url.Values) { require.Equal(t, "temporarily_unavailable", q.Get("error")) }),
		"sign-in-down": func(t *testing.T, s *stage) {
			r := s.do(s.request(http.MethodGet, s.authorizeURL(), ""))
			require.Equal(t, 503, r.status)
			require.Contains(t, r.raw, "<html>")
		},
	}
}

func tokenSights() map[string]func(t *testing.T, s *stage) {
	gateway := func(status int) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			r := s.refresh(s.refreshToken)
			require.Equal(t, status, r.status)
			require.Contains(t, r.header.Get("Content-Type"), "text/html")
			require.Contains(t, r.raw, "<html>")
		}
	}
	return map[string]func(t *testing.T, s *stage){
		"token-throttled-date": func(t *testing.T, s *stage) {
			r := s.refresh(s.refreshToken)
			require.Equal(t, 429, r.status)
			at, err := http.ParseTime(r.header.Get("Retry-After"))
			require.NoError(t, err)
			require.Equal(t, s.Now().Add(30*time.Second), at)
		},
		"token-gateway":  gateway(502),
		"token-page-200": gateway(200),
		"token-empty-500": func(t *testing.T, s *stage) {
			r := s.refresh(s.refreshToken)
			require.Equal(t, 500, r.status)
			require.Empty(t, r.raw)
		},
		"token-truncated": func(t *testing.T, s *stage) {
			r := s.refresh(s.refreshToken)
			require.Equal(t, 200, r.status)
			require.True(t, strings.HasPrefix(r.raw, `{"`))
			require.Nil(t, r.body)
		},
		"token-slow": func(t *testing.T, s *stage) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := s.alone(s.tokenRequest().WithContext(ctx))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		},
		"token-held": func(t *testing.T, s *stage) {
			answer := make(chan int)
			go func() { answer <- s.refresh(s.refreshToken).status }()
			require.NoError(t, s.WaitFor(t.Context(), "token.refresh_token", 1))
			require.Zero(t, s.Count("token.refresh_token.200"))
			require.Equal(t, 204, s.do(s.request(http.MethodDelete, "/_emulator/failures", "")).status)
			require.Equal(t, 200, <-answer)
		},
		"refresh-lost-answer": func(t *testing.T, s *stage) {
			before := s.state("refreshTokens")
			_, err := s.alone(s.tokenRequest())
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, before+1, s.state("refreshTokens"), "a token was given that nobody got")
			s.ClearFailures()
			require.Equal(t, 200, s.refresh(s.refreshToken).status, "the old one is still good")
		},
		"refresh-not-reached": func(t *testing.T, s *stage) {
			before := s.state("refreshTokens")
			_, err := s.alone(s.tokenRequest())
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, before, s.state("refreshTokens"))
			got := s.RequestsTo(emulator.EndpointToken, "refresh_token")
			require.Len(t, got, 1)
			require.Zero(t, got[0].Status)
			require.Equal(t, s.Failures()[0].ID, got[0].Failed)
		},
		"refresh-reset": func(t *testing.T, s *stage) {
			_, err := s.alone(s.tokenRequest())
			require.ErrorIs(t, err, syscall.ECONNRESET)
		},
		"refresh-broken-off": func(t *testing.T, s *stage) {
			r, err := s.alone(s.tokenRequest())
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Equal(t, 200, r.status)
		},
	}
}

func answerSights() map[string]func(t *testing.T, s *stage) {
	redeemed := func(check func(t *testing.T, s *stage, r reply)) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			r := s.redeem(s.code("nonce", "n-1"))
			require.Equal(t, 200, r.status, r.raw)
			check(t, s, r)
		}
	}
	return map[string]func(t *testing.T, s *stage){
		"no-refresh-token": redeemed(func(t *testing.T, _ *stage, r reply) {
			require.NotContains(t, r.body, "refresh_token")
			require.Contains(t, r.body, "id_token")
		}),
		"no-id-token": redeemed(func(t *testing.T, _ *stage, r reply) {
			require.NotContains(t, r.body, "id_token")
			require.Contains(t, r.body, "refresh_token")
		}),
		"expires-in-text": redeemed(func(t *testing.T, _ *stage, r reply) { require.Regexp(t, `^\d{4}$`, r.text("expires_in")) }),
		"extra-fields":    redeemed(func(t *testing.T, _ *stage, r reply) { require.Contains(t, r.body, "x_unknown") }),
		"fewer-scopes": redeemed(func(t *testing.T, s *stage, r reply) {
			require.NotContains(t, r.text("scope"), "Mail.Send")
			require.Contains(t, r.text("scope"), "Mail.ReadWrite")
			s.accessToken = r.text("access_token")
			refused, err := s.send()
			require.NoError(t, err)
			requireGraph(t, refused, 403, "ErrorAccessDenied")
		}),
		"scopes-short": redeemed(func(t *testing.T, _ *stage, r reply) {
			require.Contains(t, strings.Fields(r.text("scope")), "Mail.Send")
		}),
		"scopes-lower": redeemed(func(t *testing.T, _ *stage, r reply) {
			require.Contains(t, strings.Fields(r.text("scope")), "https://graph.microsoft.com/mail.send")
		}),
		"id-token-unlisted-key": redeemed(func(t *testing.T, s *stage, r reply) {
			head, err := base64.RawURLEncoding.DecodeString(strings.Split(r.text("id_token"), ".")[0])
			require.NoError(t, err)
			var h struct{ Kid string }
			require.NoError(t, json.Unmarshal(head, &h))
			require.NotContains(t, s.keys().raw, h.Kid)
		}),
		"id-token-audience": redeemed(func(t *testing.T, s *stage, r reply) {
			require.NotEqual(t, s.seed.ClientID, claims(t, r.text("id_token"))["aud"])
		}),
		"id-token-nonce": redeemed(func(t *testing.T, _ *stage, r reply) {
			require.NotContains(t, claims(t, r.text("id_token")), "nonce")
		}),
	}
}

func graphSights() map[string]func(t *testing.T, s *stage) {
	says := func(status int, code, retryAfter string) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			r := s.me()
			requireGraph(t, r, status, code)
			require.Equal(t, retryAfter, r.header.Get("Retry-After"))
		}
	}
	page := func(status int, call func(s *stage) reply) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			r := call(s)
			require.Equal(t, status, r.status)
			require.Contains(t, r.raw, "<html>")
		}
	}
	lost := func(more int, as error) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			before := s.sent()
			_, err := s.send()
			require.ErrorIs(t, err, as)
			require.Equal(t, before+more, s.sent())
		}
	}
	return map[string]func(t *testing.T, s *stage){
		"graph-challenge": func(t *testing.T, s *stage) {
			r := s.me()
			requireGraph(t, r, 401, "InvalidAuthenticationToken")
			require.Contains(t, r.header.Get("WWW-Authenticate"), `error="insufficient_claims"`)
		},
		"graph-unauthorized": says(401, "InvalidAuthenticationToken", ""),
		"graph-denied":       says(403, "ErrorAccessDenied", ""),
		"graph-throttled":    says(429, "ApplicationThrottled", "10"),
		"graph-throttled-date": func(t *testing.T, s *stage) {
			r := s.me()
			requireGraph(t, r, 429, "ApplicationThrottled")
			require.Equal(t, s.Now().Add(10*time.Second).Format(http.TimeFormat), r.header.Get("Retry-After"))
		},
		"graph-throttled-bare": says(429, "ApplicationThrottled", ""),
		"graph-unavailable":    says(503, "serviceNotAvailable", ""),
		"graph-error":          says(500, "generalException", ""),
		"graph-gateway":        page(502, (*stage).me),
		"graph-timeout":        says(504, "serviceNotAvailable", ""),
		"send-timeout-sent": func(t *testing.T, s *stage) {
			before := s.sent()
			r, err := s.send()
			require.NoError(t, err)
			require.Equal(t, 504, r.status)
			require.Contains(t, r.raw, "<html>")
			require.Equal(t, before+1, s.sent())
		},
		"graph-truncated": func(t *testing.T, s *stage) {
			r := s.me()
			require.Equal(t, 200, r.status)
			require.Nil(t, r.body)
		},
		"graph-slow": func(t *testing.T, s *stage) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := s.alone(s.request(http.MethodGet, "/v1.0/me", "").WithContext(ctx))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		},
		"send-lost-answer": lost(1, io.EOF),
		"send-not-reached": lost(0, io.EOF),
		"send-reset":       lost(1, syscall.ECONNRESET),
		"discovery-down":   page(503, (*stage).discover),
		"tenant-unknown":   func(t *testing.T, s *stage) { requireSTS(t, s.discover(), 400, 90002, "invalid_tenant") },
		"keys-down":        page(503, (*stage).keys),
		"keys-empty":       func(t *testing.T, s *stage) { require.JSONEq(t, `{"keys":[]}`, s.keys().raw) },
	}
}

func TestPresets(t *testing.T) {
	t.Parallel()
	for name, want := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.order(fmt.Sprintf(`{"preset":%q,"times":1}`, name))
			r := s.refresh(s.refreshToken)
			requireSTS(t, r, want.status, want.code, want.kind)
			require.Equal(t, want.suberror, r.text("suberror"))
			require.Equal(t, 200, s.refresh(s.refreshToken).status, "it hit once")
		})
	}
	for name, see := range sights() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.order(fmt.Sprintf(`{"preset":%q}`, name))
			see(t, s)
		})
	}
	t.Run("every preset is seen above, and says what it does", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		list := decodeList(t, s.do(s.request(http.MethodGet, "/_emulator/presets", "")))
		require.Len(t, list, len(refusals())+len(sights()))
		for _, p := range list {
			name, ok := p["preset"].(string)
			require.True(t, ok)
			_, refused := refusals()[name]
			_, seen := sights()[name]
			require.True(t, refused || seen, name)
			require.NotEmpty(t, p["effect"], name)
			require.NotEmpty(t, p["label"], name)
		}
	})
	t.Run("what is said beside a preset goes over it", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.order(`{"preset":"token-throttled","retryAfter":"7","skip":1,"times":1,"user":"mara"}`)
		require.Equal(t, 200, s.refresh(s.refreshToken).status)
		require.Equal(t, "7", s.refresh(s.refreshToken).header.Get("Retry-After"))
		require.Equal(t, 200, s.refresh(s.refreshToken).status)
	})
}
