package graphtarget

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/page"
)

// API serves targets.
type API struct {
	Service   *Service
	Caller    *Caller
	PublicURL string
}

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	r.GET("/targets", auth.TargetsRead, a.list)
	r.POST("/targets", auth.TargetsWrite, a.create)
	r.GET("/targets/:id", auth.TargetsRead, a.get)
	r.PATCH("/targets/:id", auth.TargetsWrite, a.update)
	r.DELETE("/targets/:id", auth.TargetsWrite, a.delete)
	r.POST("/targets/:id/validate", auth.TargetsWrite, a.validate)
	streams := r.Limited(httpapi.Limits{Streams: true})
	streams.GET("/targets/:id/graph/*", auth.GraphCall, a.callGet)
	streams.POST("/targets/:id/graph/*", auth.GraphCall, a.callPost)
	streams.PUT("/targets/:id/graph/*", auth.GraphCall, a.callPut)
	streams.PATCH("/targets/:id/graph/*", auth.GraphCall, a.callPatch)
	streams.DELETE("/targets/:id/graph/*", auth.GraphCall, a.callDelete)
	streams.GET("/targets/:id/uploads/:upload", auth.GraphCall, a.uploadGet)
	streams.PUT("/targets/:id/uploads/:upload", auth.GraphCall, a.uploadPut)
	streams.DELETE("/targets/:id/uploads/:upload", auth.GraphCall, a.uploadDelete)
}

type createRequest struct {
	Name           string      `json:"name" validate:"required" maxLength:"100" example:"Invoices"`
	Description    string      `json:"description,omitempty" maxLength:"1000"`
	AccountKeyID   string      `json:"accountKeyId" validate:"required"`
	APIVersion     *APIVersion `json:"apiVersion,omitempty" default:"v1.0"`
	BasePath       string      `json:"basePath,omitempty" example:"/me"`                                   // What calls begin with, below the version; all of Graph if left out
	AllowedMethods []string    `json:"allowedMethods,omitempty" example:"GET,POST"`                        // GET, POST, PUT, PATCH and DELETE if left out; HEAD goes with GET
	AllowedPaths   []string    `json:"allowedPaths,omitempty" example:"/me/messages/**,/me/mailFolders/*"` // Patterns below the version, base path included: * is one segment, ** at the end everything below and the path itself. Every path, /**, if left out
	FixedHeaders   []Header    `json:"fixedHeaders,omitempty"`                                             // Sent with every call, in place of the caller's
	TimeoutSeconds *int64      `json:"timeoutSeconds,omitempty" minimum:"1" maximum:"300" default:"60"`    // How long Graph may take to begin its answer
	Enabled        *bool       `json:"enabled,omitempty" default:"true"`                                   // A target that is switched off takes no calls
} // @name TargetCreate

type patchRequest struct {
	Name           *string     `json:"name,omitempty" maxLength:"100"`
	Description    *string     `json:"description,omitempty" maxLength:"1000"`
	AccountKeyID   *string     `json:"accountKeyId,omitempty"`
	APIVersion     *APIVersion `json:"apiVersion,omitempty"`
	BasePath       *string     `json:"basePath,omitempty" example:"/me"`
	AllowedMethods *[]string   `json:"allowedMethods,omitempty" example:"GET,POST"`
	AllowedPaths   *[]string   `json:"allowedPaths,omitempty" example:"/me/messages/**"`
	FixedHeaders   *[]Header   `json:"fixedHeaders,omitempty"`
	TimeoutSeconds *int64      `json:"timeoutSeconds,omitempty" minimum:"1" maximum:"300"`
	Enabled        *bool       `json:"enabled,omitempty"`
} // @name TargetPatch

type targetView struct {
	ID             string          `json:"id" validate:"required"`
	Name           string          `json:"name" validate:"required" example:"Invoices"`
	Description    string          `json:"description" validate:"required"`
	AccountKeyID   string          `json:"accountKeyId" validate:"required"`
	AccountKeyName string          `json:"accountKeyName" validate:"required" example:"Invoices mailbox"`
	APIVersion     APIVersion      `json:"apiVersion" validate:"required"`
	BasePath       string          `json:"basePath" validate:"required" example:"/me"`
	AllowedMethods []string        `json:"allowedMethods" validate:"required" example:"GET,POST"`
	AllowedPaths   []string        `json:"allowedPaths" validate:"required" example:"/me/messages/**"`
	FixedHeaders   []Header        `json:"fixedHeaders" validate:"required"`
	TimeoutSeconds int64           `json:"timeoutSeconds" validate:"required" example:"60"`
	Enabled        bool            `json:"enabled" validate:"required"`
	URL            string          `json:"url" validate:"required"` // Where calls go: what follows it is appended to the base path
	CreatedAt      time.Time       `json:"createdAt" validate:"required"`
	UpdatedAt      time.Time       `json:"updatedAt" validate:"required"`
	CreatedBy      audit.ActorView `json:"createdBy" validate:"required"`
} // @name Target

type targetPage page.Page[targetView] // @name TargetPage

func (a *API) viewOf(t Summary) targetView {
	return targetView{
		ID: t.ID, Name: t.Name, Description: t.Description, AccountKeyID: t.AccountKeyID, AccountKeyName: t.AccountKeyName,
		APIVersion: t.APIVersion, BasePath: t.BasePath, AllowedMethods: append([]string{}, t.AllowedMethods...),
		AllowedPaths: append([]string{}, t.AllowedPaths...), FixedHeaders: append([]Header{}, t.FixedHeaders...),
		TimeoutSeconds: t.TimeoutSeconds, Enabled: t.Enabled, URL: urlOf(a.PublicURL, t.ID), CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
		CreatedBy: audit.ActorView{Type: t.CreatedByType, ID: t.CreatedByID, Name: t.CreatedByName},
	}
}

// urlOf is where the calls of a target go.
func urlOf(publicURL, id string) string {
	return publicURL + httpapi.BasePath + "/targets/" + id + "/graph"
}

func (in createRequest) input() Input {
	out := Input{
		Name: in.Name, Description: in.Description, AccountKeyID: in.AccountKeyID, APIVersion: V1, BasePath: in.BasePath,
		AllowedMethods: defaultMethods(), AllowedPaths: []string{everyPath}, FixedHeaders: in.FixedHeaders,
		TimeoutSeconds: defaultTimeout, Enabled: true,
	}
	set(&out.APIVersion, in.APIVersion)
	if in.AllowedMethods != nil {
		out.AllowedMethods = in.AllowedMethods
	}
	if in.AllowedPaths != nil {
		out.AllowedPaths = in.AllowedPaths
	}
	set(&out.TimeoutSeconds, in.TimeoutSeconds)
	set(&out.Enabled, in.Enabled)
	return out
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

func (a *API) reply(c echo.Context, status int, t Summary) error {
	httpapi.SetETag(c, t.Version)
	return c.JSON(status, a.viewOf(t))
}

// @Summary   Create a target
// @Description  A target passes calls on to Microsoft Graph with an account key, within the bounds that it sets.
// @ID        createTarget
// @Tags      Targets
// @Security  ApiClient[targets:write]
// @Param     body  body  createRequest  true  "The target to create"
// @Success   201  {object}  targetView
// @Header    201  {string}  Location  "Where the target is"
// @Header    201  {string}  ETag      "Its version"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/targets [post]
func (a *API) create(c echo.Context) error {
	in, err := httpapi.Bind[createRequest](c)
	if err != nil {
		return err
	}
	t, err := a.Service.Create(c.Request().Context(), in.input())
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, httpapi.BasePath+"/targets/"+t.ID)
	return a.reply(c, http.StatusCreated, t)
}

// @Summary   List targets, newest first
// @Description  Each with what it allows. An API client sees those whose account key it may use.
// @ID        listTargets
// @Tags      Targets
// @Security  ApiClient[targets:read]
// @Param     limit         query  int     false  "At most this many"  minimum(1) maximum(200) default(50)
// @Param     cursor        query  string  false  "nextCursor of the page before"
// @Param     q             query  string  false  "Words that name, description or base path contain"
// @Param     accountKeyId  query  string  false  "Only targets that call with this account key"
// @Success   200  {object}  targetPage
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/targets [get]
func (a *API) list(c echo.Context) error {
	r, err := httpapi.Page(c)
	if err != nil {
		return err
	}
	rows, err := a.Service.List(c.Request().Context(), Filter{
		Query: c.QueryParam("q"), AccountKeyID: c.QueryParam("accountKeyId"), Page: r,
	})
	if err != nil {
		return err
	}
	id := func(t Summary) string { return t.ID }
	return c.JSON(http.StatusOK, targetPage(page.Cut(rows, r.Limit, id, a.viewOf)))
}

// @Summary   Get a target
// @Description  What it allows, and the version that a change must name.
// @ID        getTarget
// @Tags      Targets
// @Security  ApiClient[targets:read]
// @Param     id  path  string  true  "The target's id"
// @Success   200  {object}  targetView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such target"
// @Router    /api/v1/targets/{id} [get]
func (a *API) get(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	t, err := a.Service.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return a.reply(c, http.StatusOK, t)
}

// @Summary   Change a target
// @Description  Calls that begin afterwards go by the new values.
// @ID        updateTarget
// @Tags      Targets
// @Security  ApiClient[targets:write]
// @Param     id        path    string        true   "The target's id"
// @Param     If-Match  header  string        false  "The ETag that was read"
// @Param     body      body    patchRequest  true   "What to change"
// @Success   200  {object}  targetView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such target"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/targets/{id} [patch]
func (a *API) update(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.Bind[patchRequest](c)
	if err != nil {
		return err
	}
	t, err := a.Service.Update(c.Request().Context(), id, httpapi.IfMatch(c), in.apply)
	if err != nil {
		return err
	}
	return a.reply(c, http.StatusOK, t)
}

func (in patchRequest) apply(out *Input) {
	set(&out.Name, in.Name)
	set(&out.Description, in.Description)
	set(&out.AccountKeyID, in.AccountKeyID)
	set(&out.APIVersion, in.APIVersion)
	set(&out.BasePath, in.BasePath)
	set(&out.AllowedMethods, in.AllowedMethods)
	set(&out.AllowedPaths, in.AllowedPaths)
	set(&out.FixedHeaders, in.FixedHeaders)
	set(&out.TimeoutSeconds, in.TimeoutSeconds)
	set(&out.Enabled, in.Enabled)
}

// @Summary   Delete a target
// @Description  Calls under way come to their end.
// @ID        deleteTarget
// @Tags      Targets
// @Security  ApiClient[targets:write]
// @Param     id        path    string  true   "The target's id"
// @Param     If-Match  header  string  false  "The ETag that was read"
// @Success   204  "Deleted"
// @Failure   404  "No such target"
// @Router    /api/v1/targets/{id} [delete]
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
