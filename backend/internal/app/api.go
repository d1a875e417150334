package app

import (
	"net/http"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/openapi"
)

// endpoints serves what belongs to no domain: what this server is, and how it does.
type endpoints struct{ app *App }

// Mount adds the routes.
func (e *endpoints) Mount(api, root httpapi.Router) {
	// Public: the sign-in and set-up pages need it, and it holds nothing that the web page wouldn't show.
	api.Public(http.MethodGet, "/instance", e.instance)
	// Public: probes of orchestrators have no account.
	root.Public(http.MethodGet, "/healthz", e.healthy)
	root.Public(http.MethodGet, "/readyz", e.ready)
	// Public: guarded by a token of its own where LATCHKEY_METRICS_TOKEN is set.
	root.Public(http.MethodGet, "/metrics", e.metrics)
	// Public: the contract is no secret.
	root.Public(http.MethodGet, "/openapi.json", document(openapi.V31))
	root.Public(http.MethodGet, "/openapi-3.0.json", document(openapi.V30))
}

type cloudView struct {
	ID           string `json:"id" validate:"required" example:"global"`
	Name         string `json:"name" validate:"required"`
	AuthorityURL string `json:"authorityUrl" validate:"required"`
	GraphURL     string `json:"graphUrl" validate:"required"`
} // @name Cloud

type instanceView struct {
	Name                string             `json:"name" validate:"required" example:"Latchkey"`
	Version             string             `json:"version" validate:"required"`
	PublicURL           string             `json:"publicUrl" validate:"required"`
	RedirectURI         string             `json:"redirectUri" validate:"required"`
	RedirectURIWarnings []string           `json:"redirectUriWarnings" validate:"required"`
	SetupRequired       bool               `json:"setupRequired" validate:"required"`
	DefaultCloud        string             `json:"defaultCloud" validate:"required"`
	Clouds              []cloudView        `json:"clouds" validate:"required"`
	AccountKeyTypes     []accountkey.Type  `json:"accountKeyTypes" validate:"required"`
	Permissions         []auth.Description `json:"permissions" validate:"required"`
} // @name Instance

// @Summary   What this server is
// @Description  Its address and version, the clouds and account key types that it knows, and whether it waits to be set up.
// @ID        getInstance
// @Tags      Instance
// @Success   200  {object}  instanceView
// @Router    /api/v1/instance [get]
func (e *endpoints) instance(c echo.Context) error {
	setup, err := e.app.Users.SetupRequired(c.Request().Context())
	if err != nil {
		return err
	}
	v := instanceView{
		Name: "Latchkey", Version: Version, PublicURL: e.app.Config.PublicURL, RedirectURI: e.app.redirectURI(),
		RedirectURIWarnings: redirectWarnings(e.app.redirectURI()),
		SetupRequired:       setup, DefaultCloud: e.app.Config.DefaultCloud, Clouds: []cloudView{},
		AccountKeyTypes: accountkey.Types(), Permissions: auth.Descriptions(),
	}
	for _, cloud := range e.app.Config.Clouds {
		v.Clouds = append(v.Clouds, cloudView(cloud))
	}
	return c.JSON(http.StatusOK, v)
}

// redirectWarnings says in one sentence each which of Microsoft's rules our redirect URI breaks.
func redirectWarnings(uri string) []string {
	warnings := []string{}
	for _, problem := range entra.RedirectURIProblems(uri) {
		warnings = append(warnings, problem.Message+" "+problem.Fix)
	}
	return warnings
}

type healthView struct {
	Status string            `json:"status" validate:"required" example:"ok"`
	Checks map[string]string `json:"checks,omitempty"`
} // @name Health

// @Summary   Whether the process is alive
// @Description  Looks at nothing but the process itself; whether its database answers is told at /readyz.
// @ID        getHealth
// @Tags      Instance
// @Success   200  {object}  healthView
// @Router    /healthz [get]
func (e *endpoints) healthy(c echo.Context) error {
	return c.JSON(http.StatusOK, healthView{Status: "ok"})
}

// @Summary   Whether requests should be sent here
// @Description  Looks at the database, the migrations and the workers.
// @ID        getReadiness
// @Tags      Instance
// @Success   200  {object}  healthView
// @Failure   503  "Database, migrations or workers are not ready"
// @Router    /readyz [get]
func (e *endpoints) ready(c echo.Context) error {
	ctx := c.Request().Context()
	checks, notReady := map[string]string{}, ""
	for _, check := range []struct {
		name string
		err  error
	}{
		{"database", e.app.DB.Ping(ctx)},
		{"migrations", e.app.DB.MigrationsCurrent(ctx)},
		{"workers", e.app.Queue.Healthy()},
	} {
		checks[check.name] = "ok"
		if check.err != nil {
			e.app.logger.WarnContext(ctx, "not ready", "check", check.name, "error", check.err)
			notReady = check.name
		}
	}
	if notReady != "" {
		return fault.New(fault.Unavailable, "not_ready", "Not ready: "+notReady+". The server's log has the cause.")
	}
	return c.JSON(http.StatusOK, healthView{Status: "ok", Checks: checks})
}

var errMetrics = fault.New(fault.Unauthenticated, "unauthenticated", "Send the metrics token as a bearer token.")

func (e *endpoints) metrics(c echo.Context) error {
	if want := e.app.Config.MetricsToken; !want.IsZero() {
		got := secret.New(c.Request().Header.Get(echo.HeaderAuthorization))
		if !secret.MatchesHash(got, secret.Hash(secret.New("Bearer "+want.Reveal()))) {
			return errMetrics
		}
	}
	return echoprometheus.NewHandlerWithConfig(echoprometheus.HandlerConfig{Gatherer: e.app.registry})(c)
}

func document(body []byte) echo.HandlerFunc {
	return func(c echo.Context) error { return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, body) }
}
