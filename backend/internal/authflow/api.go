package authflow

import (
	"cmp"
	"context"
	"errors"
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

// CallbackPath is where Microsoft sends the browser back; the redirect URI is the public URL with it.
const CallbackPath = "/oauth/callback"

// API serves the authorization flow.
type API struct {
	Service *Service
	Secure  bool // whether browsers reach us by https
}

// Mount adds the routes.
func (a *API) Mount(api, root httpapi.Router) {
	api.POST("/account-keys/:id/authorizations", auth.AccountKeysWrite, a.start)
	api.GET("/account-keys/:id/authorizations/:aid", auth.AccountKeysWrite, a.get)
	api.People(http.MethodPost, "/account-keys/:id/authorizations/:aid/confirm", auth.AccountKeysWrite, a.confirm)
	api.People(http.MethodPost, "/account-keys/:id/authorizations/:aid/reject", auth.AccountKeysWrite, a.reject)
	api.GET("/microsoft-errors", auth.AccountKeysRead, a.sightings)
	// Public: Microsoft's redirect carries no credential of ours. State and the attempt's cookie prove it.
	root.Public(http.MethodGet, CallbackPath, a.callback)
	root.Public(http.MethodGet, CallbackPath+"/:aid", a.result)
	// Public: whoever was sent the link has no account here. The link's value is the proof.
	root.Public(http.MethodGet, "/oauth/links/:token", a.link)
	root.Public(http.MethodPost, "/oauth/links/:token", a.follow)
	api.POST("/account-keys/:id/admin-consent", auth.AccountKeysWrite, a.requestConsent)
	// Public: an administrator of the tenant has no account here. The cookie of the callback is the proof.
	root.Public(http.MethodGet, consentPath+"/:cid", a.consentResult)
}

type startRequest struct {
	Mode      Mode   `json:"mode" validate:"required"`
	LoginHint string `json:"loginHint,omitempty" example:"mara@fabrikam.example"`
} // @name AuthorizationStart

type authorizationView struct {
	ID             string              `json:"id" validate:"required"`
	AccountKeyID   string              `json:"accountKeyId" validate:"required"`
	Mode           Mode                `json:"mode" validate:"required"`
	URL            *string             `json:"url,omitempty"` // Only in the answer that starts it
	Status         Status              `json:"status" validate:"required"`
	CreatedAt      time.Time           `json:"createdAt" validate:"required"`
	ExpiresAt      time.Time           `json:"expiresAt" validate:"required"`
	FinishedAt     *time.Time          `json:"finishedAt" validate:"required"`
	Account        *accountkey.Account `json:"account" validate:"required"`        // Who signed in
	CurrentAccount *accountkey.Account `json:"currentAccount" validate:"required"` // Whom the key is for now
	GrantedScopes  []string            `json:"grantedScopes" validate:"required"`
	MissingScopes  []string            `json:"missingScopes" validate:"required"`
	Failure        *Failure            `json:"failure" validate:"required"`
} // @name Authorization

type keyRef struct {
	ID          string `json:"id" validate:"required"`
	DisplayName string `json:"displayName" validate:"required"`
} // @name AccountKeyRef

type resultView struct {
	authorizationView
	AccountKey keyRef `json:"accountKey" validate:"required"`
} // @name AuthorizationResult

type linkView struct {
	DisplayName string    `json:"displayName" validate:"required"`
	CloudName   string    `json:"cloudName" validate:"required"`
	TenantID    string    `json:"tenantId" validate:"required"`
	Scopes      []string  `json:"scopes" validate:"required"`
	RequestedBy string    `json:"requestedBy" validate:"required"`
	ExpiresAt   time.Time `json:"expiresAt" validate:"required"`
} // @name AuthorizationLink

type followedView struct {
	URL string `json:"url" validate:"required"` // Microsoft's sign-in page
} // @name AuthorizationLinkFollowed

func viewOf(s State) authorizationView {
	v := authorizationView{
		ID: s.Attempt.ID, AccountKeyID: s.Attempt.AccountKeyID, Mode: s.Attempt.Mode, Status: s.Status,
		CreatedAt: s.Attempt.CreatedAt, ExpiresAt: s.Attempt.ExpiresAt, FinishedAt: s.Attempt.FinishedAt,
		GrantedScopes: append([]string{}, s.Attempt.GrantedScopes...), MissingScopes: append([]string{}, s.MissingScopes()...),
	}
	if account := s.Attempt.account(); account.ObjectID != "" {
		v.Account = &account
	}
	if account, ok := s.Key.Account(); ok {
		v.CurrentAccount = &account
	}
	if s.Failure.Code != "" {
		v.Failure = &s.Failure
	}
	return v
}

// @Summary   Start to authorize an account key
// @Description  Tenant, client ID and secret are checked with Microsoft first: what is wrong is told at its field.
// @Description  Mode popup: url is Microsoft's sign-in page, for the browser that gets this answer's cookie.
// @Description  Mode link: url is a page of this server for somebody else, good for a day.
// @ID        startAuthorization
// @Tags      Authorizations
// @Security  ApiClient[account-keys:write]
// @Param     id    path  string        true  "The key's id"
// @Param     body  body  startRequest  true  "How to start"
// @Success   201  {object}  authorizationView
// @Header    201  {string}  Location    "Where its status is"
// @Failure   404  "No such account key"
// @Failure   409  "The key is suspended, or was changed meanwhile"
// @Failure   422  "A field is missing, or Microsoft says that it is wrong"
// @Failure   503  "Microsoft could not be asked"
// @Router    /api/v1/account-keys/{id}/authorizations [post]
func (a *API) start(c echo.Context) error {
	id, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	in, err := httpapi.Bind[startRequest](c)
	if err != nil {
		return err
	}
	started, err := a.Service.Start(c.Request().Context(), id, in.Mode, in.LoginHint)
	if err != nil {
		return err
	}
	a.bindBrowser(c, started)
	c.Response().Header().Set(echo.HeaderLocation, httpapi.BasePath+"/account-keys/"+id+"/authorizations/"+started.Attempt.ID)
	v := viewOf(State{Attempt: started.Attempt, Key: started.Key, Status: StatusPending})
	v.URL = &started.URL
	return c.JSON(http.StatusCreated, v)
}

// bindBrowser ties the attempt to this browser by a cookie that only the callback gets.
func (a *API) bindBrowser(c echo.Context, s Started) {
	if s.Browser.IsZero() {
		return
	}
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure follows the public URL
		Name: cookieName(s.Attempt.ID), Value: s.Browser.Reveal(), Path: CallbackPath,
		HttpOnly: true, Secure: a.Secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(s.Attempt.ExpiresAt.Sub(s.Attempt.CreatedAt) / time.Second),
	})
}

func cookieName(attemptID string) string { return "latchkey_attempt_" + attemptID }

func browserSecret(c echo.Context, attemptID string) secret.String {
	cookie, err := c.Cookie(cookieName(attemptID))
	if err != nil {
		return secret.String{}
	}
	return secret.New(cookie.Value)
}

// @Summary   Get an authorization's status
// @Description  A link is pending until somebody who followed it has signed in. Once another account than the key's
// @Description  own has, id is that of the attempt which waits, and the id to confirm or reject.
// @Description  Read it again until status is no longer pending; a failure names the field at fault and what to do.
// @ID        getAuthorization
// @Tags      Authorizations
// @Security  ApiClient[account-keys:write]
// @Param     id   path  string  true  "The key's id"
// @Param     aid  path  string  true  "The authorization's id"
// @Success   200  {object}  authorizationView
// @Failure   404  "No such authorization"
// @Router    /api/v1/account-keys/{id}/authorizations/{aid} [get]
func (a *API) get(c echo.Context) error { return a.reply(c, a.Service.Get) }

// @Summary   Confirm that an account key shall be for another account
// @Description  The key then works for the account that signed in. Only a person can decide this.
// @ID        confirmAuthorization
// @Tags      Authorizations
// @Security  Session[account-keys:write]
// @Param     id   path  string  true  "The key's id"
// @Param     aid  path  string  true  "The authorization's id"
// @Success   200  {object}  authorizationView
// @Failure   404  "No such authorization"
// @Failure   409  "It does not wait for a decision, or it is a link by which several accounts signed in"
// @Router    /api/v1/account-keys/{id}/authorizations/{aid}/confirm [post]
func (a *API) confirm(c echo.Context) error { return a.reply(c, a.Service.Confirm) }

// @Summary   Reject a sign-in by another account
// @Description  The key stays with the account that it is for. Only a person can decide this.
// @ID        rejectAuthorization
// @Tags      Authorizations
// @Security  Session[account-keys:write]
// @Param     id   path  string  true  "The key's id"
// @Param     aid  path  string  true  "The authorization's id"
// @Success   200  {object}  authorizationView
// @Failure   404  "No such authorization"
// @Failure   409  "It does not wait for a decision, or it is a link by which several accounts signed in"
// @Router    /api/v1/account-keys/{id}/authorizations/{aid}/reject [post]
func (a *API) reject(c echo.Context) error { return a.reply(c, a.Service.Reject) }

func (a *API) reply(c echo.Context, do func(ctx context.Context, keyID, id string) (State, error)) error {
	keyID, err := httpapi.PathID(c, "id")
	if err != nil {
		return err
	}
	id, err := httpapi.PathID(c, "aid")
	if err != nil {
		return err
	}
	state, err := do(c.Request().Context(), keyID, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewOf(state))
}

// @Summary   Where Microsoft sends the browser back
// @Description  Ends in a redirect that leaves code and state behind. Administrators who followed a link for their
// @Description  consent come back here as well, with or without a code.
// @ID        finishAuthorization
// @Tags      Authorizations
// @Param     state  query  string  false  "The attempt's single-use state"
// @Param     code   query  string  false  "The single-use code"
// @Param     error  query  string  false  "What went wrong"
// @Param     admin_consent  query  string  false  "True when an administrator's consent is told"
// @Success   303  "The page that tells the outcome"
// @Header    303  {string}  Location  "Its address"
// @Router    /oauth/callback [get]
func (a *API) callback(c echo.Context) error {
	if c.Request().Method == http.MethodHead {
		// No browser that comes back asks so: nothing is spent, and nothing told.
		return c.Redirect(http.StatusSeeOther, a.Service.PublicURL+"/authorization/unknown")
	}
	id, err := a.Service.Finish(c.Request().Context(), c.QueryParams(), func(attemptID string) secret.String {
		return browserSecret(c, attemptID)
	})
	switch {
	case errors.Is(err, ErrStateUnknown):
		return a.consented(c)
	case err != nil:
		return a.unfinished(c, id, err)
	}
	return c.Redirect(http.StatusSeeOther, a.Service.PublicURL+"/authorization/"+id)
}

// unfinished is the end of the callback when something of ours failed. A page says so, since a problem
// document helps nobody who came from Microsoft; the log has the cause.
func (a *API) unfinished(c echo.Context, id string, err error) error {
	if id == "" && c.Request().Context().Err() != nil {
		return err // the browser has gone, and nothing was spent
	}
	a.Service.Logger.ErrorContext(c.Request().Context(), "callback not finished", "authorization_id", id, "error", err)
	return c.Redirect(http.StatusSeeOther, a.Service.PublicURL+"/authorization/"+cmp.Or(id, "error"))
}

// @Summary   Get the outcome of an authorization in the browser that made it
// @Description  The attempt's cookie is the proof; no account here is needed.
// @ID        getAuthorizationResult
// @Tags      Authorizations
// @Param     aid  path  string  true  "The authorization's id"
// @Success   200  {object}  resultView
// @Failure   404  "No such authorization in this browser"
// @Router    /oauth/callback/{aid} [get]
func (a *API) result(c echo.Context) error {
	id := strings.ToLower(c.Param("aid"))
	if uuid.Validate(id) != nil {
		return ErrNotFound
	}
	state, err := a.Service.Result(c.Request().Context(), id, browserSecret(c, id))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, resultView{
		authorizationView: viewOf(state), AccountKey: keyRef{ID: state.Key.ID, DisplayName: state.Key.DisplayName},
	})
}

// @Summary   See what an authorization link asks for
// @Description  Changes nothing.
// @ID        getAuthorizationLink
// @Tags      Authorizations
// @Param     token  path  string  true  "The last part of the link"
// @Success   200  {object}  linkView
// @Failure   404  "No such link, or too old"
// @Router    /oauth/links/{token} [get]
func (a *API) link(c echo.Context) error {
	link, err := a.Service.FindLink(c.Request().Context(), secret.New(c.Param("token")))
	if err != nil {
		return err
	}
	cloud, _ := a.Service.Keys.Cloud(link.Key.Cloud)
	return c.JSON(http.StatusOK, linkView{
		DisplayName: link.Key.DisplayName, CloudName: cloud.Name, TenantID: link.Key.TenantID,
		Scopes: link.Key.Scopes, RequestedBy: link.Attempt.StartedByName, ExpiresAt: link.Attempt.ExpiresAt,
	})
}

// @Summary   Follow an authorization link
// @Description  Starts an attempt in this browser, which gets its cookie with this answer.
// @ID        followAuthorizationLink
// @Tags      Authorizations
// @Param     token  path  string  true  "The last part of the link"
// @Success   200  {object}  followedView
// @Failure   404  "No such link, or too old"
// @Failure   409  "The key is suspended, or was changed meanwhile"
// @Failure   422  "Microsoft says that the key's details are wrong"
// @Failure   429  "Followed too often within a few minutes; Retry-After says when to try again"
// @Failure   503  "Microsoft could not be asked"
// @Router    /oauth/links/{token} [post]
func (a *API) follow(c echo.Context) error {
	started, err := a.Service.FollowLink(c.Request().Context(), secret.New(c.Param("token")))
	if err != nil {
		return err
	}
	a.bindBrowser(c, started)
	return c.JSON(http.StatusOK, followedView{URL: started.URL})
}
