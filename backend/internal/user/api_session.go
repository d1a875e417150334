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

type sessionView struct {
	User        userView          `json:"user" validate:"required"`
	Permissions []auth.Permission `json:"permissions" validate:"required"`
	ExpiresAt   time.Time         `json:"expiresAt" validate:"required"`
} // @name Session

type sessionItem struct {
	ID         string    `json:"id" validate:"required"`
	Current    bool      `json:"current" validate:"required"` // The one that asks
	IP         string    `json:"ip" validate:"required"`
	UserAgent  string    `json:"userAgent" validate:"required"`
	CreatedAt  time.Time `json:"createdAt" validate:"required"`
	LastSeenAt time.Time `json:"lastSeenAt" validate:"required"` // To the minute
	ExpiresAt  time.Time `json:"expiresAt" validate:"required"`  // If it is not used again
} // @name SessionInfo

type sessionPage page.Page[sessionItem] // @name SessionPage

func sessionOf(u User, s Session) sessionView {
	return sessionView{User: viewOf(u), Permissions: u.Role.Permissions(), ExpiresAt: s.ExpiresAt}
}

// @Summary   Make the first administrator
// @Description  The server prints the set-up code at its first start; it works once. The new administrator is signed in.
// @ID        setUp
// @Tags      People
// @Param     body  body  setupRequest  true  "The set-up code that the server printed, and who you are"
// @Success   201  {object}  sessionView
// @Failure   403  "Not the set-up code: code invalid_setup_code"
// @Failure   409  "There is an administrator already: code already_set_up"
// @Failure   422  "A field is wrong"
// @Failure   429  "Too many attempts have failed: code too_many_attempts"
// @Failure   503  "Many people are signing in at this moment: code sign_in_busy"
// @Router    /api/v1/setup [post]
func (a *API) setup(c echo.Context) error {
	in, err := httpapi.Bind[setupRequest](c)
	if err != nil {
		return err
	}
	made, err := a.Service.Setup(c.Request().Context(), in.SetupCode,
		Input{Email: in.Email, Name: in.Name, Password: &in.Password}, a.browser(c))
	if err != nil {
		return err
	}
	return a.signedIn(c, http.StatusCreated, made)
}

// @Summary   Sign in
// @Description  The browser gets a second cookie, by which it is known: failed attempts elsewhere can't keep it from signing in.
// @ID        signIn
// @Tags      People
// @Param     body  body  signInRequest  true  "Address and password"
// @Success   200  {object}  sessionView
// @Failure   401  "Address or password is wrong: code invalid_credentials"
// @Failure   429  "Too many attempts have failed: code too_many_attempts"
// @Failure   503  "Many people are signing in at this moment: code sign_in_busy"
// @Router    /api/v1/session [post]
func (a *API) signIn(c echo.Context) error {
	in, err := httpapi.Bind[signInRequest](c)
	if err != nil {
		return err
	}
	made, err := a.Service.SignIn(c.Request().Context(), in.Email, in.Password, a.browser(c))
	if err != nil {
		return err
	}
	return a.signedIn(c, http.StatusOK, made)
}

// browser is what the request tells of the browser it came from.
func (a *API) browser(c echo.Context) Browser {
	return Browser{UserAgent: c.Request().UserAgent(), Device: cookie(c, a.DeviceCookie), Session: cookie(c, a.SessionCookie)}
}

func cookie(c echo.Context, name string) secret.String {
	found, err := c.Cookie(name)
	if err != nil {
		return secret.String{}
	}
	return secret.New(found.Value)
}

// signedIn answers with a new session.
func (a *API) signedIn(c echo.Context, status int, made SignedIn) error {
	a.setCookie(c, a.SessionCookie, made.Token.Reveal(), made.Session.ExpiresAt)
	a.setCookie(c, a.DeviceCookie, made.Device.Reveal(), made.Session.CreatedAt.Add(a.Service.DeviceLifetime))
	return c.JSON(status, sessionOf(made.User, made.Session))
}

// setCookie hands a value to the browser: no script can read it, no other site can send it.
func (a *API) setCookie(c echo.Context, name, value string, expires time.Time) {
	cookie := &http.Cookie{ //nolint:gosec // Secure follows the public URL
		Name: name, Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}

// @Summary   Who is signed in
// @Description  Tells the person, what they may do, and when the session ends.
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
// @Description  Ends the session that the request comes with, and removes its cookie.
// @ID        signOut
// @Tags      People
// @Security  Session
// @Success   204  "Signed out"
// @Router    /api/v1/session [delete]
func (a *API) signOut(c echo.Context) error {
	if err := a.Service.SignOut(c.Request().Context()); err != nil {
		return err
	}
	a.setCookie(c, a.SessionCookie, "", time.Time{})
	return c.NoContent(http.StatusNoContent)
}

// @Summary   Change one's own password
// @Description  Ends all other sessions of the person, and any open link to choose a password.
// @ID        changePassword
// @Tags      People
// @Security  Session
// @Param     body  body  passwordRequest  true  "The present and the new password"
// @Success   204  "Changed"
// @Failure   422  "A field is wrong"
// @Failure   429  "Too many attempts have failed: code too_many_attempts"
// @Failure   503  "Many people are signing in at this moment: code sign_in_busy"
// @Router    /api/v1/session/password [post]
func (a *API) changePassword(c echo.Context) error {
	in, err := httpapi.Bind[passwordRequest](c)
	if err != nil {
		return err
	}
	if err := a.Service.ChangeOwnPassword(c.Request().Context(), in.CurrentPassword, in.NewPassword, a.browser(c)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// @Summary   List one's own sessions, newest first
// @Description  The session that asks is marked as the current one.
// @ID        listSessions
// @Tags      People
// @Security  Session
// @Param     limit   query  int     false  "At most this many"  minimum(1) maximum(200) default(50)
// @Param     cursor  query  string  false  "nextCursor of the page before"
// @Success   200  {object}  sessionPage
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/sessions [get]
func (a *API) sessions(c echo.Context) error {
	r, err := httpapi.Page(c)
	if err != nil {
		return err
	}
	rows, err := a.Service.Sessions(c.Request().Context(), r)
	if err != nil {
		return err
	}
	self, _ := auth.From(c.Request().Context())
	return c.JSON(http.StatusOK, sessionPage(page.Cut(rows, r.Limit, func(s Session) string { return s.ID }, func(s Session) sessionItem {
		return sessionItem{
			ID: s.ID, Current: s.ID == self.SessionID, IP: s.IP, UserAgent: s.UserAgent,
			CreatedAt: s.CreatedAt, LastSeenAt: s.SeenAt, ExpiresAt: s.EndsAt(),
		}
	})))
}

// @Summary   Sign out everywhere else
// @Description  Ends all sessions of the person but the one that asks.
// @ID        endOtherSessions
// @Tags      People
// @Security  Session
// @Success   204  "Signed out"
// @Router    /api/v1/sessions [delete]
func (a *API) endOtherSessions(c echo.Context) error {
	if err := a.Service.EndOtherSessions(c.Request().Context()); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// @Summary   End one of one's own sessions
// @Description  The browser that has it is signed out.
// @ID        endSession
// @Tags      People
// @Security  Session
// @Param     id  path  string  true  "The session's id"
// @Success   204  "Ended"
// @Failure   404  "No such session of this person"
// @Router    /api/v1/sessions/{id} [delete]
func (a *API) endSession(c echo.Context) error { return noContent(c, a.Service.EndSession) }
