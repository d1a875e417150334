package doctor

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// API serves the checks.
type API struct{ Service *Service }

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	r.POST("/account-keys/check", auth.AccountKeysWrite, a.values)
	r.POST("/account-keys/:id/check", auth.AccountKeysWrite, a.key)
}

type checkRequest struct {
	Type         string        `json:"type,omitempty" example:"oauth2_microsoft_graph"`
	Cloud        string        `json:"cloud,omitempty" example:"global"` // The server's default cloud if left out
	TenantID     string        `json:"tenantId,omitempty" example:"7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11"`
	ClientID     string        `json:"clientId,omitempty" example:"c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702"`
	ClientSecret secret.String `json:"clientSecret,omitzero" swaggertype:"string" format:"password"` // Used for this check, then forgotten
	Scopes       []string      `json:"scopes,omitempty" example:"Mail.Read,Mail.Send"`               // The type's default if left out
	AccountKeyID string        `json:"accountKeyId,omitempty"`                                       // Without a secret, that of this key is used
} // @name AccountKeyCheckRequest

type checkView struct {
	ID        CheckID                    `json:"id" validate:"required"`
	Title     string                     `json:"title" validate:"required" example:"Secret Key"`
	Result    Result                     `json:"result" validate:"required"`
	Message   string                     `json:"message" validate:"required"`            // What was found, or why it was skipped
	Fix       string                     `json:"fix" validate:"required"`                // Empty when there is nothing to do
	Field     *string                    `json:"field,omitempty" example:"clientSecret"` // The field at fault
	Microsoft *accountkey.MicrosoftError `json:"microsoft,omitempty"`
} // @name AccountKeyCheck

type summaryView struct {
	Result       Result `json:"result" validate:"required"` // The worst; skipped checks don't count
	Message      string `json:"message" validate:"required"`
	Passed       int    `json:"passed" validate:"required"`
	Warnings     int    `json:"warnings" validate:"required"`
	Failed       int    `json:"failed" validate:"required"`
	Skipped      int    `json:"skipped" validate:"required"`
	Inconclusive int    `json:"inconclusive" validate:"required"`
} // @name AccountKeyCheckSummary

type reportView struct {
	Checks    []checkView `json:"checks" validate:"required"` // Always all of them, in the same order
	Summary   summaryView `json:"summary" validate:"required"`
	CheckedAt time.Time   `json:"checkedAt" validate:"required"`
} // @name AccountKeyCheckReport

func viewOf(r Report, now time.Time) reportView {
	v := reportView{CheckedAt: now, Checks: []checkView{}, Summary: summaryView{
		Result: r.Result(), Message: r.Message(), Passed: r.Count(Passed), Warnings: r.Count(Warning),
		Failed: r.Count(Failed), Skipped: r.Count(Skipped), Inconclusive: r.Count(Inconclusive),
	}}
	for _, check := range r.Checks {
		view := checkView{
			ID: check.ID, Title: check.Title, Result: check.Result, Message: check.Message, Fix: check.Fix, Microsoft: check.Microsoft,
		}
		if check.Field != "" {
			view.Field = &check.Field
		}
		v.Checks = append(v.Checks, view)
	}
	return v
}

// @Summary   Check an account key from end to end
// @Description  Asks Microsoft for tenant, client ID and secret, refreshes an authorized key once, and looks at its mailbox.
// @Description  What is wrong with the key is in the answer, which is 200 all the same.
// @ID        checkAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     id  path  string  true  "The key's id"
// @Success   200  {object}  reportView
// @Failure   404  "No such account key"
// @Router    /api/v1/account-keys/{id}/check [post]
func (a *API) key(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	report, err := a.Service.CheckKey(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewOf(report, a.Service.Now()))
}

// @Summary   Check the values of an account key before they are saved
// @Description  Nothing is stored. What is wrong with the values is in the answer, which is 200 all the same.
// @ID        checkAccountKeyValues
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     body  body  checkRequest  true  "The values to check"
// @Success   200  {object}  reportView
// @Failure   422  "The type is not known, or there is no such account key at accountKeyId"
// @Router    /api/v1/account-keys/check [post]
func (a *API) values(c echo.Context) error {
	in, err := httpapi.Bind[checkRequest](c)
	if err != nil {
		return err
	}
	values := Values{Registration: accountkey.Registration{
		Type: in.Type, Cloud: in.Cloud, TenantID: in.TenantID, ClientID: in.ClientID, ClientSecret: in.ClientSecret, Scopes: in.Scopes,
	}}
	if in.AccountKeyID != "" {
		values.AccountKeyID = strings.ToLower(in.AccountKeyID)
		if uuid.Validate(values.AccountKeyID) != nil {
			return errKeyUnknown
		}
	}
	report, err := a.Service.CheckValues(c.Request().Context(), values)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewOf(report, a.Service.Now()))
}
