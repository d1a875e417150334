package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey/latchkey/openapi"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	type document struct {
		OpenAPI string                     `json:"openapi"`
		Paths   map[string]json.RawMessage `json:"paths"`
	}
	read := func(t *testing.T, content []byte) document {
		t.Helper()
		var d document
		if err := json.Unmarshal(content, &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	t.Run("each is of the version its name says", func(t *testing.T) {
		t.Parallel()
		if v := read(t, openapi.V31).OpenAPI; !strings.HasPrefix(v, "3.1.") {
			t.Errorf("openapi.json is of version %s", v)
		}
		if v := read(t, openapi.V30).OpenAPI; !strings.HasPrefix(v, "3.0.") {
			t.Errorf("openapi-3.0.json is of version %s", v)
		}
	})
	t.Run("both describe the same paths", func(t *testing.T) {
		t.Parallel()
		older, newer := read(t, openapi.V30).Paths, read(t, openapi.V31).Paths
		if len(older) != len(newer) {
			t.Fatalf("%d paths against %d", len(older), len(newer))
		}
		for path := range newer {
			if _, ok := older[path]; !ok {
				t.Errorf("%s is missing in openapi-3.0.json", path)
			}
		}
	})
}
