package apiclient

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

type issuedView struct {
	AccessToken string `json:"access_token" validate:"required"`
	TokenType   string `json:"token_type" validate:"required" example:"Bearer"`
	ExpiresIn   int64  `json:"expires_in" validate:"required" example:"3600"` // Seconds
	Scope       string `json:"scope" validate:"required" example:"tokens:issue mail:send"`
} // @name OAuthToken

type jwksView struct {
	Keys []jwk `json:"keys" validate:"required"`
} // @name JsonWebKeySet

type metadataView struct {
	Issuer            string   `json:"issuer" validate:"required"`
	TokenEndpoint     string   `json:"token_endpoint" validate:"required"`
	JWKSURI           string   `json:"jwks_uri" validate:"required"`
	GrantTypes        []string `json:"grant_types_supported" validate:"required"`
	ResponseTypes     []string `json:"response_types_supported" validate:"required"`
	AuthMethods       []string `json:"token_endpoint_auth_methods_supported" validate:"required"`
	Scopes            []string `json:"scopes_supported" validate:"required"`
	ServiceDocumented string   `json:"service_documentation" validate:"required"`
} // @name AuthorizationServerMetadata

// @Summary   Exchange an API client's secret for an access token
// @Description  RFC 6749 §4.4. Client id and secret go by HTTP Basic or in the form.
// @ID        issueOAuthToken
// @Tags      OAuth
// @Security  ClientSecret
// @Accept    x-www-form-urlencoded
// @Param     grant_type     formData  string  true   "client_credentials"  Enums(client_credentials)
// @Param     client_id      formData  string  false  "Unless sent by HTTP Basic"
// @Param     client_secret  formData  string  false  "Unless sent by HTTP Basic"
// @Param     scope          formData  string  false  "Permissions, separated by spaces; all that the client has if left out"
// @Success   200  {object}  issuedView
// @Failure   400  {object}  oauthError  "The request or the scope is wrong"
// @Failure   401  {object}  oauthError  "The client id or the secret is not good"
// @Header    401  {string}  WWW-Authenticate  "Basic: how id and secret can be sent"
// @Router    /oauth/token [post]
func (a *API) token(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	issued, err := a.issue(c)
	var refused *oauthError
	switch {
	case errors.As(err, &refused):
		status := http.StatusBadRequest
		if refused.Code == "invalid_client" {
			status = http.StatusUnauthorized
			h.Set(echo.HeaderWWWAuthenticate, `Basic realm="latchkey"`)
		}
		return c.JSON(status, refused)
	case err != nil:
		return err
	}
	return c.JSON(http.StatusOK, issuedView{
		AccessToken: issued.Token.Reveal(), TokenType: "Bearer", ExpiresIn: int64(issued.ExpiresIn / time.Second), Scope: issued.Scope,
	})
}

func (a *API) issue(c echo.Context) (Issued, error) {
	r := c.Request()
	mediaType, _, _ := strings.Cut(r.Header.Get(echo.HeaderContentType), ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), echo.MIMEApplicationForm) {
		return Issued{}, &oauthError{"invalid_request", "Send the parameters as application/x-www-form-urlencoded."}
	}
	if err := r.ParseForm(); err != nil {
		if f := httpapi.BodyFault(err); f != nil {
			return Issued{}, f
		}
		return Issued{}, &oauthError{"invalid_request", "The form could not be read."}
	}
	for name, values := range r.PostForm {
		if len(values) > 1 { // RFC 6749 §3.2
			return Issued{}, &oauthError{"invalid_request", "The parameter " + safeName(name) + " is there more than once."}
		}
	}
	id, plain, err := credentials(r)
	if err != nil {
		return Issued{}, err
	}
	switch grant := r.PostForm.Get("grant_type"); {
	case grant == "":
		return Issued{}, &oauthError{"invalid_request", "The parameter grant_type is missing."}
	case grant != "client_credentials":
		return Issued{}, &oauthError{"unsupported_grant_type", "Only client_credentials is offered here."}
	}
	return a.exchange(c, id, plain, r.PostForm.Get("scope"))
}

// exchange counts who proves to be a client against its own limit, and who doesn't against their network's: a
// client's id is no secret, so what others try in its name must not cost it anything.
func (a *API) exchange(c echo.Context, id string, plain secret.String, scope string) (Issued, error) {
	if err := a.Rate.Stranger(c, a.Service.RateLimit); err != nil {
		return Issued{}, err
	}
	client, used, err := a.Service.prove(c.Request().Context(), id, plain)
	if errors.Is(err, errBadClient) {
		a.Rate.Failed(c, a.Service.RateLimit)
	}
	if err != nil {
		return Issued{}, err
	}
	if err := a.Rate.Client(c, client.ID, a.Service.rate(client)); err != nil {
		return Issued{}, err
	}
	return a.Service.issue(c.Request().Context(), client, used, scope)
}

// credentials reads client id and secret (RFC 6749 §2.3.1): in the Basic header both are form-encoded.
func credentials(r *http.Request) (string, secret.String, error) {
	user, password, basic := r.BasicAuth()
	inForm := r.PostForm.Has("client_secret")
	switch {
	case basic && inForm:
		return "", secret.String{}, &oauthError{"invalid_request", "Send the secret by HTTP Basic or in the form, not both."}
	case basic:
		id, err := url.QueryUnescape(user)
		plain, perr := url.QueryUnescape(password)
		if err != nil || perr != nil {
			return "", secret.String{}, errBadClient
		}
		return id, secret.New(plain), nil
	case inForm:
		return r.PostForm.Get("client_id"), secret.New(r.PostForm.Get("client_secret")), nil
	default:
		return "", secret.String{}, &oauthError{"invalid_client", "Send client_id and client_secret by HTTP Basic or in the form."}
	}
}

// safeName keeps what a caller wrote from reaching an answer unless it is a plain name.
func safeName(name string) string {
	if len(name) > 40 || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) {
		return "(unnamed)"
	}
	return name
}

// @Summary   The public keys of access tokens
// @Description  Programs verify this server's JWTs with them; the next key is listed a day before it signs.
// @ID        getJwks
// @Tags      OAuth
// @Success   200  {object}  jwksView
// @Header    200  {string}  Cache-Control  "How long they may be kept"
// @Router    /.well-known/jwks.json [get]
func (a *API) jwks(c echo.Context) error {
	ring, err := a.Service.ring(c.Request().Context(), true)
	if err != nil {
		return err
	}
	v := jwksView{Keys: []jwk{}}
	for _, k := range ring.keys {
		key, err := jwkOf(k.id, &k.private.PublicKey)
		if err != nil {
			return err
		}
		v.Keys = append(v.Keys, key)
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.JSON(http.StatusOK, v)
}

// @Summary   Metadata of the authorization server
// @Description  RFC 8414: where programs find the token endpoint, the public keys and the scopes.
// @ID        getAuthorizationServerMetadata
// @Tags      OAuth
// @Success   200  {object}  metadataView
// @Router    /.well-known/oauth-authorization-server [get]
func (a *API) metadata(c echo.Context) error {
	issuer := a.Service.Issuer
	return c.JSON(http.StatusOK, metadataView{
		Issuer: issuer, TokenEndpoint: issuer + "/oauth/token", JWKSURI: issuer + "/.well-known/jwks.json",
		GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{},
		AuthMethods: []string{"client_secret_basic", "client_secret_post"}, Scopes: scopeNames(), ServiceDocumented: issuer + "/docs",
	})
}
