package token_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// outages are the ways in which Microsoft, or something on the way to it, may be out of order; none says
// that a grant is over.
func outages(f fixture) map[string]emulator.Failure {
	const refused = `{"error":"invalid_grant","error_description":"AADSTS70008: expired","error_codes":[70008]}`
	return map[string]emulator.Failure{
		"500":                              {Status: http.StatusInternalServerError},
		"502 with a page of HTML":          {Status: http.StatusBadGateway, HTML: true},
		"503":                              {Status: http.StatusServiceUnavailable},
		"504":                              {Status: http.StatusGatewayTimeout},
		"429 with seconds":                 {Status: http.StatusTooManyRequests, RetryAfter: "7"},
		"429 with a date":                  {Status: http.StatusTooManyRequests, RetryAfter: f.Emulator.Now().Add(9 * time.Second).Format(http.TimeFormat)},
		"429 without a time":               {Status: http.StatusTooManyRequests},
		"a reset before":                   {Drop: emulator.DropBefore},
		"an answer that got lost":          {Drop: emulator.DropAfter},
		"half an answer":                   {Drop: emulator.DropDuring},
		"a truncated answer":               {Truncate: true},
		"200 with a page of HTML":          {Status: http.StatusOK, HTML: true},
		"200 with nothing":                 {Status: http.StatusOK, Body: " "},
		"invalid_grant told by a 200":      {Status: http.StatusOK, Body: refused, ContentType: "application/json"},
		"invalid_grant told by a 503":      {Status: http.StatusServiceUnavailable, Body: refused, ContentType: "application/json"},
		"a page of a proxy that says 403":  {Status: http.StatusForbidden, HTML: true},
		"a gateway that denies access":     {Status: http.StatusForbidden, Body: `{"error":"access_denied"}`, ContentType: "application/json"},
		"a redirect to somewhere else":     {Status: http.StatusFound, HTML: true},
		"temporarily_unavailable":          {AADSTS: 90033},
		"a loop noticed by Microsoft":      {AADSTS: 50196},
		"a tenant that is being throttled": {AADSTS: 90055},
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	for name, failure := range outages(newFixture(t, 30*time.Minute)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, 30*time.Minute)
			failure.Endpoint, failure.Detail = emulator.EndpointToken, "refresh_token"
			held := f.issue().Status(http.StatusOK).Text("accessToken")
			id := f.Emulator.Fail(failure)

			f.Emulator.Advance(18 * time.Minute)
			got := f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"minTtlSeconds": 900}, f.bearer...).Status(http.StatusOK)
			require.Equal(t, held, got.Text("accessToken"), "a token that is still good is served")
			require.Equal(t, 1, f.refreshes())
			f.Emulator.Advance(15 * time.Minute)
			expired := f.issue().Status(http.StatusServiceUnavailable)
			require.Equal(t, "microsoft_unavailable", expired.Text("code"))
			after, err := strconv.Atoi(expired.Header.Get("Retry-After"))
			require.NoError(t, err)
			require.Positive(t, after)
			asked := f.refreshes()
			for range 20 {
				f.issue().Status(http.StatusServiceUnavailable)
			}
			require.LessOrEqual(t, f.refreshes(), asked+1, "Microsoft is left alone meanwhile")
			require.Equal(t, "authorized", f.key().Text("status"), "an outage costs no grant")

			f.Emulator.ClearFailure(id)
			f.Emulator.Advance(11 * time.Minute)
			require.NotEqual(t, held, f.issue().Status(http.StatusOK).Text("accessToken"))
			require.Equal(t, "authorized", f.key().Text("status"))
		})
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Minute)
	f.Emulator.Fail(emulator.Failure{
		Endpoint: emulator.EndpointToken, Detail: "refresh_token", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "600",
	})
	f.Emulator.Advance(31 * time.Minute)
	got := f.issue().Status(http.StatusServiceUnavailable)
	after, err := strconv.Atoi(got.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 600, after, 5, "longer than any back-off of ours")
	asked := f.refreshes()
	f.Emulator.Advance(590 * time.Second)
	f.issue().Status(http.StatusServiceUnavailable)
	require.NoError(t, f.Broker.SweepOnce(t.Context()))
	require.Equal(t, asked, f.refreshes())
	f.Emulator.Advance(15 * time.Second)
	f.issue().Status(http.StatusOK)
}
