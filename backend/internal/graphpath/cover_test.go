package graphpath_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

func TestCovers(t *testing.T) {
	t.Parallel()
	pattern := func(text string) graphpath.Pattern {
		p, err := graphpath.ParsePattern(text)
		require.NoError(t, err)
		return p
	}
	for wide, narrow := range map[string][]string{
		"/**":            {"/**", "/*", "/me", "/me/**", "/me/*/x/**"},
		"/me/**":         {"/me", "/ME/messages", "/me/*", "/me/**", "/me/messages/**"},
		"/me/*":          {"/me/*", "/me/messages"},
		"/me/*/x":        {"/me/*/x", "/me/a/X"},
		"/me/messages":   {"/Me/Messages"},
		"/me/*/x/*/y/**": {"/me/a/x/*/y/z/**"},
	} {
		for _, text := range narrow {
			require.True(t, pattern(wide).Covers(pattern(text)), "%s covers %s", wide, text)
		}
	}
	for narrow, wide := range map[string][]string{
		"/me/**":       {"/**", "/*", "/*/x", "/users/**", "/memories"},
		"/me/*":        {"/me", "/me/**", "/me/*/x", "/me/x/**", "/*/x"},
		"/me/messages": {"/me/*", "/me/**", "/me", "/me/messages/**", "/me/messages/x"},
		"/me/*/x":      {"/me/*/*", "/me/*/**", "/me/a", "/me/a/x/y"},
	} {
		for _, text := range wide {
			require.False(t, pattern(narrow).Covers(pattern(text)), "%s does not cover %s", narrow, text)
		}
	}
}
