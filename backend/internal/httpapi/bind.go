package httpapi

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"reflect"
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
	ErrNotJSON   = fault.New(fault.UnsupportedMediaType, "unsupported_media_type", "Send the body as application/json.")
	ErrUnknownID = fault.New(fault.NotFound, "not_found", "There is nothing with this id.")
)

// Bind reads a JSON body into T. It refuses what T has no place for: members that are not known, or
// there twice, or of another type; a second value; text that no field may contain.
func Bind[T any](c echo.Context) (T, error) {
	var none T
	if err := checkMedia(c.Request().Header); err != nil {
		return none, err
	}
	body, err := readAll(c.Request())
	if err != nil {
		return none, err
	}
	return decode[T](body, c.Request().Method == http.MethodPatch)
}

// BindOptional is Bind for a body that may be left out: an empty one is the zero T.
func BindOptional[T any](c echo.Context) (T, error) {
	var none T
	body, err := readAll(c.Request())
	if err != nil {
		return none, err
	}
	if len(body) == 0 {
		return none, nil
	}
	if err := checkMedia(c.Request().Header); err != nil {
		return none, err
	}
	return decode[T](body, c.Request().Method == http.MethodPatch)
}

// checkMedia refuses what is not JSON, and JSON that is compressed and would be taken for garbage.
func checkMedia(h http.Header) error {
	mediaType, _, err := mime.ParseMediaType(h.Get(echo.HeaderContentType))
	if err != nil || mediaType != echo.MIMEApplicationJSON {
		return ErrNotJSON
	}
	if coding := h.Get(echo.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		return ErrNotJSON.WithMessage("Send the body as it is, without Content-Encoding.")
	}
	return nil
}

func decode[T any](body []byte, patch bool) (T, error) {
	var v, none T
	if err := checkShape(body, reflect.TypeFor[T](), patch); err != nil {
		return none, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return none, notJSON(err)
	}
	return v, nil
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

func (Optional[T]) of() reflect.Type { return reflect.TypeFor[T]() }

// readableQuery refuses a query that can't be read, of which net/http would drop the broken parts in
// silence, and text in it that databases can't store.
func readableQuery(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().URL.RawQuery == "" {
			return next(c)
		}
		query, err := url.ParseQuery(c.Request().URL.RawQuery)
		if err != nil {
			return errMalformed.WithMessage("The query after the question mark is not well-formed.").Because(err)
		}
		for name, values := range query {
			for _, text := range append(values, name) {
				if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
					return fault.Invalid(fault.Field{
						Field: shortPath(strings.ToValidUTF8(name, "")), Code: "invalid", Message: "Use UTF-8, without U+0000.",
					})
				}
			}
		}
		return next(c)
	}
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
