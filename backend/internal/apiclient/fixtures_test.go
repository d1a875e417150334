package apiclient_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

const (
	issuer   = "https://latchkey.example"
	audience = "https://latchkey.example/api/v1"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newService returns a service with a signing key, on a database of its own.
func newService(t testing.TB) (*apiclient.Service, *clock) {
	t.Helper()
	keys, err := secret.ParseMasterKeys(secret.GenerateMasterKey())
	require.NoError(t, err)
	box, err := secret.NewBox(keys...)
	require.NoError(t, err)
	d := dbtest.New(t)
	at := &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	s := &apiclient.Service{
		DB: d, Box: &masterkey.Box{DB: d, Keys: box, Now: at.Now}, Now: at.Now, Issuer: issuer, Audience: audience, TokenLifetime: 15 * time.Minute,
		KeyRotation: 30 * 24 * time.Hour, Logger: slog.New(slog.DiscardHandler),
	}
	require.NoError(t, s.Box.Prove(t.Context()))
	require.NoError(t, s.EnsureSigningKey(t.Context()))
	return s, at
}

func asAdmin(t *testing.T) context.Context {
	t.Helper()
	return as(t, auth.AllPermissions(), true)
}

func as(t *testing.T, permissions []auth.Permission, allKeys bool, keyIDs ...string) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.Principal{
		Type: auth.TypeAPIClient, ID: "caller", Name: "caller", Permissions: permissions, AllKeys: allKeys, KeyIDs: keyIDs,
	})
}

func newClient(t *testing.T, s *apiclient.Service, change ...func(*apiclient.Input)) (apiclient.Client, secret.String) {
	t.Helper()
	in := apiclient.Input{Name: uuid.NewString(), Permissions: []auth.Permission{auth.TokensIssue, auth.MailSend}}
	for _, f := range change {
		f(&in)
	}
	c, plain, err := s.Create(asAdmin(t), in)
	require.NoError(t, err)
	return c, plain
}

// newKey stores an account key, as package accountkey would.
func newKey(t *testing.T, s *apiclient.Service) string {
	t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO account_keys (id, type, display_name, display_name_key, cloud, status, created_at, updated_at,
			created_by_type, created_by_id, created_by_name) VALUES (?, 't', ?, ?, 'global', 'draft', ?, ?, 'user', 'u', 'U')`,
			id, id, id, s.Now(), s.Now()).Error
	}))
	return id
}

func tokenOf(t *testing.T, s *apiclient.Service, c apiclient.Client, plain secret.String) secret.String {
	t.Helper()
	issued, err := s.Issue(t.Context(), c.ID, plain, "")
	require.NoError(t, err)
	return issued.Token
}

func fieldCode(t *testing.T, err error) string {
	t.Helper()
	f, ok := fault.From(err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, f.Fields, "%v", err)
	return f.Fields[0].Field + " " + f.Fields[0].Code
}
