package doctor_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const keysPath = "/api/v1/account-keys"

// ids are the checks in the order of the contract.
func ids() []string {
	return []string{
		"redirect_uri", "cloud", "tenant", "client_id", "client_secret", "refresh", "permissions", "mailbox", "clock",
	}
}

// fixture is a running product with an administrator.
type fixture struct {
	*apptest.App
	admin *apptest.Browser
}

func newFixture(t *testing.T, settings ...string) fixture {
	t.Helper()
	a := apptest.New(t, settings...)
	return fixture{App: a, admin: a.Admin()}
}

// authorized returns the path of a new key that mara authorized.
func (f fixture) authorized(t *testing.T, name string, change ...func(map[string]any)) string {
	t.Helper()
	id := f.admin.CreateKey(name, change...)
	require.Equal(t, "succeeded", f.admin.Authorize(id, "mara", emulator.Accept).Text("status"))
	return keysPath + "/" + id
}

func with(field string, value any) func(map[string]any) {
	return func(body map[string]any) { body[field] = value }
}

// report is an answer with its checks by id.
type report struct {
	apptest.Answer
	checks map[string]map[string]any
}

func (r report) results() map[string]string {
	out := map[string]string{}
	for id, check := range r.checks {
		out[id], _ = check["result"].(string)
	}
	return out
}

// expect requires the result of every check: what is not named must have passed.
func (r report) expect(t *testing.T, want map[string]string) {
	t.Helper()
	all := map[string]string{}
	for _, id := range ids() {
		all[id] = "passed"
	}
	for id, result := range want {
		require.Contains(t, all, id)
		all[id] = result
	}
	require.Equal(t, all, r.results(), string(r.Body))
}

// check reads a report and requires what holds for each: the order, and a sentence for every check.
func check(t *testing.T, answer apptest.Answer) report {
	t.Helper()
	answer.Status(http.StatusOK)
	r := report{Answer: answer, checks: map[string]map[string]any{}}
	list, _ := answer.At("checks").([]any)
	var order []string
	for _, item := range list {
		object, ok := item.(map[string]any)
		require.True(t, ok)
		id, ok := object["id"].(string)
		require.True(t, ok)
		order = append(order, id)
		require.NotEmpty(t, object["title"], id)
		require.NotEmpty(t, object["message"], id)
		if object["result"] == "failed" {
			require.NotEmpty(t, object["fix"], id)
		}
		r.checks[id] = object
	}
	require.Equal(t, ids(), order)
	return r
}

func (f fixture) checkKey(t *testing.T, path string) report {
	t.Helper()
	return check(t, f.admin.Call(http.MethodPost, path+"/check", nil))
}

// checkValues checks the emulator's own values with changes.
func (f fixture) checkValues(t *testing.T, change ...func(map[string]any)) report {
	t.Helper()
	seed := f.Emulator.Seed()
	body := map[string]any{"tenantId": seed.TenantID, "clientId": seed.ClientID, "clientSecret": seed.Secret}
	for _, apply := range change {
		apply(body)
	}
	return check(t, f.admin.Call(http.MethodPost, keysPath+"/check", body))
}

// unsaved are the checks that need a saved key.
func unsaved(want map[string]string) map[string]string {
	out := map[string]string{"refresh": "skipped", "permissions": "skipped", "mailbox": "skipped"}
	for id, result := range want {
		out[id] = result
	}
	return out
}
