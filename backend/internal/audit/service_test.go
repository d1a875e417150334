package audit_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/page"
)

func TestRecord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := auth.WithRequest(person(t), auth.Request{ID: "request-1", IP: "192.0.2.7"})
	id := newID()
	var changes audit.Changes
	changes.Add("displayName", "", "Invoices")
	changes.Add("scopes", []string{"Mail.Read"}, []string{"Mail.Read", "Mail.Send"})
	changes.Add("disabled", true, false)
	changes.Add("description", "same", "same")
	changes.Add("clientId", nil, "")
	changes.AddSecret("clientSecret", true, true)
	changes.AddSecret("certificate", false, true)
	changes.AddSecret("password", true, false)
	changes.AddSecret("pin", false, false)
	entryID := record(ctx, t, s, morning, audit.Event{Object: key(id, "Invoices"), Message: "Changed.", Changes: changes})

	e, err := s.Get(ctx, entryID)
	require.NoError(t, err)
	require.Equal(t, audit.Success, e.Outcome)
	require.Equal(t, audit.ActorView{Type: auth.TypeUser, ID: "0198a1b0-0000-7000-8000-000000000001", Name: "Ada"}, e.Actor())
	require.Equal(t, "request-1", e.RequestID)
	require.Equal(t, "192.0.2.7", e.IP)
	require.Equal(t, id, e.AccountKeyID, "a key hangs on itself")
	require.Equal(t, morning, e.At)

	t.Run("a change tells before and after as text, and of a secret only what became of it", func(t *testing.T) {
		require.Equal(t, audit.Changes{
			{Field: "displayName", After: new("Invoices")},
			{Field: "scopes", Before: new("Mail.Read"), After: new("Mail.Read, Mail.Send")},
			{Field: "disabled", Before: new("true"), After: new("false")},
			{Field: "clientSecret", After: new("replaced")},
			{Field: "certificate", After: new("set")},
			{Field: "password", After: new("removed")},
		}, e.Changes)
	})
	t.Run("values that were stored with types of their own are still read", func(t *testing.T) {
		var c audit.Changes
		require.NoError(t, c.Scan(`[{"field":"scopes","before":["a","b"],"after":true},{"field":"name","after":"x"}]`))
		require.Equal(t, audit.Changes{
			{Field: "scopes", Before: new("a, b"), After: new("true")}, {Field: "name", After: new("x")},
		}, c)
	})
	t.Run("without a caller it was Latchkey itself", func(t *testing.T) {
		byItself, err := s.Get(person(t), record(t.Context(), t, s, morning, audit.Event{Object: key(id, "Invoices")}))
		require.NoError(t, err)
		require.Equal(t, auth.TypeSystem, byItself.ActorType)
	})
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ada := auth.WithRequest(person(t), auth.Request{ID: "0198a1b0-0000-7000-8000-00000000f00d", IP: "192.0.2.7"})
	first, second := newID(), newID()
	at := func(minutes int) time.Time { return morning.Add(time.Duration(minutes) * time.Minute) }
	record(ada, t, s, at(0), audit.Event{Action: audit.AccountKeyCreated, Object: key(first, "Größe 100%_sure"), Message: "one"})
	record(program(t, true), t, s, at(1), audit.Event{Action: audit.AccountKeyCreated, Object: key(second, "Second"), Message: "two"})
	record(t.Context(), t, s, at(2), audit.Event{
		Action: audit.AccountKeyMisconfigured, Outcome: audit.Failure, Object: key(first, "Größe"), Message: "three",
		Changes: audit.Changes{{Field: "statusReason", After: new("client_secret_expired")}},
	})
	record(ada, t, s, at(3), audit.Event{Action: audit.AccountKeyDeleted, Object: key(second, "Second"), Message: "four"})
	record(ada, t, s, at(4), audit.Event{Action: audit.SessionCreated, Object: audit.Object{Type: audit.TypeUser, ID: newID()}, Message: "five"})

	for name, row := range map[string]struct {
		filter audit.Filter
		want   string
	}{
		"nothing narrows nothing":           {audit.Filter{}, "five four three two one"},
		"an action":                         {audit.Filter{Action: "account_key.created"}, "two one"},
		"what actions begin with":           {audit.Filter{Action: "account_key."}, "four three two one"},
		"a type of actor":                   {audit.Filter{ActorType: auth.TypeSystem}, "three"},
		"an actor":                          {audit.Filter{ActorID: "0198A1B0-0000-7000-8000-000000000001"}, "five four one"},
		"an actor of another type":          {audit.Filter{ActorID: "0198a1b0-0000-7000-8000-000000000001", ActorType: auth.TypeAPIClient}, ""},
		"Latchkey itself":                   {audit.Filter{ActorID: "system"}, "three"},
		"a type of thing":                   {audit.Filter{ObjectType: audit.TypeUser}, "five"},
		"a thing":                           {audit.Filter{ObjectID: first}, "three one"},
		"an outcome":                        {audit.Filter{Outcome: audit.Failure}, "three"},
		"from a time on, the time included": {audit.Filter{Since: at(3)}, "five four"},
		"before a time":                     {audit.Filter{Until: at(2)}, "two one"},
		"a time between":                    {audit.Filter{Since: at(1), Until: at(3)}, "three two"},
		"words in any case":                 {audit.Filter{Query: "GRÖSSE"}, "three one"},
		"several words":                     {audit.Filter{Query: "größe ada"}, "one"},
		"a word of a change":                {audit.Filter{Query: "secret_expired"}, "three"},
		"an address":                        {audit.Filter{Query: "192.0.2.7"}, "five four one"},
		"a request":                         {audit.Filter{Query: "0198a1b0-0000-7000-8000-00000000f00d"}, "five four one"},
		"signs of the database":             {audit.Filter{Query: "100%_s"}, "one"},
		"signs that match nothing":          {audit.Filter{Query: "100_%s"}, ""},
		"all of it":                         {audit.Filter{Action: "account_key.", ObjectID: first, Until: at(2), Query: "ada", Outcome: audit.Success}, "one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, strings.Fields(row.want), found(person(t), t, s, row.filter))
		})
	}
	t.Run("what is no value of a parameter is refused at its name", func(t *testing.T) {
		t.Parallel()
		for _, row := range []struct {
			filter audit.Filter
			want   []string
		}{
			{audit.Filter{ActorType: "robot"}, []string{"actorType:unknown"}},
			{audit.Filter{Action: "account_key"}, []string{"action:unknown"}},
			{audit.Filter{Action: "."}, []string{"action:unknown"}},
			{audit.Filter{ObjectType: "mailbox"}, []string{"objectType:unknown"}},
			{audit.Filter{Outcome: "maybe"}, []string{"outcome:unknown"}},
			{audit.Filter{ActorID: "a' OR 1=1"}, []string{"actorId:invalid"}},
			{audit.Filter{ObjectID: "ß"}, []string{"objectId:invalid"}},
			{audit.Filter{Query: "a\x00b"}, []string{"q:invalid"}},
			{audit.Filter{Query: strings.Repeat("x", 256)}, []string{"q:invalid"}},
			{audit.Filter{Since: at(1), Until: at(1)}, []string{"until:before_since"}},
			{audit.Filter{Outcome: "maybe", Action: "x"}, []string{"action:unknown", "outcome:unknown"}},
		} {
			_, err := s.List(person(t), row.filter, page.Request{Limit: 1})
			require.Equal(t, row.want, fieldErrors(t, err))
			_, err = s.Export(person(t), row.filter)
			require.Equal(t, row.want, fieldErrors(t, err))
		}
	})
}

func TestDeletedObject(t *testing.T) {
	t.Parallel()
	s := newService(t)
	gone, here := key(newID(), "Gone"), key(newID(), "Here")
	record(person(t), t, s, morning, audit.Event{Object: gone})
	record(person(t), t, s, morning, audit.Event{Object: here})
	record(person(t), t, s, morning, audit.Event{Action: audit.AccountKeyDeleted, Object: gone})
	record(person(t), t, s, morning, audit.Event{Action: audit.UserDeleted, Object: here}) // of something that hangs on it
	entries, err := s.List(person(t), audit.Filter{}, page.Request{Limit: 10})
	require.NoError(t, err)
	require.Len(t, entries, 4)
	for _, e := range entries {
		require.Equal(t, e.ObjectID == gone.ID, e.ObjectDeleted, e.ObjectName)
		one, err := s.Get(person(t), e.ID)
		require.NoError(t, err)
		require.Equal(t, e.ObjectDeleted, one.ObjectDeleted)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	t.Run("entries that arrive meanwhile make no gap and no repeat", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		object := key(newID(), "Busy")
		want := []string{}
		for i := range 25 {
			// Several fall on one moment, as those of one transaction do.
			record(person(t), t, s, morning.Add(time.Duration(i/4)*time.Second), audit.Event{Object: object, Message: string(rune('a' + i))})
			want = append([]string{string(rune('a' + i))}, want...)
		}
		var seen []string
		r := page.Request{Limit: 4}
		for {
			rows, err := s.List(person(t), audit.Filter{ObjectID: object.ID}, r)
			require.NoError(t, err)
			full := len(rows) > r.Limit
			rows = rows[:min(len(rows), r.Limit)]
			seen = append(seen, messages(rows)...)
			record(person(t), t, s, morning.Add(time.Hour), audit.Event{Object: object, Message: "late"})
			if !full {
				break
			}
			r.After = rows[len(rows)-1].ID
		}
		require.Equal(t, want, seen)
		require.Len(t, found(person(t), t, s, audit.Filter{ObjectID: object.ID}), 25+7)
	})
	t.Run("the order is that of the time entries carry, however they were written", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		for _, hour := range []int{3, 1, 2} { // by replicas whose clocks differ
			record(person(t), t, s, morning.Add(time.Duration(hour)*time.Hour), audit.Event{Object: key(newID(), ""), Message: string(rune('0' + hour))})
		}
		require.Equal(t, []string{"3", "2", "1"}, found(person(t), t, s, audit.Filter{}))
	})
	t.Run("after an entry that is gone comes nothing", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		record(person(t), t, s, morning, audit.Event{Object: key(newID(), "")})
		rows, err := s.List(person(t), audit.Filter{}, page.Request{Limit: 1, After: newID()})
		require.NoError(t, err)
		require.Empty(t, rows)
	})
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Now = func() time.Time { return morning.Add(time.Hour) } // of exports, which are entries too
	mine, other := newID(), newID()
	ids := map[string]string{}
	for message, e := range map[string]audit.Event{
		"my key":           {Object: key(mine, "Mine")},
		"another key":      {Object: key(other, "Other")},
		"hangs on my key":  {Object: audit.Object{Type: audit.TypeLog}, AccountKeyID: mine},
		"hangs on another": {Object: audit.Object{Type: audit.TypeLog}, AccountKeyID: other},
		"hangs on no key":  {Action: audit.SessionCreated, Object: audit.Object{Type: audit.TypeUser, ID: newID(), Name: "ada@example.com"}},
	} {
		e.Message = message
		ids[message] = record(person(t), t, s, morning, e)
	}
	for name, row := range map[string]struct {
		ctx  context.Context
		want []string
	}{
		"a person sees everything":                       {person(t), []string{"my key", "another key", "hangs on my key", "hangs on another", "hangs on no key"}},
		"a program sees what hangs on its keys":          {program(t, false, mine), []string{"my key", "hangs on my key"}},
		"a program with all keys sees what hangs on any": {program(t, true), []string{"my key", "another key", "hangs on my key", "hangs on another"}},
		"a program without keys sees nothing":            {program(t, false), []string{}},
		"nobody sees nothing":                            {t.Context(), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.ElementsMatch(t, row.want, found(row.ctx, t, s, audit.Filter{Until: s.Now()}))
			for message, id := range ids {
				_, err := s.Get(row.ctx, id)
				if slices.Contains(row.want, message) {
					require.NoError(t, err, message)
				} else {
					require.ErrorIs(t, err, audit.ErrNotFound, message)
				}
			}
			if len(row.want) > 0 {
				exported := []string{}
				rows, err := s.Export(row.ctx, audit.Filter{Action: "account_key."})
				require.NoError(t, err)
				for e, err := range rows {
					require.NoError(t, err)
					exported = append(exported, e.Message)
				}
				require.ElementsMatch(t, found(row.ctx, t, s, audit.Filter{Action: "account_key."}), exported)
			}
		})
	}
	t.Run("a program that narrows to a key it has not sees nothing", func(t *testing.T) {
		require.Empty(t, found(program(t, false, mine), t, s, audit.Filter{ObjectID: other}))
		require.Empty(t, found(program(t, false, mine), t, s, audit.Filter{Query: "ada@example.com"}))
	})
}

// Not parallel: it measures what the whole process holds.
func TestExport(t *testing.T) {
	s := newService(t)
	const many = 12_000
	fill(t, s, many)
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}

	t.Run("thousands come in order while others arrive, and are never held together", func(t *testing.T) {
		rows, err := s.Export(person(t), audit.Filter{})
		require.NoError(t, err)
		var seen, size int
		var most uint64
		before := held()
		previous := ""
		for e, err := range rows {
			require.NoError(t, err)
			if seen > 0 {
				require.Less(t, e.Message, previous)
			}
			previous = e.Message
			seen++
			size += len(e.Message)
			if seen%2000 == 0 {
				record(person(t), t, s, morning.Add(time.Minute), audit.Event{Message: "late"})
				most = max(most, held())
			}
		}
		require.Equal(t, many, seen)
		require.Greater(t, size, 10_000_000)
		require.Less(t, most, before+4_000_000, "of more than ten million bytes")
	})
	t.Run("the export is in the log, and tells its filters but not what was searched for", func(t *testing.T) {
		_, err := s.Export(person(t), audit.Filter{Action: "user.", Since: morning, Query: "my-secret"})
		require.NoError(t, err)
		entries, err := s.List(person(t), audit.Filter{Action: "audit_log.exported"}, page.Request{Limit: 10})
		require.NoError(t, err)
		require.Equal(t, []string{
			"Exported a part of the log (action user., since 2026-03-01T09:00:00Z, words searched for).", "Exported the whole log.",
		}, messages(entries))
		require.Equal(t, "Ada", entries[0].ActorName)
	})
	t.Run("who stops reading is not read for", func(t *testing.T) {
		rows, err := s.Export(person(t), audit.Filter{})
		require.NoError(t, err)
		seen := 0
		for _, err := range rows {
			require.NoError(t, err)
			if seen++; seen == 3 {
				break
			}
		}
		require.Equal(t, 3, seen)
	})
	t.Run("the end of the request ends it with an error", func(t *testing.T) {
		ctx, cancel := context.WithCancel(person(t))
		defer cancel()
		rows, err := s.Export(ctx, audit.Filter{})
		require.NoError(t, err)
		seen, failed := 0, error(nil)
		for _, err := range rows {
			if seen++; err != nil {
				failed = err
			}
			cancel()
		}
		require.ErrorIs(t, failed, context.Canceled)
		require.Less(t, seen, many)
	})
}

func TestRetention(t *testing.T) {
	t.Parallel()
	old := func(t *testing.T) *audit.Service {
		t.Helper()
		s := newService(t)
		for _, days := range []int{0, 29, 30, 31, 400} {
			// Early in the morning: a day goes as a whole, or not at all.
			record(person(t), t, s, morning.AddDate(0, 0, -days).Add(-time.Hour), audit.Event{Message: time.Duration(days).String()})
		}
		return s
	}
	t.Run("entries are kept for ever unless told otherwise", func(t *testing.T) {
		t.Parallel()
		s := old(t)
		require.NoError(t, s.SweepOnce(t.Context()))
		require.Len(t, found(person(t), t, s, audit.Filter{}), 5)
	})
	t.Run("older days go, and the log says so once", func(t *testing.T) {
		t.Parallel()
		s := old(t)
		s.Retention = 30 * 24 * time.Hour
		require.NoError(t, s.SweepOnce(t.Context()))
		require.NoError(t, s.SweepOnce(t.Context()))
		require.Equal(t, []string{"Removed 2 entries from before 2026-01-30.", "0s", "29ns", "30ns"}, found(person(t), t, s, audit.Filter{}))
		require.Equal(t, []string{"Removed 2 entries from before 2026-01-30."}, found(person(t), t, s, audit.Filter{Action: "audit_log.trimmed"}))
	})
	t.Run("more than one transaction takes goes all the same", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		fill(t, s, 5001)
		s.Retention = 24 * time.Hour
		s.Now = func() time.Time { return morning.AddDate(0, 0, 3) }
		require.NoError(t, s.SweepOnce(t.Context()))
		require.Len(t, found(person(t), t, s, audit.Filter{}), 2)
		require.Empty(t, found(person(t), t, s, audit.Filter{Action: "session."}))
	})
}
