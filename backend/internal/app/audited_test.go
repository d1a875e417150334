package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// entriesOf returns what a request left in the audit log, oldest first, and requires of each that it says
// from where. The next request of the test comes after them, so that none can be missed.
func entriesOf(t *testing.T, a *apptest.App, answer apptest.Answer) []string {
	t.Helper()
	var entries []audit.Entry
	require.NoError(t, a.DB.Read(t.Context()).Where("request_id = ?", answer.Header.Get("X-Request-Id")).Order("id").Find(&entries).Error)
	told := []string{}
	for _, e := range entries {
		require.Equal(t, "127.0.0.1", e.IP)
		require.NotEmpty(t, e.Message)
		var fields []string
		for _, c := range e.Changes {
			fields = append(fields, c.Field)
		}
		line := fmt.Sprintf("%s of %s %s by %s %s", e.Action, e.ObjectType, e.ObjectName, e.ActorType, e.ActorName)
		if e.Outcome != audit.Success {
			line += ", a " + string(e.Outcome)
		}
		if len(fields) > 0 {
			line += ": " + strings.Join(fields, " ")
		}
		told = append(told, line)
	}
	return told
}

// TestEveryChangeIsAudited makes every change there is by the route for it. A new route that changes
// something fails it until it is added here, with the entries that it leaves.
func TestEveryChangeIsAudited(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	require.NoError(t, a.Queue.Stop(t.Context()), "jobs have no request, and would come in between")
	seed := a.Emulator.Seed()
	ada, vic := a.Browser(), a.Browser()
	var bearer []string
	made := map[string]string{} // ids and links, by what they are called here
	path := func(parts ...string) string { return "/api/v1/" + strings.Join(parts, "/") }
	key := func(rest string) string { return path("account-keys", made["key"]) + rest }
	signIn := func(b *apptest.Browser, email, password string) apptest.Answer {
		return b.Call(http.MethodPost, path("session"), map[string]any{"email": email, "password": password})
	}
	// comeBack signs a person in at Microsoft for a started attempt and follows the redirect.
	comeBack := func(started apptest.Answer, who string, d emulator.Decision) apptest.Answer {
		made["attempt"] = started.Status(http.StatusCreated).Text("id")
		callback, err := a.Emulator.SignIn(started.Text("url"), who, d)
		require.NoError(t, err)
		return ada.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	}
	popup := func() apptest.Answer {
		return ada.Call(http.MethodPost, key("/authorizations"), map[string]any{"mode": "popup"})
	}
	keep := func(name, member string, answer apptest.Answer) apptest.Answer {
		made[name] = answer.Text(member)
		return answer
	}

	covered := map[string]bool{}
	for _, row := range []struct {
		route string // method and path as they are mounted
		do    func() apptest.Answer
		want  []string
	}{
		{"POST /api/v1/setup", func() apptest.Answer {
			return ada.Call(http.MethodPost, path("setup"), map[string]any{
				"setupCode": a.SetupCode, "email": "ada@fabrikam.example", "name": "Ada", "password": apptest.Password,
			}).Status(http.StatusCreated)
		}, []string{"setup.completed of user ada@fabrikam.example by user Ada: email name role password"}},
		{"POST /api/v1/session", func() apptest.Answer {
			return signIn(a.Browser(), "ada@fabrikam.example", apptest.Password).Status(http.StatusOK)
		}, []string{"session.created of user ada@fabrikam.example by user Ada"}},
		{"POST /api/v1/session", func() apptest.Answer {
			return signIn(a.Browser(), "ada@fabrikam.example", "wrong").Status(http.StatusUnauthorized)
		}, []string{"session.failed of user ada@fabrikam.example by anonymous Somebody not signed in, a failure"}},

		{"POST /api/v1/account-keys", func() apptest.Answer {
			return keep("key", "id", ada.Call(http.MethodPost, path("account-keys"), draft("Invoices",
				with("tenantId", seed.TenantID), with("clientId", seed.ClientID), with("clientSecret", seed.Secret))).Status(http.StatusCreated))
		}, []string{"account_key.created of account_key Invoices by user Ada: type displayName cloud tenantId clientId scopes clientSecret"}},
		{"POST /api/v1/account-keys", func() apptest.Answer {
			return ada.Call(http.MethodPost, path("account-keys"), draft("INVOICES")).Status(http.StatusUnprocessableEntity)
		}, []string{}},
		{"PATCH /api/v1/account-keys/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, key(""), map[string]any{"displayName": "Bills", "clientSecret": seed.Secret}).Status(http.StatusOK)
		}, []string{"account_key.updated of account_key Bills by user Ada: displayName clientSecret"}},
		{"PATCH /api/v1/account-keys/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, key(""), map[string]any{"displayName": "Bills"}).Status(http.StatusOK)
		}, []string{}},
		{"POST /api/v1/account-keys/check", func() apptest.Answer {
			return ada.Call(http.MethodPost, path("account-keys/check"), map[string]any{"accountKeyId": made["key"]}).Status(http.StatusOK)
		}, []string{}},
		{"POST /api/v1/account-keys/:id/check", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/check"), nil).Status(http.StatusOK)
		}, []string{}},

		{"POST /api/v1/account-keys/:id/authorizations", func() apptest.Answer {
			return popup().Status(http.StatusCreated)
		}, []string{"authorization.started of account_key Bills by user Ada"}},
		{"GET /oauth/callback", func() apptest.Answer {
			return comeBack(popup(), "mara", emulator.Decline)
		}, []string{"authorization.failed of account_key Bills by user Ada, a failure"}},
		{"GET /oauth/callback", func() apptest.Answer {
			return comeBack(popup(), "mara", emulator.Accept)
		}, []string{"account_key.authorized of account_key Bills by user Ada: status account grantedScopes"}},
		{"GET /oauth/callback", func() apptest.Answer {
			return comeBack(popup(), "tomas", emulator.Accept)
		}, []string{"authorization.needs_confirmation of account_key Bills by user Ada"}},
		{"POST /api/v1/account-keys/:id/authorizations/:aid/reject", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/authorizations/"+made["attempt"]+"/reject"), nil).Status(http.StatusOK)
		}, []string{"authorization.rejected of account_key Bills by user Ada"}},
		{"POST /api/v1/account-keys/:id/authorizations/:aid/confirm", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/authorizations/"+made["attempt"]+"/confirm"), nil).Status(http.StatusConflict)
		}, []string{}},
		{"POST /api/v1/account-keys/:id/authorizations/:aid/confirm", func() apptest.Answer {
			comeBack(popup(), "tomas", emulator.Accept)
			return ada.Call(http.MethodPost, key("/authorizations/"+made["attempt"]+"/confirm"), nil).Status(http.StatusOK)
		}, []string{"account_key.authorized of account_key Bills by user Ada: account"}},
		{"POST /api/v1/account-keys/:id/authorizations", func() apptest.Answer {
			return keep("link", "url", ada.Call(http.MethodPost, key("/authorizations"), map[string]any{"mode": "link"}).Status(http.StatusCreated))
		}, []string{"authorization.started of account_key Bills by user Ada"}},
		{"POST /oauth/links/:token", func() apptest.Answer {
			_, token, _ := strings.Cut(made["link"], "/authorize/")
			return a.Call(http.MethodPost, "/oauth/links/"+token, nil).Status(http.StatusOK)
		}, []string{"authorization.started of account_key Bills by user Ada"}},
		{"POST /api/v1/account-keys/:id/admin-consent", func() apptest.Answer {
			return keep("consent", "url", ada.Call(http.MethodPost, key("/admin-consent"), nil).Status(http.StatusCreated))
		}, []string{"admin_consent.requested of account_key Bills by user Ada"}},
		{"GET /oauth/callback", func() apptest.Answer {
			callback, err := a.Emulator.SignIn(made["consent"], "ines", emulator.Accept)
			require.NoError(t, err)
			return a.Browser().Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
		}, []string{"admin_consent.granted of account_key Bills by anonymous Somebody not signed in"}},

		{"POST /api/v1/account-keys/:id/suspend", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/suspend"), nil).Status(http.StatusOK)
		}, []string{"account_key.suspended of account_key Bills by user Ada: status"}},
		{"POST /api/v1/account-keys/:id/suspend", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/suspend"), nil).Status(http.StatusOK)
		}, []string{}},
		{"POST /api/v1/account-keys/:id/resume", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/resume"), nil).Status(http.StatusOK)
		}, []string{"account_key.resumed of account_key Bills by user Ada: status"}},
		{"POST /api/v1/account-keys/:id/resume", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/resume"), nil).Status(http.StatusOK)
		}, []string{}},

		{"POST /api/v1/targets", func() apptest.Answer {
			return keep("target", "id", ada.Call(http.MethodPost, path("targets"), map[string]any{
				"name": "Bills in", "accountKeyId": made["key"], "basePath": "/me", "allowedPaths": []string{"/me/**"},
			}).Status(http.StatusCreated))
		}, []string{"target.created of target Bills in by user Ada: name accountKeyId apiVersion basePath allowedMethods allowedPaths timeoutSeconds enabled"}},
		{"POST /api/v1/targets", func() apptest.Answer {
			return ada.Call(http.MethodPost, path("targets"), map[string]any{"name": "BILLS IN", "accountKeyId": made["key"]}).
				Status(http.StatusUnprocessableEntity)
		}, []string{}},
		{"PATCH /api/v1/targets/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, path("targets", made["target"]), map[string]any{
				"name": "Bills", "fixedHeaders": []map[string]string{{"name": "Prefer", "value": "x"}},
			}).Status(http.StatusOK)
		}, []string{"target.updated of target Bills by user Ada: name fixedHeaders"}},
		{"PATCH /api/v1/targets/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, path("targets", made["target"]), map[string]any{"name": "Bills"}).Status(http.StatusOK)
		}, []string{}},
		{"POST /api/v1/targets/:id/validate", func() apptest.Answer {
			return ada.Call(http.MethodPost, path("targets", made["target"], "validate"), nil).Status(http.StatusOK)
		}, []string{}},
		{"POST /api/v1/targets/:id/graph/*", func() apptest.Answer { // a use, which is counted
			return ada.Call(http.MethodPost, path("targets", made["target"], "graph/me/nothing"), nil).Status(http.StatusBadRequest)
		}, []string{}},
		{"PUT /api/v1/targets/:id/graph/*", func() apptest.Answer { // a use, which is counted
			return ada.Call(http.MethodPut, path("targets", made["target"], "graph/me/nothing"), nil).Status(http.StatusBadRequest)
		}, []string{}},
		{"PATCH /api/v1/targets/:id/graph/*", func() apptest.Answer { // a use, which is counted
			return ada.Call(http.MethodPatch, path("targets", made["target"], "graph/me/nothing"), nil).Status(http.StatusBadRequest)
		}, []string{}},
		{"DELETE /api/v1/targets/:id/graph/*", func() apptest.Answer { // a use, which is counted
			return ada.Call(http.MethodDelete, path("targets", made["target"], "graph/me/nothing"), nil).Status(http.StatusBadRequest)
		}, []string{}},
		{"PUT /api/v1/targets/:id/uploads/:upload", func() apptest.Answer {
			return ada.Call(http.MethodPut, path("targets", made["target"], "uploads/x"), nil).Status(http.StatusNotFound)
		}, []string{}},
		{"DELETE /api/v1/targets/:id/uploads/:upload", func() apptest.Answer {
			return ada.Call(http.MethodDelete, path("targets", made["target"], "uploads/x"), nil).Status(http.StatusNotFound)
		}, []string{}},
		{"DELETE /api/v1/targets/:id", func() apptest.Answer {
			return ada.Call(http.MethodDelete, path("targets", made["target"]), nil).Status(http.StatusNoContent)
		}, []string{"target.deleted of target Bills by user Ada: name accountKeyId apiVersion basePath allowedMethods allowedPaths fixedHeaders timeoutSeconds enabled"}},
		{"POST /api/v1/targets", func() apptest.Answer {
			return ada.Call(http.MethodPost, path("targets"), map[string]any{"name": "Last", "accountKeyId": made["key"]}).Status(http.StatusCreated)
		}, []string{"target.created of target Last by user Ada: name accountKeyId apiVersion allowedMethods allowedPaths timeoutSeconds enabled"}},

		{"POST /api/v1/api-clients", func() apptest.Answer {
			got := keep("client", "id", ada.Call(http.MethodPost, path("api-clients"), map[string]any{
				"name": "billing", "permissions": []string{"tokens:issue", "account-keys:write"}, "accountKeyIds": []string{made["key"]},
			}).Status(http.StatusCreated))
			return keep("secret", "secret", got)
		}, []string{"api_client.created of api_client billing by user Ada: name permissions accountKeyIds secret"}},
		{"POST /oauth/token", func() apptest.Answer {
			got := a.Call(http.MethodPost, "/oauth/token", url.Values{
				"grant_type": {"client_credentials"}, "client_id": {made["client"]}, "client_secret": {made["secret"]},
			}).Status(http.StatusOK)
			bearer = []string{"Authorization", "Bearer " + got.Text("access_token")}
			return got
		}, []string{"api_client.signed_in of api_client billing by api_client billing"}},
		{"POST /api/v1/account-keys/:id/access-token", func() apptest.Answer { // a use, which is counted
			return a.Call(http.MethodPost, key("/access-token"), nil, bearer...).Status(http.StatusOK)
		}, []string{}},
		{"POST /api/v1/account-keys", func() apptest.Answer {
			return keep("its key", "id", a.Call(http.MethodPost, path("account-keys"), draft("Its own"), bearer...).Status(http.StatusCreated))
		}, []string{
			"api_client.updated of api_client billing by api_client billing",
			"account_key.created of account_key Its own by api_client billing: type displayName cloud scopes",
		}},
		{"POST /api/v1/api-clients/:id/secrets", func() apptest.Answer {
			got := ada.Call(http.MethodPost, path("api-clients", made["client"], "secrets"), map[string]any{}).Status(http.StatusCreated)
			return keep("removed", "secret", keep("second", "id", got))
		}, []string{"api_client.secret_added of api_client billing by user Ada: secret"}},
		{"DELETE /api/v1/api-clients/:id/secrets/:sid", func() apptest.Answer {
			return ada.Call(http.MethodDelete, path("api-clients", made["client"], "secrets", made["second"]), nil).Status(http.StatusNoContent)
		}, []string{"api_client.secret_removed of api_client billing by user Ada: secret"}},
		{"POST /oauth/token", func() apptest.Answer {
			return a.Call(http.MethodPost, "/oauth/token", url.Values{
				"grant_type": {"client_credentials"}, "client_id": {made["client"]}, "client_secret": {made["removed"]},
			}).Status(http.StatusUnauthorized)
		}, []string{"api_client.sign_in_failed of api_client billing by anonymous Somebody not signed in, a failure"}},
		{"PATCH /api/v1/api-clients/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, path("api-clients", made["client"]), map[string]any{"name": "billing 2", "disabled": true}).Status(http.StatusOK)
		}, []string{"api_client.updated of api_client billing 2 by user Ada: name disabled"}},
		{"PATCH /api/v1/api-clients/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, path("api-clients", made["client"]), map[string]any{"name": "billing 2"}).Status(http.StatusOK)
		}, []string{}},
		{"DELETE /api/v1/api-clients/:id", func() apptest.Answer {
			return ada.Call(http.MethodDelete, path("api-clients", made["client"]), nil).Status(http.StatusNoContent)
		}, []string{"api_client.deleted of api_client billing 2 by user Ada: name permissions accountKeyIds disabled"}},

		{"POST /api/v1/users", func() apptest.Answer {
			got := ada.Call(http.MethodPost, path("users"), map[string]any{"email": "vic@fabrikam.example", "name": "Vic", "role": "viewer"}).
				Status(http.StatusCreated)
			made["vic"] = got.Text("id")
			return got
		}, []string{"user.created of user vic@fabrikam.example by user Ada: email name role"}},
		{"POST /api/v1/users/:id/invitation", func() apptest.Answer {
			return keep("invitation", "url", ada.Call(http.MethodPost, path("users", made["vic"], "invitation"), nil).Status(http.StatusCreated))
		}, []string{"user.invited of user vic@fabrikam.example by user Ada: link"}},
		{"POST /api/v1/invitations/inspect", func() apptest.Answer {
			_, token, _ := strings.Cut(made["invitation"], "#")
			return vic.Call(http.MethodPost, path("invitations/inspect"), map[string]any{"token": token}).Status(http.StatusOK)
		}, []string{}},
		{"POST /api/v1/invitations/accept", func() apptest.Answer {
			_, token, _ := strings.Cut(made["invitation"], "#")
			return vic.Call(http.MethodPost, path("invitations/accept"), map[string]any{"token": token, "password": apptest.Password}).Status(http.StatusOK)
		}, []string{"user.invitation_accepted of user vic@fabrikam.example by user Vic: password"}},
		{"POST /api/v1/session/password", func() apptest.Answer {
			return vic.Call(http.MethodPost, path("session/password"), map[string]any{
				"currentPassword": apptest.Password, "newPassword": "nine loud magpies 62",
			}).Status(http.StatusNoContent)
		}, []string{"user.password_changed of user vic@fabrikam.example by user Vic: password"}},
		{"DELETE /api/v1/sessions/:id", func() apptest.Answer {
			other := a.Browser()
			signIn(other, "vic@fabrikam.example", "nine loud magpies 62").Status(http.StatusOK)
			for _, session := range vic.Call(http.MethodGet, path("sessions"), nil).Status(http.StatusOK).Items() {
				if session["current"] != true {
					return vic.Call(http.MethodDelete, path("sessions", fmt.Sprint(session["id"])), nil).Status(http.StatusNoContent)
				}
			}
			require.Fail(t, "there is no other session")
			return apptest.Answer{}
		}, []string{"session.ended of user vic@fabrikam.example by user Vic"}},
		{"DELETE /api/v1/sessions", func() apptest.Answer {
			signIn(a.Browser(), "vic@fabrikam.example", "nine loud magpies 62").Status(http.StatusOK)
			return vic.Call(http.MethodDelete, path("sessions"), nil).Status(http.StatusNoContent)
		}, []string{"session.ended of user vic@fabrikam.example by user Vic"}},
		{"DELETE /api/v1/session", func() apptest.Answer {
			return vic.Call(http.MethodDelete, path("session"), nil).Status(http.StatusNoContent)
		}, []string{"session.ended of user vic@fabrikam.example by user Vic"}},
		{"POST /api/v1/users/:id/password-reset", func() apptest.Answer {
			return ada.Call(http.MethodPost, path("users", made["vic"], "password-reset"), nil).Status(http.StatusCreated)
		}, []string{"user.password_reset_offered of user vic@fabrikam.example by user Ada: link"}},
		{"DELETE /api/v1/users/:id/sessions", func() apptest.Answer {
			signIn(vic, "vic@fabrikam.example", "nine loud magpies 62").Status(http.StatusOK)
			return ada.Call(http.MethodDelete, path("users", made["vic"], "sessions"), nil).Status(http.StatusNoContent)
		}, []string{"session.ended of user vic@fabrikam.example by user Ada"}},
		{"PATCH /api/v1/users/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, path("users", made["vic"]), map[string]any{"role": "operator", "disabled": true}).Status(http.StatusOK)
		}, []string{"user.updated of user vic@fabrikam.example by user Ada: role disabled"}},
		{"PATCH /api/v1/users/:id", func() apptest.Answer {
			return ada.Call(http.MethodPatch, path("users", made["vic"]), map[string]any{"role": "operator"}).Status(http.StatusOK)
		}, []string{}},
		{"DELETE /api/v1/users/:id", func() apptest.Answer {
			return ada.Call(http.MethodDelete, path("users", made["vic"]), nil).Status(http.StatusNoContent)
		}, []string{"user.deleted of user vic@fabrikam.example by user Ada: email name role disabled"}},

		{"POST /api/v1/account-keys/:id/revoke", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/revoke"), nil).Status(http.StatusOK)
		}, []string{"account_key.revoked of account_key Bills by user Ada: status"}},
		{"POST /api/v1/account-keys/:id/revoke", func() apptest.Answer {
			return ada.Call(http.MethodPost, key("/revoke"), nil).Status(http.StatusOK)
		}, []string{}},
		{"DELETE /api/v1/account-keys/:id", func() apptest.Answer {
			return ada.Call(http.MethodDelete, key(""), nil).Status(http.StatusNoContent)
		}, []string{
			"target.deleted of target Last by user Ada: name accountKeyId apiVersion allowedMethods allowedPaths timeoutSeconds enabled",
			"account_key.deleted of account_key Bills by user Ada: type displayName cloud tenantId clientId scopes clientSecret account status",
		}},
		{"GET /api/v1/audit-entries/export", func() apptest.Answer {
			return ada.Call(http.MethodGet, path("audit-entries/export?action=setup."), nil).Status(http.StatusOK)
		}, []string{"audit_log.exported of audit_log Audit log by user Ada"}},
	} {
		covered[row.route] = true
		answer := row.do()
		require.Equal(t, row.want, entriesOf(t, a, answer), "%s answered %d %s", row.route, answer.Code, answer.Body)
	}
	for _, route := range a.Server.Routes() {
		if name := route.Method + " " + route.Path; route.Method != http.MethodGet {
			require.True(t, covered[name], "say here what %s leaves in the audit log", name)
		}
	}
	t.Run("what has no request was done by the product itself, or by a command", func(t *testing.T) {
		var entries []audit.Entry
		require.NoError(t, a.DB.Read(t.Context()).Where("request_id = ''").Order("id").Find(&entries).Error)
		actions := []audit.Action{}
		for _, e := range entries {
			require.Equal(t, "system", string(e.ActorType))
			require.Empty(t, e.IP)
			actions = append(actions, e.Action)
		}
		require.Equal(t, []audit.Action{audit.SigningKeyCreated}, slices.Compact(actions))
	})
}
