package user

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

type setupRequest struct {
	SetupCode secret.String `json:"setupCode" validate:"required" swaggertype:"string" example:"7KQ2-M4TX-9DPA"` // Printed when the server starts
	Email     string        `json:"email" validate:"required" maxLength:"254" example:"mara@fabrikam.example"`
	Name      string        `json:"name" validate:"required" maxLength:"100" example:"Mara Lind"`
	Password  secret.String `json:"password" validate:"required" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"`
} // @name Setup

type signInRequest struct {
	Email    string        `json:"email" validate:"required" example:"mara@fabrikam.example"`
	Password secret.String `json:"password" validate:"required" swaggertype:"string" format:"password"`
} // @name SignIn

type passwordRequest struct {
	CurrentPassword secret.String `json:"currentPassword" validate:"required" swaggertype:"string" format:"password"`
	NewPassword     secret.String `json:"newPassword" validate:"required" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"`
} // @name PasswordChange

type sessionView struct {
	User        userView          `json:"user" validate:"required"`
	Permissions []auth.Permission `json:"permissions" validate:"required"`
	ExpiresAt   time.Time         `json:"expiresAt" validate:"required"` // When it ends unless it is used
} // @name Session

// open hands the browser a session that has just begun.
func (a *API) open(c echo.Context, status int, s SignedIn) error {
	c.SetCookie(a.cookie(s.Token.Reveal(), int(a.Service.MaxAge.Seconds())))
	return c.JSON(status, sessionOf(s))
}

func (a *API) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure is set wherever there is https
		Name: a.CookieName, Value: value, Path: "/", MaxAge: maxAge,
		Secure: a.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

func sessionOf(s SignedIn) sessionView {
	return sessionView{User: viewOf(s.User), Permissions: s.User.Role.Permissions(), ExpiresAt: s.Session.EndsAt()}
}

// @Summary   Set the server up
// @Description  Makes the first admin and signs them in. The server prints the set-up code when it starts.
// @ID        setup
// @Tags      Session
// @Param     body  body  setupRequest  true  "The set-up code and the first admin"
// @Success   201  {object}  sessionView
// @Header    201  {string}  Set-Cookie  "The session"
// @Failure   403  "The set-up code is wrong (invalid_setup_code)"
// @Failure   409  "The server is set up already (already_set_up)"
// @Failure   422  "A field is wrong"
// @Failure   503  "Many passwords are being checked at this moment"
// @Router    /api/v1/setup [post]
func (a *API) setup(c echo.Context) error {
	in, err := httpapi.Bind[setupRequest](c)
	if err != nil {
		return err
	}
	r := c.Request()
	s, err := a.Service.Setup(r.Context(), in.SetupCode, in.Email, in.Name, in.Password, r.UserAgent())
	if err != nil {
		return err
	}
	return a.open(c, http.StatusCreated, s)
}

// @Summary   Sign in
// @ID        signIn
// @Tags      Session
// @Param     body  body  signInRequest  true  "Who you are"
// @Success   200  {object}  sessionView
// @Header    200  {string}  Set-Cookie  "The session"
// @Failure   401  "The email address or the password is wrong (invalid_credentials)"
// @Failure   429  "Too many attempts from here with this email address"
// @Failure   503  "Many passwords are being checked at this moment"
// @Router    /api/v1/session [post]
func (a *API) signIn(c echo.Context) error {
	in, err := httpapi.Bind[signInRequest](c)
	if err != nil {
		return err
	}
	r := c.Request()
	s, err := a.Service.SignIn(r.Context(), in.Email, in.Password, r.UserAgent())
	if err != nil {
		return err
	}
	return a.open(c, http.StatusOK, s)
}

// @Summary   Who am I
// @ID        getSession
// @Tags      Session
// @Security  Session
// @Success   200  {object}  sessionView
// @Failure   401  "Nobody is signed in"
// @Router    /api/v1/session [get]
func (a *API) session(c echo.Context) error {
	s, err := a.Service.Current(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, sessionOf(s))
}

// @Summary   Sign out
// @ID        signOut
// @Tags      Session
// @Security  Session
// @Success   204  "Signed out"
// @Router    /api/v1/session [delete]
func (a *API) signOut(c echo.Context) error {
	if err := a.Service.SignOut(c.Request().Context()); err != nil {
		return err
	}
	c.SetCookie(a.cookie("", -1))
	return c.NoContent(http.StatusNoContent)
}

// @Summary   Change your own password
// @Description  Your other sessions end.
// @ID        changePassword
// @Tags      Session
// @Security  Session
// @Param     body  body  passwordRequest  true  "The current password and the new one"
// @Success   204  "Changed"
// @Failure   422  "A field is wrong"
// @Failure   429  "Too many attempts with a wrong current password"
// @Failure   503  "Many passwords are being checked at this moment"
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
