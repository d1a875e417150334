package apptest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// OnPostgres reports whether replicas can share the database.
func (a *App) OnPostgres() bool { return strings.HasPrefix(a.Config.DatabaseURL.Reveal(), "postgres") }

// Replica runs one more process of the same product: the same database, master key and public URL,
// another address to listen on. It needs PostgreSQL.
func (a *App) Replica() *App {
	a.t.Helper()
	require.True(a.t, a.OnPostgres(), "only PostgreSQL is shared by replicas")
	microsoft := a.Config.Clouds[len(a.Config.Clouds)-1].AuthorityURL
	return start(a.t, a.Emulator, microsoft, a.DataDir, a.Config.DatabaseURL.Reveal(), []string{"LATCHKEY_PUBLIC_URL=" + a.URL})
}
