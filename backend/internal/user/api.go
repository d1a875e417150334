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

// API serves set-up, sessions and people.
type API struct {
	Service    *Service
	CookieName string
	Secure     bool // whether browsers reach us by https
}

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	// Public: there is nobody yet. The set-up code is the credential, and works once.
	r.Public(http.MethodPost, "/setup", a.setup)
	// Public: address and password are the credential.
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

type setupRequest struct {
	SetupCode secret.String `json:"setupCode" validate:"required" swaggertype:"string" example:"7KQM-2XDR-9HTB"`
	Email     string        `json:"email" validate:"required" example:"ada@example.com"`
	Name      string        `json:"name" validate:"required" example:"Ada Lovelace"`
	Password  secret.String `json:"password" validate:"required" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"`
} // @name SetupRequest

type signInRequest struct {
	Email    string        `json:"email" validate:"required" example:"ada@example.com"`
	Password secret.String `json:"password" validate:"required" swaggertype:"string" format:"password"`
} // @name SignInRequest

type passwordRequest struct {
	CurrentPassword secret.String `json:"currentPassword" validate:"required" swaggertype:"string" format:"password"`
	NewPassword     secret.String `json:"newPassword" validate:"required" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"`
} // @name PasswordChange

type createRequest struct {
	Email    string        `json:"email" validate:"required" example:"grace@example.com"`
	Name     string        `json:"name" validate:"required" example:"Grace Hopper"`
	Role     auth.Role     `json:"role" validate:"required"`
	Password secret.String `json:"password" validate:"required" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"`
} // @name UserCreate

type patchRequest struct {
	Name     *string    `json:"name,omitempty" maxLength:"100"`
	Role     *auth.Role `json:"role,omitempty"`
	Disabled *bool      `json:"disabled,omitempty"`
} // @name UserPatch

type userView struct {
	ID           string     `json:"id" validate:"required"`
	Email        string     `json:"email" validate:"required"`
	Name         string     `json:"name" validate:"required"`
	Role         auth.Role  `json:"role" validate:"required"`
	Disabled     bool       `json:"disabled" validate:"required"`
	CreatedAt    time.Time  `json:"createdAt" validate:"required"`
	UpdatedAt    time.Time  `json:"updatedAt" validate:"required"`
	LastSignInAt *time.Time `json:"lastSignInAt" validate:"required"`
} // @name User

type userPage page.Page[userView] // @name UserPage

type sessionView struct {
	User        userView          `json:"user" validate:"required"`
	Permissions []auth.Permission `json:"permissions" validate:"required"`
	ExpiresAt   time.Time         `json:"expiresAt" validate:"required"`
} // @name Session

func viewOf(u User) userView {
	return userView{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, Disabled: u.Disabled,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, LastSignInAt: u.LastSignInAt,
	}
}

func sessionOf(u User, s Session) sessionView {
	return sessionView{User: viewOf(u), Permissions: u.Role.Permissions(), ExpiresAt: s.ExpiresAt}
}

// @Summary   Make the first administrator
// @ID        setUp
// @Tags      People
// @Param     body  body  setupRequest  true  "The set-up code that the server printed, and who you are"
// @Success   201  {object}  sessionView
// @Failure   403  "Not the set-up code: code invalid_setup_code"
// @Failure   409  "There is an administrator already: code already_set_up"
// @Failure   422  "A field is wrong"
// @Failure   429  "Too many attempts"
// @Router    /api/v1/setup [post]
func (a *API) setup(c echo.Context) error {
	in, err := httpapi.Bind[setupRequest](c)
	if err != nil {
		return err
	}
	made, err := a.Service.Setup(c.Request().Context(), in.SetupCode,
		Input{Email: in.Email, Name: in.Name, Password: in.Password}, c.Request().UserAgent())
	if err != nil {
		return err
	}
	a.setCookie(c, made.Token.Reveal(), made.Session.ExpiresAt)
	return c.JSON(http.StatusCreated, sessionOf(made.User, made.Session))
}

// @Summary   Sign in
// @ID        signIn
// @Tags      People
// @Param     body  body  signInRequest  true  "Address and password"
// @Success   200  {object}  sessionView
// @Failure   401  "Address or password is wrong: code invalid_credentials"
// @Failure   429  "Too many attempts"
// @Router    /api/v1/session [post]
func (a *API) signIn(c echo.Context) error {
	in, err := httpapi.Bind[signInRequest](c)
	if err != nil {
		return err
	}
	made, err := a.Service.SignIn(c.Request().Context(), in.Email, in.Password, c.Request().UserAgent())
	if err != nil {
		return err
	}
	a.setCookie(c, made.Token.Reveal(), made.Session.ExpiresAt)
	return c.JSON(http.StatusOK, sessionOf(made.User, made.Session))
}

// setCookie hands the session to the browser: no script can read it, no other site can send it.
func (a *API) setCookie(c echo.Context, value string, expires time.Time) {
	cookie := &http.Cookie{ //nolint:gosec // Secure follows the public URL
		Name: a.CookieName, Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}

// @Summary   Who is signed in
// @ID        getSession
// @Tags      People
// @Security  Session
// @Success   200  {object}  sessionView
// @Router    /api/v1/session [get]
func (a *API) session(c echo.Context) error {
	u, s, err := a.Service.Current(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, sessionOf(u, s))
}

// @Summary   Sign out
// @ID        signOut
// @Tags      People
// @Security  Session
// @Success   204  "Signed out"
// @Router    /api/v1/session [delete]
func (a *API) signOut(c echo.Context) error {
	if err := a.Service.SignOut(c.Request().Context()); err != nil {
		return err
	}
	a.setCookie(c, "", time.Time{})
	return c.NoContent(http.StatusNoContent)
}

// @Summary   Change one's own password
// @Description  Ends all other sessions of the person.
// @ID        changePassword
// @Tags      People
// @Security  Session
// @Param     body  body  passwordRequest  true  "The present and the new password"
// @Success   204  "Changed"
// @Failure   422  "A field is wrong"
// @Failure   429  "Too many attempts"
// @Router    /api/v1/session/password [post]
func (a *API) changePassword(c echo.Context) error {
	in, err := httpapi.Bind[passwordRequest](c)
	if err != nil {
		return err
	}
	if err := a.Service.ChangeOwnPassword(c.Request().Context(), in.CurrentPassword, in.NewPassword); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
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
	return c.JSON(http.StatusOK, userPage(page.Cut(rows, r.Limit, func(u User) string { return u.ID }, viewOf)))
}

// @Summary   Add a person
// @ID        createUser
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     body  body  createRequest  true  "The person to add"
// @Success   201  {object}  userView
// @Header    201  {string}  Location  "Where the person is"
// @Header    201  {string}  ETag      "Its version"
// @Failure   409  "Another person has the address: code email_taken"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/users [post]
func (a *API) create(c echo.Context) error {
	in, err := httpapi.Bind[createRequest](c)
	if err != nil {
		return err
	}
	u, err := a.Service.Create(c.Request().Context(), Input(in))
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, httpapi.BasePath+"/users/"+u.ID)
	return reply(c, http.StatusCreated, u)
}

func reply(c echo.Context, status int, u User) error {
	httpapi.SetETag(c, u.Version)
	return c.JSON(status, viewOf(u))
}

// @Summary   Get a person
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
// @Description  Disabling a person ends their sessions.
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
