package graphtarget_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const (
	keysPath    = "/api/v1/account-keys"
	targetsPath = "/api/v1/targets"
)

// fixture is a running product with an administrator and a key that mara authorized.
type fixture struct {
	*apptest.App
	admin *apptest.Browser
	keyID string
}

func newFixture(t *testing.T, settings ...string) fixture {
	t.Helper()
	a := apptest.New(t, settings...)
	f := fixture{App: a, admin: a.Admin()}
	f.keyID = f.authorized(t, "Mailbox", "mara")
	return f
}

// authorized returns a new key that somebody authorized.
func (f fixture) authorized(t *testing.T, name, person string) string {
	t.Helper()
	id := f.admin.CreateKey(name)
	require.Equal(t, "succeeded", f.admin.Authorize(id, person, emulator.Accept).Text("status"))
	return id
}

// target is the body of a new target for the fixture's key.
func (f fixture) target(name string, change ...func(map[string]any)) map[string]any {
	body := map[string]any{"name": name, "accountKeyId": f.keyID}
	for _, apply := range change {
		apply(body)
	}
	return body
}

// create makes a target and returns its id.
func (f fixture) create(name string, change ...func(map[string]any)) string {
	return f.admin.Call(http.MethodPost, targetsPath, f.target(name, change...)).Status(http.StatusCreated).Text("id")
}

func with(field string, value any) func(map[string]any) {
	return func(body map[string]any) { body[field] = value }
}
