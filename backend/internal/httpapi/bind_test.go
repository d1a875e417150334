package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

type inner struct {
	Value string `json:"value"`
}

type embedded struct {
	Lent string `json:"lent"`
}

// sample has a member of every sort that a request can have.
type sample struct {
	embedded
	Name      string                          `json:"name"`
	Secret    secret.String                   `json:"secret"`
	Count     int64                           `json:"count"`
	Small     *int8                           `json:"small"`
	Ratio     float64                         `json:"ratio"`
	On        *bool                           `json:"on"`
	At        *time.Time                      `json:"at"`
	List      []string                        `json:"list"`
	Headers   map[string]string               `json:"headers"`
	Inner     inner                           `json:"inner"`
	Inners    []inner                         `json:"inners"`
	Optional  httpapi.Optional[string]        `json:"optional,omitzero"`
	OptInner  httpapi.Optional[inner]         `json:"optInner,omitzero"`
	Nullable  *string                         `json:"nullable" extensions:"x-nullable"`
	Anything  any                             `json:"anything"`
	Optional2 httpapi.Optional[secret.String] `json:"optionalSecret,omitzero"`
	hidden    string
}

// binding serves a route that binds a sample and keeps the last that it got.
func binding(t *testing.T) (*httpapi.Server, *sample) {
	t.Helper()
	s, got := newServer(t), &sample{}
	_ = got.hidden
	take := func(bind func(echo.Context) (sample, error)) echo.HandlerFunc {
		return func(c echo.Context) error {
			in, err := bind(c)
			if err != nil {
				return err
			}
			*got = in
			return c.NoContent(http.StatusNoContent)
		}
	}
	s.API().POST("/sample", auth.AuditRead, take(httpapi.Bind[sample]))
	s.API().PATCH("/sample", auth.AuditRead, take(httpapi.Bind[sample]))
	s.API().POST("/optional", auth.AuditRead, take(httpapi.BindOptional[sample]))
	return s, got
}

const samplePath = httpapi.BasePath + "/sample"

func TestBind(t *testing.T) {
	t.Parallel()
	t.Run("takes every sort of member", func(t *testing.T) {
		t.Parallel()
		s, got := binding(t)
		require.Equal(t, http.StatusNoContent, send(t, s, http.MethodPost, samplePath, ` {"name":"Zoë 😀 \ud83d\ude00","secret":"s",
			"count":-9223372036854775808,"small":7,"ratio":1e3,"on":false,"at":"2026-03-01T09:00:00+01:00","list":["a",""],
			"headers":{"x-run":"1"},"inner":{"value":"v"},"inners":[{"value":"w"},{}],"optional":"o","optInner":{"value":"x"},
			"nullable":null,"anything":[{"deep":[1,null,"text"]}],"lent":"l","optionalSecret":"t"} `).Status)
		require.Equal(t, "Zoë 😀 😀", got.Name)
		require.Equal(t, "s", got.Secret.Reveal())
		require.EqualValues(t, -9223372036854775808, got.Count)
		require.InDelta(t, 1000, got.Ratio, 0)
		require.False(t, *got.On)
		require.Equal(t, []string{"a", ""}, got.List)
		require.Equal(t, map[string]string{"x-run": "1"}, got.Headers)
		require.Equal(t, []inner{{"w"}, {}}, got.Inners)
		require.Equal(t, httpapi.Optional[string]{Set: true, Value: "o"}, got.Optional)
		require.Equal(t, "x", got.OptInner.Value.Value)
		require.Equal(t, "t", got.Optional2.Value.Reveal())
		require.Equal(t, "l", got.Lent)
	})
	t.Run("tells null from absent in a PATCH", func(t *testing.T) {
		t.Parallel()
		s, got := binding(t)
		require.Equal(t, http.StatusNoContent, send(t, s, http.MethodPatch, samplePath, `{"optional":null}`).Status)
		require.Equal(t, httpapi.Optional[string]{Set: true, Null: true}, got.Optional)
		require.False(t, got.OptInner.Set)
	})
	t.Run("takes null for absent elsewhere", func(t *testing.T) {
		t.Parallel()
		s, got := binding(t)
		require.Equal(t, http.StatusNoContent, send(t, s, http.MethodPost, samplePath, `{"name":null,"small":null,"inner":null,"list":null}`).Status)
		require.Empty(t, got.Name)
		require.Nil(t, got.Small)
	})
}

func TestBindRefuses(t *testing.T) {
	t.Parallel()
	s, _ := binding(t)
	for name, row := range map[string]struct{ body, want string }{
		"nothing":                           {"  ", "malformed"},
		"no JSON":                           {"{", "malformed"},
		"JSON with a byte order mark":       {"\ufeff{}", "malformed"},
		"a second value":                    {"{}{}", "malformed"},
		"a second line":                     {"{}\n{}", "malformed"},
		"something behind it":               {`{} x`, "malformed"},
		"null":                              {"null", "malformed"},
		"a list":                            {`[{"name":"x"}]`, "malformed"},
		"a text":                            {`"x"`, "malformed"},
		"a comment":                         {`{/*x*/}`, "malformed"},
		"not a number":                      {`{"ratio":NaN}`, "malformed"},
		"bytes that are no UTF-8":           {"{\"name\":\"\xff\"}", "malformed"},
		"U+0000":                            {`{"name":"a\u0000b"}`, "malformed name:invalid_text"},
		"U+0000 in a name":                  {`{"headers":{"a\u0000b":"c"}}`, "malformed headers:invalid_text"},
		"half of a pair":                    {`{"name":"\ud800"}`, "malformed name:invalid_text"},
		"the other half":                    {`{"name":"x\udc00x"}`, "malformed name:invalid_text"},
		"two first halves":                  {`{"name":"\ud83d\ud83d\ude00"}`, "malformed name:invalid_text"},
		"a pair in the wrong order":         {`{"name":"\ude00\ud83d"}`, "malformed name:invalid_text"},
		"an unknown member":                 {`{"nome":"x"}`, "malformed nome:unknown"},
		"a member in another case":          {`{"Name":"x"}`, "malformed Name:unknown"},
		"a member with another letter":      {`{"ſecret":"x"}`, "malformed ſecret:unknown"},
		"a member by its Go name":           {`{"Optional2":"x"}`, "malformed Optional2:unknown"},
		"a member that is hidden":           {`{"hidden":"x"}`, "malformed hidden:unknown"},
		"an embedded type by its name":      {`{"embedded":{}}`, "malformed embedded:unknown"},
		"an unknown member within":          {`{"inner":{"nome":1}}`, "malformed inner.nome:unknown"},
		"an unknown member in a list":       {`{"inners":[{},{"nome":1}]}`, "malformed inners[1].nome:unknown"},
		"an unknown member in an optional":  {`{"optInner":{"nome":1}}`, "malformed optInner.nome:unknown"},
		"a member twice":                    {`{"name":"x","name":"x"}`, "malformed name:duplicate"},
		"a member twice, spelt differently": {`{"name":"x","\u006eame":"x"}`, "malformed name:duplicate"},
		"a member twice within anything":    {`{"anything":{"a":1,"a":2}}`, "malformed anything.a:duplicate"},
		"a number for a text":               {`{"name":1}`, "malformed name:wrong_type"},
		"a number for a secret":             {`{"secret":1}`, "malformed secret:wrong_type"},
		"an object for a secret":            {`{"secret":{}}`, "malformed secret:wrong_type"},
		"a number for an optional text":     {`{"optional":1}`, "malformed optional:wrong_type"},
		"a text for an object":              {`{"inner":"x"}`, "malformed inner:wrong_type"},
		"a list for an object":              {`{"inner":[]}`, "malformed inner:wrong_type"},
		"an object for a list":              {`{"list":{"0":"x"}}`, "malformed list:wrong_type"},
		"a number in a list of texts":       {`{"list":["x",1]}`, "malformed list[1]:wrong_type"},
		"null in a list":                    {`{"list":[null]}`, "malformed list[0]:wrong_type"},
		"a text for true or false":          {`{"on":"true"}`, "malformed on:wrong_type"},
		"a number for true or false":        {`{"on":1}`, "malformed on:wrong_type"},
		"true for a number":                 {`{"count":true}`, "malformed count:wrong_type"},
		"a text for a number":               {`{"count":"1"}`, "malformed count:wrong_type"},
		"a fraction for a whole number":     {`{"count":1.5}`, "malformed count:wrong_type"},
		"a number that is too large":        {`{"count":9223372036854775808}`, "malformed count:wrong_type"},
		"a number that is too large by far": {`{"ratio":1e999}`, "malformed ratio:wrong_type"},
		"a huge number for anything":        {`{"anything":1e999}`, "malformed anything:wrong_type"},
		"a number too large for a byte":     {`{"small":128}`, "malformed small:wrong_type"},
		"a time that is none":               {`{"at":"yesterday"}`, "malformed at:invalid"},
		"a day for a time":                  {`{"at":"2026-03-01"}`, "malformed at:invalid"},
		"a time after all years":            {`{"at":"9999-12-31T23:59:59-12:00"}`, "malformed at:invalid"},
		"a time before all years":           {`{"at":"0000-01-01T00:00:00Z"}`, "malformed at:invalid"},
		"a number for a time":               {`{"at":1772355600}`, "malformed at:wrong_type"},
		"a time in an object":               {`{"at":{}}`, "malformed at:wrong_type"},
		"a number in a map of texts":        {`{"headers":{"x":1}}`, "malformed headers.x:wrong_type"},
		"too much nesting":                  {`{"anything":` + strings.Repeat("[", 100_000), "malformed"},
		"too much nesting, complete":        {`{"anything":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, "malformed"},
		"a long unknown name":               {`{"` + strings.Repeat("ä", 5000) + `":1}`, "malformed " + strings.Repeat("ä", 50) + "…:unknown"},
		"more than the limit":               {`{"name":"` + strings.Repeat("x", 1<<20) + `"}`, "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodPost, http.MethodPatch} {
				got := send(t, s, method, samplePath, row.body)
				require.Equal(t, row.want, got.String(), got.Detail)
				require.Less(t, len(got.Detail), 300)
			}
		})
	}
	t.Run("null in a PATCH, for what cannot be null", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "malformed name:wrong_type", send(t, s, http.MethodPatch, samplePath, `{"name":null}`).String())
		require.Equal(t, "malformed small:wrong_type", send(t, s, http.MethodPatch, samplePath, `{"small":null}`).String())
		require.Equal(t, http.StatusNoContent, send(t, s, http.MethodPatch, samplePath, `{"nullable":null,"anything":null}`).Status)
	})
	for _, contentType := range []string{"", "text/plain", "application/jsonx", "application/problem+json", "application/x-www-form-urlencoded", ";", "application/json/x"} {
		t.Run("the media type "+contentType, func(t *testing.T) {
			t.Parallel()
			got := send(t, s, http.MethodPost, samplePath, "{}", "Content-Type", contentType)
			require.Equal(t, http.StatusUnsupportedMediaType, got.Status)
		})
	}
	t.Run("a compressed body", func(t *testing.T) {
		t.Parallel()
		got := send(t, s, http.MethodPost, samplePath, "{}", "Content-Encoding", "gzip")
		require.Equal(t, http.StatusUnsupportedMediaType, got.Status)
	})
}

func TestBindRequired(t *testing.T) {
	t.Parallel()
	type item struct {
		On bool `json:"on" validate:"required"`
	}
	type request struct {
		Name  string   `json:"name" validate:"required"`
		List  []string `json:"list" validate:"required"`
		Items []item   `json:"items"`
	}
	s := newServer(t)
	s.API().POST("/request", auth.AuditRead, func(c echo.Context) error {
		if _, err := httpapi.Bind[request](c); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	for body, want := range map[string]string{
		`{"list":[]}`: "", `{"name":"","list":["x"],"items":[{"on":false}]}`: "",
		`{}`: "validation_failed list:required", `{"list":null}`: "validation_failed list:required",
		`{"list":[],"items":[{"on":true},{}]}`: "validation_failed items[1].on:required",
	} {
		require.Equal(t, want, send(t, s, http.MethodPost, httpapi.BasePath+"/request", body).String(), body)
	}
}

func TestBindOptional(t *testing.T) {
	t.Parallel()
	s, _ := binding(t)
	path := httpapi.BasePath + "/optional"
	require.Equal(t, http.StatusNoContent, send(t, s, http.MethodPost, path, "").Status)
	require.Equal(t, http.StatusNoContent, send(t, s, http.MethodPost, path, "", "Content-Type", "application/json").Status)
	require.Equal(t, http.StatusNoContent, send(t, s, http.MethodPost, path, `{"name":"x"}`).Status)
	require.Equal(t, "malformed nome:unknown", send(t, s, http.MethodPost, path, `{"nome":"x"}`).String())
	require.Equal(t, "unsupported_media_type", send(t, s, http.MethodPost, path, "x=1", "Content-Type", "text/plain").String())
}

func TestReadableQuery(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.API().GET("/list", auth.AuditRead, func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	for query, want := range map[string]string{
		"q=%zz": "malformed", "q=1;r=2": "malformed", "q=%ff": "validation_failed q:invalid", "q=%00": "validation_failed q:invalid",
		"a%ff=1": "validation_failed a:invalid", "q=%c3%a4+b&r": "",
	} {
		require.Equal(t, want, send(t, s, http.MethodGet, httpapi.BasePath+"/list?"+query, "").String(), query)
	}
}

// FuzzBind looks for a body that makes the server fail, or that it takes for another than was sent.
func FuzzBind(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"\ud83d\ude00","count":1}`, `{"inner":{"value":"v"},"list":["a"]}`, `null`, `[]`, `{"at":"2026-03-01T09:00:00Z"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s, _ := binding(t)
		for _, method := range []string{http.MethodPost, http.MethodPatch} {
			got := send(t, s, method, samplePath, body, "Content-Type", "application/json")
			require.Contains(t, []int{http.StatusNoContent, http.StatusBadRequest, http.StatusRequestEntityTooLarge}, got.Status)
			if got.Status == http.StatusNoContent {
				require.NotEqual(t, byte('['), strings.TrimSpace(body)[0])
			}
		}
	})
}
