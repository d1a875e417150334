package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// Problem is how every failure is told (RFC 9457), as application/problem+json.
type Problem struct {
	Type      string         `json:"type" validate:"required" example:"urn:latchkey:problem:validation_failed"`
	Title     string         `json:"title" validate:"required" example:"Unprocessable Entity"`
	Status    int            `json:"status" validate:"required" example:"422"`
	Detail    string         `json:"detail" validate:"required" example:"Some fields need attention."`
	Code      string         `json:"code" validate:"required" example:"validation_failed"`
	RequestID string         `json:"requestId" validate:"required"`
	Fix       string         `json:"fix,omitempty"`
	Errors    []ProblemField `json:"errors,omitempty"`
	Microsoft any            `json:"microsoft,omitempty" swaggertype:"object"` // Microsoft's error, codes and ids, when they caused it
} // @name Problem

// ProblemField is what is wrong with one member of the request.
type ProblemField struct {
	Field   string `json:"field" validate:"required" example:"tenantId"`
	Code    string `json:"code" validate:"required" example:"invalid"`
	Message string `json:"message" validate:"required"`
} // @name ProblemField

// statusAbandoned is nginx's: the client closed the connection before it was answered.
const statusAbandoned = 499

var statusOf = map[fault.Kind]int{ //nolint:gochecknoglobals // the one table of statuses, never written to
	fault.Malformed: http.StatusBadRequest, fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound,
	fault.MethodNotAllowed: http.StatusMethodNotAllowed, fault.Abandoned: statusAbandoned,
	fault.Conflict: http.StatusConflict, fault.PreconditionFailed: http.StatusPreconditionFailed,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.UnsupportedMediaType: http.StatusUnsupportedMediaType,
	fault.InvalidInput: http.StatusUnprocessableEntity, fault.RateLimited: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable, fault.TimedOut: http.StatusRequestTimeout,
	fault.Unreachable: http.StatusBadGateway, fault.Unanswered: http.StatusGatewayTimeout,
}

// maxErrors is how many mistakes are told at once: a request must not be answered with much more than it
// sent.
const maxErrors = 50

// problemOf turns any error of a request into what its caller may know of it.
func problemOf(ctx context.Context, err error) (Problem, *fault.Error) {
	f, ok := fault.From(err)
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled):
		f = errAbandoned.Because(err) // whatever else it says: it came about because the client went away
	case !ok:
		f = foreign(err)
	}
	status, ok := statusOf[f.Kind]
	if !ok {
		status = http.StatusInternalServerError
	}
	p := Problem{
		Type: "urn:latchkey:problem:" + f.Code, Title: cmp.Or(http.StatusText(status), "Client Closed Request"), Status: status,
		Detail: f.Message, Code: f.Code, Fix: f.Fix, Microsoft: f.Microsoft,
	}
	for _, field := range f.Fields[:min(len(f.Fields), maxErrors)] {
		p.Errors = append(p.Errors, ProblemField(field))
	}
	return p, f
}

// StatusOf returns the status that an error of a request is answered with.
func StatusOf(ctx context.Context, err error) int {
	p, _ := problemOf(ctx, err)
	return p.Status
}

// foreign translates the errors of Echo and net/http; whatever else there is stays internal.
func foreign(err error) *fault.Error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge.Because(err)
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		switch he.Code {
		case http.StatusNotFound:
			return errNoRoute
		case http.StatusMethodNotAllowed:
			return errMethod
		case http.StatusRequestEntityTooLarge:
			return errTooLarge
		case http.StatusBadRequest:
			return errMalformed.Because(err)
		}
	}
	return errInternal.Because(err)
}

var (
	errInternal  = fault.New(fault.Internal, "internal", "Something went wrong on our side. The server's log has the details under this request id.")
	errNoRoute   = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
	errMethod    = fault.New(fault.MethodNotAllowed, "method_not_allowed", "This address doesn't take this method.")
	errAbandoned = fault.New(fault.Abandoned, "client_gone", "The client went away before it was answered.")
	errTooLarge  = fault.New(fault.TooLarge, "too_large", "The request is larger than this address takes.")
	errMalformed = fault.New(fault.Malformed, "malformed", "The request could not be read.")
)

// handleError is Echo's error handler: the only place that writes a failure.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		s.cut(err, c)
	}
	ctx := c.Request().Context()
	p, f := problemOf(ctx, err)
	p.RequestID = auth.RequestFrom(ctx).ID
	level := slog.LevelDebug
	if p.Status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.Logger.Log(ctx, level, "request failed", "method", c.Request().Method, "route", c.Path(),
		"status", p.Status, "code", p.Code, "error", err)
	h := c.Response().Header()
	if f.RetryAfter > 0 {
		h.Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized && h.Get(echo.HeaderWWWAuthenticate) == "" {
		h.Set(echo.HeaderWWWAuthenticate, `Bearer realm="latchkey"`)
	}
	if p.Status == http.StatusRequestTimeout {
		h.Set(echo.HeaderConnection, "close") // RFC 9110 §15.5.9
	}
	h.Set("Cache-Control", "no-store")
	h.Set(echo.HeaderContentType, "application/problem+json")
	c.Response().WriteHeader(p.Status)
	if c.Request().Method == http.MethodHead {
		return
	}
	if err := json.NewEncoder(c.Response()).Encode(p); err != nil {
		s.Logger.DebugContext(ctx, "problem not delivered", "error", err)
	}
}

// cut ends the connection of an answer that failed after it had begun: that is all that can still be
// told, and without it the part that was sent would pass for the whole.
func (s *Server) cut(err error, c echo.Context) {
	ctx := c.Request().Context()
	level := slog.LevelError
	if ctx.Err() != nil { // whoever asked has gone
		level = slog.LevelDebug
	}
	s.Logger.Log(ctx, level, "answer cut short", "method", c.Request().Method, "route", c.Path(), "error", err)
	panic(http.ErrAbortHandler)
}
