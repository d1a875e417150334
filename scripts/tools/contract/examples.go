package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// exampleWriter makes examples of what the Go types say, and of what examples.json beside the general
// comments says where they don't: values by the name of the member that they are for; members by schema,
// which make sense together (null leaves a member out that may be left out); and members of what an
// operation answers.
type exampleWriter struct {
	Members    map[string]any            `json:"members"`
	Schemas    map[string]map[string]any `json:"schemas"`
	Operations map[string]map[string]any `json:"operations"`

	doc     *openapi3.T
	missing map[string]bool // members that there is no example of
}

// illustrate gives every JSON and form body that is sent or answered with success an example. Whether
// they are as the schemas say is found out when the document is validated.
func illustrate(doc *openapi3.T, source string) error {
	w := exampleWriter{doc: doc, missing: map[string]bool{}}
	content, err := os.ReadFile(filepath.Join(source, "app", "examples.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &w); err != nil {
		return fmt.Errorf("examples.json: %w", err)
	}
	for name := range w.Schemas {
		if doc.Components.Schemas[name] == nil {
			return fmt.Errorf("examples.json has a schema %s, which does not exist", name)
		}
	}
	var complaints []error
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		for _, op := range doc.Paths.Value(path).Operations() {
			if op.RequestBody != nil && op.RequestBody.Value != nil {
				complaints = append(complaints, w.illustrate(op, op.RequestBody.Value.Content, nil))
			}
			for status, response := range op.Responses.Map() {
				if !failure(status) {
					complaints = append(complaints, w.illustrate(op, response.Value.Content, w.Operations[op.OperationID]))
				}
			}
		}
	}
	for _, member := range slices.Sorted(maps.Keys(w.missing)) {
		complaints = append(complaints, fmt.Errorf("there is no example of %s: give the field an example tag, or add one to examples.json", member))
	}
	return errors.Join(complaints...)
}

// illustrate gives the body of an operation an example, of which some members are known.
func (w exampleWriter) illustrate(op *openapi3.Operation, content openapi3.Content, known map[string]any) error {
	for _, media := range content {
		if media.Schema == nil || media.Example != nil || w.opaque(media.Schema) {
			continue
		}
		example, err := w.of(media.Schema, "", "")
		if err != nil {
			return fmt.Errorf("%s: %w", op.OperationID, err)
		}
		if object, ok := example.(map[string]any); ok {
			maps.Copy(object, known)
		}
		media.Example = example
	}
	return nil
}

// opaque reports a body that is a file, of which JSON can show nothing.
func (w exampleWriter) opaque(ref *openapi3.SchemaRef) bool {
	return ref.Value != nil && ref.Value.Type.Is("string")
}

// of makes an example of a schema that stands at a member of another one.
func (w exampleWriter) of(ref *openapi3.SchemaRef, in, member string) (any, error) {
	name, schema := w.resolve(ref)
	if schema.Example != nil {
		return schema.Example, nil
	}
	if value, ok := w.Members[member]; ok && w.fits(schema, value) {
		return value, nil
	}
	switch {
	case schema.Default != nil:
		return schema.Default, nil
	case len(schema.Enum) > 0:
		return schema.Enum[0], nil
	case len(schema.AllOf) == 1 && len(schema.Properties) == 0:
		return w.of(schema.AllOf[0], in, member)
	case schema.Type.Is("boolean"):
		return false, nil
	case schema.Type.Is("integer"):
		return 1, nil
	case schema.Type.Is("string") && schema.Format == "date-time":
		return "2026-03-02T09:30:00Z", nil
	case schema.Type.Is("array"):
		item, err := w.of(schema.Items, in, member+"[]")
		return []any{item}, err
	case schema.Type.Is("object"):
		return w.object(name, schema)
	default:
		w.missing[in+"."+member] = true
		return nil, nil
	}
}

func (w exampleWriter) object(name string, schema *openapi3.Schema) (any, error) {
	object := map[string]any{}
	for member, property := range schema.Properties {
		if value, ok := w.Schemas[name][member]; ok {
			object[member] = value
			continue
		}
		value, err := w.of(property, name, member)
		if err != nil {
			return nil, err
		}
		object[member] = value
	}
	for member, value := range w.Schemas[name] {
		if schema.Properties[member] == nil {
			return nil, fmt.Errorf("examples.json has a member %s of %s, which does not exist", member, name)
		}
		if value == nil && !slices.Contains(schema.Required, member) {
			delete(object, member) // left out, to show that it may be
		}
	}
	return object, nil
}

// fits reports whether a value that is known by its member's name alone is of the kind that is wanted.
func (w exampleWriter) fits(schema *openapi3.Schema, value any) bool {
	switch value.(type) {
	case nil:
		return schema.Nullable
	case string:
		return schema.Type.Is("string") && len(schema.Enum) == 0
	case []any:
		return schema.Type.Is("array")
	case map[string]any:
		return schema.Type.Is("object") && len(schema.Properties) == 0
	default:
		return schema.Type.Is("integer") || schema.Type.Is("boolean")
	}
}

// resolve follows a reference; the name is "" for a schema that has none.
func (w exampleWriter) resolve(ref *openapi3.SchemaRef) (string, *openapi3.Schema) {
	if name, ok := strings.CutPrefix(ref.Ref, "#/components/schemas/"); ok {
		return name, w.doc.Components.Schemas[name].Value
	}
	return "", ref.Value
}
