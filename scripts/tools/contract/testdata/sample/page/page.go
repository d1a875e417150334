// Package page holds the generic page of the sample.
package page

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items" validate:"required"`
	// Where the next page begins; null on the last one.
	NextCursor *string `json:"nextCursor" validate:"required" extensions:"x-nullable"`
}
