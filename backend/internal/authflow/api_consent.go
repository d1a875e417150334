package authflow

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// consentPath is where the browser that came back from an administrator's consent reads the outcome.
const consentPath = "/oauth/admin-consents"

// consentReadable is how long it can.
const consentReadable = time.Hour

type consentLinkView struct {
	URL       string    `json:"url" validate:"required"` // Microsoft's page, for an administrator of the tenant
	ExpiresAt time.Time `json:"expiresAt" validate:"required"`
} // @name AdminConsentLink

type consentView struct {
	ID          string        `json:"id" validate:"required"`
	Status      ConsentStatus `json:"status" validate:"required"`
	RequestedBy string        `json:"requestedBy" validate:"required"`
	FinishedAt  *time.Time    `json:"finishedAt" validate:"required"`
	Failure     *Failure      `json:"failure" validate:"required"`
} // @name AdminConsent

// @Summary   Make a link for an administrator's consent
// @Description  url is Microsoft's page, where an administrator of the tenant allows the key's permissions for everybody in
// @Description  it. It is good for one answer; the outcome is told in the key's activity, and changes nothing else.
// @ID        requestAdminConsent
// @Tags      Authorizations
// @Security  ApiClient[account-keys:write]
// @Param     id  path  string  true  "The key's id"
// @Success   201  {object}  consentLinkView
// @Failure   404  "No such account key"
// @Failure   422  "Tenant ID or client ID is missing"
// @Router    /api/v1/account-keys/{id}/admin-consent [post]
func (a *API) requestConsent(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	consent, link, err := a.Service.RequestConsent(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, consentLinkView{URL: link.Reveal(), ExpiresAt: consent.ExpiresAt})
}

// consented is the end of the callback when the redirect belongs to no attempt.
func (a *API) consented(c echo.Context) error {
	id, reader, err := a.Service.Consented(c.Request().Context(), c.QueryParams())
	if errors.Is(err, ErrStateUnknown) {
		return c.Redirect(http.StatusSeeOther, a.Service.PublicURL+"/authorization/unknown")
	}
	if err != nil {
		return a.unfinished(c, "", err)
	}
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure follows the public URL
		Name: consentCookie(id), Value: reader.Reveal(), Path: consentPath,
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteLaxMode, MaxAge: int(consentReadable / time.Second),
	})
	return c.Redirect(http.StatusSeeOther, a.Service.PublicURL+"/admin-consent/"+id)
}

func consentCookie(id string) string { return "latchkey_consent_" + id }

// @Summary   Get the outcome of an administrator's consent in the browser that came back with it
// @Description  The cookie that came with the redirect from the callback is the proof; no account here is needed.
// @ID        getAdminConsentResult
// @Tags      Authorizations
// @Param     cid  path  string  true  "The consent's id"
// @Success   200  {object}  consentView
// @Failure   404  "No such consent in this browser"
// @Router    /oauth/admin-consents/{cid} [get]
func (a *API) consentResult(c echo.Context) error {
	id := strings.ToLower(c.Param("cid"))
	if uuid.Validate(id) != nil {
		return ErrConsentUnknown
	}
	var reader secret.String
	if cookie, err := c.Cookie(consentCookie(id)); err == nil {
		reader = secret.New(cookie.Value)
	}
	consent, err := a.Service.ConsentResult(c.Request().Context(), id, reader)
	if err != nil {
		return err
	}
	v := consentView{
		ID: consent.ID, Status: consent.Status, RequestedBy: consent.RequestedByName, FinishedAt: consent.FinishedAt,
	}
	if consent.Failure.Code != "" {
		v.Failure = &consent.Failure
	}
	return c.JSON(http.StatusOK, v)
}
