package bench_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/dbtest"
)

// row is one line of the table.
type row struct {
	name, target, figure, ratio string
	met                         bool
}

type table struct{ rows []row }

func (r *table) add(name, target, figure, ratio string, met bool) {
	r.rows = append(r.rows, row{name, target, figure, ratio, met})
}

func (r *table) String() string {
	var out strings.Builder
	line := func(a, b, c, d, e string) { fmt.Fprintf(&out, "%-52s %-26s %-30s %8s  %s\n", a, b, c, d, e) }
	line("", "target", "figure", "ratio", "")
	for _, x := range r.rows {
		verdict := "missed"
		if x.met {
			verdict = "met"
		}
		line(x.name, x.target, x.figure, x.ratio, verdict)
	}
	return out.String()
}

// TestTargets measures, and prints one table. It fails when something cannot be measured, never because
// a target is missed: machines are shared and noisy.
func TestTargets(t *testing.T) {
	if os.Getenv("LATCHKEY_TEST_BENCH_BINARY") == "" {
		t.Skip("run by make bench")
	}
	chosen, err := regexp.Compile(os.Getenv("LATCHKEY_TEST_BENCH"))
	require.NoError(t, err)
	report := &table{}
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{"SQLite", func(testing.TB) string { return "" }}, {"PostgreSQL", dbtest.PostgresURL}} {
		for _, measure := range []struct {
			name string
			run  func(*testing.T, *table, string, string)
		}{{"warm", warmReads}, {"storm", storm}, {"stampede", stampede}, {"pass", passThrough}, {"lists", lists}, {"footprint", footprint}} {
			if !chosen.MatchString(database.name + " " + measure.name) {
				continue
			}
			t.Run(database.name+" "+measure.name, func(t *testing.T) {
				measure.run(t, report, database.name, database.url(t))
			})
		}
	}
	fmt.Printf("\n%s\n", report)
}

func ratio(x float64) string { return fmt.Sprintf("%.2f", x) }

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
