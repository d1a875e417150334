package accountkey_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const keysPath = "/api/v1/account-keys"

// fixture is a running product with its first administrator.
type fixture struct {
	*apptest.App
	admin *apptest.Browser
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	a := apptest.New(t)
	return fixture{App: a, admin: a.Admin()}
}

func with(member string, value any) func(map[string]any) {
	return func(body map[string]any) { body[member] = value }
}

// authorized makes a key of mara's.
func (f fixture) authorized(t *testing.T, name string) (id string) {
	t.Helper()
	id = f.admin.CreateKey(name)
	require.Equal(t, "succeeded", f.admin.Authorize(id, "mara", emulator.Accept).Text("status"))
	return id
}

// authorizedAs makes a key in a tenant that only another kind of provider could have, and puts a grant in
// force as its callback would.
func (f fixture) authorizedAs(t *testing.T, name, tenant string) (id string) {
	t.Helper()
	id = f.admin.CreateKey(name, with("tenantId", tenant))
	require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		key, err := accountkey.Lock(tx, id)
		if err != nil {
			return err
		}
		now := f.Keys.Now()
		grant := accountkey.Grant{ID: uuid.NewString(), AccountKeyID: id, Scopes: accountkey.Scopes{"Mail.Read"}, AuthorizedAt: now}
		return accountkey.Authorize(tx, now, key, grant, accountkey.Account{ObjectID: "42", UserPrincipalName: "mara@lab.example"})
	}))
	return id
}

func (f fixture) get(id string) apptest.Answer {
	return f.admin.Call(http.MethodGet, keysPath+"/"+id, nil).Status(http.StatusOK)
}

func (f fixture) patch(id, member string, value any) apptest.Answer {
	return f.admin.Call(http.MethodPatch, keysPath+"/"+id, map[string]any{member: value})
}

func (f fixture) act(id, verb string) apptest.Answer {
	return f.admin.Call(http.MethodPost, keysPath+"/"+id+"/"+verb, nil).Status(http.StatusOK)
}

// removeCloud takes the emulator's cloud out of the configuration, as an operator would between two starts.
func (f fixture) removeCloud() { f.Keys.Clouds = f.Keys.Clouds[:len(f.Keys.Clouds)-1] }
