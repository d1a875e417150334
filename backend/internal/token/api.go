package token

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// API serves access tokens, and tells who got them.
type API struct{ Broker *Broker }

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	r.POST("/account-keys/:id/access-token", auth.TokensIssue, a.issue)
	r.GET("/account-keys/:id/usage", auth.AccountKeysRead, a.usage)
}

type issueRequest struct {
	MinTTLSeconds *int64 `json:"minTtlSeconds,omitempty" minimum:"0" maximum:"86400" default:"300"` // How long the token must still be good; capped at half its lifetime
	ForceRefresh  bool   `json:"forceRefresh,omitempty"`                                            // Ask Microsoft for a new one in any case
} // @name AccessTokenRequest

type accountView struct {
	ObjectID          string `json:"objectId" validate:"required"`
	UserPrincipalName string `json:"userPrincipalName" validate:"required"`
} // @name AccessTokenAccount

type tokenView struct {
	AccessToken string      `json:"accessToken" validate:"required"`
	TokenType   string      `json:"tokenType" validate:"required" example:"Bearer"`
	ExpiresAt   time.Time   `json:"expiresAt" validate:"required"`
	ExpiresIn   int64       `json:"expiresIn" validate:"required" example:"3599"` // Seconds
	Scopes      []string    `json:"scopes" validate:"required" example:"Mail.Read,Mail.Send"`
	Account     accountView `json:"account" validate:"required"`
} // @name AccessToken

// @Summary   Get a fresh access token for Microsoft Graph
// @Description  It is served from what is stored while that is good for long enough, and refreshed with Microsoft otherwise.
// @ID        issueAccessToken
// @Tags      Tokens
// @Security  ApiClient[tokens:issue]
// @Param     id    path  string        true   "The key's id"
// @Param     body  body  issueRequest  false  "What the token must be good for"
// @Success   200  {object}  tokenView
// @Failure   403  "The caller lacks the permission, or its leash on the key allows no raw tokens: code leashed"
// @Failure   404  "No such account key"
// @Failure   409  "The key serves nothing: code never_authorized, reauthorization_required, misconfigured, suspended or revoked"
// @Failure   422  "A field is wrong"
// @Failure   503  {object}  httpapi.Problem  "Microsoft could not be asked: code microsoft_unavailable or cloud_not_configured"
// @Router    /api/v1/account-keys/{id}/access-token [post]
func (a *API) issue(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.BindOptional[issueRequest](c)
	if err != nil {
		return err
	}
	r := Request{ForceRefresh: in.ForceRefresh}
	if in.MinTTLSeconds != nil {
		if *in.MinTTLSeconds < 0 || *in.MinTTLSeconds > int64(maxMinTTL/time.Second) {
			return errMinTTL
		}
		ttl := time.Duration(*in.MinTTLSeconds) * time.Second
		r.MinTTL = &ttl
	}
	access, err := a.Broker.Get(c.Request().Context(), id, r)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, tokenView{
		AccessToken: access.AccessToken.Reveal(), TokenType: "Bearer", ExpiresAt: access.ExpiresAt,
		ExpiresIn: int64(access.ExpiresAt.Sub(a.Broker.Now()) / time.Second), Scopes: access.Scopes,
		Account: accountView{ObjectID: access.Account.ObjectID, UserPrincipalName: access.Account.UserPrincipalName},
	})
}

type consumerView struct {
	Type       auth.PrincipalType `json:"type" validate:"required"`
	ID         string             `json:"id" validate:"required"`
	Name       string             `json:"name" validate:"required"`
	Allowed    bool               `json:"allowed" validate:"required"`                      // An API client that may use the key at this moment
	UsesDay    int64              `json:"usesLast24Hours" validate:"required" example:"42"` // Access tokens handed out
	UsesMonth  int64              `json:"usesLast30Days" validate:"required" example:"1260"`
	LastUsedAt *time.Time         `json:"lastUsedAt" validate:"required"` // To the minute
} // @name AccountKeyConsumer

type targetName struct {
	ID   string `json:"id" validate:"required"`
	Name string `json:"name" validate:"required"`
} // @name TargetName

type usageView struct {
	Consumers []consumerView `json:"consumers" validate:"required"`
	Targets   []targetName   `json:"targets" validate:"required"` // Those that call with the key; they are deleted with it
} // @name AccountKeyUsage

// @Summary   Who uses an account key, and how much
// @Description  The API clients that may use it, whoever got access tokens of it in the last 30 days, and the targets that call with it.
// @ID        getAccountKeyUsage
// @Tags      Account keys
// @Security  ApiClient[account-keys:read]
// @Param     id  path  string  true  "The key's id"
// @Success   200  {object}  usageView
// @Failure   404  "No such account key"
// @Router    /api/v1/account-keys/{id}/usage [get]
func (a *API) usage(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	consumers, err := a.Broker.Consumers(c.Request().Context(), id)
	if err != nil {
		return err
	}
	targets, err := a.Broker.Targets.NamesOf(c.Request().Context(), id)
	if err != nil {
		return err
	}
	v := usageView{Consumers: []consumerView{}, Targets: []targetName{}}
	for targetID, name := range targets {
		v.Targets = append(v.Targets, targetName{ID: targetID, Name: name})
	}
	slices.SortFunc(v.Targets, func(a, b targetName) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	for _, consumer := range consumers {
		v.Consumers = append(v.Consumers, consumerView{
			Type: consumer.ActorType, ID: consumer.ActorID, Name: consumer.ActorName, Allowed: consumer.Allowed,
			UsesDay: consumer.UsesDay, UsesMonth: consumer.UsesMonth, LastUsedAt: consumer.LastUsedAt,
		})
	}
	return c.JSON(http.StatusOK, v)
}
