package graph_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/graph"
)

func FuzzParseError(f *testing.F) {
	f.Add(401, `Bearer error="insufficient_claims", claims="e30="`, `{"error":{"code":"A","innerError":{"request-id":"1"}}}`)
	f.Add(401, `Bearer realm="\`, `{"error":{"innererror":{"innererror":{}}}}`)
	f.Add(500, `=,=" `, `<html>`)
	f.Fuzz(func(t *testing.T, status int, challenge, body string) {
		failed := graph.ParseErrorForTest(status, challenge, []byte(body))
		require.Regexp(t, `^[\x20-\x7e]*$`, failed.Error())
		require.LessOrEqual(t, len([]rune(failed.Message)), 1000)
		require.True(t, utf8.ValidString(failed.Message))
		if failed.InsufficientClaims != "" {
			require.True(t, json.Valid([]byte(failed.InsufficientClaims)))
		}
	})
}
