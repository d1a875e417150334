package user

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

type linkView struct {
	URL       string    `json:"url" validate:"required" example:"https://latchkey.example.com/invitation#…"` // Shown this once
	ExpiresAt time.Time `json:"expiresAt" validate:"required"`
} // @name UserLink

type tokenRequest struct {
	Token secret.String `json:"token" validate:"required" swaggertype:"string"` // What follows # in the link
} // @name InvitationToken

type acceptRequest struct {
	Token    secret.String `json:"token" validate:"required" swaggertype:"string"` // What follows # in the link
	Password secret.String `json:"password" validate:"required" swaggertype:"string" format:"password" minLength:"12" maxLength:"128"`
} // @name InvitationAcceptance

type invitationView struct {
	Email     string    `json:"email" validate:"required"`
	Name      string    `json:"name" validate:"required"`
	Role      auth.Role `json:"role" validate:"required"`
	Status    Status    `json:"status" validate:"required"` // invited, or active when it resets a password
	SentBy    string    `json:"sentBy" validate:"required"`
	ExpiresAt time.Time `json:"expiresAt" validate:"required"`
} // @name Invitation

func linkViewOf(l Link) linkView { return linkView{URL: l.URL.Reveal(), ExpiresAt: l.ExpiresAt} }

// @Summary   Renew an invitation
// @Description  Makes a new one-time link for a person who has chosen no password yet. The older one ends.
// @ID        renewInvitation
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id  path  string  true  "The person's id"
// @Success   201  {object}  linkView
// @Failure   404  "No such person"
// @Failure   409  "The person has a password, or is disabled: code not_invited"
// @Router    /api/v1/users/{id}/invitation [post]
func (a *API) invite(c echo.Context) error { return offer(c, a.Service.Invite) }

// @Summary   Make a link to choose a new password
// @Description  For a person who has forgotten theirs, which stays good until the link is used. An older link ends.
// @ID        offerPasswordReset
// @Tags      People
// @Security  ApiClient[users:write]
// @Param     id  path  string  true  "The person's id"
// @Success   201  {object}  linkView
// @Failure   404  "No such person"
// @Failure   409  "The person has no password yet or is disabled: code not_active; or is the caller: code own_account"
// @Router    /api/v1/users/{id}/password-reset [post]
func (a *API) offerPasswordReset(c echo.Context) error { return offer(c, a.Service.OfferPasswordReset) }

func offer(c echo.Context, do func(ctx context.Context, id string) (Link, error)) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	link, err := do(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, linkViewOf(link))
}

// @Summary   See whom an invitation or password-reset link is for
// @Description  Changes nothing.
// @ID        inspectInvitation
// @Tags      People
// @Param     body  body  tokenRequest  true  "The link's secret"
// @Success   200  {object}  invitationView
// @Failure   404  "The link is not good, or not any more: code unknown_link"
// @Failure   429  "Too many attempts have failed: code too_many_attempts"
// @Router    /api/v1/invitations/inspect [post]
func (a *API) inspect(c echo.Context) error {
	in, err := httpapi.Bind[tokenRequest](c)
	if err != nil {
		return err
	}
	u, err := a.Service.Linked(c.Request().Context(), in.Token)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, invitationView{
		Email: u.Email, Name: u.Name, Role: u.Role, Status: u.Status(), SentBy: u.LinkBy, ExpiresAt: *u.LinkExpiresAt,
	})
}

// @Summary   Choose a password by an invitation or password-reset link, and sign in
// @Description  Works once. Ends whatever sessions the person had.
// @ID        acceptInvitation
// @Tags      People
// @Param     body  body  acceptRequest  true  "The link's secret and the password"
// @Success   200  {object}  sessionView
// @Failure   404  "The link is not good, or not any more: code unknown_link"
// @Failure   422  "A field is wrong"
// @Failure   429  "Too many attempts have failed: code too_many_attempts"
// @Failure   503  "Many people are signing in at this moment: code sign_in_busy"
// @Router    /api/v1/invitations/accept [post]
func (a *API) accept(c echo.Context) error {
	in, err := httpapi.Bind[acceptRequest](c)
	if err != nil {
		return err
	}
	made, err := a.Service.Accept(c.Request().Context(), in.Token, in.Password, a.browser(c))
	if err != nil {
		return err
	}
	return a.signedIn(c, http.StatusOK, made)
}
