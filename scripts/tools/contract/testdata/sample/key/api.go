// Package key is a domain of the sample.
package key

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/latchkey/latchkey/scripts/tools/contract/testdata/sample/fault"
	"github.com/latchkey/latchkey/scripts/tools/contract/testdata/sample/page"
)

var _ fault.Problem

// Permission is what a caller may do.
type Permission string // @name Permission

// The permissions.
const (
	KeysRead  Permission = "keys:read"  // Read keys
	KeysWrite Permission = "keys:write" // Change keys
)

// Status is where a key stands.
type Status string // @name KeyStatus

// The statuses.
const (
	StatusDraft  Status = "draft"
	StatusActive Status = "active"
)

// Optional tells absent from null.
type Optional[T any] struct {
	Set   bool
	Value *T
}

type keyView struct {
	ID     string   `json:"id" validate:"required"`
	Status Status   `json:"status" validate:"required"`
	Scopes []string `json:"scopes" validate:"required"`
	// When the key was created.
	CreatedAt    time.Time       `json:"createdAt" validate:"required"`
	AuthorizedAt *time.Time      `json:"authorizedAt" validate:"required"`
	ExpiresOn    *string         `json:"expiresOn" validate:"required" format:"date"`
	Account      *accountView    `json:"account" validate:"required"`
	Owner        accountView     `json:"owner" validate:"required"` // Who made it.
	Count        int64           `json:"count" validate:"required"`
	Extra        json.RawMessage `json:"extra,omitempty" swaggertype:"object"`
	Hint         *string         `json:"hint,omitempty"`
	Previous     *Status         `json:"previous" validate:"required"`
} // @name Key

type keyCreated struct {
	keyView
	Secret string `json:"secret" validate:"required"`
} // @name KeyCreated

type accountView struct {
	ObjectID string `json:"objectId" validate:"required" example:"0198"`
} // @name Account

type keyPage page.Page[keyView] // @name KeyPage

type keyPatch struct {
	Name      *string             `json:"name,omitempty" maxLength:"100"`
	Status    *Status             `json:"status,omitempty"`
	Secret    Optional[string]    `json:"secret,omitzero" swaggertype:"string" extensions:"x-nullable"`
	ExpiresAt Optional[time.Time] `json:"expiresAt,omitzero" swaggertype:"string" format:"date-time" extensions:"x-nullable"`
	Scopes    *[]string           `json:"scopes,omitempty"`
} // @name KeyPatch

type keyCreate struct {
	Name string `json:"name" validate:"required" maxLength:"100"`
} // @name KeyCreate

type tokenView struct {
	AccessToken string `json:"access_token" validate:"required"`
} // @name AccessToken

type oauthError struct {
	Error string `json:"error" validate:"required"`
} // @name OAuthError

type api struct{}

// list answers with one page of keys.
//
// @Summary   List keys
// @ID        listKeys
// @Tags      Keys
// @Security  ApiClient[keys:read]
// @Param     limit   query  int     false  "At most so many"  minimum(1) maximum(200) default(50)
// @Param     cursor  query  string  false  "Where to go on"
// @Param     status  query  Status  false  "Only these"
// @Success   200  {object}  keyPage
// @Router    /api/v1/keys [get]
func (a *api) list(http.ResponseWriter, *http.Request) {}

// create makes a key.
//
// @Summary   Create a key
// @ID        createKey
// @Tags      Keys
// @Security  ApiClient[keys:write]
// @Param     body  body  keyCreate  true  "The key"
// @Success   201  {object}  keyCreated
// @Header    201  {string}  Location  "Where the key is"
// @Header    201  {string}  ETag      "Its version"
// @Failure   422  "A field is wrong"
// @Failure   503  {object}  fault.Problem  "Microsoft cannot be reached"
// @Router    /api/v1/keys [post]
func (a *api) create(http.ResponseWriter, *http.Request) {}

// update changes a key.
//
// @Summary   Change a key
// @ID        updateKey
// @Tags      Keys
// @Security  Session[keys:write]
// @Param     id        path    string    true   "The key's id"
// @Param     If-Match  header  string    false  "The version that was read"
// @Param     body      body    keyPatch  true   "What changes"
// @Success   200  {object}  keyView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such key"
// @Router    /api/v1/keys/{id} [patch]
func (a *api) update(http.ResponseWriter, *http.Request) {}

// remove deletes a key.
//
// @Summary   Delete a key
// @ID        deleteKey
// @Tags      Keys
// @Security  ApiClient[keys:write]
// @Param     id  path  string  true  "The key's id"
// @Success   204  "Deleted"
// @Failure   404  "No such key"
// @Router    /api/v1/keys/{id} [delete]
func (a *api) remove(http.ResponseWriter, *http.Request) {}

// permissions is public.
//
// @Summary  List permissions
// @ID       listPermissions
// @Tags     Keys
// @Success  200  {array}  Permission
// @Router   /api/v1/permissions [get]
func (a *api) permissions(http.ResponseWriter, *http.Request) {}

// token is OAuth's.
//
// @Summary   Get a token
// @ID        createToken
// @Tags      Keys
// @Accept    x-www-form-urlencoded
// @Security  ClientSecret
// @Param     grant_type  formData  string  true   "client_credentials"  Enums(client_credentials)
// @Param     scope       formData  string  false  "Permissions"
// @Success   200  {object}  tokenView
// @Header    200  {string}  Cache-Control  "no-store"
// @Failure   400  {object}  oauthError
// @Failure   401  {object}  oauthError
// @Router    /oauth/token [post]
func (a *api) token(http.ResponseWriter, *http.Request) {}

// callback is where the browser comes back to.
//
// @Summary  Come back
// @ID       finishAuthorization
// @Tags     Keys
// @Success  303  "See the result"
// @Header   303  {string}  Location  "The page with the result"
// @Router   /oauth/callback [get]
func (a *api) callback(http.ResponseWriter, *http.Request) {}
