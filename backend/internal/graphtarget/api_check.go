package graphtarget

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

type validateRequest struct {
	Method string `json:"method,omitempty" example:"GET"`
	Path   string `json:"path,omitempty" maxLength:"4096" example:"/messages?$top=1"` // What follows /graph
} // @name TargetValidation

type checkView struct {
	ID      CheckID `json:"id" validate:"required"`
	Title   string  `json:"title" validate:"required" example:"Account key"`
	Result  Result  `json:"result" validate:"required"`
	Message string  `json:"message" validate:"required"` // What was found, or why it was skipped
	Fix     string  `json:"fix" validate:"required"`     // Empty when there is nothing to do
} // @name TargetCheck

type reportView struct {
	Result    Result      `json:"result" validate:"required"` // The worst; skipped checks don't count
	Checks    []checkView `json:"checks" validate:"required"` // Always all of them, in the same order
	CheckedAt time.Time   `json:"checkedAt" validate:"required"`
} // @name TargetReport

// @Summary   Tell whether a target's key can do something there
// @Description  Method and path may be left out. Nothing is changed: what only reads is tried, of the rest is told what can be told.
// @ID        validateTarget
// @Tags      Targets
// @Security  ApiClient[targets:write]
// @Param     id    path  string           true   "The target's id"
// @Param     body  body  validateRequest  false  "The call that is thought of"
// @Success   200  {object}  reportView
// @Failure   404  "No such target"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/targets/{id}/validate [post]
func (a *API) validate(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.BindOptional[validateRequest](c)
	if err != nil {
		return err
	}
	checks, err := a.Caller.Validate(c.Request().Context(), id, Question(in))
	if err != nil {
		return err
	}
	v := reportView{Result: Passed, Checks: []checkView{}, CheckedAt: a.Service.Now()}
	for _, check := range checks {
		v.Checks = append(v.Checks, checkView(check))
		if check.Result == Failed || (check.Result == Inconclusive && v.Result == Passed) {
			v.Result = check.Result
		}
	}
	return c.JSON(http.StatusOK, v)
}
