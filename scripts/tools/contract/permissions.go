package main

import (
	"errors"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// readPermissions gives each permission's description, from the comments on the constants.
func readPermissions(doc *openapi3.T) map[string]string {
	permissions := map[string]string{}
	ref := doc.Components.Schemas[permissionSchema]
	if ref == nil || ref.Value == nil {
		return permissions
	}
	descriptions, _ := ref.Value.Extensions["x-enum-descriptions"].([]any)
	for i, value := range ref.Value.Enum {
		name := fmt.Sprint(value)
		permissions[name] = name
		if i < len(descriptions) && descriptions[i] != "" {
			permissions[name] = fmt.Sprint(descriptions[i])
		}
	}
	return permissions
}

// nameScopes gives the API client's scheme one scope for each permission.
func nameScopes(doc *openapi3.T, permissions map[string]string) []error {
	scheme := doc.Components.SecuritySchemes[clientScheme]
	if scheme == nil || scheme.Value == nil || scheme.Value.Flows == nil || scheme.Value.Flows.ClientCredentials == nil {
		return []error{errors.New("the general comments lack `@securityDefinitions.oauth2.application ApiClient`")}
	}
	if doc.Components.SecuritySchemes[sessionScheme] == nil {
		return []error{errors.New("the general comments lack `@securityDefinitions.apikey Session`")}
	}
	scheme.Value.Flows.ClientCredentials.Scopes = permissions
	if basic := doc.Components.SecuritySchemes["ClientSecret"]; basic != nil { // swag reads no description of it
		basic.Value.Description = "An API client's id and secret."
	}
	return nil
}
