package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/page"
)

// Failures of reading a request.
var (
	ErrNotJSON      = fault.New(fault.UnsupportedMediaType, "unsupported_media_type", "Send the body as application/json.")
	ErrUnknownID    = fault.New(fault.NotFound, "not_found", "There is nothing with this id.")
	ErrPrecondition = fault.New(fault.PreconditionFailed, "precondition_failed", "It was changed since you read it.").
			WithFix("Read it again, look at what changed, and repeat your change with the new ETag.")
)

// Bind reads a JSON body into T. It refuses unknown members, a second value, text that is not UTF-8
// and the character U+0000, which PostgreSQL cannot store.
func Bind[T any](c echo.Context) (T, error) {
	var v T
	mediaType, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || mediaType != echo.MIMEApplicationJSON {
		return v, ErrNotJSON
	}
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return v, errTooLarge.Because(err)
		}
		return v, errMalformed.Because(err)
	}
	if err := checkText(body); err != nil {
		return v, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, decodeFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return v, errMalformed.WithMessage("The body holds more than one JSON value.")
	}
	return v, nil
}

func checkText(body []byte) error {
	if !utf8.Valid(body) {
		return errMalformed.WithMessage("The body is not valid UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return nil //nolint:nilerr // decoding into the type reports malformed JSON better
		}
		if s, ok := token.(string); ok && strings.ContainsRune(s, 0) {
			return errMalformed.WithMessage("The body holds the character U+0000, which no field may contain.")
		}
	}
}

// decodeFault names the member at fault where encoding/json tells it.
func decodeFault(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		name := wrongType.Field
		message := fmt.Sprintf("This is a JSON %s; it should be %s.", wrongType.Value, jsonKind(wrongType.Type.Kind().String()))
		if name == "" {
			return errMalformed.WithMessage("The body should be a JSON object.").Because(err)
		}
		return errMalformed.WithMessage("The member " + strconv.Quote(name) + " has the wrong type.").
			WithFields(fault.Field{Field: name, Code: "wrong_type", Message: message}).Because(err)
	}
	// encoding/json has no type for this error; its text is fixed by the Go 1 promise's tests.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return errMalformed.WithMessage("The body has a member that is not known here: " + strconv.Quote(name) + ".").
			WithFields(fault.Field{Field: name, Code: "unknown", Message: "Leave this member out, or check its spelling."}).Because(err)
	}
	return errMalformed.WithMessage("The body is not valid JSON.").Because(err)
}

func jsonKind(goKind string) string {
	switch {
	case goKind == "string":
		return "a string"
	case goKind == "bool":
		return "true or false"
	case goKind == "slice" || goKind == "array":
		return "an array"
	case strings.HasPrefix(goKind, "int"), strings.HasPrefix(goKind, "uint"):
		return "a whole number"
	case strings.HasPrefix(goKind, "float"):
		return "a number"
	default:
		return "an object"
	}
}

// Optional is a member of a PATCH body that may be absent, null or a value.
type Optional[T any] struct {
	Set   bool // the member was there, null or not
	Null  bool
	Value T
}

// UnmarshalJSON notes that the member was there.
func (o *Optional[T]) UnmarshalJSON(raw []byte) error {
	o.Set = true
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		o.Null = true
		return nil
	}
	return json.Unmarshal(raw, &o.Value)
}

// PathID reads a path parameter that is an id. What is no UUID can't be the id of anything.
func PathID(c echo.Context, name string) (string, error) {
	id := c.Param(name)
	if uuid.Validate(id) != nil || len(id) != 36 {
		return "", ErrUnknownID
	}
	return strings.ToLower(id), nil
}

// Page reads the query parameters limit and cursor.
func Page(c echo.Context) (page.Request, error) {
	return page.Parse(c.QueryParam("limit"), c.QueryParam("cursor"))
}

// SetETag tells the version of the resource in the answer.
func SetETag(c echo.Context, version int64) {
	c.Response().Header().Set("ETag", `"`+strconv.FormatInt(version, 10)+`"`)
}

// IfMatch returns the versions that the caller's If-Match header accepts (RFC 9110 §13.1.1); nil
// when there is no such header or it is "*". Weak and foreign tags match no version.
func IfMatch(c echo.Context) []int64 {
	header := strings.TrimSpace(strings.Join(c.Request().Header.Values("If-Match"), ","))
	if header == "" || header == "*" {
		return nil
	}
	versions := []int64{}
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
			continue
		}
		if n, err := strconv.ParseInt(tag[1:len(tag)-1], 10, 64); err == nil {
			versions = append(versions, n)
		}
	}
	return versions
}
