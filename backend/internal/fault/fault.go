// Package fault holds the one error type whose text callers may see. Whatever is not a fault is an
// internal error: the caller learns nothing of it, the log everything. It collects what is wrong with
// a request's fields, and has the rules for text that several nouns share.
package fault

import (
	"errors"
	"time"
)

// Kind says what sort of failure it is; httpapi alone turns it into a status.
type Kind int

// The kinds of failure a caller can be told of.
const (
	Internal Kind = iota
	Malformed
	Unauthenticated
	Forbidden
	NotFound
	MethodNotAllowed
	Conflict
	PreconditionFailed
	TimedOut
	TooLarge
	UnsupportedMediaType
	InvalidInput
	RateLimited
	Unavailable
	Unreachable // another server, which the request was to be passed on to
	Unanswered  // it did not answer in time, and may have done what it was asked to
	Abandoned   // the caller went away; nobody is told but metrics and log
)

// Error is a failure as the caller sees it. Message and Fix are sentences written for that caller;
// the cause goes only to the log.
type Error struct {
	Kind       Kind
	Code       string // stable snake_case, part of the API contract
	Message    string
	Fix        string
	Fields     []Field
	RetryAfter time.Duration
	Microsoft  any // what Microsoft's support asks for, when they caused it
	cause      error
}

// New declares a failure. Declare one per cause beside the type it concerns.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Invalid reports fields that are wrong: code validation_failed.
func Invalid(fields ...Field) *Error {
	return New(InvalidInput, "validation_failed", "Some fields need attention.").WithFields(fields...)
}

// Error returns code and message, and the cause for the log.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	for _, f := range e.Fields {
		s += " [" + f.Field + ": " + f.Code + "]"
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes copies with another cause, fix or fields equal to the declared failure.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code && t.Kind == e.Kind
}

// Because returns a copy that carries its cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// WithMessage returns a copy that says it in other words.
func (e *Error) WithMessage(message string) *Error {
	c := *e
	c.Message = message
	return &c
}

// WithFix returns a copy that says what to do about it.
func (e *Error) WithFix(fix string) *Error {
	c := *e
	c.Fix = fix
	return &c
}

// WithFields returns a copy that names the fields at fault.
func (e *Error) WithFields(fields ...Field) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), fields...)
	return &c
}

// WithMicrosoft returns a copy that carries Microsoft's error and ids.
func (e *Error) WithMicrosoft(details any) *Error {
	c := *e
	c.Microsoft = details
	return &c
}

// After returns a copy that says when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// From returns the fault within err, if there is one.
func From(err error) (*Error, bool) {
	var f *Error
	ok := errors.As(err, &f)
	return f, ok
}
