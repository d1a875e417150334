package fault

// Field is what is wrong with one member of a request, named as the request spells it.
type Field struct {
	Field   string
	Code    string
	Message string
}

// Fields collects what is wrong with a request. Empty, it is good.
type Fields []Field

// Add says what is wrong with a field.
func (f *Fields) Add(field, code, message string) {
	*f = append(*f, Field{Field: field, Code: code, Message: message})
}

// Err reports the fields that are wrong, if any.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return Invalid(f...)
}
