package httpapi

import (
	"encoding/json"
	"iter"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Lines answers with a file of JSON documents, one a line (NDJSON), each written as its row comes. What
// fails before the first is answered as any failure; what fails later cuts the connection, so that a
// part of the file never passes for the whole. The file may be of any size.
func Lines[R, V any](c echo.Context, fileName string, rows iter.Seq2[R, error], view func(R) V) error {
	begin := func() {
		if !c.Response().Committed {
			c.Response().Header().Set(echo.HeaderContentType, "application/x-ndjson")
			c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+fileName+`"`)
			c.Response().WriteHeader(http.StatusOK)
		}
	}
	out := json.NewEncoder(c.Response())
	for row, err := range rows {
		if err != nil {
			return err
		}
		begin()
		moreTime(c)
		if err := out.Encode(view(row)); err != nil {
			return err
		}
	}
	begin()
	return nil
}
