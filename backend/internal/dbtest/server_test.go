package dbtest

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestSharedServer(t *testing.T) {
	t.Parallel()
	if !HasPostgres() || getenv("LATCHKEY_TEST_POSTGRES_URL") != "" {
		t.Skip("starts servers of its own: needs PostgreSQL's programs")
	}
	state := t.TempDir()

	shared := func() string {
		address, share, err := sharedServer(state)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, share.Close()) })
		conn, err := pgx.Connect(t.Context(), address)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		return address
	}
	first := shared()
	require.Equal(t, first, shared(), "one server for all")

	kill(t, first)
	second := shared()
	require.NotEqual(t, first, second, "what a killed run left is passed over")
	require.NoDirExists(t, folderOf(t, first))
	require.Equal(t, second, shared())
}

func folderOf(t *testing.T, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	return parsed.Query().Get("host")
}

func kill(t *testing.T, address string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(folderOf(t, address), "data", "postmaster.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.Split(string(file), "\n")[0])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}
