package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"
)

// serializer writes JSON in one piece: its length is told, and what cannot be encoded is answered as a
// failure instead of half an answer.
type serializer struct{}

// Serialize writes v with the status that the context holds.
func (serializer) Serialize(c echo.Context, v any, _ string) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %T: %w", v, err)
	}
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(raw)))
	if _, err := c.Response().Write(raw); err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	return nil
}

// Deserialize is not used: Bind reads bodies.
func (serializer) Deserialize(echo.Context, any) error {
	return errors.New("use httpapi.Bind")
}
