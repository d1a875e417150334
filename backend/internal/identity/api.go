package identity

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// API serves the protocol.
type API struct {
	Service *Service
	Rate    *httpapi.RateLimiter
}

// Mount adds the routes. They are public since programs prove themselves by a header of the protocol's own.
func (a *API) Mount(root httpapi.Router) {
	root.Public(http.MethodGet, "/identity/:id/token", a.token)
	root.Public(http.MethodGet, "/identity/token", a.named)
}

type tokenView struct {
	AccessToken string `json:"access_token" validate:"required"`
	ExpiresOn   string `json:"expires_on" validate:"required" example:"1795636800"` // Seconds since 1970, as a string
	NotBefore   string `json:"not_before" validate:"required" example:"1795633200"` // Seconds since 1970, as a string
	Resource    string `json:"resource" validate:"required" example:"https://graph.microsoft.com"`
	TokenType   string `json:"token_type" validate:"required" example:"Bearer"`
	ClientID    string `json:"client_id,omitempty"` // As it was asked for
} // @name IdentityToken

// failureView has what each of the SDKs looks for in a refusal.
type failureView struct {
	StatusCode    int           `json:"statusCode" validate:"required" example:"400"`
	Message       string        `json:"message" validate:"required"`
	CorrelationID string        `json:"correlationId" validate:"required"`
	Error         failureDetail `json:"error" validate:"required"`
} // @name IdentityFailure

type failureDetail struct {
	Code    string `json:"code" validate:"required" example:"identity_not_found"`
	Message string `json:"message" validate:"required"`
} // @name IdentityFailureDetail

// @Summary   Get a Graph token as an Azure managed identity
// @Description  The protocol of Azure App Service, so that programs written with an Azure SDK work unchanged: set IDENTITY_ENDPOINT to this address and IDENTITY_HEADER to a secret of an API client.
// @ID        getIdentityToken
// @Tags      Tokens
// @Security  IdentityHeader
// @Param     id           path   string  true   "The account key's id"
// @Param     api-version  query  string  true   "The version of the protocol"  Enums(2019-08-01)
// @Param     resource     query  string  true   "Microsoft Graph of the key's cloud"  example(https://graph.microsoft.com)
// @Success   200  {object}  tokenView
// @Failure   400  {object}  failureView  "The request is wrong, or there is no such key for this client"
// @Failure   401  {object}  failureView  "The header is no good secret"
// @Failure   403  {object}  failureView  "The client lacks the permission tokens:issue, or its leash on the key allows no raw tokens"
// @Failure   409  {object}  failureView  "The key serves nothing at present"
// @Failure   503  {object}  failureView  "Microsoft could not be asked"
// @Router    /identity/{id}/token [get]
func (a *API) token(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	r := requestOf(c)
	access, err := a.Service.issue(c.Request().Context(), r, func(p auth.Principal) error { return a.Rate.Client(c, p.ID, p.RateLimit) })
	if err != nil {
		return a.refuse(c, err)
	}
	return c.JSON(http.StatusOK, tokenView{
		AccessToken: access.AccessToken.Reveal(), TokenType: "Bearer", Resource: r.resource, ClientID: r.named["client_id"],
		ExpiresOn: strconv.FormatInt(access.ExpiresAt.Unix(), 10), NotBefore: strconv.FormatInt(a.Service.Broker.Now().Unix(), 10),
	})
}

// @Summary   Get a Graph token as an Azure managed identity that is named
// @Description  Like /identity/{id}/token, with the account key named by one of the parameters that Azure SDKs send.
// @ID        getNamedIdentityToken
// @Tags      Tokens
// @Security  IdentityHeader
// @Param     api-version  query  string  true   "The version of the protocol"  Enums(2019-08-01)
// @Param     resource     query  string  true   "Microsoft Graph of the key's cloud"  example(https://graph.microsoft.com)
// @Param     client_id    query  string  false  "The account key's id or display name, or its application (client) ID"
// @Param     mi_res_id    query  string  false  "The account key's id, perhaps at the end of a path, or its display name"
// @Param     object_id    query  string  false  "The object id of the account that the key was authorized for"
// @Param     clientid      query  string  false  "Another name of client_id"
// @Param     msi_res_id    query  string  false  "Another name of mi_res_id"
// @Param     principal_id  query  string  false  "Another name of object_id"
// @Success   200  {object}  tokenView
// @Failure   400  {object}  failureView  "The request is wrong, or there is no such key for this client"
// @Failure   401  {object}  failureView  "The header is no good secret"
// @Failure   403  {object}  failureView  "The client lacks the permission tokens:issue, or its leash on the key allows no raw tokens"
// @Failure   409  {object}  failureView  "The key serves nothing at present"
// @Failure   503  {object}  failureView  "Microsoft could not be asked"
// @Router    /identity/token [get]
func (a *API) named(c echo.Context) error { return a.token(c) }

func requestOf(c echo.Context) request {
	q := c.QueryParams()
	r := request{
		header: secret.New(c.Request().Header.Get("X-IDENTITY-HEADER")), keyID: c.Param("id"),
		version: q.Get("api-version"), resource: q.Get("resource"), named: map[string]string{},
	}
	for _, parameter := range []string{"client_id", "clientid", "mi_res_id", "msi_res_id", "object_id", "principal_id"} {
		if value := q.Get(parameter); value != "" {
			r.named[parameter] = value
		}
	}
	return r
}

// refuse answers so that no SDK tries again what cannot succeed: they repeat on 404, 410, 429 and 5xx.
func (a *API) refuse(c echo.Context, err error) error {
	f, told := fault.From(err)
	if !told {
		return err
	}
	ctx := c.Request().Context()
	status := httpapi.StatusOf(ctx, err)
	switch f.Kind {
	case fault.Unavailable, fault.Internal, fault.Abandoned, fault.RateLimited:
		return err
	case fault.Unauthenticated, fault.Forbidden, fault.Conflict:
	default:
		status = http.StatusBadRequest
	}
	message := f.Message
	if f.Fix != "" {
		message += " " + f.Fix
	}
	return c.JSON(status, failureView{
		StatusCode: status, Message: message, CorrelationID: auth.RequestFrom(ctx).ID,
		Error: failureDetail{Code: f.Code, Message: message},
	})
}
