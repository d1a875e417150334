package app_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// operationOf finds what the OpenAPI document says of a route.
func operationOf(t *testing.T, route httpapi.Route) *apptest.Operation {
	t.Helper()
	operations, err := apptest.Operations()
	require.NoError(t, err)
	i := slices.IndexFunc(operations, func(o *apptest.Operation) bool {
		return o.Method+" "+o.Path == operationName(route)
	})
	require.GreaterOrEqual(t, i, 0, "%s is not in the OpenAPI document", operationName(route))
	return operations[i]
}

// bodySchema is the schema of the JSON that an operation takes; nil when it takes none.
func bodySchema(o *apptest.Operation) *openapi3.Schema {
	if o.RequestBody == nil || o.PassedOn() {
		return nil
	}
	media := o.RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return nil
	}
	return media.Schema.Value
}

// generator makes values that a schema allows: with the examples where it has some, so that they mean
// something. Without rand it makes the smallest.
type generator struct {
	rand *rand.Rand
	made int
}

// value makes a value for the member of this name.
func (g *generator) value(name string, schema *openapi3.Schema) any {
	g.made++
	switch {
	case name == "cloud":
		return "emulator" // never Microsoft itself
	case name == "email" || name == "loginHint":
		return fmt.Sprintf("person%d@fabrikam.example", g.made)
	case name == "name" || name == "displayName":
		return fmt.Sprintf("Made %d", g.made)
	case schema.Example != nil:
		return copied(schema.Example)
	case len(schema.Enum) > 0:
		return schema.Enum[g.below(len(schema.Enum))]
	case len(schema.AllOf) > 0:
		return g.value(name, schema.AllOf[0].Value)
	case schema.Type.Is("object"):
		return g.object(schema)
	case schema.Type.Is("array"):
		return g.list(name, schema)
	case schema.Type.Is("boolean"):
		return g.below(2) == 1
	case schema.Type.Is("integer"), schema.Type.Is("number"):
		return g.number(schema)
	default:
		return g.text(schema)
	}
}

// copied keeps what a test makes of an example out of the document.
func copied(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	return slices.Clone(list)
}

func (g *generator) below(n int) int {
	if g.rand == nil {
		return 0
	}
	return g.rand.IntN(n)
}

func (g *generator) object(schema *openapi3.Schema) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if slices.Contains(schema.Required, name) || g.below(2) == 1 {
			out[name] = g.value(name, schema.Properties[name].Value)
		}
	}
	return out
}

func (g *generator) list(name string, schema *openapi3.Schema) []any {
	out := []any{}
	for range 1 + g.below(3) {
		if item := g.value(name, schema.Items.Value); !slices.ContainsFunc(out, func(x any) bool { return fmt.Sprint(x) == fmt.Sprint(item) }) {
			out = append(out, item)
		}
	}
	return out
}

func (g *generator) number(schema *openapi3.Schema) any {
	low, high := 0.0, 1000.0
	if schema.Min != nil {
		low = *schema.Min
	}
	if schema.Max != nil {
		high = *schema.Max
	}
	return int64(low) + int64(g.below(int(high-low)+1))
}

func (g *generator) text(schema *openapi3.Schema) string {
	switch schema.Format {
	case "date":
		return fmt.Sprintf("203%d-03-01", g.below(10))
	case "date-time":
		return fmt.Sprintf("203%d-03-01T09:00:00.123456789+01:00", g.below(10))
	case "password":
		return "Zwölf Boxkämpfer jagen Viktor" // long enough for what is checked, and nobody's
	}
	text := []string{"text", "Zoë", "日本語", "😀👩‍👩‍👧", "a\u0301", "tab\tand line\n", "%_\\'\";--", "<b>&amp;"}[g.below(8)]
	if missing := int(schema.MinLength) - len(text); missing > 0 {
		text += strings.Repeat("x", missing)
	}
	return text
}
