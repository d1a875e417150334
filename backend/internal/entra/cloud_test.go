package entra_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestBuiltinClouds(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, cloud := range entra.BuiltinClouds() {
		ids = append(ids, cloud.ID)
		require.NotEmpty(t, cloud.Name)
	}
	require.Equal(t, []string{"global", "usgov", "usgov-dod", "china"}, ids)
}

func TestParseClouds(t *testing.T) {
	t.Parallel()
	t.Run("nothing means no clouds", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"", "  \n", "[]"} {
			clouds, err := entra.ParseClouds(text)
			require.NoError(t, err)
			require.Empty(t, clouds)
		}
	})
	t.Run("https anywhere and http on loopback are accepted, without the slash at the end", func(t *testing.T) {
		t.Parallel()
		clouds, err := entra.ParseClouds(`[
			{"id":"emulator","name":"Emulator","authorityUrl":"http://127.0.0.1:8090/","graphUrl":"http://[::1]:8090"},
			{"id":"fr-1","name":"Bleu","authorityUrl":"https://login.example.fr/realms","graphUrl":"https://graph.example.fr"}]`)
		require.NoError(t, err)
		require.Equal(t, []entra.Cloud{
			{ID: "emulator", Name: "Emulator", AuthorityURL: "http://127.0.0.1:8090", GraphURL: "http://[::1]:8090"},
			{ID: "fr-1", Name: "Bleu", AuthorityURL: "https://login.example.fr/realms", GraphURL: "https://graph.example.fr"},
		}, clouds)
	})
	t.Run("every mistake is named with its entry", func(t *testing.T) {
		t.Parallel()
		_, err := entra.ParseClouds(`[
			{"id":"global","name":"A","authorityUrl":"https://a.example","graphUrl":"https://a.example/v1.0"},
			{"id":"x","name":"","authorityUrl":"http://login.example","graphUrl":"ftp://a.example"},
			{"id":"x","name":"B","authorityUrl":"https://u:p@a.example","graphUrl":"https://a.example?x=1"},
			{"id":"No Good","name":"C","authorityUrl":"","graphUrl":"https://"}]`)
		require.Error(t, err)
		for _, part := range []string{
			`entry 1: id "global" is already in use`, "entry 1: graphUrl must not end in a version",
			"entry 2: name must have", "entry 2: authorityUrl must begin with https:// (http:// is accepted for loopback",
			"entry 2: graphUrl must begin with https://",
			`entry 3: id "x" is already in use`, "entry 3: authorityUrl must not hold a user name", "entry 3: graphUrl must not have a query",
			"entry 4: id must be", "entry 4: authorityUrl must be an absolute URL", "entry 4: graphUrl must be an absolute URL",
		} {
			require.ErrorContains(t, err, part)
		}
		require.NotContains(t, err.Error(), "u:p")
	})
	t.Run("what is not such an array is refused", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{`{}`, `"x"`, `[{"id":"a","extra":1}]`, `[] []`, `[`, `[{"id":5}]`} {
			_, err := entra.ParseClouds(text)
			require.Error(t, err, text)
		}
	})
}
