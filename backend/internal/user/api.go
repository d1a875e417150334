package user

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// API serves set-up, sessions and people.
type API struct {
	Service       *Service
	SessionCookie string // its name
	DeviceCookie  string // its name
	Secure        bool   // whether browsers reach us by https
}

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	// Public: there is nobody yet. The set-up code is the credential, and works once.
	r.Public(http.MethodPost, "/setup", a.setup)
	// Public: address and password are the credential.
	r.Public(http.MethodPost, "/session", a.signIn)
	// Public: whoever was sent the link has no password yet. The link's secret is the credential.
	r.Public(http.MethodPost, "/invitations/inspect", a.inspect)
	r.Public(http.MethodPost, "/invitations/accept", a.accept)
	r.People(http.MethodGet, "/session", "", a.session)
	r.People(http.MethodDelete, "/session", "", a.signOut)
	r.People(http.MethodPost, "/session/password", "", a.changePassword)
	r.People(http.MethodGet, "/sessions", "", a.sessions)
	r.People(http.MethodDelete, "/sessions", "", a.endOtherSessions)
	r.People(http.MethodDelete, "/sessions/:id", "", a.endSession)
	r.GET("/users", auth.UsersWrite, a.list)
	r.POST("/users", auth.UsersWrite, a.create)
	r.GET("/users/:id", auth.UsersWrite, a.get)
	r.PATCH("/users/:id", auth.UsersWrite, a.update)
	r.DELETE("/users/:id", auth.UsersWrite, a.delete)
	r.DELETE("/users/:id/sessions", auth.UsersWrite, a.endSessionsOf)
	r.POST("/users/:id/invitation", auth.UsersWrite, a.invite)
	r.POST("/users/:id/password-reset", auth.UsersWrite, a.offerPasswordReset)
}

type createRequest struct {
	Email    string         `json:"email" validate:"required" example:"grace@example.com"`
	Name     string         `json:"name" validate:"required" example:"Grace Hopper"`
	Role     auth.Role      `json:"role" validate:"required"`
	Password *secret.String `json:"password,omitempty" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"` // For scripts; left out, the person chooses it by the link in the answer
} // @name UserCreate

type patchRequest struct {
	Name     *string    `json:"name,omitempty" maxLength:"100"`
	Role     *auth.Role `json:"role,omitempty"`
	Disabled *bool      `json:"disabled,omitempty"`
} // @name UserPatch

type userView struct {
	ID            string     `json:"id" validate:"required"`
	Email         string     `json:"email" validate:"required"`
	Name          string     `json:"name" validate:"required"`
	Role          auth.Role  `json:"role" validate:"required"`
	Status        Status     `json:"status" validate:"required"`
	Disabled      bool       `json:"disabled" validate:"required"`
	LinkExpiresAt *time.Time `json:"linkExpiresAt" validate:"required"` // Of the last one-time link, until it is used
	CreatedAt     time.Time  `json:"createdAt" validate:"required"`
	UpdatedAt     time.Time  `json:"updatedAt" validate:"required"`
	LastSignInAt  *time.Time `json:"lastSignInAt" validate:"required"`
} // @name User

type createdView struct {
	userView
	Invitation *linkView `json:"invitation" validate:"required"` // Shown this once; null with an initial password
} // @name UserCreated

type userPage page.Page[userView] // @name UserPage

func viewOf(u User) userView {
	return userView{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, Status: u.Status(), Disabled: u.Disabled, LinkExpiresAt: u.LinkExpiresAt,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, LastSignInAt: u.LastSignInAt,
	}
}

// @Summary   List people, newest first
// @Description  Those who are invited or disabled are among them.
// @ID        listUsers
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     limit   query  int     false  "At most this many"  minimum(1) maximum(200) default(50)
// @Param     cursor  query  string  false  "nextCursor of the page before"
// @Success   200  {object}  userPage
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/users [get]
func (a *API) list(c echo.Context) error {
	r, err := httpapi.Page(c)
	if err != nil {
		return err
	}
	rows, err := a.Service.List(c.Request().Context(), r)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, userPage(page.Cut(rows, r.Limit, func(u User) string { return u.ID }, viewOf)))
}

// @Summary   Add a person
// @Description  The answer holds a one-time link for them, by which they choose their password. Only its hash is kept.
// @Description  A script may give an initial password instead: then there is no link, and they can sign in at once.
// @ID        createUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     body  body  createRequest  true  "The person to add"
// @Success   201  {object}  createdView
// @Header    201  {string}  Location  "Where the person is"
// @Header    201  {string}  ETag      "Its version"
// @Failure   409  "Another person has the address: code email_taken"
// @Failure   422  "A field is wrong"
// @Failure   503  "Many people are signing in at this moment: code sign_in_busy"
// @Router    /api/v1/users [post]
func (a *API) create(c echo.Context) error {
	in, err := httpapi.Bind[createRequest](c)
	if err != nil {
		return err
	}
	made, err := a.Service.Create(c.Request().Context(), Input(in))
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, httpapi.BasePath+"/users/"+made.User.ID)
	httpapi.SetETag(c, made.User.Version)
	v := createdView{userView: viewOf(made.User)}
	if made.Link != nil {
		link := linkViewOf(*made.Link)
		v.Invitation = &link
	}
	return c.JSON(http.StatusCreated, v)
}

func reply(c echo.Context, status int, u User) error {
	httpapi.SetETag(c, u.Version)
	return c.JSON(status, viewOf(u))
}

// @Summary   Get a person
// @Description  The status tells whether they have chosen a password yet, or are disabled.
// @ID        getUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id  path  string  true  "The person's id"
// @Success   200  {object}  userView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such person"
// @Router    /api/v1/users/{id} [get]
func (a *API) get(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	u, err := a.Service.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, u)
}

// @Summary   Change a person
// @Description  Disabling a person ends their sessions and their open link.
// @ID        updateUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id        path    string        true   "The person's id"
// @Param     If-Match  header  string        false  "The ETag that was read"
// @Param     body      body    patchRequest  true   "What to change"
// @Success   200  {object}  userView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such person"
// @Failure   409  "The last administrator: code last_admin"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/users/{id} [patch]
func (a *API) update(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.Bind[patchRequest](c)
	if err != nil {
		return err
	}
	u, err := a.Service.Update(c.Request().Context(), id, Patch(in), httpapi.IfMatch(c))
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, u)
}

// @Summary   Remove a person
// @Description  Their sessions end. What they did stays in the audit log, under their name.
// @ID        deleteUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id        path    string  true   "The person's id"
// @Param     If-Match  header  string  false  "The ETag that was read"
// @Success   204  "Removed"
// @Failure   404  "No such person"
// @Failure   409  "The last administrator: code last_admin"
// @Router    /api/v1/users/{id} [delete]
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

// @Summary   Sign a person out everywhere
// @Description  They may sign in again; disable them to prevent that.
// @ID        endUserSessions
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id  path  string  true  "The person's id"
// @Success   204  "Signed out"
// @Failure   404  "No such person"
// @Router    /api/v1/users/{id}/sessions [delete]
func (a *API) endSessionsOf(c echo.Context) error { return noContent(c, a.Service.EndSessionsOf) }

// noContent does something with what the path names, and has nothing to tell of it.
func noContent(c echo.Context, do func(ctx context.Context, id string) error) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
