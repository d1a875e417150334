package apptest

import (
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
)

// OnPostgres reports whether replicas can share the database.
func (a *App) OnPostgres() bool { return strings.HasPrefix(a.Config.DatabaseURL.Reveal(), "postgres") }

// Replica runs one more process of the same product: the same database, master key and public URL,
// another address to listen on, further settings as VARIABLE=value. It needs PostgreSQL.
func (a *App) Replica(settings ...string) *App {
	a.t.Helper()
	require.True(a.t, a.OnPostgres(), "only PostgreSQL is shared by replicas")
	return a.another(a.Config.DatabaseURL.Reveal(), settings)
}

// Stop ends the process in good order, before the test does.
func (a *App) Stop() { a.stop() }

// Restart ends the process and runs it again, with other settings.
func (a *App) Restart(settings ...string) *App {
	a.t.Helper()
	a.Stop()
	return a.another(a.Config.DatabaseURL.Reveal(), settings)
}

func (a *App) another(databaseURL string, settings []string) *App {
	a.t.Helper()
	microsoft := a.Config.Clouds[len(a.Config.Clouds)-1].AuthorityURL
	settings = append([]string{"LATCHKEY_PUBLIC_URL=" + a.Config.PublicURL}, settings...)
	return start(a.t, a.Emulator, microsoft, a.DataDir, databaseURL, settings)
}

// BlindReplica is a Replica whose access to one table can be taken away by calling blind.
func (a *App) BlindReplica(table string) (replica *App, blind func()) {
	a.t.Helper()
	address, err := url.Parse(a.Config.DatabaseURL.Reveal())
	require.NoError(a.t, err)
	role := "blind_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	run := func(statements ...string) {
		require.NoError(a.t, a.DB.InTx(a.t.Context(), func(tx *gorm.DB) error {
			for _, statement := range statements {
				if err := tx.Exec(strings.ReplaceAll(statement, "ROLE_NAME", role)).Error; err != nil {
					return err
				}
			}
			return nil
		}))
	}
	run("CREATE ROLE ROLE_NAME LOGIN PASSWORD 'blind'", "GRANT ALL ON SCHEMA public TO ROLE_NAME",
		"GRANT ALL ON ALL TABLES IN SCHEMA public TO ROLE_NAME", "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ROLE_NAME")
	address.User = url.UserPassword(role, "blind")
	require.True(a.t, a.OnPostgres(), "only PostgreSQL has roles")
	replica = a.another(address.String(), nil)
	return replica, func() { run("REVOKE ALL ON " + table + " FROM ROLE_NAME") }
}
