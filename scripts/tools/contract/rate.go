package main

import "github.com/getkin/kin-openapi/openapi3"

// rateHeaders are in every answer to an API client that has a rate limit, with what they say.
func rateHeaders() map[string]string {
	return map[string]string{
		"RateLimit-Policy": "How many requests (q) an API client may send in how many seconds (w); missing where there is no limit",
		"RateLimit":        "How many are left (r), and in how many seconds (t) all of them are there again",
	}
}

// limitRates says of what API clients may call that they may not call it without end.
func limitRates(op *openapi3.Operation) {
	if !forClients(op) {
		return
	}
	if op.Responses.Value("429") == nil {
		op.Responses.Set("429", &openapi3.ResponseRef{
			Value: openapi3.NewResponse().WithDescription("The API client sends more requests than it may: code rate_limited"),
		})
	}
	for status, ref := range op.Responses.Map() {
		if ref.Value == nil || (failure(status) && status != "429") {
			continue
		}
		if ref.Value.Headers == nil {
			ref.Value.Headers = openapi3.Headers{}
		}
		for name := range rateHeaders() {
			ref.Value.Headers[name] = &openapi3.HeaderRef{Ref: "#/components/headers/" + name}
		}
	}
}

// forClients reports whether API clients may call op, by a JWT or by a secret.
func forClients(op *openapi3.Operation) bool {
	for _, requirement := range *op.Security {
		for _, scheme := range []string{clientScheme, secretScheme, headerScheme} {
			if requirement[scheme] != nil {
				return true
			}
		}
	}
	return false
}

// describeRates puts the headers where answers refer to them.
func describeRates(doc *openapi3.T) {
	if doc.Components.Headers == nil {
		doc.Components.Headers = openapi3.Headers{}
	}
	for name, description := range rateHeaders() {
		doc.Components.Headers[name] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{
			Description: description + " (draft-ietf-httpapi-ratelimit-headers).",
			Schema:      openapi3.NewSchemaRef("", openapi3.NewStringSchema()),
		}}}
	}
}
