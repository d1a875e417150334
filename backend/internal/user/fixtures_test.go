package user_test

import (
	"context"
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
	s := &user.Service{DB: dbtest.New(t), Now: at.Now, IdleTimeout: time.Hour, MaxAge: 24 * time.Hour}
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
	u, err := s.Create(asSystem(t), user.Input{Email: email, Name: "Test Person", Role: role, Password: secret.New(goodPassword)})
	require.NoError(t, err)
	return u
}

// count returns how many rows of a table satisfy a condition.
func count(t *testing.T, s *user.Service, table, where string, args ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, s.DB.Read(t.Context()).Table(table).Where(where, args...).Count(&n).Error)
	return n
}

// atOnce runs both at the same time and returns their errors.
func atOnce(work ...func() error) []error {
	errs := make([]error, len(work))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, w := range work {
		wg.Go(func() {
			<-start
			errs[i] = w()
		})
	}
	close(start)
	wg.Wait()
	return errs
}
