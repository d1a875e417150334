package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

func TestError(t *testing.T) {
	t.Parallel()
	taken := fault.New(fault.Conflict, "taken", "It is taken.")

	t.Run("a wrapped copy still is the declared failure", func(t *testing.T) {
		t.Parallel()
		err := fmt.Errorf("insert: %w", taken.Because(errors.New("constraint")).WithFix("Choose another."))
		require.ErrorIs(t, err, taken)
		require.NotErrorIs(t, err, fault.New(fault.Conflict, "other", ""))
		got, ok := fault.From(err)
		require.True(t, ok)
		require.Equal(t, "Choose another.", got.Fix)
	})
	t.Run("copies leave the declaration alone", func(t *testing.T) {
		t.Parallel()
		one := taken.WithFields(fault.Field{Field: "a", Code: "x"})
		two := one.WithFields(fault.Field{Field: "b", Code: "y"})
		require.Empty(t, taken.Fields)
		require.Len(t, one.Fields, 1)
		require.Len(t, two.Fields, 2)
		require.Empty(t, taken.Fix)
	})
}
