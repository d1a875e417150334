package apiclient_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

func sends(n int64) *int64 { return &n }

// leashedAs is an API client that may do everything, bounded at keys.
func leashedAs(t *testing.T, leashes map[string]*auth.Leash, keyIDs ...string) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.Principal{
		Type: auth.TypeAPIClient, ID: "caller", Name: "caller", Permissions: auth.AllPermissions(),
		AllKeys: len(keyIDs) == 0, KeyIDs: keyIDs, Leashes: leashes,
	})
}

func fieldCodes(err error) []string {
	f, _ := fault.From(err)
	out := []string{}
	if f != nil {
		for _, field := range f.Fields {
			out = append(out, field.Field+" "+field.Code)
		}
	}
	return out
}

func TestLeash(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	key, other := newKey(t, s), newKey(t, s)
	mail := apiclient.LeashInput{
		AccountKeyID: &key, GraphMethods: []string{"GET", "GET"}, GraphPaths: []string{" /me/messages/**"},
		RecipientDomains: []string{"Contoso.COM", "*.bücher.example", "contoso.com."}, SendsPerDay: sends(100),
	}
	everyOther := apiclient.LeashInput{RawTokens: true, GraphPaths: []string{}}

	t.Run("it is kept as it is compared, and read by whoever the client is", func(t *testing.T) {
		c, plain := newClient(t, s, func(in *apiclient.Input) {
			in.AccountKeyIDs, in.Leashes = []string{key, other}, []apiclient.LeashInput{mail, everyOther}
		})
		read, err := s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.Equal(t, c.Leashes, read.Leashes)
		p, err := s.Authenticate(t.Context(), tokenOf(t, s, c, plain))
		require.NoError(t, err)
		require.Equal(t, []string{"GET"}, p.Leash(key).GraphMethods)
		require.Equal(t, "/me/messages/**", p.Leash(key).GraphPaths[0].String())
		require.Equal(t, []string{"contoso.com", "*.xn--bcher-kva.example"}, p.Leash(key).RecipientDomains)
		most, bounded := p.Leash(key).SendsPerDay()
		require.True(t, bounded)
		require.EqualValues(t, 100, most)
		require.True(t, p.Leash(other).AllowsRawTokens())
		require.Equal(t, []graphpath.Pattern{}, p.Leash(other).GraphPaths)
		require.Nil(t, p.Leash(other).GraphMethods)
	})
	t.Run("a change replaces all of them, and any other change leaves them", func(t *testing.T) {
		c, _ := newClient(t, s, func(in *apiclient.Input) {
			in.AccountKeyIDs, in.Leashes = []string{key, other}, []apiclient.LeashInput{mail, everyOther}
		})
		renamed, err := s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.Description = "other" })
		require.NoError(t, err)
		require.Equal(t, c.Leashes, renamed.Leashes)
		tighter := mail
		tighter.SendsPerDay = sends(1)
		_, err = s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) {
			in.Leashes = []apiclient.LeashInput{tighter, {AccountKeyID: &other}}
		})
		require.NoError(t, err)
		read, err := s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.Len(t, read.Leashes, 2)
		for _, l := range read.Leashes {
			most, bounded := l.SendsPerDay()
			require.Equal(t, l.AccountKeyID == key, bounded)
			require.Equal(t, l.AccountKeyID == key, most == 1)
		}
		loose, err := s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.Leashes = nil })
		require.NoError(t, err)
		require.Empty(t, loose.Leashes)
		read, err = s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.Empty(t, read.Leashes)
		require.Equal(t, c.Version+3, read.Version)
	})
	t.Run("it goes with the key that the client loses", func(t *testing.T) {
		gone := newKey(t, s)
		c, _ := newClient(t, s, func(in *apiclient.Input) {
			in.AccountKeyIDs, in.Leashes = []string{key, gone}, []apiclient.LeashInput{mail, {AccountKeyID: &gone}}
		})
		after, err := s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.AccountKeyIDs = []string{gone} })
		require.NoError(t, err)
		require.Len(t, after.Leashes, 1)
		require.Equal(t, gone, after.Leashes[0].AccountKeyID)
		require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("DELETE FROM account_keys WHERE id = ?", gone).Error
		}))
		read, err := s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.Empty(t, read.Leashes)
	})
	t.Run("the audit log tells it in words", func(t *testing.T) {
		c, _ := newClient(t, s, func(in *apiclient.Input) { in.AccountKeyIDs, in.Leashes = []string{key}, []apiclient.LeashInput{mail} })
		_, err := s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.Leashes, in.RateLimit = []apiclient.LeashInput{everyOther}, sends(7) })
		require.NoError(t, err)
		var entries []struct{ Changes audit.Changes }
		require.NoError(t, s.DB.Read(t.Context()).Table("audit_entries").Where("object_id = ?", c.ID).Order("at DESC, id DESC").Limit(1).Find(&entries).Error)
		told, err := json.Marshal(entries[0].Changes)
		require.NoError(t, err)
		require.JSONEq(t, `[
			{"field":"leash on every other key","before":null,"after":"raw tokens; calls of Graph at no path; mail to anybody"},
			{"field":"leash on `+key+`","after":null,"before":"no raw tokens; GET calls of Graph at /me/messages/**; mail to contoso.com, *.xn--bcher-kva.example, at most 100 sent a day"},
			{"field":"rateLimitPerMinute","before":null,"after":"7"}]`, string(told))
	})
}

func TestWrongLeash(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	key := newKey(t, s)
	foreign := newKey(t, s)
	for name, row := range map[string]struct {
		leashes []apiclient.LeashInput
		want    []string
	}{
		"recipients beside raw tokens": {
			[]apiclient.LeashInput{{RawTokens: true, GraphMethods: []string{"GET"}, RecipientDomains: []string{"a.example"}}}, []string{"leashes[0].rawTokens excluded"},
		},
		"sends beside raw tokens": {
			[]apiclient.LeashInput{{RawTokens: true, GraphMethods: []string{}, SendsPerDay: sends(1)}}, []string{"leashes[0].rawTokens excluded"},
		},
		"recipients beside any method":     {[]apiclient.LeashInput{{RecipientDomains: []string{}}}, []string{"leashes[0].graphMethods excluded"}},
		"sends beside a method that sends": {[]apiclient.LeashInput{{GraphMethods: []string{"GET", "POST"}, SendsPerDay: sends(0)}}, []string{"leashes[0].graphMethods excluded"}},
		"unknown methods":                  {[]apiclient.LeashInput{{GraphMethods: []string{"GET", "get", "CONNECT"}}}, []string{"leashes[0].graphMethods[1] invalid", "leashes[0].graphMethods[2] invalid"}},
		"no paths": {
			[]apiclient.LeashInput{{}, {AccountKeyID: &key, GraphPaths: []string{"me", "/me/**/x", "/me/%2e"}}},
			[]string{"leashes[1].graphPaths[0] invalid", "leashes[1].graphPaths[1] invalid", "leashes[1].graphPaths[2] invalid"},
		},
		"no domains": {
			[]apiclient.LeashInput{{GraphMethods: []string{}, RecipientDomains: []string{"a@b.example", "*"}}},
			[]string{"leashes[0].recipientDomains[0] invalid", "leashes[0].recipientDomains[1] invalid"},
		},
		"fewer than no sends":  {[]apiclient.LeashInput{{GraphMethods: []string{}, SendsPerDay: sends(-1)}}, []string{"leashes[0].sendsPerDay out_of_range"}},
		"more than all sends":  {[]apiclient.LeashInput{{GraphMethods: []string{}, SendsPerDay: sends(1_000_001)}}, []string{"leashes[0].sendsPerDay out_of_range"}},
		"a key twice":          {[]apiclient.LeashInput{{AccountKeyID: &key}, {AccountKeyID: &key}}, []string{"leashes[1].accountKeyId duplicate"}},
		"every other twice":    {[]apiclient.LeashInput{{}, {}}, []string{"leashes[1].accountKeyId duplicate"}},
		"a key it has not":     {[]apiclient.LeashInput{{AccountKeyID: &foreign}}, []string{"leashes[0].accountKeyId not_granted"}},
		"more than anybody":    {[]apiclient.LeashInput{{GraphPaths: slices.Repeat([]string{"/me"}, 101)}}, []string{"leashes[0].graphPaths too_many"}},
		"more than any leash":  {make([]apiclient.LeashInput, 2001), []string{"leashes too_many"}},
		"a key without a name": {[]apiclient.LeashInput{{AccountKeyID: new(string)}}, []string{"leashes[0].accountKeyId unknown"}},
	} {
		_, _, err := s.Create(asAdmin(t), apiclient.Input{Name: name, Permissions: []auth.Permission{auth.MailSend}, AccountKeyIDs: []string{key}, Leashes: row.leashes})
		require.Equal(t, row.want, fieldCodes(err), name)
	}
	t.Run("a client of all keys has leashes on those there are", func(t *testing.T) {
		nowhere := "0190f3c4-6a1b-7c55-9d3e-1f2a3b4c5d6e"
		in := apiclient.Input{Name: "all", Permissions: []auth.Permission{auth.MailSend}, AllAccountKeys: true, Leashes: []apiclient.LeashInput{{AccountKeyID: &nowhere}}}
		_, _, err := s.Create(asAdmin(t), in)
		require.Equal(t, []string{"leashes unknown"}, fieldCodes(err))
		capitals := strings.ToUpper(key)
		in.Leashes = []apiclient.LeashInput{{AccountKeyID: &capitals}}
		c, _, err := s.Create(asAdmin(t), in)
		require.NoError(t, err)
		require.Equal(t, key, c.Leashes[0].AccountKeyID)
	})
	t.Run("a rate limit has its bounds", func(t *testing.T) {
		for _, limit := range []int64{-1, 1_000_001} {
			_, _, err := s.Create(asAdmin(t), apiclient.Input{Name: "rate", RateLimit: &limit})
			require.Equal(t, []string{"rateLimitPerMinute out_of_range"}, fieldCodes(err))
		}
	})
}

// TestLooserLeash tries, as an API client on a leash, every way to have another one do more than it may itself.
func TestLooserLeash(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	key, other, hidden := newKey(t, s), newKey(t, s), newKey(t, s)
	paths, err := graphpath.ParsePattern("/me/**")
	require.NoError(t, err)
	own := &auth.Leash{GraphMethods: []string{"GET"}, GraphPaths: []graphpath.Pattern{paths}}
	looser := []string{"leashes not_held"}
	reading := apiclient.LeashInput{AccountKeyID: &key, GraphMethods: []string{"GET"}, GraphPaths: []string{"/me/messages"}}
	caller := leashedAs(t, map[string]*auth.Leash{key: own}, key, other)

	t.Run("a new client is bound at least as much", func(t *testing.T) {
		in := apiclient.Input{Name: "new", Permissions: []auth.Permission{auth.TokensIssue}, AccountKeyIDs: []string{key, other}}
		_, _, err := s.Create(caller, in)
		require.Equal(t, looser, fieldCodes(err))
		raw := reading
		raw.RawTokens = true
		in.Leashes = []apiclient.LeashInput{raw}
		_, _, err = s.Create(caller, in)
		require.Equal(t, looser, fieldCodes(err))
		in.Leashes = []apiclient.LeashInput{reading}
		_, _, err = s.Create(caller, in)
		require.NoError(t, err)
	})
	t.Run("also by a leash of every other key, and at keys to come", func(t *testing.T) {
		bound := leashedAs(t, map[string]*auth.Leash{auth.EveryOtherKey: own})
		in := apiclient.Input{Name: "all", Permissions: []auth.Permission{auth.TokensIssue}, AllAccountKeys: true, Leashes: []apiclient.LeashInput{reading}}
		_, _, err := s.Create(bound, in)
		require.Equal(t, looser, fieldCodes(err))
		in.Leashes[0].AccountKeyID = nil
		in.Leashes = append(in.Leashes, apiclient.LeashInput{AccountKeyID: &other, RawTokens: true})
		_, _, err = s.Create(bound, in)
		require.Equal(t, looser, fieldCodes(err))
		in.Leashes = in.Leashes[:1]
		_, _, err = s.Create(bound, in)
		require.NoError(t, err)
		creating := apiclient.Input{Name: "creating", Permissions: []auth.Permission{auth.AccountKeysWrite}}
		_, _, err = s.Create(bound, creating)
		require.Equal(t, looser, fieldCodes(err))
	})
	t.Run("what bound a client before may stay, be tightened, and not be loosened", func(t *testing.T) {
		c, _ := newClient(t, s, func(in *apiclient.Input) {
			in.Permissions, in.AccountKeyIDs, in.Leashes = []auth.Permission{auth.GraphCall}, []string{key}, []apiclient.LeashInput{{AccountKeyID: &key}}
		})
		_, err := s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.Description = "still loose" })
		require.NoError(t, err)
		_, err = s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.Leashes = nil })
		require.Equal(t, looser, fieldCodes(err))
		_, err = s.Update(caller, c.ID, nil, func(in *apiclient.Input) {
			in.Leashes = []apiclient.LeashInput{{AccountKeyID: &key, GraphPaths: []string{"/users"}}}
		})
		require.NoError(t, err)
	})
	t.Run("a permission that a loose client gains is one to do more than the caller", func(t *testing.T) {
		c, _ := newClient(t, s, func(in *apiclient.Input) {
			in.Permissions, in.AccountKeyIDs = []auth.Permission{auth.MailRead}, []string{key}
		})
		_, err := s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.Permissions = []auth.Permission{auth.TokensIssue} })
		require.Equal(t, looser, fieldCodes(err))
		_, err = s.Update(caller, c.ID, nil, func(in *apiclient.Input) {
			in.Permissions, in.Leashes = []auth.Permission{auth.TokensIssue}, []apiclient.LeashInput{reading}
		})
		require.NoError(t, err)
	})
	t.Run("a key that a client gains, alone or with all others, has a leash", func(t *testing.T) {
		c, _ := newClient(t, s)
		_, err := s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.AccountKeyIDs = []string{key} })
		require.Equal(t, looser, fieldCodes(err))
		bound := leashedAs(t, map[string]*auth.Leash{auth.EveryOtherKey: own})
		_, err = s.Update(bound, c.ID, nil, func(in *apiclient.Input) { in.AllAccountKeys = true })
		require.Equal(t, looser, fieldCodes(err))
		_, err = s.Update(leashedAs(t, map[string]*auth.Leash{key: own}), c.ID, nil, func(in *apiclient.Input) { in.AllAccountKeys = true })
		require.Equal(t, looser, fieldCodes(err))
	})
	t.Run("nobody switches on, or gets a secret of, a client on a looser leash", func(t *testing.T) {
		c, _ := newClient(t, s, func(in *apiclient.Input) { in.AccountKeyIDs, in.Disabled = []string{key}, true })
		_, _, err := s.AddSecret(caller, c.ID, nil)
		require.ErrorIs(t, err, apiclient.ErrCannotGrant)
		_, err = s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.Disabled = true })
		require.NoError(t, err)
		_, err = s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.Disabled = false })
		require.ErrorIs(t, err, apiclient.ErrCannotGrant)
		_, err = s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.Disabled, in.Leashes = false, []apiclient.LeashInput{reading} })
		require.NoError(t, err)
		_, _, err = s.AddSecret(caller, c.ID, nil)
		require.NoError(t, err)
	})
	t.Run("leashes on keys that the caller lacks are neither shown, changed nor loosened", func(t *testing.T) {
		c, _ := newClient(t, s, func(in *apiclient.Input) {
			in.AccountKeyIDs = []string{key, other, hidden}
			in.Leashes = []apiclient.LeashInput{{GraphMethods: []string{}}, {AccountKeyID: &key}, {AccountKeyID: &hidden}}
		})
		some := as(t, auth.AllPermissions(), false, key)
		after, err := s.Update(some, c.ID, nil, func(in *apiclient.Input) {
			in.Leashes = []apiclient.LeashInput{{GraphMethods: []string{}}, {AccountKeyID: &hidden, RawTokens: true}}
		})
		require.NoError(t, err)
		require.Len(t, after.Leashes, 2)
		require.Equal(t, hidden, after.Leashes[1].AccountKeyID)
		require.False(t, after.Leashes[1].RawTokens)
		_, err = s.Update(some, c.ID, nil, func(in *apiclient.Input) { in.Leashes = nil }) // that of every other bounds a key that some cannot see
		require.Equal(t, looser, fieldCodes(err))
		all, _ := newClient(t, s, func(in *apiclient.Input) { in.AllAccountKeys, in.Leashes = true, []apiclient.LeashInput{{}} })
		_, err = s.Update(some, all.ID, nil, func(in *apiclient.Input) { in.Leashes = nil })
		require.Equal(t, looser, fieldCodes(err))
	})
	t.Run("nobody allows more requests than they may make", func(t *testing.T) {
		slow := auth.WithPrincipal(t.Context(), auth.Principal{ID: "slow", Permissions: auth.AllPermissions(), AllKeys: true, RateLimit: 10})
		for _, limit := range []*int64{nil, sends(0), sends(11)} {
			_, _, err := s.Create(slow, apiclient.Input{Name: "fast", RateLimit: limit})
			require.Equal(t, []string{"rateLimitPerMinute not_held"}, fieldCodes(err))
		}
		c, _, err := s.Create(slow, apiclient.Input{Name: "slow", RateLimit: sends(10)})
		require.NoError(t, err)
		_, err = s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.RateLimit = nil })
		require.NoError(t, err)
		_, err = s.Update(slow, c.ID, nil, func(in *apiclient.Input) { in.Description = "was fast before" })
		require.NoError(t, err)
	})
}

func TestLeashesOverHTTP(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	h := newHandler(t, s)
	key, hidden := newKey(t, s), newKey(t, s)
	admin, plain := newClient(t, s, func(in *apiclient.Input) { in.Permissions, in.AllAccountKeys = auth.AllPermissions(), true })
	bearer := []string{"Authorization", "Bearer " + tokenOf(t, s, admin, plain).Reveal(), "Content-Type", "application/json"}
	leash := `{"accountKeyId":"` + key + `","rawTokens":false,"graphMethods":null,"graphPaths":["/me/**"],"recipientDomains":null,"sendsPerDay":null}`
	_, made := call(t, h, http.MethodPost, "/api/v1/api-clients", `{"name":"bound","permissions":["graph:call"],"accountKeyIds":["`+key+`","`+hidden+`"],"rateLimitPerMinute":0,"leashes":[`+leash+`,{"rawTokens":true},{"accountKeyId":"`+hidden+`","rawTokens":false}]}`, bearer...)
	path := "/api/v1/api-clients/" + made["id"].(string)
	require.InDelta(t, 0, made["rateLimitPerMinute"], 0)

	t.Run("what is null stays null, and lists stay lists", func(t *testing.T) {
		all, err := json.Marshal(made["leashes"])
		require.NoError(t, err)
		require.JSONEq(t, `[{"accountKeyId":null,"rawTokens":true,"graphMethods":null,"graphPaths":null,"recipientDomains":null,"sendsPerDay":null},`+leash+`,
			{"accountKeyId":"`+hidden+`","rawTokens":false,"graphMethods":null,"graphPaths":null,"recipientDomains":null,"sendsPerDay":null}]`, string(all))
	})
	t.Run("a PATCH takes them as they were read, and null for the configured rate", func(t *testing.T) {
		raw, err := json.Marshal(map[string]any{"leashes": made["leashes"], "rateLimitPerMinute": nil})
		require.NoError(t, err)
		got, body := call(t, h, http.MethodPatch, path, string(raw), bearer...)
		require.Equal(t, http.StatusOK, got.StatusCode, "%v", body)
		require.Equal(t, made["leashes"], body["leashes"])
		require.Nil(t, body["rateLimitPerMinute"])
		_, body = call(t, h, http.MethodPatch, path, `{"leashes":[{"rawTokens":false,"graphMethods":[]}]}`, bearer...)
		require.Len(t, body["leashes"], 1)
	})
	t.Run("a leash says whether it allows raw tokens, and nothing that is unknown", func(t *testing.T) {
		for body, want := range map[string]int{
			`{"leashes":[{}]}`:                                                  http.StatusUnprocessableEntity,
			`{"leashes":[{"rawTokens":null}]}`:                                  http.StatusBadRequest,
			`{"leashes":[{"rawTokens":false,"paths":[]}]}`:                      http.StatusBadRequest,
			`{"leashes":[{"rawTokens":false,"graphPaths":[1]}]}`:                http.StatusBadRequest,
			`{"leashes":[{"rawTokens":false,"sendsPerDay":1.5}]}`:               http.StatusBadRequest,
			`{"leashes":null}`:                                                  http.StatusBadRequest,
			`{"leashes":[{"rawTokens":true,"recipientDomains":["a.example"]}]}`: http.StatusUnprocessableEntity,
		} {
			got, problem := call(t, h, http.MethodPatch, path, body, bearer...)
			require.Equal(t, want, got.StatusCode, "%s %v", body, problem)
		}
	})
	t.Run("who lacks a key does not see the leash on it", func(t *testing.T) {
		_, _ = call(t, h, http.MethodPatch, path, `{"leashes":[{"accountKeyId":"`+hidden+`","rawTokens":false},{"accountKeyId":"`+key+`","rawTokens":false}]}`, bearer...)
		some, secret := newClient(t, s, func(in *apiclient.Input) { in.Permissions, in.AccountKeyIDs = auth.AllPermissions(), []string{key} })
		_, body := call(t, h, http.MethodGet, path, "", "Authorization", "Bearer "+tokenOf(t, s, some, secret).Reveal())
		require.Len(t, body["leashes"], 1)
		require.NotContains(t, body["leashes"].([]any)[0].(map[string]any)["accountKeyId"], hidden)
	})
}
