package user_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/user"
)

const (
	goodPassword  = "seven quiet herons 41"
	otherPassword = "nine loud magpies 62"
	thirdPassword = "six brown walruses 88"
)

// clock is a time that stands still until it is moved.
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

// newService returns a service on a database of its own in which nobody exists.
func newService(t *testing.T) (*user.Service, *clock) {
	t.Helper()
	at := &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	s := &user.Service{
		DB: dbtest.New(t), Now: at.Now, PublicURL: "https://latchkey.example", IdleTimeout: time.Hour, MaxAge: 24 * time.Hour,
		InvitationExpiry: 72 * time.Hour, ResetExpiry: 24 * time.Hour, DeviceLifetime: 90 * 24 * time.Hour,
		Limits: user.Limits{Window: 15 * time.Minute, PerAccount: 3, PerNetwork: 5},
		Logger: slog.New(slog.DiscardHandler),
	}
	require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO instance (id, canary, created_at) VALUES (1, ?, ?)", []byte{1}, at.Now()).Error
	}))
	return s, at
}

// asSystem is the context of a command.
func asSystem(t *testing.T) context.Context {
	t.Helper()
	return auth.WithPrincipal(t.Context(), auth.System("test"))
}

func newUser(t *testing.T, s *user.Service, email string, role auth.Role) user.User {
	t.Helper()
	made, err := s.Create(asSystem(t), user.Input{Email: email, Name: "Test Person", Role: role, Password: password(goodPassword)})
	require.NoError(t, err)
	return made.User
}

// password is an initial password as Input takes it.
func password(plain string) *secret.String { return new(secret.New(plain)) }

// invite adds somebody without a password and returns the secret of their link.
func invite(t *testing.T, s *user.Service, email string, role auth.Role) (user.User, secret.String) {
	t.Helper()
	made, err := s.Create(asSystem(t), user.Input{Email: email, Name: "Test Person", Role: role})
	require.NoError(t, err)
	require.NotNil(t, made.Link)
	return made.User, tokenOf(t, *made.Link)
}

func tokenOf(t *testing.T, link user.Link) secret.String {
	t.Helper()
	token, ok := strings.CutPrefix(link.URL.Reveal(), "https://latchkey.example/invitation#")
	require.True(t, ok, "the secret stands in the fragment")
	return secret.New(token)
}

// from is the context of a request of somebody who is not signed in.
func from(t *testing.T, ip string) context.Context {
	t.Helper()
	return auth.WithRequest(t.Context(), auth.Request{IP: ip})
}

func epoch(t *testing.T, s *user.Service) (value int64) {
	t.Helper()
	require.NoError(t, s.DB.Read(t.Context()).Table("epochs").Where("name = 'access'").Pluck("value", &value).Error)
	return value
}

// count returns how many rows of a table satisfy a condition.
func count(t *testing.T, s *user.Service, table, where string, args ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, s.DB.Read(t.Context()).Table(table).Where(where, args...).Count(&n).Error)
	return n
}
