package audit

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// What is told of a secret in place of its value.
const (
	SecretSet      = "set"
	SecretReplaced = "replaced"
	SecretRemoved  = "removed"
)

// Change is one field's value before and after, as text; nil where there was nothing. Of a secret,
// After says what became of it.
type Change struct {
	Field  string  `json:"field"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

// Changes collects the fields that differ.
type Changes []Change

// Add notes a field when its value changed. Values are texts, lists of texts, true or false.
func (c *Changes) Add(field string, before, after any) {
	b, a := textOf(before), textOf(after)
	if (b == nil) != (a == nil) || (b != nil && *b != *a) {
		*c = append(*c, Change{Field: field, Before: b, After: a})
	}
}

// Gone tells what there was of a thing that is no more: no value comes after another.
func (c Changes) Gone() Changes {
	for i := range c {
		c[i].After = nil
	}
	return c
}

// AddSecret notes that a secret was set, replaced or removed, without telling it.
func (c *Changes) AddSecret(field string, hadOne, hasOne bool) {
	became := ""
	switch {
	case hadOne && hasOne:
		became = SecretReplaced
	case hasOne:
		became = SecretSet
	case hadOne:
		became = SecretRemoved
	}
	c.Add(field, nil, became)
}

// textOf writes a value as text: one form for every field, so that whoever reads entries by program
// finds the same type everywhere. Empty is nothing.
func textOf(value any) *string {
	text := ""
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = fmt.Sprint(v.Index(i))
		}
		text = strings.Join(parts, ", ")
	} else if value != nil {
		text = fmt.Sprint(value)
	}
	if text == "" {
		return nil
	}
	return &text
}

// Value stores changes as a JSON array; none as nothing.
func (c Changes) Value() (driver.Value, error) {
	if len(c) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(c)
	return string(raw), err
}

// Scan reads changes back. Entries were once written with values of several types.
func (c *Changes) Scan(src any) error {
	*c = nil
	text, ok := src.(string)
	if raw, isBytes := src.([]byte); isBytes {
		text, ok = string(raw), true
	}
	if !ok {
		return fmt.Errorf("scan changes: unexpected column type %T", src)
	}
	if text == "" {
		return nil
	}
	var stored []struct {
		Field         string
		Before, After any
	}
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return fmt.Errorf("scan changes: %w", err)
	}
	for _, s := range stored {
		*c = append(*c, Change{Field: s.Field, Before: textOf(s.Before), After: textOf(s.After)})
	}
	return nil
}

// GormDataType names the column type for GORM's statement builder.
func (Changes) GormDataType() string { return "string" }
