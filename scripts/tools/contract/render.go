package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
)

// render writes the 3.0 document, derives the 3.1 document from it, and validates both.
func render(doc *openapi3.T) (documents, error) {
	doc.OpenAPI = "3.0.3"
	compact, err := json.Marshal(doc)
	if err != nil {
		return documents{}, err
	}
	tree := map[string]any{}
	if err := json.Unmarshal(compact, &tree); err != nil {
		return documents{}, err
	}
	tidy(tree)
	v30, err := encode(tree)
	if err != nil {
		return documents{}, err
	}
	modernize(tree)
	v31, err := encode(tree)
	if err != nil {
		return documents{}, err
	}
	for _, rendering := range [][]byte{v30, v31} {
		if err := validate(rendering); err != nil {
			return documents{}, err
		}
	}
	return documents{v30: v30, v31: v31}, nil
}

// validate loads a document as a stranger would.
func validate(document []byte) error {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return fmt.Errorf("OpenAPI %s: %w", doc.OpenAPI, err)
	}
	return nil
}

// encode writes JSON that diffs well: sorted, indented, readable, with a newline at the end.
func encode(tree map[string]any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(tree); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// tidy drops the second copy of the enums' comments, names their values for generators as they are called
// and not as the Go constants are, which count on their package's name, and says that an object of which nothing is known may hold anything, which generators need to hear.
func tidy(node any) {
	walk(node, func(object map[string]any) {
		delete(object, "x-enum-comments")
		if values, ok := object["enum"].([]any); ok && object["x-enum-varnames"] != nil {
			names := make([]any, len(values))
			for i, value := range values {
				names[i] = variableName(fmt.Sprint(value))
			}
			object["x-enum-varnames"] = names
		}
		_, properties := object["properties"]
		_, additional := object["additionalProperties"]
		_, parts := object["allOf"]
		if object["type"] == "object" && !properties && !additional && !parts {
			object["additionalProperties"] = true
		}
	})
}

// variableName writes a value in one word: account-keys:read becomes AccountKeysRead.
func variableName(value string) string {
	var name strings.Builder
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

// modernize rewrites an OpenAPI 3.0 tree as 3.1 in place: null is a type of its own, a reference may
// have a description beside it, and a schema's example is a list.
func modernize(tree map[string]any) {
	tree["openapi"] = "3.1.0"
	walk(tree, func(object map[string]any) {
		nullable := object["nullable"] == true
		if isSchema(object) {
			delete(object, "nullable")
			if example, ok := object["example"]; ok {
				delete(object, "example")
				object["examples"] = []any{example}
			}
		}
		if all, ok := object["allOf"].([]any); ok && len(all) == 1 {
			delete(object, "allOf")
			delete(object, "type")
			if nullable {
				object["anyOf"] = []any{all[0], map[string]any{"type": "null"}}
			} else {
				object["$ref"] = all[0].(map[string]any)["$ref"]
			}
		}
		if kind, ok := object["type"].(string); ok && nullable {
			object["type"] = []any{kind, "null"}
			if enum, ok := object["enum"].([]any); ok {
				object["enum"] = append(enum, nil)
			}
		}
	})
}

// isSchema tells a schema from the other objects that have an example, and from a map of properties
// that happens to have one named so.
func isSchema(object map[string]any) bool {
	if _, parameter := object["in"].(string); parameter {
		return false
	}
	_, kind := object["type"].(string)
	_, all := object["allOf"].([]any)
	return kind || all
}

// walk visits every object of a JSON tree, children first.
func walk(node any, visit func(map[string]any)) {
	switch node := node.(type) {
	case map[string]any:
		for _, child := range node {
			walk(child, visit)
		}
		visit(node)
	case []any:
		for _, child := range node {
			walk(child, visit)
		}
	}
}
