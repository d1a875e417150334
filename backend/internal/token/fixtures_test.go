package token_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// fixture is an authorized key with a program that may use it.
type fixture struct {
	*apptest.App
	admin  *apptest.Browser
	keyID  string
	path   string
	bearer []string
}

// newFixture makes tokens of the given life, short enough that nobody's session ends before they do.
func newFixture(t *testing.T, lifetime time.Duration) fixture {
	t.Helper()
	f := fixture{App: apptest.New(t)}
	f.Emulator.SetTokenLifetime(lifetime)
	f.admin = f.Admin()
	f.keyID = f.admin.CreateKey("Busy mailbox")
	f.path = "/api/v1/account-keys/" + f.keyID
	require.Equal(t, "succeeded", f.admin.Authorize(f.keyID, "mara", emulator.Accept).Text("status"))
	f.bearer, _ = f.admin.Program("billing", []string{"tokens:issue"}, []string{f.keyID})
	return f
}

func (f fixture) issue() apptest.Answer {
	return f.Call(http.MethodPost, f.path+"/access-token", nil, f.bearer...)
}

func (f fixture) key() apptest.Answer { return f.admin.Call(http.MethodGet, f.path, nil) }

func (f fixture) patch(member string, value any) apptest.Answer {
	return f.admin.Call(http.MethodPatch, f.path, map[string]any{member: value})
}

func (f fixture) refreshes() int { return f.Emulator.Count("token.refresh_token") }

func (f fixture) rows(t *testing.T) []token.Token {
	t.Helper()
	var rows []token.Token
	require.NoError(t, f.DB.Read(t.Context()).Find(&rows).Error)
	return rows
}

// arrived waits until a counter of the emulator has reached n.
func (f fixture) arrived(t *testing.T, counter string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, f.Emulator.WaitFor(ctx, counter, n))
}

// heldRefresh begins a refresh that Microsoft answers only when finish is called, which returns what
// the caller got.
func (f fixture) heldRefresh(t *testing.T) (finish func() apptest.Answer) {
	t.Helper()
	before := f.refreshes()
	release := f.Emulator.Hold(emulator.EndpointToken, "refresh_token")
	t.Cleanup(release)
	answer := make(chan apptest.Answer, 1)
	go func() {
		answer <- f.Call(http.MethodPost, f.path+"/access-token", map[string]any{"forceRefresh": true}, f.bearer...)
	}()
	f.arrived(t, "token.refresh_token", before+1)
	return func() apptest.Answer {
		release()
		return <-answer
	}
}

// becomes waits until the key is in a status, which a worker brings about.
func (f fixture) becomes(t *testing.T, status string) apptest.Answer {
	t.Helper()
	var got apptest.Answer
	require.Eventually(t, func() bool {
		got = f.key()
		return got.At("status") == status
	}, 20*time.Second, 20*time.Millisecond, "the key never became %s", status)
	return got
}

// dueRefresh is the job that a sweep gives a worker, as it is stored.
type dueRefresh struct {
	AccountKeyID string `json:"account_key_id"`
	Version      int64  `json:"version"`
}

func (dueRefresh) Kind() string { return "token.refresh" }

// work hands a job to the workers and waits until it is done.
func (f fixture) work(t *testing.T, args job.Args) {
	t.Helper()
	require.NoError(t, f.DB.InTx(t.Context(), func(tx *gorm.DB) error { return f.Queue.Enqueue(tx, args) }))
	require.Eventually(t, func() bool {
		var left int64
		require.NoError(t, f.DB.Read(t.Context()).Table("river_job").
			Where("kind = ? AND state <> 'completed'", args.Kind()).Count(&left).Error)
		return left == 0
	}, 20*time.Second, 10*time.Millisecond)
}

// keyAwaited waits until a transaction waits to lock the key's row, which another one holds. It needs
// PostgreSQL.
func (f fixture) keyAwaited(t *testing.T) {
	t.Helper()
	const waiters = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
		AND query LIKE 'UPDATE "account_keys" SET "version"=version%'`
	require.Eventually(t, func() bool {
		var waiting int64
		require.NoError(t, f.DB.Read(t.Context()).Raw(waiters).Scan(&waiting).Error)
		return waiting > 0
	}, 20*time.Second, 10*time.Millisecond)
}
