package db_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
)

// column is what both databases must agree on.
type column struct {
	Family   string
	Nullable bool
	Key      bool // part of the primary key
}

// table is what both databases must agree on: its columns, the sets of columns that are unique, and
// where its foreign keys lead and what a deletion there does.
type table struct {
	Columns    map[string]column
	Unique     []string
	References []string
}

// TestDialectsAgree applies the migrations of both databases and compares what they led to.
func TestDialectsAgree(t *testing.T) {
	t.Parallel()
	if !dbtest.HasPostgres() {
		t.Skip("needs PostgreSQL")
	}
	lite := sqliteSchema(t, dbtest.Open(t, dbtest.SQLiteURL(t)))
	postgres := postgresSchema(t, dbtest.Open(t, dbtest.PostgresURL(t)))

	require.NotEmpty(t, lite)
	require.Equal(t, slices.Sorted(maps.Keys(lite)), slices.Sorted(maps.Keys(postgres)), "tables")
	for name := range lite {
		require.Equal(t, lite[name].Columns, postgres[name].Columns, "columns of %s: SQLite is expected, PostgreSQL actual", name)
		require.ElementsMatch(t, lite[name].Unique, postgres[name].Unique, "unique columns of %s", name)
		require.ElementsMatch(t, lite[name].References, postgres[name].References, "foreign keys of %s", name)
	}
}

// family maps a declared type to what Go reads from it.
func family(t *testing.T, declared string) string {
	t.Helper()
	kind, _, _ := strings.Cut(strings.ToLower(declared), "(")
	families := map[string][]string{
		"text":    {"text", "varchar", "character varying", "character", "char", "uuid"},
		"integer": {"integer", "bigint", "smallint", "int"},
		"boolean": {"boolean", "bool"},
		"real":    {"real", "double precision", "double"},
		"bytes":   {"blob", "bytea"},
		"time":    {"datetime", "timestamp", "timestamp with time zone", "timestamptz"},
		"json":    {"json", "jsonb"},
	}
	for name, kinds := range families {
		if slices.Contains(kinds, strings.TrimSpace(kind)) {
			return name
		}
	}
	require.FailNow(t, "unknown column type", declared)
	return ""
}

func rows[T any](t *testing.T, d *db.DB, query string, args ...any) (found []T) {
	t.Helper()
	require.NoError(t, d.Read(t.Context()).Raw(query, args...).Scan(&found).Error)
	return found
}

// ours leaves out the tables of the job queue and of the migrations.
func ours(name string) bool {
	return !strings.HasPrefix(name, "river_") && !strings.HasPrefix(name, "goose_")
}

func sqliteSchema(t *testing.T, d *db.DB) map[string]table {
	t.Helper()
	schema := map[string]table{}
	for _, name := range rows[string](t, d, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") {
		if !ours(name) {
			continue
		}
		found := table{Columns: map[string]column{}}
		for _, c := range rows[struct {
			Name, Type string
			Notnull    bool
			Pk         int
		}](t, d, "SELECT name, type, `notnull`, pk FROM pragma_table_info(?)", name) {
			found.Columns[c.Name] = column{Family: family(t, c.Type), Nullable: !c.Notnull && c.Pk == 0, Key: c.Pk > 0}
		}
		found.Unique = rows[string](t, d, `SELECT (SELECT group_concat(name, ',') FROM (SELECT coalesce(name, '(expression)') AS name
				FROM pragma_index_info(l.name) ORDER BY seqno)) || CASE WHEN l.partial THEN ' (partial)' ELSE '' END AS cols
			FROM pragma_index_list(?) l WHERE l."unique" AND l.origin <> 'pk'`, name)
		found.References = rows[string](t, d, `SELECT group_concat("from", ',') || ' -> ' || "table" || ' ' || on_delete AS ref
			FROM pragma_foreign_key_list(?) GROUP BY id, "table", on_delete`, name)
		slices.Sort(found.Unique)
		slices.Sort(found.References)
		schema[name] = found
	}
	return schema
}

func postgresSchema(t *testing.T, d *db.DB) map[string]table {
	t.Helper()
	schema := map[string]table{}
	for _, c := range rows[struct {
		TableName, Name, Type string
		Nullable, Key         bool
	}](t, d, `SELECT c.relname AS table_name, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
			NOT a.attnotnull AS nullable,
			EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS key
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`) {
		if !ours(c.TableName) {
			continue
		}
		found, known := schema[c.TableName]
		if !known {
			found = postgresKeys(t, d, c.TableName)
			schema[c.TableName] = found
		}
		found.Columns[c.Name] = column{Family: family(t, c.Type), Nullable: c.Nullable, Key: c.Key}
	}
	return schema
}

func postgresKeys(t *testing.T, d *db.DB, name string) table {
	t.Helper()
	found := table{Columns: map[string]column{}}
	found.Unique = rows[string](t, d, `SELECT (SELECT string_agg(coalesce(a.attname, '(expression)'), ',' ORDER BY k.n)
				FROM unnest(i.indkey::int[]) WITH ORDINALITY k (num, n)
				LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num AND k.num > 0)
			|| CASE WHEN i.indpred IS NOT NULL THEN ' (partial)' ELSE '' END AS cols
		FROM pg_index i WHERE i.indrelid = ?::regclass AND i.indisunique AND NOT i.indisprimary`, name)
	slices.Sort(found.Unique)
	rules := map[string]string{"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
	for _, r := range rows[struct{ Cols, Target, Rule string }](t, d, `SELECT string_agg(a.attname, ',' ORDER BY k.n) AS cols,
			f.confrelid::regclass::text AS target, f.confdeltype::text AS rule
		FROM pg_constraint f CROSS JOIN unnest(f.conkey) WITH ORDINALITY k (num, n)
		JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.num
		WHERE f.contype = 'f' AND f.conrelid = ?::regclass GROUP BY f.oid, f.confrelid, f.confdeltype`, name) {
		found.References = append(found.References, fmt.Sprintf("%s -> %s %s", r.Cols, r.Target, rules[r.Rule]))
	}
	slices.Sort(found.References)
	return found
}
