// Package fault holds the sample's problem.
package fault

// Problem is what a failure answers with.
type Problem struct {
	Status int     `json:"status" validate:"required"`
	Code   string  `json:"code" validate:"required"`
	Errors []Field `json:"errors,omitempty"`
} // @name Problem

// Field is what is wrong with one field.
type Field struct {
	Field string `json:"field" validate:"required"`
	Code  string `json:"code" validate:"required"`
} // @name ProblemField
