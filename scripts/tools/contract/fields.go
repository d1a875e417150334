package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// goTypes knows the Go types behind the schemas, for what swag forgets about a field: the format of
// times and 64-bit numbers, and that a required pointer is null when it has nothing to say.
type goTypes struct {
	types   map[string]ast.Expr // "package.Type" to what it is declared as
	schemas map[string]string   // schema name to "package.Type"
}

// readTypes parses every package under source.
func readTypes(source string) (*goTypes, error) {
	known := &goTypes{types: map[string]ast.Expr{}, schemas: map[string]string{}}
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != source && slices.Contains(notServed, entry.Name()) {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err == nil {
			known.add(file)
		}
		return err
	})
	return known, err
}

func (g *goTypes) add(file *ast.File) {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			typed, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			name := file.Name.Name + "." + typed.Name.Name
			g.types[name] = typed.Type
			if comment := strings.TrimSpace(typed.Comment.Text()); strings.HasPrefix(comment, "@name ") {
				g.schemas[strings.TrimSpace(strings.TrimPrefix(comment, "@name "))] = name
			}
		}
	}
}

// mend completes the properties of every schema that comes from a named Go type.
func (g *goTypes) mend(doc *openapi3.T) {
	for name, schema := range doc.Components.Schemas {
		if goName, ok := g.schemas[name]; ok && schema.Value != nil {
			pkg, _, _ := strings.Cut(goName, ".")
			g.mendProperties(doc, schema.Value, pkg, g.types[goName])
		}
	}
}

// mendProperties follows expr, seen from package pkg, to the struct it stands for.
func (g *goTypes) mendProperties(doc *openapi3.T, schema *openapi3.Schema, pkg string, expr ast.Expr) {
	switch expr := expr.(type) {
	case *ast.StarExpr:
		g.mendProperties(doc, schema, pkg, expr.X)
	case *ast.IndexExpr:
		g.mendProperties(doc, schema, pkg, expr.X)
	case *ast.Ident:
		if target, ok := g.types[pkg+"."+expr.Name]; ok {
			g.mendProperties(doc, schema, pkg, target)
		}
	case *ast.SelectorExpr:
		if other, ok := expr.X.(*ast.Ident); ok {
			g.mendProperties(doc, schema, other.Name, g.types[other.Name+"."+expr.Sel.Name])
		}
	case *ast.StructType:
		for _, field := range expr.Fields.List {
			if len(field.Names) == 0 {
				g.mendProperties(doc, schema, pkg, field.Type)
				continue
			}
			mendField(doc, schema, field)
		}
	}
}

// mendField completes the property that one struct field became.
func mendField(doc *openapi3.T, schema *openapi3.Schema, field *ast.Field) {
	if field.Tag == nil {
		return
	}
	raw, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return
	}
	tag := reflect.StructTag(raw)
	name, options, _ := strings.Cut(tag.Get("json"), ",")
	property := schema.Properties[name]
	if property == nil {
		return
	}
	kind, pointer := field.Type, false
	if star, ok := kind.(*ast.StarExpr); ok {
		kind, pointer = star.X, true
	}
	if format := formatOf(kind); format != "" && property.Value != nil && property.Ref == "" &&
		property.Value.Format == "" && tag.Get("swaggertype") == "" {
		property.Value.Format = format
	}
	required := slices.Contains(strings.Split(tag.Get("validate"), ","), "required")
	if !pointer || !required || strings.Contains(options, "omit") {
		return
	}
	if property.Ref != "" {
		schema.Properties[name] = openapi3.NewSchemaRef("", &openapi3.Schema{
			Type:     kindOf(doc, property.Ref), // OpenAPI 3.0.3 wants it beside nullable
			AllOf:    openapi3.SchemaRefs{openapi3.NewSchemaRef(property.Ref, nil)},
			Nullable: true,
		})
		return
	}
	if of := property.Value.AllOf; len(of) == 1 { // a reference with a description beside it
		property.Value.Type = kindOf(doc, of[0].Ref)
	}
	property.Value.Nullable = true
}

// kindOf is the type of a schema that is referred to.
func kindOf(doc *openapi3.T, ref string) *openapi3.Types {
	if schema := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]; schema != nil && schema.Value != nil {
		return schema.Value.Type
	}
	return nil
}

// formatOf names the format that OpenAPI has for a Go type, if any.
func formatOf(kind ast.Expr) string {
	switch kind := kind.(type) {
	case *ast.Ident:
		if kind.Name == "int64" || kind.Name == "int32" {
			return kind.Name
		}
	case *ast.SelectorExpr:
		if pkg, ok := kind.X.(*ast.Ident); ok && pkg.Name == "time" && kind.Sel.Name == "Time" {
			return "date-time"
		}
	}
	return ""
}
