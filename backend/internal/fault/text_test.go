package fault_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

func TestText(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text                      string
		name, description, search string // codes
	}{
		"plain":                      {text: "Büro 7 – Rechnungen 📬"},
		"empty":                      {text: "", name: "required"},
		"spaces":                     {text: " \u00a0 ", name: "required"},
		"a hundred characters":       {text: strings.Repeat("ü", 100)},
		"more than a name has":       {text: strings.Repeat("ü", 101), name: "too_long"},
		"more than one searches for": {text: strings.Repeat("ü", 256), name: "too_long", search: "invalid"},
		"more than a description":    {text: strings.Repeat("ü", 1001), name: "too_long", description: "too_long", search: "invalid"},
		"a tab":                      {text: "a\tb", name: "invalid"},
		"two lines":                  {text: "a\r\nb", name: "invalid", search: "invalid"},
		"a control character":        {text: "a\u0007b", name: "invalid", description: "invalid", search: "invalid"},
		"a later control character":  {text: "a\u0085b", name: "invalid", description: "invalid", search: "invalid"},
		"a line separator":           {text: "a\u2028b", name: "invalid", description: "invalid", search: "invalid"},
		"a paragraph separator":      {text: "a\u2029b", name: "invalid", description: "invalid", search: "invalid"},
		"bytes that are no UTF-8":    {text: "a\xffb", name: "invalid", description: "invalid", search: "invalid"},
		"a character that got lost":  {text: "a\ufffdb", name: "invalid", description: "invalid", search: "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for check, want := range map[string]string{"name": row.name, "description": row.description, "search": row.search} {
				var f fault.Fields
				switch check {
				case "name":
					f.Name(check, row.text, "Enter a name.")
				case "description":
					f.Description(check, row.text)
				default:
					f.Search(check, row.text)
				}
				got := ""
				if len(f) > 0 {
					got = f[0].Code
				}
				require.Equal(t, want, got, check)
			}
		})
	}
	t.Run("it is kept trimmed, and a name in composed characters", func(t *testing.T) {
		t.Parallel()
		var f fault.Fields
		require.Equal(t, "B\u00fcro", f.Name("name", " Bu\u0308ro\n", "Enter a name."))
		require.Equal(t, "a\n\tb", f.Description("description", "\n a\n\tb "))
		require.NoError(t, f.Err())
	})
}
