package entra

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

const (
	maxNumbers     = 8
	maxClaims      = 8 << 10
	maxDescription = 16 << 10
	loopPause      = 5 * time.Minute
)

// What the other side words is used only in these shapes; anything else is dropped.
var (
	errorCode   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	identifier  = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,63}$`)
	timestamp   = regexp.MustCompile(`^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?Z?$`)
	aadsts      = regexp.MustCompile(`AADSTS(\d{4,9})(?:\D|$)`)
	traceID     = regexp.MustCompile(`Trace ID:\s*([0-9A-Za-z-]{1,64})`)
	correlation = regexp.MustCompile(`Correlation ID:\s*([0-9A-Za-z-]{1,64})`)
	writtenTime = regexp.MustCompile(`Timestamp:\s*(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)`)
)

// wireObject is a JSON answer of the token endpoint (RFC 6749 §5) with Entra's additions. Members
// are read one by one, because an odd type in one of them must not hide the others.
type wireObject map[string]json.RawMessage

func (w wireObject) text(member string) string {
	var value string
	if json.Unmarshal(w[member], &value) != nil {
		return ""
	}
	return value
}

func (w wireObject) numbers() []int {
	var raw []json.RawMessage
	if json.Unmarshal(w["error_codes"], &raw) != nil {
		return nil
	}
	var numbers []int
	for _, item := range raw[:min(len(raw), maxNumbers)] {
		if number, err := strconv.Atoi(strings.Trim(string(item), `"`)); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// believable reports whether an answer can be the provider's own verdict on a request. RFC 6749
// §5.2 has 400 and 401, some providers use 403. A success status that tells an error, an HTML page,
// 5xx and 429 come from something on the way, or from a provider in trouble.
func believable(got answer) bool {
	switch got.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return got.isJSON()
	default:
		return false
	}
}

// parseAnswer reads a failed answer. The secrets are those that were sent: no field may repeat one.
func parseAnswer(op string, got answer, now time.Time, secrets ...secret.String) *Error {
	parsed := &Error{
		Op: op, Status: got.status, CorrelationID: got.requestID,
		RetryAfter: upstream.RetryAfter(got.header, now, false),
	}
	wire := wireObject{}
	if !got.isJSON() || json.Unmarshal(got.body, &wire) != nil || len(wire) == 0 {
		return parsed
	}
	hide := hider(secrets)
	description := clip(wire.text("error_description"), maxDescription)
	parsed.judged = believable(got)
	parsed.Code = keep(errorCode, hide(wire.text("error")))
	parsed.Suberror = keep(errorCode, hide(wire.text("suberror")))
	parsed.Numbers = collectNumbers(wire.numbers(), description, wire.text("error_uri"))
	parsed.TraceID = first(keep(identifier, hide(wire.text("trace_id"))), hide(find(traceID, description)))
	parsed.CorrelationID = first(
		keep(identifier, hide(wire.text("correlation_id"))), hide(find(correlation, description)), got.requestID)
	parsed.Timestamp = first(keep(timestamp, wire.text("timestamp")), find(writtenTime, description))
	parsed.Claims = hide(jsonObject(wire.text("claims")))
	if _, known := adviceForError(parsed.Code, parsed.Suberror); known || len(parsed.Numbers) > 0 {
		parsed.RetryAfter = upstream.RetryAfter(got.header, now, true)
	}
	if slices.Contains(parsed.Numbers, 50196) {
		parsed.RetryAfter = max(parsed.RetryAfter, loopPause)
	}
	return parsed
}

// CallbackError reads the error of a redirect to our callback, or returns nil when the redirect
// tells none. Anybody can craft such a link: check the state first.
func CallbackError(query url.Values) *Error {
	code, subcode := query.Get("error"), query.Get("error_subcode")
	if code == "" && subcode == "" {
		return nil
	}
	description := clip(query.Get("error_description"), maxDescription)
	return &Error{
		Op:            OpCallback,
		Code:          keep(errorCode, code),
		Suberror:      keep(errorCode, strings.ToLower(subcode)),
		Numbers:       collectNumbers(nil, description, query.Get("error_uri")),
		TraceID:       find(traceID, description),
		CorrelationID: find(correlation, description),
		Timestamp:     find(writtenTime, description),
	}
}

// collectNumbers gathers the AADSTS numbers from wherever they are told, without repeats.
func collectNumbers(stated []int, description, errorURI string) []int {
	var numbers []int
	add := func(number int) {
		if number > 0 && number <= 999_999_999 && len(numbers) < maxNumbers && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	for _, number := range stated {
		add(number)
	}
	for _, match := range aadsts.FindAllStringSubmatch(description, maxNumbers) {
		if number, err := strconv.Atoi(match[1]); err == nil {
			add(number)
		}
	}
	if parsed, err := url.Parse(clip(errorURI, maxDescription)); err == nil {
		if number, err := strconv.Atoi(parsed.Query().Get("code")); err == nil {
			add(number)
		}
	}
	return numbers
}

// hider returns a function that drops a text which repeats one of the secrets.
func hider(secrets []secret.String) func(string) string {
	return func(text string) string {
		for _, value := range secrets {
			if !value.IsZero() && strings.Contains(text, value.Reveal()) {
				return ""
			}
		}
		return text
	}
}

func keep(shape *regexp.Regexp, text string) string {
	if shape.MatchString(text) {
		return text
	}
	return ""
}

func find(shape *regexp.Regexp, text string) string {
	match := shape.FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	return match[1]
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func clip(text string, limit int) string {
	if len(text) > limit {
		return text[:limit]
	}
	return text
}

// jsonObject returns text in compact form if it is a JSON object of bearable size.
func jsonObject(text string) string {
	if text == "" || len(text) > maxClaims || !utf8.ValidString(text) {
		return ""
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil || object == nil {
		return ""
	}
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(text)) != nil {
		return ""
	}
	return compact.String()
}
