package accountkey

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Confirmations tells of sign-ins by another account than a key's own.
type Confirmations interface {
	// Waiting returns the newest one that a person has yet to decide about; nil when there is none.
	Waiting(ctx context.Context, key Key) (*PendingConfirmation, error)
}

// API serves account keys.
type API struct {
	Service       *Service
	Confirmations Confirmations
	RedirectURI   string
}

// Mount adds the routes.
func (a *API) Mount(r httpapi.Router) {
	r.GET("/account-keys", auth.AccountKeysRead, a.list)
	r.POST("/account-keys", auth.AccountKeysWrite, a.create)
	r.GET("/account-keys/:id", auth.AccountKeysRead, a.get)
	r.PATCH("/account-keys/:id", auth.AccountKeysWrite, a.update)
	r.DELETE("/account-keys/:id", auth.AccountKeysWrite, a.delete)
	r.POST("/account-keys/:id/suspend", auth.AccountKeysWrite, a.suspend)
	r.POST("/account-keys/:id/resume", auth.AccountKeysWrite, a.resume)
	r.POST("/account-keys/:id/revoke", auth.AccountKeysWrite, a.revoke)
	r.GET("/account-keys/:id/activity", auth.AccountKeysRead, a.activity)
}

type createRequest struct {
	Type                  string        `json:"type" validate:"required" example:"oauth2_microsoft_graph"`
	DisplayName           string        `json:"displayName" validate:"required" maxLength:"100" example:"Invoices mailbox"`
	Description           string        `json:"description" maxLength:"1000"`
	Cloud                 string        `json:"cloud" example:"global"` // The server's default cloud if left out
	TenantID              string        `json:"tenantId" example:"7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11"`
	ClientID              string        `json:"clientId" example:"c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702"`
	ClientSecret          secret.String `json:"clientSecret" swaggertype:"string" format:"password" maxLength:"2048"` // Write-only
	ClientSecretExpiresOn *string       `json:"clientSecretExpiresOn" format:"date"`
	LoginHint             string        `json:"loginHint" example:"mara@fabrikam.example"`
	Scopes                []string      `json:"scopes" example:"Mail.Read,Mail.Send"` // The type's default if left out
} // @name AccountKeyCreate

type patchRequest struct {
	DisplayName           *string                      `json:"displayName,omitempty" maxLength:"100"`
	Description           *string                      `json:"description,omitempty" maxLength:"1000"`
	Cloud                 *string                      `json:"cloud,omitempty"`
	TenantID              *string                      `json:"tenantId,omitempty"`
	ClientID              *string                      `json:"clientId,omitempty"`
	ClientSecret          httpapi.Optional[secretText] `json:"clientSecret,omitzero" swaggertype:"string" format:"password" extensions:"x-nullable"` // Write-only; null removes it
	ClientSecretExpiresOn httpapi.Optional[string]     `json:"clientSecretExpiresOn,omitzero" swaggertype:"string" format:"date" extensions:"x-nullable"`
	LoginHint             *string                      `json:"loginHint,omitempty"`
	Scopes                *[]string                    `json:"scopes,omitempty"`
} // @name AccountKeyPatch

type secretText = secret.String

type clientSecretView struct {
	Set       bool    `json:"set" validate:"required"`
	Hint      string  `json:"hint" validate:"required" example:"…w1"`
	ExpiresOn *string `json:"expiresOn" validate:"required" format:"date"`
} // @name ClientSecretState

type tokenView struct {
	ExpiresAt   *time.Time `json:"expiresAt" validate:"required"`
	RefreshedAt *time.Time `json:"refreshedAt" validate:"required"`
} // @name TokenState

type warningView struct {
	Field   string `json:"field" validate:"required" example:"clientSecret"`
	Code    string `json:"code" validate:"required" example:"looks_like_secret_id"` // looks_like_secret_id, secret_expires_soon or secret_expired
	Message string `json:"message" validate:"required"`
} // @name AccountKeyWarning

type keyView struct {
	ID            string           `json:"id" validate:"required"`
	Type          string           `json:"type" validate:"required" example:"oauth2_microsoft_graph"`
	DisplayName   string           `json:"displayName" validate:"required" example:"Invoices mailbox"`
	Description   string           `json:"description" validate:"required"`
	Cloud         string           `json:"cloud" validate:"required" example:"global"`
	TenantID      string           `json:"tenantId" validate:"required"`
	ClientID      string           `json:"clientId" validate:"required"`
	LoginHint     string           `json:"loginHint" validate:"required"`
	ClientSecret  clientSecretView `json:"clientSecret" validate:"required"`
	Scopes        []string         `json:"scopes" validate:"required" example:"Mail.Read,Mail.Send"`
	RedirectURI   string           `json:"redirectUri" validate:"required"`
	Status        Status           `json:"status" validate:"required"`
	StatusReason  *Reason          `json:"statusReason" validate:"required"` // Null while the key is authorized
	Account       *Account         `json:"account" validate:"required"`
	GrantedScopes []string         `json:"grantedScopes" validate:"required"`
	MissingScopes []string         `json:"missingScopes" validate:"required"`
	Token         tokenView        `json:"token" validate:"required"`
	Warnings      []warningView    `json:"warnings" validate:"required"`
	CreatedAt     time.Time        `json:"createdAt" validate:"required"`
	UpdatedAt     time.Time        `json:"updatedAt" validate:"required"`
	CreatedBy     audit.ActorView  `json:"createdBy" validate:"required"`
	AuthorizedAt  *time.Time       `json:"authorizedAt" validate:"required"` // The last time, whatever became of it since
	LastUsedAt    *time.Time       `json:"lastUsedAt" validate:"required"`
} // @name AccountKey

// keyDetailsView is one key alone: what hangs on it is read for no list.
type keyDetailsView struct {
	keyView
	PendingConfirmation *PendingConfirmation `json:"pendingConfirmation" validate:"required"` // Null when nobody has to decide
} // @name AccountKeyDetails

type keyPage page.Page[keyView] // @name AccountKeyPage

type activityView struct {
	ID      string             `json:"id" validate:"required"`
	At      time.Time          `json:"at" validate:"required"`
	Action  audit.Action       `json:"action" validate:"required"`
	Message string             `json:"message" validate:"required"`
	Outcome audit.Outcome      `json:"outcome" validate:"required"`
	Actor   audit.ActorView    `json:"actor" validate:"required"`
	Changes []audit.ChangeView `json:"changes" validate:"required"`
} // @name Activity

type activityPage page.Page[activityView] // @name ActivityPage

func (a *API) viewOf(s Summary) keyView {
	v := keyView{
		ID: s.ID, Type: s.Type, DisplayName: s.DisplayName, Description: s.Description, Cloud: s.Cloud,
		TenantID: s.TenantID, ClientID: s.ClientID, LoginHint: s.LoginHint,
		ClientSecret: clientSecretView{Set: len(s.ClientSecret) > 0, Hint: s.ClientSecretHint, ExpiresOn: s.ClientSecretExpiresOn},
		Scopes:       nonNil(s.Scopes), RedirectURI: a.RedirectURI, Status: s.EffectiveStatus(),
		GrantedScopes: nonNil(s.GrantedScopes), MissingScopes: nonNil(entra.MissingScopes(s.Scopes, s.GrantedScopes)),
		Token:    tokenView{ExpiresAt: s.TokenExpiresAt, RefreshedAt: s.RefreshedAt},
		Warnings: []warningView{}, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
		CreatedBy:    audit.ActorView{Type: s.CreatedByType, ID: s.CreatedByID, Name: s.CreatedByName},
		AuthorizedAt: s.AuthorizedAt, LastUsedAt: s.LastUsedAt,
	}
	if reason := s.Reason(); v.Status != StatusAuthorized {
		v.StatusReason = &reason
	}
	if account, ok := s.Account(); ok {
		v.Account = &account
	}
	if s.ClientSecretLooksLikeID {
		v.Warnings = append(v.Warnings, warningView{
			Field: "clientSecret", Code: "looks_like_secret_id",
			Message: "This looks like the Secret ID. Microsoft shows the Value beside it, once, when the secret is made.",
		})
	}
	if w, due := expiryWarning(s.Key, a.Service.Now()); due {
		v.Warnings = append(v.Warnings, w)
	}
	return v
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// @Summary   Create an account key
// @Description  Type and display name are enough; the rest can follow by PATCH. The key starts as a draft.
// @ID        createAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     body  body  createRequest  true  "The key to create"
// @Success   201  {object}  keyView
// @Header    201  {string}  Location  "Where the key is"
// @Header    201  {string}  ETag      "Its version"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/account-keys [post]
func (a *API) create(c echo.Context) error {
	in, err := httpapi.Bind[createRequest](c)
	if err != nil {
		return err
	}
	key, err := a.Service.Create(c.Request().Context(), Input(in))
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, httpapi.BasePath+"/account-keys/"+key.ID)
	return a.reply(c, http.StatusCreated, key)
}

func (a *API) reply(c echo.Context, status int, key Summary) error {
	httpapi.SetETag(c, key.Version)
	return c.JSON(status, a.viewOf(key))
}

// @Summary   List account keys, newest first
// @Description  An API client sees the keys that it may use, and no others.
// @ID        listAccountKeys
// @Tags      Account keys
// @Security  ApiClient[account-keys:read]
// @Param     limit   query  int     false  "At most this many"  minimum(1) maximum(200) default(50)
// @Param     cursor  query  string  false  "nextCursor of the page before"
// @Param     q       query  string  false  "Words that name, description, account or ids contain"
// @Param     status  query  Status  false  "Only keys in this status"
// @Param     type    query  string  false  "Only keys of this type"
// @Success   200  {object}  keyPage
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/account-keys [get]
func (a *API) list(c echo.Context) error {
	r, err := httpapi.Page(c)
	if err != nil {
		return err
	}
	rows, err := a.Service.List(c.Request().Context(), Filter{
		Query: c.QueryParam("q"), Status: Status(c.QueryParam("status")), Type: c.QueryParam("type"), Page: r,
	})
	if err != nil {
		return err
	}
	id := func(s Summary) string { return s.ID }
	return c.JSON(http.StatusOK, keyPage(page.Cut(rows, r.Limit, id, a.viewOf)))
}

// @Summary   Get an account key
// @Description  With the sign-in by another account that waits for a decision, if there is one.
// @Description  Of the client secret it tells only whether there is one, a hint and when it expires.
// @ID        getAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:read]
// @Param     id  path  string  true  "The key's id"
// @Success   200  {object}  keyDetailsView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such account key"
// @Router    /api/v1/account-keys/{id} [get]
func (a *API) get(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	key, err := a.Service.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	waiting, err := a.Confirmations.Waiting(c.Request().Context(), key.Key)
	if err != nil {
		return err
	}
	httpapi.SetETag(c, key.Version)
	return c.JSON(http.StatusOK, keyDetailsView{keyView: a.viewOf(key), PendingConfirmation: waiting})
}

// @Summary   Change an account key
// @Description  Changing cloud, tenantId or clientId ends the authorization; replacing the secret keeps it.
// @ID        updateAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     id        path    string        true   "The key's id"
// @Param     If-Match  header  string        false  "The ETag that was read"
// @Param     body      body    patchRequest  true   "What to change"
// @Success   200  {object}  keyView
// @Header    200  {string}  ETag  "Its version"
// @Failure   404  "No such account key"
// @Failure   422  "A field is wrong"
// @Router    /api/v1/account-keys/{id} [patch]
func (a *API) update(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.Bind[patchRequest](c)
	if err != nil {
		return err
	}
	key, err := a.Service.Update(c.Request().Context(), id, in.patch(), httpapi.IfMatch(c))
	if err != nil {
		return err
	}
	return a.reply(c, http.StatusOK, key)
}

func (in patchRequest) patch() Patch {
	p := Patch{
		DisplayName: in.DisplayName, Description: in.Description, Cloud: in.Cloud,
		TenantID: in.TenantID, ClientID: in.ClientID, LoginHint: in.LoginHint,
	}
	if in.ClientSecret.Set {
		p.ClientSecret = &in.ClientSecret.Value
	}
	if in.ClientSecretExpiresOn.Set {
		p.ClientSecretExpiresOn = &in.ClientSecretExpiresOn.Value
	}
	if in.Scopes != nil {
		p.Scopes = append([]string{}, *in.Scopes...)
	}
	return p
}

// @Summary   Delete an account key
// @Description  Its tokens are destroyed, and the targets that call with it go with it. Tokens already handed out work until they expire.
// @ID        deleteAccountKey
// @Tags      Account keys
// @Security  ApiClient[account-keys:write]
// @Param     id        path    string  true   "The key's id"
// @Param     If-Match  header  string  false  "The ETag that was read"
// @Success   204  "Deleted"
// @Failure   404  "No such account key"
// @Router    /api/v1/account-keys/{id} [delete]
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

// @Summary   List what happened to an account key, newest first
// @Description  These are the entries of the audit log that are about this key.
// @ID        listAccountKeyActivity
// @Tags      Account keys
// @Security  ApiClient[account-keys:read]
// @Param     id      path   string  true   "The key's id"
// @Param     limit   query  int     false  "At most this many"  minimum(1) maximum(200) default(50)
// @Param     cursor  query  string  false  "nextCursor of the page before"
// @Success   200  {object}  activityPage
// @Failure   404  "No such account key"
// @Failure   422  "A parameter is wrong"
// @Router    /api/v1/account-keys/{id}/activity [get]
func (a *API) activity(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	r, err := httpapi.Page(c)
	if err != nil {
		return err
	}
	rows, err := a.Service.Activity(c.Request().Context(), id, r)
	if err != nil {
		return err
	}
	entryID := func(e audit.Entry) string { return e.ID }
	return c.JSON(http.StatusOK, activityPage(page.Cut(rows, r.Limit, entryID, activityOf)))
}

func activityOf(e audit.Entry) activityView {
	return activityView{
		ID: e.ID, At: e.At, Action: e.Action, Message: e.Message, Outcome: e.Outcome,
		Actor: e.Actor(), Changes: e.Changes.View(),
	}
}
