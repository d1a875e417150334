package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
)

func TestRateLimit(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, "LATCHKEY_API_CLIENT_RATE_LIMIT=4")
	admin := a.Admin()
	create := func(name string, limit any) (id, secret string) {
		made := admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
			"name": name, "permissions": []string{"account-keys:read"}, "rateLimitPerMinute": limit,
		}).Status(http.StatusCreated)
		return made.Text("id"), made.Text("secret")
	}
	exchange := func(id, secret string) apptest.Answer {
		return a.Call(http.MethodPost, "/oauth/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret},
		})
	}
	list := func(bearer string) apptest.Answer {
		return a.Call(http.MethodGet, keysPath, nil, "Authorization", "Bearer "+bearer)
	}

	t.Run("exchanging a secret and calling count alike, as configured", func(t *testing.T) {
		id, secret := create("configured", nil)
		issued := exchange(id, secret).Status(http.StatusOK)
		require.Equal(t, `"default";q=4;w=60`, issued.Header.Get("RateLimit-Policy"))
		for _, left := range []string{"2", "1", "0"} {
			require.Contains(t, list(issued.Text("access_token")).Status(http.StatusOK).Header.Get("RateLimit"), `"default";r=`+left+";t=")
		}
		over := list(issued.Text("access_token")).Status(http.StatusTooManyRequests)
		require.Equal(t, "rate_limited", over.Text("code"))
		require.NotEmpty(t, over.Header.Get("Retry-After"))
		require.Equal(t, "rate_limited", exchange(id, secret).Status(http.StatusTooManyRequests).Text("code"))
		a.Emulator.Advance(15 * time.Second)
		list(issued.Text("access_token")).Status(http.StatusOK)
	})
	t.Run("a limit of its own counts from the next request, and people have none", func(t *testing.T) {
		id, secret := create("own", 0)
		issued := exchange(id, secret).Status(http.StatusOK)
		for range 6 {
			require.Empty(t, list(issued.Text("access_token")).Status(http.StatusOK).Header.Get("RateLimit"))
			admin.Call(http.MethodGet, keysPath, nil).Status(http.StatusOK)
		}
		admin.Call(http.MethodPatch, "/api/v1/api-clients/"+id, map[string]any{"rateLimitPerMinute": 1}).Status(http.StatusOK)
		list(issued.Text("access_token")).Status(http.StatusOK)
		list(issued.Text("access_token")).Status(http.StatusTooManyRequests)
		admin.Call(http.MethodPatch, "/api/v1/api-clients/"+id, map[string]any{"rateLimitPerMinute": nil}).Status(http.StatusOK)
		require.Equal(t, `"default";q=4;w=60`, list(issued.Text("access_token")).Header.Get("RateLimit-Policy"))
	})
	t.Run("a network that fails all the time is refused, at no cost to the client it named", func(t *testing.T) {
		id, secret := create("named", nil)
		_, other := create("other", nil)
		bad := strings.Repeat("x", len(other))
		for range 4 {
			exchange(id, bad).Status(http.StatusUnauthorized)
		}
		require.NotEmpty(t, exchange(id, bad).Status(http.StatusTooManyRequests).Header.Get("Retry-After"))
		a.Emulator.Advance(15 * time.Second)
		require.Contains(t, exchange(id, secret).Status(http.StatusOK).Header.Get("RateLimit"), "r=3;")
	})
}
