package page_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/page"
)

func TestCut(t *testing.T) {
	t.Parallel()
	same := func(s string) string { return s }

	t.Run("a full page names the last item shown", func(t *testing.T) {
		t.Parallel()
		first, second := uuid.NewString(), uuid.NewString()
		p := page.Cut([]string{first, second}, 1, same, same)
		require.Equal(t, []string{first}, p.Items)
		next, err := page.Parse("", *p.NextCursor)
		require.NoError(t, err)
		require.Equal(t, first, next.After)
	})
	t.Run("the last page has no cursor and is never null", func(t *testing.T) {
		t.Parallel()
		p := page.Cut(nil, 1, same, same)
		require.Nil(t, p.NextCursor)
		require.NotNil(t, p.Items)
	})
}

func FuzzParse(f *testing.F) {
	f.Add("50", "")
	f.Add("-1", "AAAA")
	f.Fuzz(func(t *testing.T, limit, cursor string) {
		r, err := page.Parse(limit, cursor)
		if err != nil {
			_, ok := fault.From(err)
			require.True(t, ok)
			return
		}
		require.GreaterOrEqual(t, r.Limit, 1)
		require.LessOrEqual(t, r.Limit, page.MaxLimit)
		if r.After != "" {
			require.NoError(t, uuid.Validate(r.After))
		}
	})
}
