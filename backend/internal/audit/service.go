package audit

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/page"
)

// ErrNotFound is reported for an entry that isn't there, or that the caller may not see.
var ErrNotFound = fault.New(fault.NotFound, "not_found", "There is no audit entry with this id.")

// Service reads the log, exports it, and lets old entries go.
type Service struct {
	DB        *db.DB
	Retention time.Duration // 0: entries are kept for ever
	Now       func() time.Time
}

// Filter narrows the log; what is empty narrows nothing.
type Filter struct {
	ActorType  auth.PrincipalType
	ActorID    string
	Action     string // one action, or what several begin with: "account_key."
	ObjectType ObjectType
	ObjectID   string
	Outcome    Outcome
	Since      time.Time // from this time on
	Until      time.Time // before this time
	Query      string    // words that an entry contains
}

// actions are those that the filter names.
func (f Filter) actions() []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool {
		if strings.HasSuffix(f.Action, ".") {
			return !strings.HasPrefix(string(a), f.Action)
		}
		return string(a) != f.Action
	})
}

// check names the parameters that are wrong, and spells ids as they are stored.
func (f *Filter) check() error {
	var wrong fault.Fields
	if f.ActorType != "" && !slices.Contains(actorTypes(), f.ActorType) {
		wrong.Add("actorType", "unknown", "Choose user, api_client, system or anonymous.")
	}
	if f.Action != "" && len(f.actions()) == 0 {
		wrong.Add("action", "unknown", "Name one of the actions that the API reference lists, or what several begin with, such as account_key. with its dot.")
	}
	if f.ObjectType != "" && !f.ObjectType.Valid() {
		wrong.Add("objectType", "unknown", "Choose one of the types that the API reference lists.")
	}
	if f.Outcome != "" && f.Outcome != Success && f.Outcome != Failure {
		wrong.Add("outcome", "unknown", "Choose success or failure.")
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		wrong.Add("until", "before_since", "The end must come after the beginning.")
	}
	for _, id := range []struct {
		name  string
		value *string
	}{{"actorId", &f.ActorID}, {"objectId", &f.ObjectID}} {
		if *id.value = strings.ToLower(*id.value); *id.value != "" && !idPattern.MatchString(*id.value) {
			wrong.Add(id.name, "invalid", "Write the id as entries tell it.")
		}
	}
	wrong.Search("q", f.Query)
	return wrong.Err()
}

func actorTypes() []auth.PrincipalType {
	return []auth.PrincipalType{auth.TypeUser, auth.TypeAPIClient, auth.TypeSystem, auth.TypeAnonymous}
}

// idPattern is wider than a UUID: the product itself has an id too.
var idPattern = regexp.MustCompile(`^[a-z0-9-]{1,36}$`)

// List returns limit+1 entries at most, newest first.
func (s *Service) List(ctx context.Context, f Filter, r page.Request) ([]Entry, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	p, _ := auth.From(ctx)
	q := s.DB.Read(ctx)
	return list(q, matching(visible(q, p), f), r)
}

// Get returns one entry.
func (s *Service) Get(ctx context.Context, id string) (Entry, error) {
	p, _ := auth.From(ctx)
	q := s.DB.Read(ctx)
	e, err := take(visible(q, p).Where("id = ?", id))
	if err != nil {
		return Entry{}, err
	}
	one := []Entry{e}
	err = markDeleted(q, one)
	return one[0], err
}

// exportBatch is how many entries are read, and held, at a time.
const exportBatch = 500

// Export returns the entries there are at this moment, newest first, however many, and notes that
// they were exported. They are read a few at a time while the caller goes through them, and those
// that come meanwhile are left out: all are older than the entry about the export itself.
func (s *Service) Export(ctx context.Context, f Filter) (iter.Seq2[Entry, error], error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	var last Entry
	err := s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
		last, err = record(tx, s.Now(), Event{
			Action: LogExported, Object: logObject(), Message: "Exported " + f.words() + ".",
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	p, _ := auth.From(ctx)
	return func(yield func(Entry, error) bool) {
		for {
			q := s.DB.Read(ctx)
			rows, err := newest(q, before(matching(visible(q, p), f), last), exportBatch)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < exportBatch {
				return
			}
			last = rows[len(rows)-1]
		}
	}, nil
}

func logObject() Object { return Object{Type: TypeLog, Name: "Audit log"} }

// words tells what the filter lets through. What was searched for is not repeated: it may be a secret.
func (f Filter) words() string {
	var parts []string
	for _, is := range []struct{ name, value string }{
		{"action", f.Action},
		{"actor type", string(f.ActorType)},
		{"actor", f.ActorID},
		{"object type", string(f.ObjectType)},
		{"object", f.ObjectID},
		{"outcome", string(f.Outcome)},
	} {
		if is.value != "" {
			parts = append(parts, is.name+" "+is.value)
		}
	}
	if !f.Since.IsZero() {
		parts = append(parts, "since "+f.Since.UTC().Format(time.RFC3339))
	}
	if !f.Until.IsZero() {
		parts = append(parts, "until "+f.Until.UTC().Format(time.RFC3339))
	}
	if f.Query != "" {
		parts = append(parts, "words searched for")
	}
	if len(parts) == 0 {
		return "the whole log"
	}
	return "a part of the log (" + strings.Join(parts, ", ") + ")"
}

// trimBatch keeps the transactions of a sweep short.
const trimBatch = 5000

// SweepOnce removes the entries that are older than the retention. It is counted in whole days, so
// that a day's entries go together and the log tells of it about once a day.
func (s *Service) SweepOnce(ctx context.Context) error {
	if s.Retention == 0 {
		return nil
	}
	end := s.Now().Add(-s.Retention).Truncate(24 * time.Hour)
	for {
		var removed int64
		err := s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
			if removed, err = removeBefore(tx, end, trimBatch); err != nil || removed == 0 {
				return err
			}
			return Record(tx, s.Now(), Event{
				Action: LogTrimmed, Object: logObject(),
				Message: fmt.Sprintf("Removed %d entries from before %s.", removed, end.Format(time.DateOnly)),
			})
		})
		if err != nil || removed < trimBatch {
			return err
		}
	}
}
