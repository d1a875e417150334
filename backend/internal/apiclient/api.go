package apiclient

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/page"
)

// API serves API clients, and the token endpoint they use.
type API struct {
	Service *Service
	Rate    *httpapi.RateLimiter
}

// Mount adds the routes.
func (a *API) Mount(api, root httpapi.Router) {
	api.GET("/api-clients", auth.APIClientsWrite, a.list)
	api.POST("/api-clients", auth.APIClientsWrite, a.create)
	api.GET("/api-clients/:id", auth.APIClientsWrite, a.get)
	api.PATCH("/api-clients/:id", auth.APIClientsWrite, a.update)
	api.DELETE("/api-clients/:id", auth.APIClientsWrite, a.delete)
	api.POST("/api-clients/:id/secrets", auth.APIClientsWrite, a.addSecret)
	api.DELETE("/api-clients/:id/secrets/:sid", auth.APIClientsWrite, a.removeSecret)
	// Public: the client's secret in the request is the credential.
	root.Public(http.MethodPost, "/oauth/token", a.token)
	// Public: public keys, and where to find what, for programs that verify our tokens.
	root.Public(http.MethodGet, "/.well-known/jwks.json", a.jwks)
	root.Public(http.MethodGet, "/.well-known/oauth-authorization-server", a.metadata)
}

func scopeNames() []string {
	names := []string{}
	for _, p := range auth.AllPermissions() {
		names = append(names, string(p))
	}
	return names
}

type leashRequest struct {
	AccountKeyID     httpapi.Optional[string]   `json:"accountKeyId,omitzero" swaggertype:"string" format:"uuid" extensions:"x-nullable"`                                              // Null or left out: every account key without a leash of its own
	RawTokens        bool                       `json:"rawTokens" validate:"required"`                                                                                                 // May have the access token itself
	GraphMethods     httpapi.Optional[[]string] `json:"graphMethods,omitzero" swaggertype:"array,string" extensions:"x-nullable" enums:"GET,HEAD,POST,PATCH,PUT,DELETE" example:"GET"` // Null or left out: any; an empty list: none. GET allows HEAD
	GraphPaths       httpapi.Optional[[]string] `json:"graphPaths,omitzero" swaggertype:"array,string" extensions:"x-nullable" example:"/me/messages/**"`                              // After the API version; * is one segment, ** at the end any rest
	RecipientDomains httpapi.Optional[[]string] `json:"recipientDomains,omitzero" swaggertype:"array,string" extensions:"x-nullable" example:"contoso.com"`                            // *.contoso.com is its subdomains. Excludes raw tokens, and methods but GET and HEAD
	SendsPerDay      httpapi.Optional[int64]    `json:"sendsPerDay,omitzero" swaggertype:"integer" format:"int64" extensions:"x-nullable" minimum:"0" maximum:"1000000" example:"100"` // Excludes raw tokens, and methods but GET and HEAD
} // @name ApiClientLeashInput

type leashView struct {
	AccountKeyID     *string   `json:"accountKeyId" validate:"required"` // Null: every account key without a leash of its own
	RawTokens        bool      `json:"rawTokens" validate:"required"`
	GraphMethods     *[]string `json:"graphMethods" validate:"required" enums:"GET,HEAD,POST,PATCH,PUT,DELETE"` // Null: any
	GraphPaths       *[]string `json:"graphPaths" validate:"required" example:"/me/messages/**"`
	RecipientDomains *[]string `json:"recipientDomains" validate:"required" example:"contoso.com"`
	SendsPerDay      *int64    `json:"sendsPerDay" validate:"required"`
} // @name ApiClientLeash

type createRequest struct {
	Name           string            `json:"name" validate:"required" maxLength:"100" example:"billing"`
	Description    string            `json:"description,omitempty" maxLength:"1000"`
	Permissions    []auth.Permission `json:"permissions" validate:"required"`
	AllAccountKeys bool              `json:"allAccountKeys,omitempty"`
	AccountKeyIDs  []string          `json:"accountKeyIds,omitempty"`                                                            // None if left out, unless allAccountKeys is set
	Leashes        []leashRequest    `json:"leashes,omitempty"`                                                                  // What bounds it further, by account key
	RateLimit      *int64            `json:"rateLimitPerMinute,omitempty" extensions:"x-nullable" minimum:"0" maximum:"1000000"` // As the server is configured if left out; 0 is any number
} // @name ApiClientCreate

type patchRequest struct {
	Name           *string                 `json:"name,omitempty" maxLength:"100"`
	Description    *string                 `json:"description,omitempty" maxLength:"1000"`
	Permissions    *[]auth.Permission      `json:"permissions,omitempty"`
	AllAccountKeys *bool                   `json:"allAccountKeys,omitempty"`
	AccountKeyIDs  *[]string               `json:"accountKeyIds,omitempty"`
	Leashes        *[]leashRequest         `json:"leashes,omitempty"`                                                                                                      // Replaces all of them
	RateLimit      httpapi.Optional[int64] `json:"rateLimitPerMinute,omitzero" swaggertype:"integer" format:"int64" extensions:"x-nullable" minimum:"0" maximum:"1000000"` // Null: as the server is configured; 0: any number
	Disabled       *bool                   `json:"disabled,omitempty"`
} // @name ApiClientPatch

type secretView struct {
	ID         string     `json:"id" validate:"required"`
	Hint       string     `json:"hint" validate:"required" example:"lk_…4Zk9"`
	CreatedAt  time.Time  `json:"createdAt" validate:"required"`
	ExpiresAt  *time.Time `json:"expiresAt" validate:"required"`
	LastUsedAt *time.Time `json:"lastUsedAt" validate:"required"`
} // @name ApiClientSecret

type secretCreatedView struct {
	secretView
	Secret string `json:"secret" validate:"required"` // Shown this once
} // @name ApiClientSecretCreated

type secretRequest struct {
	ExpiresAt *time.Time `json:"expiresAt,omitempty"` // For ever if left out
} // @name ApiClientSecretCreate

type clientView struct {
	ID             string            `json:"id" validate:"required"`
	Name           string            `json:"name" validate:"required" example:"billing"`
	Description    string            `json:"description" validate:"required"`
	Permissions    []auth.Permission `json:"permissions" validate:"required"`
	AllAccountKeys bool              `json:"allAccountKeys" validate:"required"`
	AccountKeyIDs  []string          `json:"accountKeyIds" validate:"required"`
	Leashes        []leashView       `json:"leashes" validate:"required"`
	RateLimit      *int64            `json:"rateLimitPerMinute" validate:"required"` // Null: as the server is configured; 0: any number
	Disabled       bool              `json:"disabled" validate:"required"`
	Secrets        []secretView      `json:"secrets" validate:"required"`
	CreatedAt      time.Time         `json:"createdAt" validate:"required"`
	UpdatedAt      time.Time         `json:"updatedAt" validate:"required"`
	CreatedBy      audit.ActorView   `json:"createdBy" validate:"required"`
	LastUsedAt     *time.Time        `json:"lastUsedAt" validate:"required"`
} // @name ApiClient

type createdView struct {
	clientView
	Secret string `json:"secret" validate:"required"` // Shown this once
} // @name ApiClientCreated

type clientPage page.Page[clientView] // @name ApiClientPage

// viewOf shows a client to a caller, who learns of no account key that they were not given.
func viewOf(c Client, caller auth.Principal) clientView {
	keys := slices.DeleteFunc(slices.Clone(c.AccountKeyIDs), func(id string) bool { return !caller.MayUseKey(id) })
	v := clientView{
		ID: c.ID, Name: c.Name, Description: c.Description, Permissions: append([]auth.Permission{}, c.Permissions...),
		AllAccountKeys: c.AllAccountKeys, AccountKeyIDs: append([]string{}, keys...), Disabled: c.Disabled,
		Leashes: []leashView{}, RateLimit: c.RateLimit,
		Secrets: []secretView{}, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, LastUsedAt: c.LastUsedAt,
		CreatedBy: audit.ActorView{Type: c.CreatedByType, ID: c.CreatedByID, Name: c.CreatedByName},
	}
	for _, l := range c.Leashes {
		if l.AccountKeyID == auth.EveryOtherKey || caller.MayUseKey(l.AccountKeyID) {
			v.Leashes = append(v.Leashes, viewOfLeash(l))
		}
	}
	for _, s := range c.Secrets {
		v.Secrets = append(v.Secrets, viewOfSecret(s))
	}
	return v
}

func viewOfLeash(l Leash) leashView {
	list := func(items []string) *[]string {
		if items == nil {
			return nil
		}
		return &items
	}
	return leashView{
		AccountKeyID: l.keyID(), RawTokens: l.RawTokens, GraphMethods: list(l.GraphMethods), GraphPaths: list(pathTexts(l.GraphPaths)),
		RecipientDomains: list(l.RecipientDomains), SendsPerDay: l.Sends,
	}
}

func leashInputs(requests []leashRequest) []LeashInput {
	out := make([]LeashInput, 0, len(requests))
	for _, r := range requests {
		l := LeashInput{
			RawTokens: r.RawTokens, GraphMethods: r.GraphMethods.Value,
			GraphPaths: r.GraphPaths.Value, RecipientDomains: r.RecipientDomains.Value,
		}
		if r.AccountKeyID.Set && !r.AccountKeyID.Null {
			l.AccountKeyID = &r.AccountKeyID.Value
		}
		if r.SendsPerDay.Set && !r.SendsPerDay.Null {
			l.SendsPerDay = &r.SendsPerDay.Value
		}
		out = append(out, l)
	}
	return out
}

func viewOfSecret(s Secret) secretView {
	return secretView{ID: s.ID, Hint: s.Hint, CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, LastUsedAt: s.LastUsedAt}
}

// @Summary   List API clients, newest first
// @Description  Of their secrets it tells a hint, when they expire and when they were last used.
// @ID        listApiClients
// @Tags      API clients
// @Security  ApiClient[api-clients:write]
// @Param     limit   query  int     false  "At most this many"  minimum(1) maximum(200) default(50)
// @Param     cursor  query  string  false  "nextCursor of the page before"
// @Success   200  {object}  clientPage
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/api-clients [get]
func (a *API) list(c echo.Context) error {
	r, err := httpapi.Page(c)
	if err != nil {
		return err
	}
	rows, err := a.Service.List(c.Request().Context(), r)
	if err != nil {
		return err
	}
	caller, _ := auth.From(c.Request().Context())
	view := func(row Client) clientView { return viewOf(row, caller) }
	return c.JSON(http.StatusOK, clientPage(page.Cut(rows, r.Limit, func(c Client) string { return c.ID }, view)))
}

// @Summary   Create an API client
// @Description  The answer holds its first secret, which is never shown again.
// @Description  A leash bounds what it may do with an account key, within its permissions; without one, everything they allow.
// @ID        createApiClient
// @Tags      API clients
// @Security  ApiClient[api-clients:write]
// @Param     body  body  createRequest  true  "The API client to create"
// @Success   201  {object}  createdView
// @Header    201  {string}  Location  "Where the API client is"
// @Header    201  {string}  ETag      "Its version"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/api-clients [post]
func (a *API) create(c echo.Context) error {
	in, err := httpapi.Bind[createRequest](c)
	if err != nil {
		return err
	}
	made, plain, err := a.Service.Create(c.Request().Context(), Input{
		Name: in.Name, Description: in.Description, Permissions: in.Permissions,
		AllAccountKeys: in.AllAccountKeys, AccountKeyIDs: in.AccountKeyIDs,
		Leashes: leashInputs(in.Leashes), RateLimit: in.RateLimit,
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, httpapi.BasePath+"/api-clients/"+made.ID)
	httpapi.SetETag(c, made.Version)
	caller, _ := auth.From(c.Request().Context())
	return c.JSON(http.StatusCreated, createdView{clientView: viewOf(made, caller), Secret: plain.Reveal()})
}

// @Summary   Get an API client
// @Description  Of its account keys it lists those that the caller may use too.
// @ID        getApiClient
// @Tags      API clients
// @Security  ApiClient[api-clients:write]
// @Param     id  path  string  true  "The API client's id"
// @Success   200  {object}  clientView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such API client"
// @Router    /api/v1/api-clients/{id} [get]
func (a *API) get(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	client, err := a.Service.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return reply(c, client)
}

func reply(c echo.Context, client Client) error {
	caller, _ := auth.From(c.Request().Context())
	httpapi.SetETag(c, client.Version)
	return c.JSON(http.StatusOK, viewOf(client, caller))
}

// @Summary   Change an API client
// @Description  What is taken away counts from the next request, also for tokens already issued.
// @ID        updateApiClient
// @Tags      API clients
// @Security  ApiClient[api-clients:write]
// @Param     id        path    string        true   "The API client's id"
// @Param     If-Match  header  string        false  "The ETag that was read"
// @Param     body      body    patchRequest  true   "What to change"
// @Success   200  {object}  clientView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such API client"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/api-clients/{id} [patch]
func (a *API) update(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.Bind[patchRequest](c)
	if err != nil {
		return err
	}
	client, err := a.Service.Update(c.Request().Context(), id, httpapi.IfMatch(c), in.change)
	if err != nil {
		return err
	}
	return reply(c, client)
}

func (in patchRequest) change(to *Input) {
	assign(&to.Name, in.Name)
	assign(&to.Description, in.Description)
	assign(&to.Permissions, in.Permissions)
	assign(&to.AllAccountKeys, in.AllAccountKeys)
	assign(&to.Disabled, in.Disabled)
	if in.AllAccountKeys != nil && *in.AllAccountKeys && in.AccountKeyIDs == nil {
		to.AccountKeyIDs = nil // all of them replaces the list
	}
	assign(&to.AccountKeyIDs, in.AccountKeyIDs)
	if in.Leashes != nil {
		to.Leashes = leashInputs(*in.Leashes)
	}
	if in.RateLimit.Set {
		to.RateLimit = nil
		if !in.RateLimit.Null {
			to.RateLimit = &in.RateLimit.Value
		}
	}
}

func assign[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// @Summary   Delete an API client
// @Description  Its secrets and the tokens that it holds are refused within a second.
// @ID        deleteApiClient
// @Tags      API clients
// @Security  ApiClient[api-clients:write]
// @Param     id        path    string  true   "The API client's id"
// @Param     If-Match  header  string  false  "The ETag that was read"
// @Success   204  "Deleted"
// @Failure   404  "No such API client"
// @Router    /api/v1/api-clients/{id} [delete]
func (a *API) delete(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	if err := a.Service.Delete(c.Request().Context(), id, httpapi.IfMatch(c)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// @Summary   Give an API client another secret
// @Description  At most two are good at a time, so that one can be replaced without a pause.
// @ID        createApiClientSecret
// @Tags      API clients
// @Security  ApiClient[api-clients:write]
// @Param     id    path  string         true  "The API client's id"
// @Param     body  body  secretRequest  true  "How long it is good"
// @Success   201  {object}  secretCreatedView
// @Failure   404  "No such API client"
// @Failure   409  "It has two secrets already: code too_many_secrets"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/api-clients/{id}/secrets [post]
func (a *API) addSecret(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.Bind[secretRequest](c)
	if err != nil {
		return err
	}
	row, plain, err := a.Service.AddSecret(c.Request().Context(), id, in.ExpiresAt)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, secretCreatedView{secretView: viewOfSecret(row), Secret: plain.Reveal()})
}

// @Summary   Remove a secret of an API client
// @Description  The client's other secret, if it has one, stays good.
// @ID        deleteApiClientSecret
// @Tags      API clients
// @Security  ApiClient[api-clients:write]
// @Param     id   path  string  true  "The API client's id"
// @Param     sid  path  string  true  "The secret's id"
// @Success   204  "Removed"
// @Failure   404  "No such secret"
// @Router    /api/v1/api-clients/{id}/secrets/{sid} [delete]
func (a *API) removeSecret(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	secretID, err := httpapi.PathID(c, "sid")
	if err != nil {
		return err
	}
	if err := a.Service.RemoveSecret(c.Request().Context(), id, secretID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
