package user

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// API serves people, their sessions and the set-up.
type API struct {
	Service    *Service
	CookieName string // of the session's cookie: httpapi.Server.SessionCookieName
	Secure     bool   // browsers reach us by https
}

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	// Nobody can be signed in before there is anybody; the set-up code is the credential.
	r.Public(http.MethodPost, "/setup", a.setup)
	// Signing in is how one stops being anybody.
	r.Public(http.MethodPost, "/session", a.signIn)
	r.People(http.MethodGet, "/session", "", a.session)
	r.People(http.MethodDelete, "/session", "", a.signOut)
	r.People(http.MethodPost, "/session/password", "", a.changePassword)
	r.GET("/users", auth.UsersWrite, a.list)
	r.POST("/users", auth.UsersWrite, a.create)
	r.GET("/users/:id", auth.UsersWrite, a.get)
	r.PATCH("/users/:id", auth.UsersWrite, a.update)
	r.DELETE("/users/:id", auth.UsersWrite, a.delete)
}

type createRequest struct {
	Email    string        `json:"email" validate:"required" maxLength:"254" example:"mara@fabrikam.example"`
	Name     string        `json:"name" validate:"required" maxLength:"100" example:"Mara Lind"`
	Role     auth.Role     `json:"role" validate:"required"`
	Password secret.String `json:"password" validate:"required" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"` // Write-only
} // @name UserCreate

type patchRequest struct {
	Name     *string    `json:"name,omitempty" maxLength:"100"`
	Role     *auth.Role `json:"role,omitempty"`
	Disabled *bool      `json:"disabled,omitempty"` // A disabled person is signed out and cannot sign in
} // @name UserPatch

type userView struct {
	ID           string     `json:"id" validate:"required"`
	Email        string     `json:"email" validate:"required" example:"mara@fabrikam.example"`
	Name         string     `json:"name" validate:"required" example:"Mara Lind"`
	Role         auth.Role  `json:"role" validate:"required"`
	Disabled     bool       `json:"disabled" validate:"required"`
	CreatedAt    time.Time  `json:"createdAt" validate:"required"`
	UpdatedAt    time.Time  `json:"updatedAt" validate:"required"`
	LastSignInAt *time.Time `json:"lastSignInAt" validate:"required"`
} // @name User

type userPage page.Page[userView] // @name UserPage

func viewOf(u User) userView {
	return userView{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, Disabled: u.Disabled,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, LastSignInAt: u.LastSignInAt,
	}
}

func reply(c echo.Context, status int, u User) error {
	httpapi.SetETag(c, u.Version)
	return c.JSON(status, viewOf(u))
}

// @Summary   Add a person
// @Description  Give them the password yourself; they can change it once signed in.
// @ID        createUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     body  body  createRequest  true  "The person to add"
// @Success   201  {object}  userView
// @Header    201  {string}  Location  "Where the person is"
// @Header    201  {string}  ETag      "Its version"
// @Failure   409  "Somebody with this email address exists (email_taken)"
// @Failure   422  "A field is wrong"
// @Failure   503  "Many passwords are being checked at this moment"
// @Router    /api/v1/users [post]
func (a *API) create(c echo.Context) error {
	in, err := httpapi.Bind[createRequest](c)
	if err != nil {
		return err
	}
	u, err := a.Service.CreateUser(c.Request().Context(), in.Email, in.Name, in.Role, in.Password)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, httpapi.BasePath+"/users/"+u.ID)
	return reply(c, http.StatusCreated, u)
}

// @Summary   List people, newest first
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
	id := func(u User) string { return u.ID }
	return c.JSON(http.StatusOK, userPage(page.Cut(rows, r.Limit, id, viewOf)))
}

// @Summary   Get a person
// @ID        getUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id  path  string  true  "The person's id"
// @Success   200  {object}  userView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "Nobody has this id"
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

// @Summary   Change a person's name or role, or disable them
// @Description  A change works from the person's next request on.
// @ID        updateUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id        path    string        true   "The person's id"
// @Param     If-Match  header  string        false  "The ETag that was read"
// @Param     body      body    patchRequest  true   "What to change"
// @Success   200  {object}  userView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "Nobody has this id"
// @Failure   409  "This is the last admin (last_admin)"
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
// @Description  They are signed out at once. What they did stays in the audit log.
// @ID        deleteUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id        path    string  true   "The person's id"
// @Param     If-Match  header  string  false  "The ETag that was read"
// @Success   204  "Removed"
// @Failure   404  "Nobody has this id"
// @Failure   409  "This is the last admin (last_admin)"
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
