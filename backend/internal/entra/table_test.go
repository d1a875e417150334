package entra_test

import (
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/entra"
)

type adviceRow struct {
	numbers []int
	class   entra.Class
	field   string
	code    string
}

// adviceRows restates Microsoft's list by hand, so that a slip in the product's table shows.
func adviceRows() []adviceRow {
	const (
		configuration, signIn   = entra.ClassConfiguration, entra.ClassSignIn
		administrator, declined = entra.ClassAdministrator, entra.ClassDeclined
		transient               = entra.ClassTransient
	)
	return []adviceRow{
		{[]int{7000215, 70002}, configuration, "clientSecret", "invalid_client_secret"},
		{[]int{7000222}, configuration, "clientSecret", "client_secret_expired"},
		{[]int{7000218}, configuration, "clientSecret", "client_secret_missing"},
		{[]int{700025}, configuration, "redirectUri", "public_client"},
		{[]int{700027, 50012, 50048, 700030}, configuration, "clientSecret", "certificate_not_accepted"},
		{[]int{700024}, configuration, "", "clock_skewed"},
		{[]int{7000112, 70001}, administrator, "clientId", "app_disabled"},
		{[]int{700016, 700011}, configuration, "clientId", "client_not_found"},
		{[]int{90002}, configuration, "tenantId", "tenant_not_found"},
		{[]int{90038, 900382, 900432}, configuration, "cloud", "wrong_cloud"},
		{[]int{900023}, configuration, "tenantId", "tenant_malformed"},
		{[]int{90023, 90014, 900144}, configuration, "", "request_incomplete"},
		{[]int{9002313}, signIn, "", "request_malformed"},
		{[]int{50011, 900971}, configuration, "redirectUri", "redirect_uri_not_registered"},
		{[]int{500112}, configuration, "redirectUri", "redirect_uri_changed"},
		{[]int{50194, 50059, 50128, 90019}, configuration, "tenantId", "tenant_not_specific"},
		{[]int{54005}, signIn, "", "code_already_used"},
		{[]int{70008}, signIn, "", "grant_expired"},
		{[]int{70000}, signIn, "", "grant_invalid"},
		{[]int{501481, 50147, 501491}, signIn, "", "pkce_mismatch"},
		{[]int{700005}, configuration, "tenantId", "wrong_tenant"},
		{[]int{700082}, signIn, "", "grant_inactive"},
		{[]int{700084}, configuration, "redirectUri", "spa_redirect_uri"},
		{[]int{70043}, signIn, "", "sign_in_frequency"},
		{[]int{50173, 50132, 50133}, signIn, "", "grant_revoked"},
		{[]int{50078, 50076, 50074}, signIn, "", "mfa_required"},
		{[]int{50079, 50072}, signIn, "", "mfa_registration_required"},
		{[]int{50158}, signIn, "", "external_challenge"},
		{[]int{53000, 53001, 53002, 530003, 50097, 50129}, administrator, "", "device_policy"},
		{[]int{53003}, administrator, "", "conditional_access"},
		{[]int{530032, 530035, 53004, 53011}, administrator, "", "security_policy"},
		{[]int{65001}, signIn, "scopes", "consent_required"},
		{[]int{65004}, declined, "", "declined"},
		{[]int{65005, 650056, 650057}, configuration, "scopes", "permissions_not_registered"},
		{[]int{650052}, administrator, "", "service_not_subscribed"},
		{[]int{90094, 90093}, administrator, "scopes", "admin_consent_required"},
		{[]int{90095}, administrator, "scopes", "admin_approval_requested"},
		{[]int{50105}, administrator, "", "user_not_assigned"},
		{[]int{50020, 16000, 50014}, signIn, "tenantId", "account_not_in_tenant"},
		{[]int{50034}, signIn, "", "user_not_found"},
		{[]int{50126}, signIn, "", "wrong_password"},
		{[]int{50053}, transient, "", "account_locked"},
		{[]int{50055}, signIn, "", "password_expired"},
		{[]int{50057}, administrator, "", "account_disabled"},
		{[]int{50058}, signIn, "", "no_session"},
		{[]int{51004}, administrator, "", "account_deleted"},
		{[]int{70003}, configuration, "", "unsupported_grant_type"},
		{[]int{70011, 28002, 28003, 700023}, configuration, "scopes", "invalid_scope"},
		{[]int{700022}, configuration, "scopes", "scopes_of_several_services"},
		{[]int{500011, 50001}, configuration, "cloud", "invalid_resource"},
		{[]int{50196}, transient, "", "request_loop"},
		{[]int{90055}, transient, "", "throttled"},
		{[]int{90033, 90024, 90006, 90090, 50033, 50087, 50088, 90012}, transient, "", "microsoft_unavailable"},
		{[]int{500021, 500022}, administrator, "", "tenant_restrictions"},
		{[]int{500212, 500213}, administrator, "", "cross_tenant_policy"},
		{[]int{901002, 240002}, configuration, "", "request_not_accepted"},
		{[]int{700054}, configuration, "", "response_type_not_enabled"},
		{[]int{50140, 50135, 50125}, signIn, "", "sign_in_interrupted"},
		{[]int{700020, 50089, 50085}, signIn, "", "interaction_required"},
		{[]int{90036, 90092, 50000}, transient, "", "microsoft_fault"},
	}
}

func TestAdviceByNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emulator.Configure(func(s *emulator.Settings) { s.LoopLimit = 1 << 20 })
	token := w.tokens().RefreshToken
	for _, row := range adviceRows() {
		for _, number := range row.numbers {
			t.Run(strconv.Itoa(number)+" from the token endpoint", func(t *testing.T) {
				w.emulator.Fail(emulator.Failure{Endpoint: "token", Detail: "refresh_token", Times: 1, AADSTS: number})
				_, err := w.client.Refresh(t.Context(), w.provider(), w.refreshRequest(token))
				failed := entraError(t, err)
				require.Equal(t, number, failed.Numbers[0])
				require.NotEmpty(t, failed.TraceID)
				require.NotEmpty(t, failed.CorrelationID)
				require.NotEmpty(t, failed.Timestamp)
				requireAdvice(t, row, failed.Advice())
			})
			t.Run(strconv.Itoa(number)+" from a redirect", func(t *testing.T) {
				t.Parallel()
				failed := entra.CallbackError(url.Values{
					"error":             {redirectCode(row)},
					"error_description": {"AADSTS" + strconv.Itoa(number) + ": Something.\r\nTrace ID: 0d9b\r\nTimestamp: 2026-03-04 09:12:44Z"},
				})
				require.Equal(t, []int{number}, failed.Numbers)
				requireAdvice(t, row, failed.Advice())
			})
		}
	}
}

func redirectCode(row adviceRow) string {
	if row.class == entra.ClassTransient {
		return "temporarily_unavailable"
	}
	return "access_denied"
}

func requireAdvice(t *testing.T, row adviceRow, got entra.Advice) {
	t.Helper()
	require.Equal(t, row.class, got.Class)
	require.Equal(t, row.field, got.Field)
	require.Equal(t, row.code, got.Code)
	require.NotEmpty(t, got.Message)
	require.NotEmpty(t, got.Fix)
}

func TestAdviceByStandardError(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		status          int
		error, suberror string
		class           entra.Class
		field, code     string
	}{
		"client refused":            {401, "invalid_client", "", entra.ClassConfiguration, "clientSecret", "client_authentication_failed"},
		"client refused with 400":   {400, "invalid_client", "", entra.ClassConfiguration, "clientSecret", "client_authentication_failed"},
		"client not allowed":        {400, "unauthorized_client", "", entra.ClassConfiguration, "clientId", "client_not_authorized"},
		"grant refused":             {400, "invalid_grant", "", entra.ClassSignIn, "", "grant_invalid"},
		"grant refused with 403":    {403, "invalid_grant", "", entra.ClassSignIn, "", "grant_invalid"},
		"grant bad":                 {400, "invalid_grant", "bad_token", entra.ClassSignIn, "", "grant_expired"},
		"grant expired":             {400, "invalid_grant", "token_expired", entra.ClassSignIn, "", "grant_expired"},
		"consent removed":           {400, "invalid_grant", "consent_required", entra.ClassSignIn, "scopes", "consent_required"},
		"more to do":                {400, "invalid_grant", "basic_action", entra.ClassSignIn, "", "interaction_required"},
		"blocked with a message":    {400, "invalid_grant", "message_only", entra.ClassAdministrator, "", "blocked_by_policy"},
		"device wanted":             {400, "invalid_grant", "device_authentication_failed", entra.ClassAdministrator, "", "blocked_by_policy"},
		"another client's grant":    {400, "invalid_grant", "client_mismatch", entra.ClassConfiguration, "clientId", "client_mismatch"},
		"protection policy":         {400, "invalid_grant", "protection_policy_required", entra.ClassAdministrator, "", "blocked_by_policy"},
		"unknown suberror":          {400, "invalid_grant", "something_new", entra.ClassSignIn, "", "grant_invalid"},
		"interaction":               {400, "interaction_required", "", entra.ClassSignIn, "", "interaction_required"},
		"consent":                   {400, "consent_required", "", entra.ClassSignIn, "scopes", "consent_required"},
		"password":                  {400, "user_password_expired", "", entra.ClassSignIn, "", "interaction_required"},
		"scope":                     {400, "invalid_scope", "", entra.ClassConfiguration, "scopes", "invalid_scope"},
		"resource":                  {400, "invalid_resource", "", entra.ClassConfiguration, "scopes", "invalid_resource"},
		"tenant":                    {400, "invalid_tenant", "", entra.ClassConfiguration, "tenantId", "tenant_not_found"},
		"request":                   {400, "invalid_request", "", entra.ClassConfiguration, "", "invalid_request"},
		"grant type":                {400, "unsupported_grant_type", "", entra.ClassConfiguration, "", "unsupported_grant_type"},
		"busy":                      {400, "temporarily_unavailable", "", entra.ClassTransient, "", "microsoft_unavailable"},
		"broken":                    {400, "server_error", "", entra.ClassTransient, "", "microsoft_unavailable"},
		"a proxy's success":         {200, "invalid_grant", "", entra.ClassTransient, "", "unexpected_answer"},
		"a gateway's verdict":       {502, "invalid_grant", "", entra.ClassTransient, "", "microsoft_unavailable"},
		"a throttle's verdict":      {429, "invalid_client", "", entra.ClassTransient, "", "throttled"},
		"a verdict with 404":        {404, "invalid_grant", "", entra.ClassTransient, "", "unexpected_answer"},
		"a verdict with 500":        {500, "invalid_client", "", entra.ClassTransient, "", "microsoft_unavailable"},
		"a gateway's denial":        {403, "access_denied", "", entra.ClassTransient, "", "unexpected_answer"},
		"a denial with 400":         {400, "access_denied", "", entra.ClassTransient, "", "unexpected_answer"},
		"an error nobody knows":     {400, "out_of_cheese", "", entra.ClassTransient, "", "unexpected_answer"},
		"an error that is a phrase": {400, "Bad Request", "", entra.ClassTransient, "", "unexpected_answer"},
		"no error at all":           {400, "", "", entra.ClassTransient, "", "unexpected_answer"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := newStub(t, replyingJSON(row.status, map[string]any{"error": row.error, "suberror": row.suberror})).refreshError(t)
			advice := failed.Advice()
			require.Equal(t, row.class, advice.Class)
			require.Equal(t, row.field, advice.Field)
			require.Equal(t, row.code, advice.Code)
			require.Equal(t, row.class == entra.ClassTransient, failed.Transient())
			require.Equal(t, row.status, failed.Status)
		})
	}
}

func TestNumbersOnlyRefine(t *testing.T) {
	t.Parallel()
	advice := func(t *testing.T, status int, body map[string]any) entra.Advice {
		t.Helper()
		return newStub(t, replyingJSON(status, body)).refreshError(t).Advice()
	}
	t.Run("a number never turns an outage into somebody's fault", func(t *testing.T) {
		t.Parallel()
		for _, body := range []map[string]any{
			{"error": "server_error", "error_codes": []int{50173}},
			{"error": "temporarily_unavailable", "error_codes": []int{7000215}},
		} {
			require.Equal(t, entra.ClassTransient, advice(t, 400, body).Class)
		}
		body := map[string]any{"error": "invalid_grant", "error_codes": []int{50173}}
		require.Equal(t, entra.ClassTransient, advice(t, 503, body).Class)
		require.Equal(t, entra.ClassTransient, advice(t, 200, body).Class)
	})
	t.Run("a number names the outage", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "microsoft_fault", advice(t, 500, map[string]any{"error": "server_error", "error_codes": []int{90092}}).Code)
	})
	t.Run("an unknown number falls back on the error", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "grant_invalid", advice(t, 400, map[string]any{"error": "invalid_grant", "error_codes": []int{123456}}).Code)
	})
	t.Run("a known number helps where the error is unknown", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "grant_revoked", advice(t, 400, map[string]any{"error": "new_error", "error_codes": []int{50173}}).Code)
	})
	t.Run("the suberrors that are not about the user outweigh a number", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "client_mismatch", advice(t, 400, map[string]any{
			"error": "invalid_grant", "suberror": "client_mismatch", "error_codes": []int{70000},
		}).Code)
	})
	t.Run("a number may stand in the description or in error_uri only", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "invalid_client_secret", advice(t, 401, map[string]any{
			"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: x",
		}).Code)
		require.Equal(t, "client_secret_expired", advice(t, 401, map[string]any{
			"error": "invalid_client", "error_uri": "https://login.example/error?code=7000222",
		}).Code)
		require.Equal(t, "client_secret_expired", advice(t, 401, map[string]any{
			"error": "invalid_client", "error_codes": []string{"7000222"},
		}).Code)
	})
	t.Run("members of odd types do not hide the rest", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "grant_invalid", advice(t, 400, map[string]any{
			"error": "invalid_grant", "error_codes": "none", "trace_id": 7, "claims": []int{1}, "suberror": nil, "error_uri": "%zz",
		}).Code)
	})
	t.Run("a request loop asks for a pause", func(t *testing.T) {
		t.Parallel()
		failed := newStub(t, replyingJSON(400, map[string]any{"error": "invalid_grant", "error_codes": []int{50196}})).refreshError(t)
		require.Positive(t, failed.RetryAfter)
		require.Equal(t, "request_loop", failed.Advice().Code)
	})
}
