package audit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/page"
)

var morning = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func newService(t *testing.T) *audit.Service {
	t.Helper()
	return &audit.Service{DB: dbtest.New(t), Now: func() time.Time { return morning }}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// record writes one entry as ctx's caller, and returns its id.
func record(ctx context.Context, t *testing.T, s *audit.Service, at time.Time, e audit.Event) string {
	t.Helper()
	if e.Action == "" {
		e.Action = audit.AccountKeyUpdated
	}
	require.NoError(t, s.DB.InTx(ctx, func(tx *gorm.DB) error { return audit.Record(tx, at, e) }))
	var row audit.Entry
	require.NoError(t, s.DB.Read(ctx).Order("id DESC").Take(&row).Error)
	return row.ID
}

func key(id, name string) audit.Object {
	return audit.Object{Type: audit.TypeAccountKey, ID: id, Name: name}
}

// person is the context of a person who may read the log.
func person(t *testing.T) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.Principal{
		Type: auth.TypeUser, ID: "0198a1b0-0000-7000-8000-000000000001", Name: "Ada", AllKeys: true,
		Permissions: auth.RoleViewer.Permissions(),
	})
}

// program is the context of an API client.
func program(t *testing.T, all bool, keyIDs ...string) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.Principal{
		Type: auth.TypeAPIClient, ID: "0198a1b0-0000-7000-8000-0000000000c1", Name: "collector", AllKeys: all, KeyIDs: keyIDs,
		Permissions: []auth.Permission{auth.AuditRead},
	})
}

func messages(entries []audit.Entry) []string {
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Message)
	}
	return out
}

// found lists the messages of all entries that match.
func found(ctx context.Context, t *testing.T, s *audit.Service, f audit.Filter) []string {
	t.Helper()
	entries, err := s.List(ctx, f, page.Request{Limit: page.MaxLimit})
	require.NoError(t, err)
	return messages(entries)
}

// fieldErrors returns field and code of each thing wrong with a request.
func fieldErrors(t *testing.T, err error) []string {
	t.Helper()
	f, ok := fault.From(err)
	require.True(t, ok, "%v", err)
	var out []string
	for _, field := range f.Fields {
		out = append(out, field.Field+":"+field.Code)
	}
	return out
}

// fill writes n entries of about a kilobyte, a second apart.
func fill(t *testing.T, s *audit.Service, n int) {
	t.Helper()
	filler := make([]byte, 900)
	for i := range filler {
		filler[i] = byte('a' + i%26)
	}
	require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		rows := make([]audit.Entry, 0, n)
		for i := range n {
			rows = append(rows, audit.Entry{
				ID: newID(), At: morning.Add(time.Duration(i-n) * time.Second), Action: audit.SessionCreated, Outcome: audit.Success,
				ActorType: auth.TypeUser, ObjectType: audit.TypeUser, ObjectID: "somebody", Message: fmt.Sprintf("%06d %s", i, filler),
			})
		}
		return tx.CreateInBatches(rows, 1000).Error
	}))
}
