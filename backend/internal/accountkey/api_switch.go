package accountkey

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// @Summary   Suspend an account key
// @Description  Nothing is served until it is resumed; its tokens are kept.
// @ID        suspendAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     id  path  string  true  "The key's id"
// @Success   200  {object}  keyView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such account key"
// @Router    /api/v1/account-keys/{id}/suspend [post]
func (a *API) suspend(c echo.Context) error { return a.switchTo(c, a.Service.Suspend) }

// @Summary   Resume a suspended account key
// @Description  It has the status again that it would have had without the suspension.
// @ID        resumeAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     id  path  string  true  "The key's id"
// @Success   200  {object}  keyView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such account key"
// @Router    /api/v1/account-keys/{id}/resume [post]
func (a *API) resume(c echo.Context) error { return a.switchTo(c, a.Service.Resume) }

// @Summary   Revoke an account key
// @Description  Its tokens are destroyed. Tokens already handed out work until they expire.
// @ID        revokeAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     id  path  string  true  "The key's id"
// @Success   200  {object}  keyView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such account key"
// @Router    /api/v1/account-keys/{id}/revoke [post]
func (a *API) revoke(c echo.Context) error { return a.switchTo(c, a.Service.Revoke) }

func (a *API) switchTo(c echo.Context, do func(context.Context, string) (Summary, error)) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	key, err := do(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return a.reply(c, http.StatusOK, key)
}
