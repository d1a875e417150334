// Package openapi embeds the API contract, so that the server hands it out exactly as it was committed.
//
// Both documents are generated from the comments on the back end's handlers, by `make generate`; they say
// the same. Go cannot embed files from outside a module, which is why this folder is one.
package openapi

import _ "embed"

// V31 is the contract as OpenAPI 3.1, the one to read first.
//
//go:embed openapi.json
var V31 []byte

// V30 is the contract as OpenAPI 3.0, for generators that read nothing newer.
//
//go:embed openapi-3.0.json
var V30 []byte
