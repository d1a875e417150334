// Package graphtarget owns targets: named, bounded pass-throughs to Microsoft Graph with an account key,
// and the calls that are made through them.
//
// Invariants: nobody sees a target whose key they were not given, nor makes one; a target ends with its
// key; a call leads to the Graph of the key's cloud and nowhere else, along a path that the target and the
// caller's leash allow however it is read; what comes back is hostile on our origin and is answered so;
// nothing of a call is held in memory but small buffers.
//
// Why patterns are written from Graph's version on, base path included: the same pattern then means the
// same in a target, in a leash and in Microsoft's documentation.
package graphtarget

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// APIVersion is one of Graph's.
type APIVersion string // @name GraphApiVersion

// The versions of Graph.
const (
	V1   APIVersion = "v1.0"
	Beta APIVersion = "beta"
)

// Header is one that every call of a target is sent with.
type Header struct {
	Name  string `json:"name" validate:"required" example:"Prefer"`
	Value string `json:"value" validate:"required" example:"IdType=\"ImmutableId\""` // Shown to whoever sees the target: no place for secrets
} // @name TargetHeader

// list is a JSON array in a column.
type list[T any] []T

// Value writes the array.
func (l list[T]) Value() (driver.Value, error) {
	raw, err := json.Marshal([]T(l))
	return string(raw), err
}

// Scan reads the array.
func (l *list[T]) Scan(src any) error {
	text, ok := src.(string)
	if raw, isBytes := src.([]byte); isBytes {
		text, ok = string(raw), true
	}
	if !ok {
		return fmt.Errorf("scan a list: unexpected column type %T", src)
	}
	return json.Unmarshal([]byte(text), (*[]T)(l))
}

// GormDataType names the column type for GORM's statement builder.
func (list[T]) GormDataType() string { return "string" }

// Target is one row of targets.
type Target struct {
	ID             string
	Name           string
	NameKey        string
	Description    string
	SearchText     string
	AccountKeyID   string
	APIVersion     APIVersion `gorm:"column:api_version"`
	BasePath       string     // escaped, without a slash at the end; empty: all of Graph
	AllowedMethods list[string]
	AllowedPaths   list[string]
	FixedHeaders   list[Header]
	TimeoutSeconds int64 // for the head of an answer
	Enabled        bool
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	CreatedByType  auth.PrincipalType
	CreatedByID    string
	CreatedByName  string
}

// TableName names the table.
func (Target) TableName() string { return "targets" }

// Summary is a target with the name of its key.
type Summary struct {
	Target
	AccountKeyName string
}

// Failures that callers may see.
var (
	ErrNotFound = fault.New(fault.NotFound, "not_found", "There is no target with this id.")
	ErrChanged  = fault.New(fault.PreconditionFailed, "precondition_failed", "The target was changed since you read it.").
			WithFix("Read it again, look at what changed, and repeat your change with the new ETag.")
	errNameTaken = fault.Invalid(fault.Field{
		Field: "name", Code: "taken", Message: "Another target has this name. Names are compared without case.",
	})
	errUnknownKey = fault.Invalid(fault.Field{
		Field: "accountKeyId", Code: "unknown", Message: "There is no account key with this id.",
	})
)
