package emulator_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// documented is what the identity platform is known to answer with, independent of the emulator's own list.
type documented struct {
	codes    []int
	kind     string
	status   int
	suberror string
	claims   bool
	page     bool // at the authorize endpoint nothing comes back to the application
}

func documentedCodes() []documented {
	return []documented{
		{codes: []int{7000215, 7000222, 7000218, 700025, 700027, 700024, 50012, 50048, 700030, 70002}, kind: "invalid_client", status: 401},
		{codes: []int{7000112, 70001, 700016, 700011, 65005, 650056, 650057, 650052}, kind: "unauthorized_client", status: 400, page: true},
		{codes: []int{90002}, kind: "invalid_tenant", status: 400, page: true},
		{codes: []int{90038, 900382, 900432, 900023, 50194, 50059, 50128, 90019, 900971}, kind: "invalid_request", status: 400, page: true},
		{codes: []int{50011}, kind: "invalid_client", status: 400, page: true},
		{codes: []int{90023, 90014, 900144, 50147, 501491, 700022, 901002, 240002}, kind: "invalid_request", status: 400},
		{codes: []int{9002313, 500112, 54005, 70008, 70000, 501481, 700005, 700082, 700084, 50173, 50132, 50133}, kind: "invalid_grant", status: 400},
		{codes: []int{50057, 51004, 50034, 50126, 50053, 50085, 50089, 50196}, kind: "invalid_grant", status: 400},
		{codes: []int{70043}, kind: "invalid_grant", status: 400, suberror: "token_expired"},
		{codes: []int{50074, 50076, 50078}, kind: "invalid_grant", status: 400, suberror: "basic_action"},
		{codes: []int{50072, 50079}, kind: "interaction_required", status: 400, suberror: "basic_action"},
		{codes: []int{50158}, kind: "interaction_required", status: 400, suberror: "basic_action", claims: true},
		{codes: []int{53000, 53001, 53002, 530003}, kind: "interaction_required", status: 400, suberror: "message_only", claims: true, page: true},
		{codes: []int{53003, 53004, 53011, 530032, 530035}, kind: "invalid_grant", status: 400, suberror: "message_only", claims: true, page: true},
		{codes: []int{50097, 50129}, kind: "interaction_required", status: 400, suberror: "device_authentication_failed"},
		{codes: []int{700020, 50140, 50135, 50125}, kind: "interaction_required", status: 400},
		{codes: []int{65001}, kind: "invalid_grant", status: 400, suberror: "consent_required"},
		{codes: []int{65004}, kind: "access_denied", status: 400},
		{codes: []int{90093, 90094, 90095, 50105, 50020, 50014, 500021, 500022, 500212, 500213}, kind: "access_denied", status: 400, page: true},
		{codes: []int{16000}, kind: "interaction_required", status: 400, page: true},
		{codes: []int{50055}, kind: "user_password_expired", status: 400, suberror: "user_password_expired"},
		{codes: []int{50058}, kind: "login_required", status: 400},
		{codes: []int{70003}, kind: "unsupported_grant_type", status: 400},
		{codes: []int{70011, 28002, 28003, 700023}, kind: "invalid_scope", status: 400},
		{codes: []int{500011, 50001}, kind: "invalid_resource", status: 400},
		{codes: []int{700054}, kind: "unsupported_response_type", status: 400},
		{codes: []int{90055}, kind: "temporarily_unavailable", status: 429},
		{codes: []int{90033, 90024, 90006, 90090, 50033, 50087, 50088, 90012}, kind: "temporarily_unavailable", status: 503},
		{codes: []int{90036, 90092, 50000}, kind: "server_error", status: 500},
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Configure(func(s *emulator.Settings) { s.LoopLimit = 0 })
	token := w.redeem(w.code()).text("refresh_token")
	order := func(t *testing.T, body string) {
		r := w.do(w.request(http.MethodPost, "/_emulator/failures", body))
		require.Equal(t, http.StatusCreated, r.status, r.raw)
	}
	for _, row := range documentedCodes() {
		for _, code := range row.codes {
			t.Run(fmt.Sprintf("%d is told as it should", code), func(t *testing.T) { // one after the other: each hits the next request
				order(t, fmt.Sprintf(`{"endpoint":"token","times":1,"aadsts":%d}`, code))
				r := w.refresh(token)
				requireSTS(t, r, row.status, code, row.kind)
				require.Contains(t, r.text("error_description"), fmt.Sprintf("AADSTS%d: ", code))
				require.NotContains(t, r.text("error_description"), "{", "a placeholder is left")
				require.NotContains(t, r.text("error_description"), "no text")
				require.Equal(t, row.suberror, r.text("suberror"))
				require.Equal(t, row.claims, r.text("claims") != "")

				order(t, fmt.Sprintf(`{"endpoint":"authorize","times":1,"aadsts":%d}`, code))
				p := w.open(w.authorizeURL())
				if row.page {
					require.Empty(t, p.out, "it stays on a page")
					require.Contains(t, p.page, "AADSTS"+strconv.Itoa(code))
					return
				}
				q := p.callback()
				require.Equal(t, row.kind, q.Get("error"))
				require.Contains(t, q.Get("error_description"), fmt.Sprintf("AADSTS%d: ", code))
				require.Equal(t, "state-1", q.Get("state"))
			})
		}
	}
	t.Run("the list can be read", func(t *testing.T) {
		listed := map[int]bool{}
		r := w.do(w.request(http.MethodGet, "/_emulator/codes", ""))
		require.Equal(t, 200, r.status)
		for _, row := range decodeList(t, r) {
			code, ok := row["code"].(float64)
			require.True(t, ok)
			listed[int(code)] = true
		}
		for _, row := range documentedCodes() {
			for _, code := range row.codes {
				require.True(t, listed[code], code)
			}
		}
	})
	t.Run("a number that nobody knows is an invalid_grant", func(t *testing.T) {
		order(t, `{"endpoint":"token","times":1,"aadsts":999999}`)
		requireSTS(t, w.refresh(token), 400, 999999, "invalid_grant")
	})
}
