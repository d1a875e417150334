package authflow_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/authflow"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// fixture is a running product with its first administrator, whose session outlasts every attempt.
type fixture struct {
	*apptest.App
	admin *apptest.Browser
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	a := apptest.New(t, "LATCHKEY_SESSION_IDLE_TIMEOUT=2000h", "LATCHKEY_SESSION_MAX_AGE=2000h")
	return fixture{App: a, admin: a.Admin()}
}

func keyPath(keyID string) string { return "/api/v1/account-keys/" + keyID }

func attemptPath(keyID, id string) string { return keyPath(keyID) + "/authorizations/" + id }

// start tries to begin an attempt; hint may be empty.
func (f fixture) start(keyID, mode, hint string) apptest.Answer {
	body := map[string]any{"mode": mode}
	if hint != "" {
		body["loginHint"] = hint
	}
	return f.admin.Call(http.MethodPost, keyPath(keyID)+"/authorizations", body)
}

// attempt is one that somebody has signed in for at Microsoft, and who has not come back yet.
type attempt struct {
	keyID, id, callback string
}

// begin starts an attempt for a key and signs in.
func (f fixture) begin(t *testing.T, keyID, person string) attempt {
	t.Helper()
	started := f.start(keyID, "popup", "").Status(http.StatusCreated)
	callback, err := f.Emulator.SignIn(started.Text("url"), person, emulator.Accept)
	require.NoError(t, err)
	return attempt{keyID: keyID, id: started.Text("id"), callback: callback}
}

// comeBack follows Microsoft's redirect and returns the page that it ends at, as a path.
func (f fixture) comeBack(t *testing.T, callback string) string {
	t.Helper()
	back := f.admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	location := back.Header.Get("Location")
	require.True(t, strings.HasPrefix(location, f.URL+"/authorization/"), location)
	return strings.TrimPrefix(location, f.URL)
}

func (f fixture) get(keyID, id string) apptest.Answer {
	return f.admin.Call(http.MethodGet, attemptPath(keyID, id), nil)
}

func (f fixture) key(keyID string) apptest.Answer {
	return f.admin.Call(http.MethodGet, keyPath(keyID), nil).Status(http.StatusOK)
}

func (f fixture) decide(a attempt, verb string) apptest.Answer {
	return f.admin.Call(http.MethodPost, attemptPath(a.keyID, a.id)+"/"+verb, nil)
}

// authorized makes a key of mara's.
func (f fixture) authorized(t *testing.T, name string) (keyID string) {
	t.Helper()
	keyID = f.admin.CreateKey(name)
	require.Equal(t, "succeeded", f.admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
	return keyID
}

// held is an attempt that waits for a decision: the key is mara's and tomas signed in.
func (f fixture) held(t *testing.T, name string) attempt {
	t.Helper()
	a := f.begin(t, f.authorized(t, name), "tomas")
	f.comeBack(t, a.callback)
	require.Equal(t, "needs_confirmation", f.get(a.keyID, a.id).Text("status"))
	return a
}

// link makes an authorization link and returns its attempt's id and the address that its page reads.
func (f fixture) link(keyID string) (id, address string) {
	made := f.start(keyID, "link", "").Status(http.StatusCreated)
	return made.Text("id"), "/oauth/links/" + strings.TrimPrefix(made.Text("url"), f.URL+"/authorize/")
}

// row is an attempt as it is stored.
func (f fixture) row(t *testing.T, id string) authflow.Attempt {
	t.Helper()
	var row authflow.Attempt
	require.NoError(t, f.DB.Read(t.Context()).Where("id = ?", id).Take(&row).Error)
	return row
}

func (f fixture) count(t *testing.T, model any, keyID string) (n int64) {
	t.Helper()
	require.NoError(t, f.DB.Read(t.Context()).Model(model).Where("account_key_id = ?", keyID).Count(&n).Error)
	return n
}

func (f fixture) grants(t *testing.T, keyID string) int64 {
	t.Helper()
	return f.count(t, &accountkey.Grant{}, keyID)
}

// whileHeld runs meanwhile after a request of ours has reached Microsoft's token endpoint and before it
// is answered.
func (f fixture) whileHeld(t *testing.T, grantType string, request, meanwhile func()) {
	t.Helper()
	before := f.Emulator.Count("token." + grantType)
	release := f.Emulator.Hold(emulator.EndpointToken, grantType)
	defer release()
	done := make(chan struct{})
	go func() {
		defer close(done)
		request()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, f.Emulator.WaitFor(ctx, "token."+grantType, before+1))
	meanwhile()
	release()
	<-done
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Query()
}

// somebodyWaits waits until a transaction waits for a row that another one holds. It needs PostgreSQL.
func (f fixture) somebodyWaits(t *testing.T) {
	t.Helper()
	const waiters = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	require.Eventually(t, func() bool {
		var waiting int64
		require.NoError(t, f.DB.Read(t.Context()).Raw(waiters).Scan(&waiting).Error)
		return waiting > 0
	}, 20*time.Second, 10*time.Millisecond)
}
