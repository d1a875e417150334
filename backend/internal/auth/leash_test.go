package auth_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

func patterns(t *testing.T, texts ...string) []graphpath.Pattern {
	t.Helper()
	out := []graphpath.Pattern{}
	for _, text := range texts {
		p, err := graphpath.ParsePattern(text)
		require.NoError(t, err)
		out = append(out, p)
	}
	return out
}

func sends(n int64) *int64 { return &n }

func TestLeash(t *testing.T) {
	t.Parallel()
	t.Run("a key has its own leash, else that of every other key, else none", func(t *testing.T) {
		t.Parallel()
		own, other := &auth.Leash{RawTokens: true}, &auth.Leash{}
		p := auth.Principal{Leashes: map[string]*auth.Leash{"a": own, auth.EveryOtherKey: other}}
		require.Same(t, own, p.Leash("a"))
		require.Same(t, other, p.Leash("b"))
		delete(p.Leashes, auth.EveryOtherKey)
		require.Nil(t, p.Leash("b"))
		require.Nil(t, auth.Principal{}.Leash("a"))
	})
	t.Run("no leash bounds nothing", func(t *testing.T) {
		t.Parallel()
		var none *auth.Leash
		require.True(t, none.AllowsRawTokens())
		require.NoError(t, none.RequireRawTokens())
		require.True(t, none.AllowsRecipients([]string{"anywhere.example"}))
		path, err := graphpath.Parse("/$batch")
		require.NoError(t, err)
		require.True(t, none.AllowsGraph("POST", path))
		_, bounded := none.SendsPerDay()
		require.False(t, bounded)
	})
}

// TestLeashAllocations is not parallel: allocations are counted for the whole process.
func TestLeashAllocations(t *testing.T) {
	p := auth.Principal{Leashes: map[string]*auth.Leash{"a": {RawTokens: true}}}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if p.Leash("a").RequireRawTokens() != nil || !p.Leash("b").AllowsRawTokens() {
			panic("leashed")
		}
	}))
}

func TestAllowsGraph(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		leash   auth.Leash
		allowed []string
		refused []string
	}{
		"unbounded": {auth.Leash{}, []string{"GET /me", "DELETE /me/messages/x", "POST /$batch"}, nil},
		"methods": {
			auth.Leash{GraphMethods: []string{"GET"}},
			[]string{"GET /me", "HEAD /me", "GET /users/x"},
			[]string{"POST /me", "get /me", "POST /$batch", "GET /$batch"},
		},
		"no method": {auth.Leash{GraphMethods: []string{}}, nil, []string{"GET /me"}},
		"paths": {
			auth.Leash{GraphPaths: patterns(t, "/me/messages/**")},
			[]string{"GET /me/messages", "POST /Me/Messages/x/reply"},
			[]string{"GET /me", "GET /me/sendMail", "POST /$batch", "GET /me/messages%2Fx/%2e"},
		},
		"no path":                 {auth.Leash{GraphPaths: patterns(t)}, nil, []string{"GET /me", "GET /"}},
		"a batch escapes no list": {auth.Leash{GraphPaths: patterns(t, "/**")}, []string{"POST /me"}, []string{"POST /$batch", "POST /%24Batch"}},
		"bounds of mail alone":    {auth.Leash{RecipientDomains: []string{}}, []string{"GET /me", "HEAD /me"}, []string{"POST /me/sendMail"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			allows := func(call string) bool {
				method, raw, _ := strings.Cut(call, " ")
				path, err := graphpath.Parse(raw)
				return err == nil && row.leash.AllowsGraph(method, path)
			}
			for _, call := range row.allowed {
				require.True(t, allows(call), call)
			}
			for _, call := range row.refused {
				require.False(t, allows(call), call)
			}
		})
	}
}

func TestAllowsRecipients(t *testing.T) {
	t.Parallel()
	l := &auth.Leash{RecipientDomains: []string{"contoso.com", "*.fabrikam.example", "xn--mnchen-3ya.example"}}
	for _, domains := range [][]string{nil, {"contoso.com"}, {"CONTOSO.com", "a.fabrikam.example"}, {"a.b.fabrikam.example"}, {"München.example"}, {"contoso.com."}} {
		require.True(t, l.AllowsRecipients(domains), "%v", domains)
	}
	for _, domains := range [][]string{
		{"contoso.com", "elsewhere.example"},
		{"a.contoso.com"},
		{"fabrikam.example"},
		{"evilfabrikam.example"},
		{"contoso.com.evil.example"},
		{""},
		{"*.fabrikam.example"},
		{"a@contoso.com"},
		{".fabrikam.example"},
		{"contoso.com, x.example"},
	} {
		require.False(t, l.AllowsRecipients(domains), "%q", domains)
	}
	require.False(t, (&auth.Leash{RecipientDomains: []string{}}).AllowsRecipients([]string{"contoso.com"}))
}

func TestNormalDomainPattern(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Contoso.COM": "contoso.com", " *.Contoso.com ": "*.contoso.com", "bücher.example": "xn--bcher-kva.example", "contoso.com.": "contoso.com",
		"ｃontoso。com": "contoso.com",
	} {
		got, ok := auth.NormalDomainPattern(text)
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{
		"", "*", "*.", "*.*.contoso.com", "a.*.com", "**.contoso.com", "contoso..com", ".contoso.com", "-a.example", "a_b.example", "user@contoso.com",
		"[127.0.0.1]", "contoso.com/x", "con toso.com", strings.Repeat("a", 64) + ".example", strings.Repeat("abc.", 70) + "example", "contoso.com..",
	} {
		_, ok := auth.NormalDomainPattern(text)
		require.False(t, ok, text)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	type pair struct{ narrow, wide *auth.Leash }
	within := map[string]pair{
		"nothing in nothing":     {nil, nil},
		"a leash in none":        {&auth.Leash{}, nil},
		"none in what is no one": {nil, &auth.Leash{RawTokens: true}},
		"no tokens in tokens":    {&auth.Leash{}, &auth.Leash{RawTokens: true}},
		"HEAD in GET":            {&auth.Leash{GraphMethods: []string{"HEAD"}}, &auth.Leash{GraphMethods: []string{"GET"}}},
		"no method in some":      {&auth.Leash{GraphMethods: []string{}}, &auth.Leash{GraphMethods: []string{"GET"}}},
		"a path in another":      {&auth.Leash{GraphPaths: patterns(t, "/me/messages/*")}, &auth.Leash{GraphPaths: patterns(t, "/users", "/me/**")}},
		"subdomains":             {&auth.Leash{RecipientDomains: []string{"a.b.example", "*.c.b.example"}}, &auth.Leash{RecipientDomains: []string{"*.b.example"}}},
		"fewer sends":            {&auth.Leash{Sends: sends(5)}, &auth.Leash{Sends: sends(5)}},
	}
	beyond := map[string]pair{
		"none in one":              {nil, &auth.Leash{}},
		"tokens in no tokens":      {&auth.Leash{RawTokens: true}, &auth.Leash{}},
		"any method in some":       {&auth.Leash{}, &auth.Leash{GraphMethods: []string{"GET", "POST"}}},
		"GET in HEAD":              {&auth.Leash{GraphMethods: []string{"GET"}}, &auth.Leash{GraphMethods: []string{"HEAD"}}},
		"some method in none":      {&auth.Leash{GraphMethods: []string{"GET"}}, &auth.Leash{GraphMethods: []string{}}},
		"any path in some":         {&auth.Leash{}, &auth.Leash{GraphPaths: patterns(t, "/**")}},
		"one path too many":        {&auth.Leash{GraphPaths: patterns(t, "/me", "/users")}, &auth.Leash{GraphPaths: patterns(t, "/me/**")}},
		"a domain in subdomains":   {&auth.Leash{RecipientDomains: []string{"b.example"}}, &auth.Leash{RecipientDomains: []string{"*.b.example"}}},
		"subdomains in a domain":   {&auth.Leash{RecipientDomains: []string{"*.b.example"}}, &auth.Leash{RecipientDomains: []string{"b.example"}}},
		"anybody in some":          {&auth.Leash{Sends: sends(1)}, &auth.Leash{RecipientDomains: []string{"b.example"}}},
		"more sends":               {&auth.Leash{Sends: sends(6)}, &auth.Leash{Sends: sends(5)}},
		"any number of sends":      {&auth.Leash{RecipientDomains: []string{}}, &auth.Leash{Sends: sends(5)}},
		"none in bounds of nobody": {nil, &auth.Leash{RawTokens: true, GraphMethods: []string{"GET"}}},
	}
	for name, p := range within {
		require.True(t, p.narrow.Within(p.wide), name)
	}
	for name, p := range beyond {
		require.False(t, p.narrow.Within(p.wide), name)
	}
}

func TestLeashWords(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]*auth.Leash{
		"everything that the permissions allow":          nil,
		"raw tokens; calls of Graph; mail to anybody":    {RawTokens: true},
		"no raw tokens; calls of Graph; mail to anybody": {},
		"no raw tokens; GET, HEAD calls of Graph at /me/**, /users; mail to contoso.com, at most 5 sent a day": {
			GraphMethods: []string{"GET", "HEAD"}, GraphPaths: patterns(t, "/me/**", "/users"), RecipientDomains: []string{"contoso.com"}, Sends: sends(5),
		},
		"no raw tokens; no calls of Graph; mail to nobody":              {GraphMethods: []string{}, RecipientDomains: []string{}},
		"no raw tokens; GET calls of Graph at no path; mail to anybody": {GraphMethods: []string{"GET"}, GraphPaths: patterns(t)},
	} {
		require.Equal(t, want, l.String())
	}
	err := (&auth.Leash{GraphMethods: []string{"GET"}}).RequireRawTokens()
	require.ErrorIs(t, err, auth.ErrLeashed)
	require.ErrorContains(t, err, "it allows: GET calls of Graph; mail to anybody.")
}
