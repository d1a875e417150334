package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// BasePath is where the JSON API begins.
const BasePath = "/api/v1"

// Authenticator turns a credential into the principal who holds it. A credential that is no good is
// a fault of kind Unauthenticated.
type Authenticator interface {
	Authenticate(ctx context.Context, credential secret.String) (auth.Principal, error)
}

// Access is who may call a route.
type Access struct {
	Public     bool            // anybody
	People     bool            // people only, no API clients
	Permission auth.Permission // empty: being signed in is enough
}

// Route is one mounted route and who may call it.
type Route struct {
	Method string
	Path   string
	Access Access
}

// Router mounts routes. Each of its methods asks who may call, so no route can be left unguarded by
// omission; Echo itself stays inside this package.
type Router struct {
	server *Server
	prefix string
	limits *Limits
}

// Limited is a router whose routes have limits of their own: for streams, which may be large and slow.
func (r Router) Limited(l Limits) Router {
	r.limits = &l
	return r
}

// GET mounts a route for holders of a permission.
func (r Router) GET(path string, p auth.Permission, h echo.HandlerFunc) {
	r.mount(http.MethodGet, path, Access{Permission: p}, h)
}

// POST mounts a route for holders of a permission.
func (r Router) POST(path string, p auth.Permission, h echo.HandlerFunc) {
	r.mount(http.MethodPost, path, Access{Permission: p}, h)
}

// PATCH mounts a route for holders of a permission.
func (r Router) PATCH(path string, p auth.Permission, h echo.HandlerFunc) {
	r.mount(http.MethodPatch, path, Access{Permission: p}, h)
}

// DELETE mounts a route for holders of a permission.
func (r Router) DELETE(path string, p auth.Permission, h echo.HandlerFunc) {
	r.mount(http.MethodDelete, path, Access{Permission: p}, h)
}

// PUT mounts a route for holders of a permission.
func (r Router) PUT(path string, p auth.Permission, h echo.HandlerFunc) {
	r.mount(http.MethodPut, path, Access{Permission: p}, h)
}

// People mounts a route for people who hold a permission; to API clients it is forbidden. An empty
// permission lets in every person who is signed in.
func (r Router) People(method, path string, p auth.Permission, h echo.HandlerFunc) {
	r.mount(method, path, Access{Permission: p, People: true}, h)
}

// Public mounts a route for anybody. Say beside each call why that is right.
func (r Router) Public(method, path string, h echo.HandlerFunc) {
	r.mount(method, path, Access{Public: true}, h)
}

func (r Router) mount(method, path string, access Access, h echo.HandlerFunc) {
	full := r.prefix + path
	if !access.Public && !access.People && !access.Permission.Valid() {
		panic("httpapi: " + method + " " + full + " is mounted without a permission")
	}
	r.server.routes = append(r.server.routes, Route{Method: method, Path: full, Access: access})
	if r.limits != nil {
		r.server.limits[routeKey{method, full}] = *r.limits
	}
	if r.prefix == BasePath && (r.limits == nil || !r.limits.Streams) { // what is passed on is for others to read
		h = readableQuery(h)
	}
	guarded := r.server.guard(access, h)
	r.server.echo.Add(method, full, guarded)
	if method == http.MethodGet {
		r.server.echo.Add(http.MethodHead, full, guarded) // RFC 9110 §9.3.2; net/http leaves the body out
	}
}

var (
	errSignIn = fault.New(fault.Unauthenticated, "unauthenticated", "Sign in, or send a bearer token, to do this.")
	errDenied = fault.New(fault.Forbidden, "permission_denied", "You are not allowed to do this.")
	errOrigin = fault.New(fault.Forbidden, "cross_origin", "A page of another site may not do this.")
)

// guard admits a request to a handler: first its origin, then who is calling, then what they may do.
func (s *Server) guard(access Access, h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		bearer, hasBearer := bearerToken(c.Request())
		if !hasBearer {
			// A browser adds cookies by itself, never an Authorization header: only what comes
			// without one can be forged by another site.
			if err := s.crossOrigin.Check(c.Request()); err != nil {
				return errOrigin.Because(err)
			}
		}
		if access.Public {
			return h(c)
		}
		p, err := s.authenticate(c, bearer, hasBearer)
		if err != nil {
			return err
		}
		if hasBearer { // also what is refused for want of a permission is a request
			if err := s.Rate.Client(c, p.ID, p.RateLimit); err != nil {
				return err
			}
		}
		if err := permit(c, access, p, hasBearer); err != nil {
			return err
		}
		again := func() (auth.Principal, error) { return s.admit(c, access, bearer, hasBearer) }
		c.SetRequest(c.Request().WithContext(auth.WithReadmission(c.Request().Context(), p, again)))
		return h(c)
	}
}

// admit finds out who is calling and whether they may do what the route does.
func (s *Server) admit(c echo.Context, access Access, bearer secret.String, hasBearer bool) (auth.Principal, error) {
	p, err := s.authenticate(c, bearer, hasBearer)
	if err != nil {
		return auth.Principal{}, err
	}
	return p, permit(c, access, p, hasBearer)
}

// permit refuses a caller who may not do what the route does.
func permit(c echo.Context, access Access, p auth.Principal, hasBearer bool) error {
	if access.People && p.Type != auth.TypeUser {
		return errDenied.WithMessage("Only people may do this, signed in at the web page.")
	}
	if access.Permission != "" && !p.Can(access.Permission) {
		if hasBearer {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate,
				`Bearer realm="latchkey", error="insufficient_scope", scope="`+string(access.Permission)+`"`)
		}
		return errDenied.WithMessage("This needs the permission " + string(access.Permission) + ".")
	}
	return nil
}

func (s *Server) authenticate(c echo.Context, bearer secret.String, hasBearer bool) (auth.Principal, error) {
	ctx := c.Request().Context()
	if hasBearer {
		p, err := s.Clients.Authenticate(ctx, bearer)
		if err != nil {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="latchkey", error="invalid_token"`)
		}
		return p, err
	}
	cookie, err := c.Cookie(s.SessionCookieName())
	if err != nil || cookie.Value == "" {
		return auth.Principal{}, errSignIn
	}
	return s.People.Authenticate(ctx, secret.New(cookie.Value))
}

// bearerToken reads the Authorization header (RFC 6750 §2.1; the scheme's case is free).
func bearerToken(r *http.Request) (secret.String, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return secret.String{}, false
	}
	return secret.New(strings.TrimSpace(token)), true
}
