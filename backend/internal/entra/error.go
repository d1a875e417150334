package entra

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The operations that Error.Op names.
const (
	OpDiscover = "discover"
	OpProbe    = "probe"
	OpCallback = "callback"
	OpRedeem   = "redeem"
	OpRefresh  = "refresh"
	OpIDToken  = "id_token"
	OpClock    = "clock"
)

// ErrInconclusive is wrapped by what Probe returns when the provider's answer proves nothing about
// the client ID and the secret.
var ErrInconclusive = errors.New("the provider's answer says nothing about the client ID and secret")

// Error is a call to the sign-in authority, or a sign-in, that failed. Every field has been checked
// for shape and freed of the secrets that were sent; Error's text leaves out all that the other side
// worded itself. Advice says what it means.
type Error struct {
	Op            string
	Status        int    // HTTP status; 0 when there was no answer, or none of HTTP.
	Code          string // The standard `error`: invalid_grant, access_denied, …
	Suberror      string // Entra's suberror, or error_subcode of a redirect.
	Numbers       []int  // The AADSTS numbers, the most telling one first.
	TraceID       string
	CorrelationID string // Of the answer; without one, the client-request-id that we sent.
	Timestamp     string
	Claims        string        // A JSON object to satisfy at the next sign-in (claims challenge).
	RetryAfter    time.Duration // What a Retry-After header asked for, within bounds; 0 for none.

	reason reason // Our own finding, for what no provider's error code says.
	judged bool   // The answer is one that may be believed: see believable.
	cause  error
}

// Error names operation, status, codes and ids.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString("entra " + e.Op + ":")
	if e.reason != "" {
		text.WriteString(" " + string(e.reason))
	}
	if e.Status != 0 {
		fmt.Fprintf(&text, " status %d", e.Status)
	}
	if e.Code != "" {
		text.WriteString(" " + e.Code)
	}
	if e.Suberror != "" {
		text.WriteString(" (" + e.Suberror + ")")
	}
	for _, number := range e.Numbers {
		fmt.Fprintf(&text, " AADSTS%d", number)
	}
	if e.TraceID != "" {
		text.WriteString(" trace " + e.TraceID)
	}
	if e.CorrelationID != "" {
		text.WriteString(" correlation " + e.CorrelationID)
	}
	if e.cause != nil {
		text.WriteString(": " + e.cause.Error())
	}
	return text.String()
}

// Unwrap returns the broken call, if it was one.
func (e *Error) Unwrap() error { return e.cause }

// GoString keeps %#v to what Error says.
func (e *Error) GoString() string { return "&entra.Error{" + e.Error() + "}" }

// Transient reports whether trying again later may succeed with nothing changed.
func (e *Error) Transient() bool { return e.Advice().Class == ClassTransient }

// inconclusive is a probe's answer that blames nobody.
type inconclusive struct{ cause *Error }

func (i inconclusive) Error() string   { return ErrInconclusive.Error() + ": " + i.cause.Error() }
func (i inconclusive) Unwrap() []error { return []error{ErrInconclusive, i.cause} }
