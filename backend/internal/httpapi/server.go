// Package httpapi is the HTTP edge: it sets Echo up, admits requests, reads bodies and writes
// failures as problem documents. It leaves every decision of business to the domains.
package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/latchkey/latchkey/backend/internal/auth"
)

// Server is Echo set up for Latchkey. Fill in the fields, then call Routes and Handler.
type Server struct {
	Logger     *slog.Logger
	Now        func() time.Time
	Public     *url.URL // our own URL, as browsers know it
	ProxyNets  []netip.Prefix
	People     Authenticator // session cookies
	Clients    Authenticator // bearer tokens
	Rate       *RateLimiter  // of bearers
	Middleware []echo.MiddlewareFunc

	BodyTimeout   time.Duration // for a small body to arrive; zero is for ever
	AnswerTimeout time.Duration // for a small answer to be fetched

	echo        *echo.Echo
	pages       http.Handler
	crossOrigin *http.CrossOriginProtection
	routes      []Route
	limits      map[routeKey]Limits // of routes that asked for their own
}

// Start sets Echo up; call it once, before mounting routes.
func (s *Server) Start() error {
	s.crossOrigin = http.NewCrossOriginProtection()
	if err := s.crossOrigin.AddTrustedOrigin(s.Public.Scheme + "://" + s.Public.Host); err != nil {
		return fmt.Errorf("trust the public URL's origin: %w", err)
	}
	s.limits = map[routeKey]Limits{}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler, e.JSONSerializer = s.handleError, serializer{}
	e.IPExtractor = s.ipExtractor()
	e.Use(s.identify, middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisableErrorHandler: true, // the panic comes back as an error and is answered like one
	}), s.limit, securityHeaders(s.Public.Scheme == "https"))
	e.Use(s.Middleware...)
	e.Use(s.unrouted)
	s.echo = e
	return nil
}

// API is the router of everything under BasePath.
func (s *Server) API() Router { return Router{server: s, prefix: BasePath} }

// Root is the router of the few addresses outside BasePath.
func (s *Server) Root() Router { return Router{server: s} }

// Fallback serves GET and HEAD requests that no route takes, but those at addresses for programs.
func (s *Server) Fallback(h http.Handler) { s.pages = h }

// unrouted gives what no route takes to the pages. It stands behind the router and not in it: a catch-all
// route would hide from Echo that an address is known and only the method is not.
func (s *Server) unrouted(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if !errors.Is(err, echo.ErrNotFound) {
			return err
		}
		c.SetPath("/*") // what metrics call it: the address itself could be anything
		switch method := c.Request().Method; {
		case s.pages == nil || forPrograms(c.Request().URL.Path):
			return errNoRoute
		case method != http.MethodGet && method != http.MethodHead:
			c.Response().Header().Set(echo.HeaderAllow, "GET, HEAD")
			return errMethod
		}
		connection := http.NewResponseController(c.Response().Writer)
		c.Response().Before(func() { setDeadline(connection.SetWriteDeadline, s.AnswerTimeout*filesTakeLonger) })
		s.pages.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}

// forPrograms reports the addresses where no page is ever shown: a program that asks for something which
// isn't there is told so, and not given a page with status 200.
func forPrograms(address string) bool {
	address = strings.ToLower(path.Clean("/" + address)) // somebody who writes it in capitals is no person either
	for _, root := range []string{"/api", "/oauth", "/.well-known", "/identity", "/graph", "/healthz", "/readyz", "/metrics"} {
		if address == root || strings.HasPrefix(address, root+"/") {
			return true
		}
	}
	return strings.HasPrefix(address, "/openapi")
}

// Routes lists every mounted route and who may call it.
func (s *Server) Routes() []Route { return s.routes }

// Handler serves everything mounted.
func (s *Server) Handler() http.Handler { return s.echo }

// SessionCookieName is the name of the cookie that holds a person's session.
func (s *Server) SessionCookieName() string { return s.cookieName("latchkey_session") }

// DeviceCookieName is the name of the cookie by which a browser is known in which somebody signed in.
func (s *Server) DeviceCookieName() string { return s.cookieName("latchkey_device") }

// cookieName adds, over https, the prefix that ties a cookie to this very host (RFC 6265bis §4.1.3.2).
func (s *Server) cookieName(name string) string {
	if s.Public.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

// identify gives the request an id and notes where it came from.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := s.Now()
		id := uuid.Must(uuid.NewV7()).String()
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		ctx := auth.WithRequest(c.Request().Context(), auth.Request{ID: id, IP: c.RealIP()})
		c.SetRequest(c.Request().WithContext(ctx))
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		if s.Logger.Enabled(ctx, slog.LevelDebug) { // boxing the attributes costs more than the rest of this
			s.Logger.DebugContext(ctx, "request served", "method", c.Request().Method, "route", c.Path(),
				"status", c.Response().Status, "duration", s.Now().Sub(started))
		}
		return nil
	}
}

func (s *Server) ipExtractor() echo.IPExtractor {
	if len(s.ProxyNets) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range s.ProxyNets {
		options = append(options, echo.TrustIPRange(prefixToIPNet(p)))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// securityHeaders are right for JSON; pages replace the content policy by one of their own.
func securityHeaders(https bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Cache-Control", "no-store")
			if https {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}
