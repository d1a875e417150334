package audit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/audit"
)

// constants reads the values of the constants of a type from action.go.
func constants(t *testing.T, typeName string) (values []string, described int) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "action.go", nil, parser.ParseComments)
	require.NoError(t, err)
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		require.True(t, ok)
		value, err := strconv.Unquote(literal.Value)
		require.NoError(t, err)
		values = append(values, value)
		if strings.TrimSpace(spec.Comment.Text()) != "" {
			described++
		}
		return true
	})
	return values, described
}

func TestActions(t *testing.T) {
	t.Parallel()
	t.Run("every action is listed, named after what it is done to, and described", func(t *testing.T) {
		t.Parallel()
		listed := make([]string, 0, len(audit.Actions()))
		for _, a := range audit.Actions() {
			require.Regexp(t, `^[a-z_]+\.[a-z_]+$`, a)
			listed = append(listed, string(a))
		}
		declared, described := constants(t, "Action")
		require.Equal(t, declared, listed)
		require.Len(t, declared, described)
	})
	t.Run("every kind of thing is listed", func(t *testing.T) {
		t.Parallel()
		listed := make([]string, 0, len(audit.ObjectTypes()))
		for _, o := range audit.ObjectTypes() {
			listed = append(listed, string(o))
		}
		declared, _ := constants(t, "ObjectType")
		require.Equal(t, declared, listed)
	})
	t.Run("what is recorded anywhere is named by a constant of action.go", func(t *testing.T) {
		t.Parallel()
		found := 0
		require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(file, func(node ast.Node) bool {
				if name := invented(node); name != "" {
					t.Errorf("%s: add %s to audit/action.go and use its constant", files.Position(node.Pos()), name)
				}
				if isEvent(node) {
					found++
				}
				return true
			})
			return nil
		}))
		require.GreaterOrEqual(t, found, 25, "this test looks at the places that record")
	})
}

// invented returns the action or kind of thing that a node names by a text of its own.
func invented(node ast.Node) string {
	switch node := node.(type) {
	case *ast.CompositeLit:
		field := ""
		switch typeOf(node.Type) {
		case "audit.Event":
			field = "Action"
		case "audit.Object":
			field = "Type"
		}
		for _, element := range node.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if ok && field != "" && typeOf(pair.Key) == field {
				return textIn(pair.Value)
			}
		}
	case *ast.CallExpr: // a conversion
		if name := typeOf(node.Fun); (name == "audit.Action" || name == "audit.ObjectType") && len(node.Args) == 1 {
			return textIn(node.Args[0])
		}
	}
	return ""
}

func isEvent(node ast.Node) bool {
	literal, ok := node.(*ast.CompositeLit)
	return ok && typeOf(literal.Type) == "audit.Event"
}

func typeOf(node ast.Expr) string {
	switch node := node.(type) {
	case *ast.Ident:
		return node.Name
	case *ast.SelectorExpr:
		return typeOf(node.X) + "." + node.Sel.Name
	default:
		return ""
	}
}

// textIn returns the first text that an expression is made of.
func textIn(node ast.Expr) string {
	text := ""
	ast.Inspect(node, func(part ast.Node) bool {
		if literal, ok := part.(*ast.BasicLit); ok && text == "" {
			text = literal.Value
		}
		return true
	})
	return text
}
