// Package page holds keyset paging: a limit, an opaque cursor, and one page of a list.
package page

import (
	"encoding/base64"
	"strconv"

	"github.com/google/uuid"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

// Limits of a page's size.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Request is what a caller asks of a list: at most Limit items that come after the item with id
// After ("" is the beginning).
type Request struct {
	Limit int
	After string
}

// Page is one page of a list. NextCursor is nil on the last one.
type Page[T any] struct {
	Items      []T     `json:"items" validate:"required"`
	NextCursor *string `json:"nextCursor" validate:"required"`
}

// Parse reads the query parameters limit and cursor; both may be empty.
func Parse(limit, cursor string) (Request, error) {
	r := Request{Limit: DefaultLimit}
	var wrong fault.Fields
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > MaxLimit {
			wrong.Add("limit", "out_of_range", "Ask for 1 to 200 items.")
		}
		r.Limit = n
	}
	if cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err == nil {
			err = uuid.Validate(string(raw))
		}
		if err != nil {
			wrong.Add("cursor", "invalid", "Pass nextCursor of the page before as it was, or leave it out to start again.")
		}
		r.After = string(raw)
	}
	return r, wrong.Err()
}

// Cut makes a page of rows that were read with one row more than the limit, which tells whether
// there is a next page. id returns what a row is sorted by, view how callers see it.
func Cut[R, V any](rows []R, limit int, id func(R) string, view func(R) V) Page[V] {
	p := Page[V]{Items: make([]V, 0, min(len(rows), limit))}
	if len(rows) > limit {
		rows = rows[:limit]
		next := base64.RawURLEncoding.EncodeToString([]byte(id(rows[limit-1])))
		p.NextCursor = &next
	}
	for _, row := range rows {
		p.Items = append(p.Items, view(row))
	}
	return p
}
