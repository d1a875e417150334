package graphpath_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

func TestParse(t *testing.T) {
	t.Parallel()
	t.Run("a path stays as it was written", func(t *testing.T) {
		t.Parallel()
		for _, raw := range []string{
			"/me", "/me/messages/AAMk%3D", "/me/messages/a%2Fb", "/me/messages/a%2fb", "/me/messages/a%252Fb", "/users('a@b.example')/messages",
			"/me/messages/AAMk=/attachments", "/me/drive/root:/a%20b.txt:/content", "/me/...", "/me/a..b", "/me/.a", "/me/%E4%BD%A0", "/me/100%25", "/$batch", "/me/a;v=1", "/me/", "/me/x%2F",
		} {
			path, err := graphpath.Parse(raw)
			require.NoError(t, err, raw)
			require.Equal(t, raw, path.String())
		}
	})
	t.Run("nothing at all is the root", func(t *testing.T) {
		t.Parallel()
		for _, raw := range []string{"", "/"} {
			path, err := graphpath.Parse(raw)
			require.NoError(t, err)
			require.Empty(t, path.String())
		}
	})
	t.Run("what could lead elsewhere is no path, in whatever encoding", func(t *testing.T) {
		t.Parallel()
		for _, raw := range []string{
			"me", "//me", "/me//messages", "/me/x//", "/..", "/.", "/me/..", "/me/../users", "/me/./users", "/../me", "/me/..;x/users", "/me/.;/users",
			"/%2e%2e", "/me/%2e%2e/users", "/me/.%2e/users", "/me/%2E./users", "/me/%2e/users", "/me/%252e%252e/users", "/me/%25252e%25252e/users",
			"/me%2f..%2fusers", "/me%2F%2E%2E%2Fusers", "/me%252f..%252fusers", "/me/x%2f%2e%2e", "/me%2f%2fusers", "/me%252f%252fusers", "/me/%2f", "/%2fevil.example", "/%2F%2Fevil.example",
			"/me\\users", "/me%5cusers", "/me%5Cusers", "/me%255cusers", "/%5cevil.example", "/me/%00", "/me/%0d%0aHost:%20x", "/me/%250d%250a", "/me/%7f", "/me/%2500", "/me/%20", "/me/%20..",
			"/me\r\nHost: x", "/me\x00", "/me users", "/me?x", "/me#x", "/me/ä", "/me/%", "/me/%2", "/me/%zz", "/me/%u002e", "/" + strings.Repeat("a", 4096),
			"/me/%252525252525252e", "/%25/%252e%252e", "/me/%c0%ae%c0%ae/users", "/me%c0%afusers",
		} {
			_, err := graphpath.Parse(raw)
			require.Error(t, err, raw)
		}
	})
}

func TestBelow(t *testing.T) {
	t.Parallel()
	base, err := graphpath.Parse("/me")
	require.NoError(t, err)
	for raw, want := range map[string]string{"/me": "", "/me/messages": "/messages"} {
		path, err := graphpath.Parse(raw)
		require.NoError(t, err)
		rest, inside := path.Below(base)
		require.True(t, inside, raw)
		require.Equal(t, want, rest.String())
		require.Equal(t, path, base.Join(rest))
	}
	for _, raw := range []string{"/memories", "/users/me", "/", "/me%2Fmessages"} {
		path, err := graphpath.Parse(raw)
		require.NoError(t, err)
		_, inside := path.Below(base)
		require.False(t, inside, raw)
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"/$batch": true, "/%24batch": true, "/%2524BATCH/": true, "/me/$batch": true, "/me%2F$batch": true, "/$batch()": true, "": false, "/me": false, "/me/a$batch": false,
	} {
		path, err := graphpath.Parse(raw)
		require.NoError(t, err, raw)
		require.Equal(t, want, path.Has("$batch"), raw)
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	t.Run("stars stand where they mean something", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"/**", "/me", "/me/*", "/me/**", "/me/messages/*/attachments", "/users/*/mailFolders/**", "/users('a@b.example')"} {
			pattern, err := graphpath.ParsePattern(text)
			require.NoError(t, err, text)
			require.Equal(t, text, pattern.String())
		}
		for _, text := range []string{"", "/", "me", "*", "/me/**/x", "/me*", "/me/***", "/me/a*", "/me/%2A", "/me/..", "/me//x", "/me/", "/me?x=*"} {
			_, err := graphpath.ParsePattern(text)
			require.Error(t, err, text)
		}
	})
	t.Run("a pattern allows what it says", func(t *testing.T) {
		t.Parallel()
		for _, row := range []struct {
			pattern string
			allowed []string
			refused []string
		}{
			{"/**", []string{"", "/me", "/me/a/b/c", "/$batch", "/me/a%2Fb"}, nil},
			{"/me", []string{"/me", "/m%65", "/ME", "/%4De"}, []string{"", "/me/x", "/memories"}},
			{"/users/Sam@b.example", []string{"/Users/sam@B.example"}, []string{"/users/%C5%BFam@b.example"}},
			{"/me/*", []string{"/me/x", "/me/x/", "/me/%20x", "/me/x%252Fy"}, []string{"/me", "/me/x/y", "/me/x%2Fy", "/me/x%2fy", "/users/x"}},
			{"/me/**", []string{"/me", "/me/x", "/me/x/y", "/me/x%2Fy", "/me/"}, []string{"/memories", "/users", "/me%2Fx"}},
			{
				"/me/messages/*/attachments",
				[]string{"/me/messages/AAMk%3D/attachments"},
				[]string{"/me/messages/attachments", "/me/messages/a/b/attachments", "/me/messages/a%2Fb/attachments", "/me/messages/a/attachments/x"},
			},
		} {
			pattern, err := graphpath.ParsePattern(row.pattern)
			require.NoError(t, err)
			list := graphpath.List{Paths: []graphpath.Pattern{pattern}}
			for _, raw := range row.allowed {
				path, err := graphpath.Parse(raw)
				require.NoError(t, err)
				require.True(t, list.AllowsPath(path), "%s at %s", row.pattern, raw)
			}
			for _, raw := range row.refused {
				path, err := graphpath.Parse(raw)
				require.NoError(t, err)
				require.False(t, list.AllowsPath(path), "%s at %s", row.pattern, raw)
			}
		}
	})
	t.Run("no pattern allows nothing", func(t *testing.T) {
		t.Parallel()
		path, err := graphpath.Parse("/me")
		require.NoError(t, err)
		require.False(t, graphpath.List{}.AllowsPath(path))
	})
	t.Run("HEAD goes with GET", func(t *testing.T) {
		t.Parallel()
		require.True(t, graphpath.List{Methods: []string{"GET"}}.AllowsMethod("HEAD"))
		require.False(t, graphpath.List{Methods: []string{"HEAD"}}.AllowsMethod("GET"))
		require.False(t, graphpath.List{Methods: []string{"GET"}}.AllowsMethod("POST"))
	})
}

// FuzzParse holds what Parse takes against a reader that decodes as often as it can and then resolves dots.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{"/me/messages", "/me/%2e%2e/users", "/me%252f..", "/a;b", "/%25%32%65%25%32%65", "/me/%2e%2e%2f"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		path, err := graphpath.Parse(raw)
		if err != nil {
			return
		}
		require.True(t, path.String() == raw || raw == "/")
		for text := raw; ; {
			address, err := url.Parse("https://graph.example/v1.0" + path.String())
			require.NoError(t, err)
			require.Equal(t, "graph.example", address.Host)
			for _, segment := range strings.Split(text, "/") {
				require.NotContains(t, []string{".", ".."}, segment)
			}
			require.NotContains(t, text, "\\")
			require.NotContains(t, text, "//")
			require.False(t, strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }))
			decoded, err := url.PathUnescape(text)
			if err != nil || decoded == text {
				return
			}
			text = decoded
		}
	})
}
