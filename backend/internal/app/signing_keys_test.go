package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
)

func TestSigningKeysRotate(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, "LATCHKEY_SIGNING_KEY_ROTATION=1h")
	published := func() int {
		keys, _ := a.Call(http.MethodGet, "/.well-known/jwks.json", nil).Status(http.StatusOK).At("keys").([]any)
		return len(keys)
	}
	require.Equal(t, 1, published())
	a.Stop()
	a.Emulator.Advance(30 * time.Minute)
	a = a.Restart("LATCHKEY_SIGNING_KEY_ROTATION=1h")
	require.Eventually(t, func() bool { return published() == 2 }, 20*time.Second, 50*time.Millisecond, "a turn comes at each start")
}
