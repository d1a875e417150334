package app_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
)

// contentOf is every row of every table, but for what a refused request may leave (that it was refused, how
// often, and that somebody was there) and for what the product does by itself meanwhile. Tables of the queue
// and of the migrations are no content.
func contentOf(t *testing.T, a *apptest.App) map[string][]string {
	t.Helper()
	tables, err := a.DB.Read(t.Context()).Migrator().GetTables()
	require.NoError(t, err)
	all := map[string][]string{}
	for _, table := range tables {
		if strings.HasPrefix(table, "river_") || strings.HasPrefix(table, "goose_") || strings.HasPrefix(table, "sqlite_") ||
			table == "sign_in_attempts" {
			continue
		}
		var rows []map[string]any
		q := a.DB.Read(t.Context()).Table(table)
		if table == "sessions" { // those that are over are cleaned up at any time
			q = q.Where("idle_expires_at > ?", a.Emulator.Now().UTC())
		}
		require.NoError(t, q.Find(&rows).Error)
		all[table] = []string{}
		for _, row := range rows {
			if row["outcome"] == "failure" || row["actor_type"] == "system" {
				continue
			}
			for _, column := range []string{"seen_at", "idle_expires_at", "last_used_at", "secret_expiry_told"} {
				delete(row, column)
			}
			line := ""
			for _, column := range slices.Sorted(maps.Keys(row)) {
				line += fmt.Sprintf("%s=%v ", column, row[column])
			}
			all[table] = append(all[table], line)
		}
		slices.Sort(all[table])
	}
	return all
}

// requireSame fails by the names of the tables that differ; what is in them is not for a test's output.
func requireSame(t *testing.T, before, after map[string][]string) {
	t.Helper()
	var changed []string
	for table := range after {
		if !slices.Equal(before[table], after[table]) {
			changed = append(changed, fmt.Sprintf("%s (%d rows, then %d)", table, len(before[table]), len(after[table])))
		}
	}
	require.Empty(t, changed, "a refused request changed the database")
}
