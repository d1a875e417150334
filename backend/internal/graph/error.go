package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// Codes of our own, beside those of Graph. Graph's are compared without case: see Error.HasCode.
const (
	CodeNoAnswer         = "latchkey_no_answer"
	CodeUnexpectedAnswer = "latchkey_unexpected_answer"

	CodeMailboxNotEnabled = "MailboxNotEnabledForRESTAPI"
)

const maxMessage = 1000

// Error is a call that Graph refused, or that brought no answer (Status 0). Its text leaves out
// Message, which is Graph's own wording and may hold names and addresses.
type Error struct {
	Status             int
	Code               string // Of the innermost error that has one; empty when the body was not Graph's.
	Message            string
	RequestID          string
	ClientRequestID    string
	Date               string
	RetryAfter         time.Duration
	InsufficientClaims string // A claims challenge as a JSON object: get a new token that satisfies it.

	cause error
}

// Error names status, code and ids.
func (e *Error) Error() string {
	text := "graph:"
	if e.Status != 0 {
		text += fmt.Sprintf(" status %d", e.Status)
	}
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.RequestID != "" {
		text += " request " + e.RequestID
	} else if e.ClientRequestID != "" {
		text += " client request " + e.ClientRequestID
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the broken call, if it was one.
func (e *Error) Unwrap() error { return e.cause }

// GoString keeps %#v to what Error says.
func (e *Error) GoString() string { return "&graph.Error{" + e.Error() + "}" }

// HasCode compares with one of Graph's codes, whose letter case varies.
func (e *Error) HasCode(code string) bool { return strings.EqualFold(e.Code, code) }

// Transient reports whether the same call may succeed later with nothing changed. It does not say
// that the call had no effect.
func (e *Error) Transient() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusInsufficientStorage:
		return false // The mailbox is full.
	default:
		return e.Status < 400 || e.Status >= 500
	}
}

var (
	graphCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.\-]{0,99}$`)
	graphID   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,63}$`)
	graphDate = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z?$`)
)

// wireError is Graph's error object. Go matches member names without case, which also covers
// innererror beside innerError.
type wireError struct {
	Code            string     `json:"code"`
	Message         string     `json:"message"`
	Date            string     `json:"date"`
	RequestID       string     `json:"request-id"`
	ClientRequestID string     `json:"client-request-id"`
	InnerError      *wireError `json:"innerError"`
}

func parseError(
	status int, header http.Header, body []byte, requestID string, token secret.String, now time.Time,
) *Error {
	parsed := &Error{
		Status:          status,
		RequestID:       identified(header.Get("Request-Id")),
		ClientRequestID: requestID,
		RetryAfter:      upstream.RetryAfter(header, now, false),
	}
	if status == http.StatusUnauthorized {
		parsed.InsufficientClaims = claimsChallenge(header.Values("WWW-Authenticate"))
	}
	var wire struct {
		Error *wireError `json:"error"`
	}
	// A member of an unexpected type is skipped by the decoder; the rest is still worth reading.
	var oddType *json.UnmarshalTypeError
	if err := json.Unmarshal(body, &wire); err != nil && !errors.As(err, &oddType) || wire.Error == nil {
		return parsed
	}
	parsed.Code = matching(graphCode, wire.Error.Code)
	parsed.Message = readable(wire.Error.Message)
	if strings.Contains(wire.Error.Message, token.Reveal()) {
		parsed.Message = ""
	}
	for inner, depth := wire.Error, 0; inner != nil && depth < 8; inner, depth = inner.InnerError, depth+1 {
		if code := matching(graphCode, inner.Code); parsed.Code == "" {
			parsed.Code = code
		}
		if id := identified(inner.RequestID); parsed.RequestID == "" {
			parsed.RequestID = id
		}
		if date := matching(graphDate, inner.Date); date != "" {
			parsed.Date = date
		}
	}
	if parsed.Code != "" {
		parsed.RetryAfter = upstream.RetryAfter(header, now, true)
	}
	return parsed
}

func identified(id string) string { return matching(graphID, id) }

func matching(shape *regexp.Regexp, text string) string {
	if shape.MatchString(text) {
		return text
	}
	return ""
}

// readable makes Graph's wording fit for a page: one line, of bounded length.
func readable(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	text = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r <= 0x9f {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxMessage {
		return string(runes[:maxMessage])
	}
	return text
}
