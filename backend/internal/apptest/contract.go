package apptest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/text/unicode/norm"

	"github.com/latchkey/latchkey/openapi"
)

// Operation is one operation of the OpenAPI document.
type Operation struct {
	*openapi3.Operation
	Method string
	Path   string // with its parameters as {name}

	pattern *regexp.Regexp
}

// PassedOn reports an operation whose request and answer are passed on to and from another server.
func (o *Operation) PassedOn() bool { return o.Extensions["x-passed-on"] != nil }

// Operations lists every operation of the OpenAPI document that the server hands out, those with the
// fewest parameters in their path first.
func Operations() ([]*Operation, error) { return operations() }

var pathParameter = regexp.MustCompile(`\\{\w+\\}`)

var operations = sync.OnceValues(func() ([]*Operation, error) {
	document, err := openapi3.NewLoader().LoadFromData(openapi.V30)
	if err != nil {
		return nil, err
	}
	var list []*Operation
	for path, item := range document.Paths.Map() {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(path), `\{path\}`, ".*") // what is passed on has any number of segments
		pattern = "^" + pathParameter.ReplaceAllString(pattern, "[^/]+") + "$"
		for method, o := range item.Operations() {
			list = append(list, &Operation{Operation: o, Method: method, Path: path, pattern: regexp.MustCompile(pattern)})
		}
	}
	slices.SortFunc(list, func(a, b *Operation) int {
		return cmp.Or(strings.Count(a.Path, "{")-strings.Count(b.Path, "{"), strings.Compare(a.Path+a.Method, b.Path+b.Method))
	})
	return list, nil
})

// exchange is a request and what was answered to it.
type exchange struct {
	method  string
	url     *url.URL
	request http.Header
	body    []byte
	code    int
	header  http.Header
	answer  []byte
}

// check compares an exchange with the OpenAPI document: what was answered must be what the document
// promises, and what was accepted must be what the document allows.
func (x exchange) check() error {
	list, err := operations()
	if err != nil {
		return err
	}
	method := x.method
	if method == http.MethodHead {
		method = http.MethodGet // whose answer it is, without the body
	}
	i := slices.IndexFunc(list, func(o *Operation) bool { return o.Method == method && o.pattern.MatchString(x.url.EscapedPath()) })
	if i < 0 {
		if strings.HasPrefix(x.url.Path, "/api/v1/") && x.code != http.StatusNotFound && x.code != http.StatusMethodNotAllowed {
			return fmt.Errorf("the document has no %s %s, which was answered %d", x.method, x.url.Path, x.code)
		}
		return nil
	}
	o := list[i]
	if o.PassedOn() && x.header.Get("Content-Type") != "application/problem+json" {
		return nil // Graph's own
	}
	err = x.checkAnswer(o)
	if x.code < http.StatusBadRequest {
		err = errors.Join(err, x.checkQuery(o), x.checkBody(o))
	}
	if err != nil {
		return fmt.Errorf("%s %s is not as the OpenAPI document says: %w\nsent: %s\nanswered: %d %s", o.Method, o.Path, err, x.body, x.code, x.answer)
	}
	return nil
}

// impliedStatus reports failures that any operation may answer, by its default response.
func impliedStatus(code int) bool {
	switch code {
	case http.StatusMethodNotAllowed, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return true
	default:
		return false
	}
}

func (x exchange) checkAnswer(o *Operation) error {
	ref := o.Responses.Value(strconv.Itoa(x.code))
	if ref == nil && (impliedStatus(x.code) || x.foreignOrigin()) {
		ref = o.Responses.Default()
	}
	if ref == nil {
		return fmt.Errorf("it has no answer %d", x.code)
	}
	for name := range ref.Value.Headers {
		if x.header.Get(name) == "" && !x.unlimited(name) {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	if x.method == http.MethodHead || len(ref.Value.Content) == 0 {
		if len(x.answer) > 0 {
			return errors.New("the answer should have no body")
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	media := ref.Value.Content.Get(kind)
	if err != nil || media == nil {
		return fmt.Errorf("the answer should not be of type %q", x.header.Get("Content-Type"))
	}
	if media.Schema == nil || (kind != "application/json" && kind != "application/problem+json") {
		return nil
	}
	return Conforms(media.Schema.Value, x.answer, openapi3.VisitAsResponse())
}

// unlimited reports headers of a limit that only API clients have, and not all of them.
func (x exchange) unlimited(header string) bool {
	return strings.HasPrefix(header, "RateLimit") && x.header.Get("RateLimit") == "" && x.header.Get("RateLimit-Policy") == ""
}

func (x exchange) foreignOrigin() bool {
	return x.code == http.StatusForbidden && bytes.Contains(x.answer, []byte(`"code":"cross_origin"`))
}

// Conforms compares JSON with a schema; unlike JSON Schema it takes no member that the schema doesn't list.
func Conforms(schema *openapi3.Schema, raw []byte, options ...openapi3.SchemaValidationOption) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	options = append(options, openapi3.EnableFormatValidation(), openapi3.MultiErrors())
	return errors.Join(schema.VisitJSON(value, options...), unlisted(schema, value, ""))
}

// unlisted finds members that a schema has no name for.
func unlisted(schema *openapi3.Schema, value any, path string) error {
	var errs []error
	switch value := value.(type) {
	case map[string]any:
		if schema.AdditionalProperties.Schema != nil || (schema.AdditionalProperties.Has != nil && *schema.AdditionalProperties.Has) {
			return nil
		}
		for name, member := range value {
			if property := propertyOf(schema, name); property != nil {
				errs = append(errs, unlisted(property, member, path+"/"+name))
			} else {
				errs = append(errs, fmt.Errorf("%s/%s is in no schema", path, name))
			}
		}
	case []any:
		for i, item := range value {
			if schema.Items != nil {
				errs = append(errs, unlisted(schema.Items.Value, item, path+"/"+strconv.Itoa(i)))
			}
		}
	}
	return errors.Join(errs...)
}

func propertyOf(schema *openapi3.Schema, name string) *openapi3.Schema {
	if ref := schema.Properties[name]; ref != nil {
		return ref.Value
	}
	for _, part := range slices.Concat(schema.AllOf, schema.AnyOf, schema.OneOf) {
		if property := propertyOf(part.Value, name); property != nil {
			return property
		}
	}
	return nil
}

func (x exchange) checkQuery(o *Operation) error {
	query := x.url.Query()
	for name, values := range query {
		p := o.Parameters.GetByInAndName("query", name)
		switch {
		case p == nil && o.OperationID == "finishAuthorization": // RFC 6749 §4.1.2: what is not known is ignored
		case p == nil:
			return fmt.Errorf("it has no query parameter %s", name)
		default:
			if err := p.Schema.Value.VisitJSON(parameterValue(p.Schema.Value, values[0])); err != nil && values[0] != "" {
				return fmt.Errorf("query parameter %s: %w", name, err)
			}
		}
	}
	for _, p := range o.Parameters {
		if p.Value.Required && p.Value.In == "query" && !query.Has(p.Value.Name) {
			return fmt.Errorf("it was accepted without the query parameter %s", p.Value.Name)
		}
	}
	return nil
}

func parameterValue(schema *openapi3.Schema, text string) any {
	var value any
	if !schema.Type.Is("string") && json.Unmarshal([]byte(text), &value) == nil {
		return value
	}
	return text
}

func (x exchange) checkBody(o *Operation) error {
	if len(x.body) == 0 {
		if o.RequestBody != nil && o.RequestBody.Value.Required {
			return errors.New("it was accepted without a body")
		}
		return nil
	}
	if o.RequestBody == nil {
		return errors.New("it takes no body")
	}
	kind, _, _ := mime.ParseMediaType(x.request.Get("Content-Type"))
	media := o.RequestBody.Value.Content.Get(kind)
	switch {
	case media == nil:
		return fmt.Errorf("it takes no body of type %q", kind)
	case kind == "application/json":
		return Conforms(media.Schema.Value, asRead(x.method, media.Schema.Value, x.body), openapi3.VisitAsRequest())
	default:
		return nil
	}
}

// asRead is a body as handlers read it: space around a text and how its characters are composed don't
// count, no text is no date, and but for a PATCH null is the same as nothing.
func asRead(method string, schema *openapi3.Schema, raw []byte) []byte {
	var body any
	if json.Unmarshal(raw, &body) != nil {
		return raw
	}
	body = composed(body)
	if members, ok := body.(map[string]any); ok {
		maps.DeleteFunc(members, func(name string, value any) bool {
			property := propertyOf(schema, name)
			return (value == nil && method != http.MethodPatch) || (value == "" && property != nil && property.Format == "date")
		})
	}
	out, _ := json.Marshal(body) // it was JSON before
	return out
}

func composed(value any) any {
	switch value := value.(type) {
	case string:
		return strings.TrimSpace(norm.NFC.String(value))
	case []any:
		for i := range value {
			value[i] = composed(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = composed(value[name])
		}
	}
	return value
}
