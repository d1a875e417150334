package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// Names that the comments use and the program gives meaning to.
const (
	problemSchema    = "Problem"
	permissionSchema = "Permission"
	clientScheme     = "ApiClientToken" // an API client's JWT, with permissions as scopes
	secretScheme     = "ClientSecret"   // what is exchanged for that JWT
	headerScheme     = "IdentityHeader" // the same secret, where a protocol has no place for a JWT
	sessionScheme    = "SessionCookie"  // a person's cookie
	problemMedia     = "application/problem+json"
	jsonMedia        = "application/json"
	problemRef       = "#/components/schemas/" + problemSchema
)

// convert turns Swagger 2.0 into OpenAPI 3.0, as far as that goes by itself.
func convert(swagger []byte) (*openapi3.T, error) {
	var doc2 openapi2.T
	if err := json.Unmarshal(swagger, &doc2); err != nil {
		return nil, err
	}
	doc, err := openapi2conv.ToV3(&doc2)
	if err != nil {
		return nil, err
	}
	renameSchemes(doc)
	doc.Servers = openapi3.Servers{{URL: "/", Description: "The Latchkey that serves this document"}}
	return doc, nil
}

// renameSchemes gives the security schemes names of their own. The comments call them what they are for,
// which schemas are called too, and generators that make a type of each can't have two of a name.
func renameSchemes(doc *openapi3.T) {
	names := map[string]string{"ApiClient": clientScheme, "Session": sessionScheme}
	for old, name := range names {
		if scheme, ok := doc.Components.SecuritySchemes[old]; ok {
			delete(doc.Components.SecuritySchemes, old)
			doc.Components.SecuritySchemes[name] = scheme
		}
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.Security == nil {
				continue
			}
			for _, requirement := range *op.Security {
				for old, name := range names {
					if scopes, ok := requirement[old]; ok {
						delete(requirement, old)
						requirement[name] = scopes
					}
				}
			}
		}
	}
}

// mend adds what Swagger 2.0 cannot say, and refuses comments that leave something out. All
// complaints come at once.
func mend(doc *openapi3.T) error {
	var complaints []error
	for name := range doc.Components.Schemas {
		if strings.ContainsAny(name, ".-_[]") {
			complaints = append(complaints, fmt.Errorf("type %s has no `// @name`", name))
		}
	}
	if doc.Components.Schemas[problemSchema] == nil {
		complaints = append(complaints, errors.New("no @Failure names a type with `// @name Problem`"))
	}
	permissions := readPermissions(doc)
	complaints = append(complaints, nameScopes(doc, permissions)...)

	ids := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths.Value(path).Operations())) {
			op := doc.Paths.Value(path).GetOperation(method)
			where := method + " " + path
			for _, complaint := range mendOperation(op, permissions) {
				complaints = append(complaints, fmt.Errorf("%s: %w", where, complaint))
			}
			if first, taken := ids[op.OperationID]; taken {
				complaints = append(complaints, fmt.Errorf("%s: @ID %s is that of %s", where, op.OperationID, first))
			}
			ids[op.OperationID] = where
		}
	}
	closeBodies(doc)
	describeRates(doc)
	return errors.Join(complaints...)
}

// closeBodies says of what is only ever sent that no other members are taken. What is answered stays
// open, so that members may join it.
func closeBodies(doc *openapi3.T) {
	sent, answered := map[*openapi3.Schema]bool{}, map[*openapi3.Schema]bool{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody != nil && op.RequestBody.Value != nil {
				collect(doc, op.RequestBody.Value.Content[jsonMedia], sent)
			}
			for _, response := range op.Responses.Map() {
				for _, media := range response.Value.Content {
					collect(doc, media, answered)
				}
			}
		}
	}
	for schema := range sent {
		if !answered[schema] && len(schema.Properties) > 0 {
			schema.AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
		}
	}
}

// collect adds the schemas that a body is made of.
func collect(doc *openapi3.T, media *openapi3.MediaType, into map[*openapi3.Schema]bool) {
	var visit func(ref *openapi3.SchemaRef)
	visit = func(ref *openapi3.SchemaRef) {
		if ref == nil {
			return
		}
		schema := ref.Value
		if name, ok := strings.CutPrefix(ref.Ref, "#/components/schemas/"); ok {
			schema = doc.Components.Schemas[name].Value
		}
		if schema == nil || into[schema] {
			return
		}
		into[schema] = true
		visit(schema.Items)
		for _, property := range schema.Properties {
			visit(property)
		}
		for _, part := range schema.AllOf {
			visit(part)
		}
	}
	if media != nil {
		visit(media.Schema)
	}
}

// mendOperation completes one operation.
func mendOperation(op *openapi3.Operation, permissions map[string]string) []error {
	var complaints []error
	if op.OperationID == "" || op.Summary == "" || len(op.Tags) == 0 {
		complaints = append(complaints, errors.New("@ID, @Summary and @Tags are needed"))
	}
	complaints = append(complaints, mendSecurity(op, permissions)...)
	mendBody(op)
	impliedFailures(op)
	limitRates(op)
	complaints = append(complaints, mendResponses(op)...)
	mendPassedOn(op)
	return complaints
}

// mendPassedOn says of what is passed on to another server, and of its answer, that they may be anything.
// Whether a failure is a problem of ours or the other server's own is told by its type.
func mendPassedOn(op *openapi3.Operation) {
	if op.Extensions["x-passed-on"] == nil {
		return
	}
	anything := func() openapi3.Content {
		schema := openapi3.NewStringSchema().WithFormat("binary")
		return openapi3.Content{"*/*": openapi3.NewMediaType().WithSchema(schema)}
	}
	if op.RequestBody != nil && op.RequestBody.Value != nil {
		op.RequestBody.Value.Content, op.RequestBody.Value.Required = anything(), false
	}
	for status, response := range op.Responses.Map() {
		if response.Value == nil {
			continue
		}
		if !failure(status) {
			response.Value.Content = anything()
			continue
		}
		response.Value.Headers = nil
		response.Value.Content[jsonMedia] = openapi3.NewMediaType().WithSchema(openapi3.NewSchema())
	}
}

// mendSecurity lets a person's session do what an API client's token may, keeps the permission
// where every reader finds it, and makes a route without @Security public in so many words.
func mendSecurity(op *openapi3.Operation, permissions map[string]string) []error {
	if op.Security == nil {
		op.Security = &openapi3.SecurityRequirements{}
		return nil
	}
	var complaints []error
	person := false
	for _, requirement := range *op.Security {
		for scheme, scopes := range requirement {
			for _, scope := range scopes {
				if _, known := permissions[scope]; !known {
					complaints = append(complaints, fmt.Errorf("@Security names the permission %q, which does not exist", scope))
				}
				extend(op, "x-permission", scope)
			}
			if scheme == sessionScheme {
				person = true
				requirement[scheme] = []string{} // OpenAPI 3.0 knows scopes for OAuth only.
			}
		}
	}
	if first := (*op.Security)[0]; !person && first[clientScheme] != nil {
		*op.Security = append(*op.Security, openapi3.SecurityRequirement{sessionScheme: []string{}})
	}
	return complaints
}

// mendBody drops what the conversion leaves of Swagger 2.0 in a request body.
func mendBody(op *openapi3.Operation) {
	if op.RequestBody == nil || op.RequestBody.Value == nil {
		return
	}
	delete(op.RequestBody.Value.Extensions, "x-originalParamName")
	for _, media := range op.RequestBody.Value.Content {
		if media.Schema == nil || media.Schema.Value == nil || media.Schema.Ref != "" {
			continue
		}
		op.RequestBody.Value.Required = len(media.Schema.Value.Required) > 0
		for _, property := range media.Schema.Value.Properties {
			if property.Value != nil {
				delete(property.Value.Extensions, "x-formData-name")
			}
		}
	}
}

// impliedFailures adds the failures that need no comment: 401 and 403 where someone must be known,
// 400 where a body or a query is read, 412 where If-Match is, and the rest as default. Operations whose
// errors are not problems (OAuth's) state their own; what is refused before they are asked is one.
func impliedFailures(op *openapi3.Operation) {
	add := func(status, description string) {
		if op.Responses.Value(status) == nil {
			op.Responses.Set(status, &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription(description)})
		}
	}
	add("default", "Any other failure")
	if answersOwnErrors(op) {
		op.Responses.Default().Value.Content = openapi3.Content{
			problemMedia: openapi3.NewMediaType().WithSchemaRef(openapi3.NewSchemaRef(problemRef, nil)),
		}
		return
	}
	if len(*op.Security) > 0 {
		add("401", "Nobody is signed in, or the token is not valid")
		if op.Extensions["x-permission"] != nil {
			add("403", "The caller lacks the permission, or the request came from another origin")
		} else {
			add("403", "The caller is no person, or the request came from another origin")
		}
	}
	if op.RequestBody != nil {
		add("400", "The body cannot be read, or has members that do not exist")
	}
	for _, parameter := range op.Parameters {
		switch {
		case parameter.Value == nil:
		case parameter.Value.In == "query" && len(*op.Security) > 0:
			add("400", "The query cannot be read")
		case parameter.Value.In == "header" && parameter.Value.Name == "If-Match":
			add("412", "The resource has changed since: read it again")
		}
	}
}

// answersOwnErrors reports whether a failure of op has a schema that is not the problem.
func answersOwnErrors(op *openapi3.Operation) bool {
	for status, response := range op.Responses.Map() {
		if !failure(status) || response.Value == nil {
			continue
		}
		for _, media := range response.Value.Content {
			if media.Schema != nil && media.Schema.Ref != problemRef {
				return true
			}
		}
	}
	return false
}

// mendResponses gives every failure its problem, under the media type it is sent with, and the
// header that says when to come back.
func mendResponses(op *openapi3.Operation) []error {
	success := false
	own := answersOwnErrors(op)
	for status, ref := range op.Responses.Map() {
		response := ref.Value
		if response == nil {
			continue
		}
		if !failure(status) {
			success = true
			continue
		}
		schema := openapi3.NewSchemaRef(problemRef, nil)
		media := response.Content[jsonMedia]
		limited := status == "429" // refused before an operation with errors of its own is asked
		if limited || (!own && (media == nil || media.Schema == nil || media.Schema.Ref == problemRef)) {
			response.Content = openapi3.Content{problemMedia: openapi3.NewMediaType().WithSchemaRef(schema)}
		}
		switch {
		case status == "401" && !own: // others say themselves what they send
			addHeader(response, "WWW-Authenticate", "How to say who is calling", openapi3.NewStringSchema())
		case status == "429", status == "503":
			addHeader(response, "Retry-After", "Seconds to wait before trying again", openapi3.NewIntegerSchema())
		}
	}
	if !success {
		return []error{errors.New("no @Success")}
	}
	return nil
}

func addHeader(response *openapi3.Response, name, description string, schema *openapi3.Schema) {
	if response.Headers == nil {
		response.Headers = openapi3.Headers{}
	}
	response.Headers[name] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{
		Description: description, Schema: openapi3.NewSchemaRef("", schema),
	}}}
}

// failure reports whether a response is not a success or a redirect.
func failure(status string) bool {
	code, err := strconv.Atoi(status)
	return err != nil || code >= 400
}

func extend(op *openapi3.Operation, key string, value any) {
	if op.Extensions == nil {
		op.Extensions = map[string]any{}
	}
	op.Extensions[key] = value
}
