package user_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/page"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/user"
)

func signIn(t *testing.T, s *user.Service, email string) (user.SignedIn, context.Context) {
	t.Helper()
	out, err := s.SignIn(t.Context(), email, secret.New(goodPassword), user.Browser{UserAgent: "browser"})
	require.NoError(t, err)
	p, err := s.Authenticate(t.Context(), out.Token)
	require.NoError(t, err)
	return out, auth.WithPrincipal(t.Context(), p)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	t.Run("the case of the address doesn't matter", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "Ada@Example.com", auth.RoleViewer)
		out, _ := signIn(t, s, "ADA@example.COM")
		require.NotNil(t, out.User.LastSignInAt)
	})
	t.Run("a wrong password, an unknown address and a disabled person get one answer, and are noted", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		off := newUser(t, s, "off@example.com", auth.RoleViewer)
		_, err := s.Update(asSystem(t), off.ID, user.Patch{Disabled: new(true)}, nil)
		require.NoError(t, err)
		for email, password := range map[string]string{
			"ada@example.com": otherPassword, "nobody@example.com": goodPassword, "off@example.com": goodPassword,
		} {
			_, err := s.SignIn(t.Context(), email, secret.New(password), user.Browser{})
			f, ok := fault.From(err)
			require.True(t, ok)
			require.Equal(t, user.ErrCredentials.Message, f.Message)
			require.EqualValues(t, 1, count(t, s, "audit_entries", "action = 'session.failed' AND object_name = ?", email))
		}
	})
	t.Run("that it could not be noted is logged with its cause, and told to nobody else", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		var logged bytes.Buffer
		s.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelError}))
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DROP TABLE audit_entries").Error }))
		_, err := s.SignIn(t.Context(), u.Email, secret.New(otherPassword), user.Browser{})
		require.Equal(t, user.ErrCredentials, err)
		require.Regexp(t, `user_id=`+u.ID+` error=.*audit_entries`, logged.String())
		require.NotContains(t, logged.String(), otherPassword)
	})
	t.Run("whoever hangs up is noted too", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		ctx, hangUp := context.WithCancel(t.Context())
		hangUp()
		s.NoteFailure(ctx, u.Email, u)
		require.EqualValues(t, 1, count(t, s, "audit_entries", "action = 'session.failed'"))
	})
	t.Run("what is typed in place of an address is noted only if it is one", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		for _, typed := range []string{otherPassword, "me@" + otherPassword, "p@ssw0rd", "ada@localhost"} {
			_, err := s.SignIn(t.Context(), typed, secret.New(goodPassword), user.Browser{})
			require.ErrorIs(t, err, user.ErrCredentials)
		}
		require.EqualValues(t, 4, count(t, s, "audit_entries", "action = 'session.failed' AND object_name = ''"))
	})
	t.Run("no session outlives a password reset that comes at the same time", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		dbtest.AtOnce(
			func() error { return s.ResetPassword(asSystem(t), "ada@example.com", secret.New(otherPassword)) },
			func() error {
				_, err := s.SignIn(t.Context(), "ada@example.com", secret.New(goodPassword), user.Browser{})
				return err
			},
		)
		require.Zero(t, count(t, s, "sessions", "1 = 1"))
	})
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	t.Run("a session ends when it isn't used, and in any case at its age", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		idle, _ := signIn(t, s, "ada@example.com")
		used, _ := signIn(t, s, "ada@example.com")
		at.advance(59 * time.Minute)
		_, err := s.Authenticate(t.Context(), used.Token)
		require.NoError(t, err)
		at.advance(time.Minute)
		_, err = s.Authenticate(t.Context(), idle.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
		for range 23 { // until shortly before its age
			_, err = s.Authenticate(t.Context(), used.Token)
			require.NoError(t, err)
			at.advance(59 * time.Minute)
		}
		_, err = s.Authenticate(t.Context(), used.Token)
		require.NoError(t, err)
		at.advance(30 * time.Minute)
		_, err = s.Authenticate(t.Context(), used.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
	})
	t.Run("a session that is used lasts, however short the time-out", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		s.IdleTimeout = 40 * time.Second
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		used, _ := signIn(t, s, "ada@example.com")
		for range 8 {
			at.advance(15 * time.Second)
			_, err := s.Authenticate(t.Context(), used.Token)
			require.NoError(t, err)
		}
		at.advance(40 * time.Second)
		_, err := s.Authenticate(t.Context(), used.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
	})
	t.Run("signing out ends this session and no other", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		here, ctx := signIn(t, s, "ada@example.com")
		there, _ := signIn(t, s, "ada@example.com")
		require.NoError(t, s.SignOut(ctx))
		_, err := s.Authenticate(t.Context(), here.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
		_, err = s.Authenticate(t.Context(), there.Token)
		require.NoError(t, err)
	})
	t.Run("no token is stored", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		out, _ := signIn(t, s, "ada@example.com")
		require.Zero(t, count(t, s, "sessions", "token_hash = ?", out.Token.Reveal()))
		require.EqualValues(t, 1, count(t, s, "sessions", "token_hash = ?", secret.Hash(out.Token)))
	})
}

func TestSessions(t *testing.T) {
	t.Parallel()
	first := page.Request{Limit: 50}
	t.Run("a person sees their own that have not ended, the newest first, page by page", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		newUser(t, s, "bo@example.com", auth.RoleViewer)
		signIn(t, s, "ada@example.com")
		at.advance(time.Hour) // that one has ended, unused
		one, ctx := signIn(t, s, "ada@example.com")
		two, _ := signIn(t, s, "ada@example.com")
		signIn(t, s, "bo@example.com")
		got, err := s.Sessions(ctx, first)
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.Equal(t, two.Session.ID, got[0].ID)
		require.Equal(t, one.Session.ID, got[1].ID)
		rest, err := s.Sessions(ctx, page.Request{Limit: 1, After: two.Session.ID})
		require.NoError(t, err)
		require.Equal(t, got[1:], rest)
	})
	t.Run("a person ends one of their own, and nobody else's", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		newUser(t, s, "bo@example.com", auth.RoleViewer)
		_, ctx := signIn(t, s, "ada@example.com")
		lost, _ := signIn(t, s, "ada@example.com")
		foreign, _ := signIn(t, s, "bo@example.com")
		require.NoError(t, s.EndSession(ctx, lost.Session.ID))
		require.ErrorIs(t, s.EndSession(ctx, lost.Session.ID), user.ErrNoSession)
		require.ErrorIs(t, s.EndSession(ctx, foreign.Session.ID), user.ErrNoSession)
		_, err := s.Authenticate(t.Context(), lost.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
		_, err = s.Authenticate(t.Context(), foreign.Token)
		require.NoError(t, err)
	})
	t.Run("signing out everywhere else leaves this one; being signed out everywhere leaves none", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		newUser(t, s, "bo@example.com", auth.RoleViewer)
		here, ctx := signIn(t, s, "ada@example.com")
		there, _ := signIn(t, s, "ada@example.com")
		foreign, _ := signIn(t, s, "bo@example.com")
		require.NoError(t, s.EndOtherSessions(ctx))
		_, err := s.Authenticate(t.Context(), there.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
		_, err = s.Authenticate(t.Context(), here.Token)
		require.NoError(t, err)
		require.NoError(t, s.EndSessionsOf(asSystem(t), u.ID))
		_, err = s.Authenticate(t.Context(), here.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
		_, err = s.Authenticate(t.Context(), foreign.Token)
		require.NoError(t, err)
		require.ErrorIs(t, s.EndSessionsOf(asSystem(t), "0190f3c4-6a1b-7c55-9d3e-1f2a3b4c5d6e"), user.ErrNotFound)
		require.EqualValues(t, 2, count(t, s, "audit_entries", "action = 'session.ended' AND object_id = ?", u.ID))
	})
	t.Run("a browser holds one: signing in again ends the one before, whoever's it was", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		newUser(t, s, "bo@example.com", auth.RoleViewer)
		before, _ := signIn(t, s, "ada@example.com")
		_, err := s.SignIn(t.Context(), "bo@example.com", secret.New(goodPassword), user.Browser{Session: before.Token})
		require.NoError(t, err)
		_, err = s.Authenticate(t.Context(), before.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
	})
}

func TestChangeOwnPassword(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	newUser(t, s, "ada@example.com", auth.RoleAdmin)
	here, ctx := signIn(t, s, "ada@example.com")
	there, _ := signIn(t, s, "ada@example.com")

	err := s.ChangeOwnPassword(ctx, secret.New(otherPassword), secret.New(otherPassword), user.Browser{})
	f, _ := fault.From(err)
	require.Equal(t, "currentPassword", f.Fields[0].Field)
	err = s.ChangeOwnPassword(ctx, secret.New(goodPassword), secret.New("short"), user.Browser{})
	f, _ = fault.From(err)
	require.Equal(t, "newPassword", f.Fields[0].Field)
	require.NoError(t, s.ChangeOwnPassword(ctx, secret.New(goodPassword), secret.New(otherPassword), user.Browser{}))
	_, err = s.Authenticate(t.Context(), here.Token)
	require.NoError(t, err)
	_, err = s.Authenticate(t.Context(), there.Token)
	require.ErrorIs(t, err, user.ErrSignedOut)
	_, err = s.SignIn(t.Context(), "ada@example.com", secret.New(goodPassword), user.Browser{})
	require.ErrorIs(t, err, user.ErrCredentials)
}
