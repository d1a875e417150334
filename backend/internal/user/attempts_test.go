package user_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/user"
)

// The limits of newService: 3 failures for an account, 5 for a network, in 15 minutes.

// guess tries to sign in with a wrong password.
func guess(ctx context.Context, s *user.Service, email string, b user.Browser) error {
	_, err := s.SignIn(ctx, email, secret.New(otherPassword), b)
	return err
}

// try tries to sign in with the right one.
func try(ctx context.Context, s *user.Service, email string, b user.Browser) error {
	_, err := s.SignIn(ctx, email, secret.New(goodPassword), b)
	return err
}

// hammer guesses from ever new networks until an account takes no more.
func hammer(t *testing.T, s *user.Service, email string) {
	t.Helper()
	for i := range 3 {
		require.ErrorIs(t, guess(from(t, fmt.Sprintf("198.51.100.%d", i)), s, email, user.Browser{}), user.ErrCredentials)
	}
	require.ErrorIs(t, guess(from(t, "198.51.100.99"), s, email, user.Browser{}), user.ErrTooMany)
}

func TestGuessPassword(t *testing.T) {
	t.Parallel()
	t.Run("whoever hammers at an account can't keep its owner out of a browser that is known", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		at, _ := signIn(t, s, "ada@example.com")
		hammer(t, s, "ada@example.com")
		require.ErrorIs(t, try(from(t, "192.0.2.1"), s, "ada@example.com", user.Browser{}), user.ErrTooMany)
		// Not even from the same network.
		require.NoError(t, try(from(t, "198.51.100.1"), s, "ada@example.com", user.Browser{Device: at.Device}))
	})
	t.Run("the right password is not looked at either, until the window is over", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		hammer(t, s, "ada@example.com")
		at.advance(5 * time.Minute)
		err := try(from(t, "192.0.2.1"), s, "ada@example.com", user.Browser{})
		f, _ := fault.From(err)
		require.Equal(t, "too_many_attempts", f.Code)
		require.Equal(t, 10*time.Minute, f.RetryAfter)
		require.Contains(t, f.Fix, "Try again in 10 minutes.")
		at.advance(f.RetryAfter)
		require.NoError(t, try(from(t, "192.0.2.1"), s, "ada@example.com", user.Browser{}))
	})
	t.Run("a known browser has a count of its own, which is nobody else's", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		newUser(t, s, "bo@example.com", auth.RoleViewer)
		lost, _ := signIn(t, s, "ada@example.com")
		kept, _ := signIn(t, s, "ada@example.com")
		for range 3 {
			require.ErrorIs(t, guess(t.Context(), s, "ada@example.com", user.Browser{Device: lost.Device}), user.ErrCredentials)
		}
		require.ErrorIs(t, try(t.Context(), s, "ada@example.com", user.Browser{Device: lost.Device}), user.ErrTooMany)
		require.NoError(t, try(t.Context(), s, "ada@example.com", user.Browser{Device: kept.Device}))
		require.NoError(t, try(t.Context(), s, "ada@example.com", user.Browser{}))
		hammer(t, s, "bo@example.com")
		require.ErrorIs(t, try(t.Context(), s, "bo@example.com", user.Browser{Device: kept.Device}), user.ErrTooMany,
			"a browser that one person is known in tells nothing of another")
	})
	t.Run("an address that nobody has is refused like one that somebody has", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		off := newUser(t, s, "off@example.com", auth.RoleViewer)
		_, err := s.Update(asSystem(t), off.ID, user.Patch{Disabled: new(true)}, nil)
		require.NoError(t, err)
		invite(t, s, "invited@example.com", auth.RoleViewer)
		answers := func(network int, email string) (got []fault.Error) {
			for i := range 5 {
				f, ok := fault.From(guess(from(t, fmt.Sprintf("198.51.%d.%d", network, i)), s, email, user.Browser{}))
				require.True(t, ok)
				got = append(got, fault.Error{Kind: f.Kind, Code: f.Code, Message: f.Message, Fix: f.Fix, RetryAfter: f.RetryAfter})
			}
			return got
		}
		want := answers(1, "ada@example.com")
		require.Equal(t, "too_many_attempts", want[4].Code)
		for i, email := range []string{"nobody@example.com", "off@example.com", "invited@example.com", "no address at all"} {
			require.Equal(t, want, answers(2+i, email), email)
		}
		at.advance(time.Hour)
		require.NoError(t, s.CleanUp(t.Context()))
		require.Zero(t, count(t, s, "sign_in_attempts", "1 = 1"))
	})
	t.Run("a network is refused whatever accounts it tries, and an IPv6 /64 is one", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		for name, row := range map[string]struct {
			one   func(i int) string
			other string
		}{
			"IPv6":         {func(i int) string { return fmt.Sprintf("2001:db8:1:2:%x::1", i) }, "2001:db8:1:3::1"},
			"IPv4":         {func(int) string { return "203.0.113.7" }, "203.0.113.8"},
			"IPv4 in IPv6": {func(int) string { return "::ffff:203.0.113.9" }, "203.0.113.10"},
		} {
			for i := range 5 {
				require.ErrorIs(t, guess(from(t, row.one(i)), s, fmt.Sprintf("%s-%d@example.com", name, i), user.Browser{}), user.ErrCredentials)
			}
			require.ErrorIs(t, try(from(t, row.one(5)), s, "ada@example.com", user.Browser{}), user.ErrTooMany, name)
			require.NoError(t, try(from(t, row.other), s, "ada@example.com", user.Browser{}), name)
		}
		require.ErrorIs(t, try(from(t, "203.0.113.9"), s, "ada@example.com", user.Browser{}), user.ErrTooMany, "however it is written")
	})
	t.Run("success empties the account's count, and gives the network back no more than its own attempt", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		ctx := from(t, "192.0.2.1")
		for _, wrong := range []int{2, 2} {
			for range wrong {
				require.ErrorIs(t, guess(ctx, s, "ada@example.com", user.Browser{}), user.ErrCredentials)
			}
			require.NoError(t, try(ctx, s, "ada@example.com", user.Browser{}))
		}
		require.ErrorIs(t, guess(ctx, s, "bo@example.com", user.Browser{}), user.ErrCredentials)
		require.ErrorIs(t, guess(ctx, s, "cleo@example.com", user.Browser{}), user.ErrTooMany, "five have failed")
	})
	t.Run("replicas count together", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		other := &user.Service{DB: s.DB, Now: at.Now, IdleTimeout: s.IdleTimeout, MaxAge: s.MaxAge, DeviceLifetime: s.DeviceLifetime, Limits: s.Limits}
		for i, replica := range []*user.Service{s, other, s} {
			require.ErrorIs(t, guess(from(t, fmt.Sprintf("192.0.2.%d", i)), replica, "ada@example.com", user.Browser{}), user.ErrCredentials)
		}
		for _, replica := range []*user.Service{s, other} {
			require.ErrorIs(t, try(t.Context(), replica, "ada@example.com", user.Browser{}), user.ErrTooMany)
		}
	})
	t.Run("of many at once no more are looked at than of as many in turn", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		var work []func() error
		for range 20 {
			work = append(work, func() error { return guess(t.Context(), s, "ada@example.com", user.Browser{}) })
		}
		for _, err := range dbtest.AtOnce(work...) {
			require.Error(t, err)
		}
		require.EqualValues(t, 3, count(t, s, "audit_entries", "action = 'session.failed'"))
	})
	t.Run("when too many passwords are being hashed a stranger comes back later, and somebody known need not", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		at, _ := signIn(t, s, "ada@example.com")
		release, err := s.Occupy(t.Context())
		require.NoError(t, err)
		for range 4 {
			f, _ := fault.From(try(t.Context(), s, "ada@example.com", user.Browser{}))
			require.Equal(t, "sign_in_busy", f.Code)
			require.Positive(t, f.RetryAfter)
		}
		require.NoError(t, try(t.Context(), s, "ada@example.com", user.Browser{Device: at.Device}))
		release()
		require.NoError(t, try(t.Context(), s, "ada@example.com", user.Browser{}), "none of them was counted")
	})
	t.Run("the present password can't be guessed by whoever has a session", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		_, stolen := signIn(t, s, "ada@example.com")
		_, own := signIn(t, s, "ada@example.com")
		change := func(ctx context.Context, current string) error {
			return s.ChangeOwnPassword(ctx, secret.New(current), secret.New(otherPassword), user.Browser{})
		}
		for range 3 {
			require.Equal(t, "wrong", fieldCode(t, change(stolen, otherPassword)))
		}
		require.ErrorIs(t, change(stolen, goodPassword), user.ErrTooMany)
		require.NoError(t, change(own, goodPassword), "nor can they keep the person from changing it")
	})
	t.Run("a new password that is refused is no failure to know the present one", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		_, ctx := signIn(t, s, "ada@example.com")
		change := func(plain string) error {
			return s.ChangeOwnPassword(ctx, secret.New(goodPassword), secret.New(plain), user.Browser{})
		}
		for range 4 {
			require.Equal(t, "too_common", fieldCode(t, change("password12345")))
		}
		require.NoError(t, change(otherPassword))
	})
}

func TestGuessSetupCode(t *testing.T) {
	t.Parallel()
	s, at := newService(t)
	code, err := s.NewSetupCode(t.Context())
	require.NoError(t, err)
	setUp := func(ip string, code secret.String, plain string) error {
		_, err := s.Setup(from(t, ip), code, user.Input{Email: "ada@example.com", Name: "Ada", Password: password(plain)}, user.Browser{})
		return err
	}
	for range 4 {
		require.Equal(t, "too_short", fieldCode(t, setUp("192.0.2.1", code, "short")), "who has the code may mistype the rest")
	}
	for range 3 {
		require.ErrorIs(t, setUp("192.0.2.1", secret.New("AAAA-BBBB-CCCC"), goodPassword), user.ErrSetupCode)
	}
	err = setUp("192.0.2.1", code, goodPassword)
	require.ErrorIs(t, err, user.ErrTooMany)
	f, _ := fault.From(err)
	require.ErrorIs(t, setUp("192.0.2.2", secret.New("AAAA-BBBB-CCCC"), goodPassword), user.ErrSetupCode)
	at.advance(f.RetryAfter)
	require.NoError(t, setUp("192.0.2.1", code, goodPassword))
}

func TestGuessLink(t *testing.T) {
	t.Parallel()
	s, at := newService(t)
	_, token := invite(t, s, "ada@example.com", auth.RoleViewer)
	ctx := from(t, "192.0.2.1")
	for range 5 {
		_, err := s.Linked(ctx, secret.Random())
		require.ErrorIs(t, err, user.ErrLink)
	}
	_, err := s.Accept(ctx, token, secret.New(goodPassword), user.Browser{})
	require.ErrorIs(t, err, user.ErrTooMany)
	f, _ := fault.From(err)
	_, err = s.Linked(from(t, "192.0.2.2"), token)
	require.NoError(t, err)
	at.advance(f.RetryAfter)
	_, err = s.Accept(ctx, token, secret.New(goodPassword), user.Browser{})
	require.NoError(t, err)
}

func TestDevices(t *testing.T) {
	t.Parallel()
	t.Run("people who share a browser are both known in it", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		newUser(t, s, "bo@example.com", auth.RoleViewer)
		ada, _ := signIn(t, s, "ada@example.com")
		bo, err := s.SignIn(t.Context(), "bo@example.com", secret.New(goodPassword), user.Browser{Device: ada.Device})
		require.NoError(t, err)
		for _, email := range []string{"ada@example.com", "bo@example.com"} {
			hammer(t, s, email)
			require.NoError(t, try(t.Context(), s, email, user.Browser{Device: bo.Device}), email)
		}
	})
	t.Run("only its hash is stored, and a value that is not ours is not taken over", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		planted := secret.New("planted by another page")
		out, err := s.SignIn(t.Context(), "ada@example.com", secret.New(goodPassword), user.Browser{Device: planted})
		require.NoError(t, err)
		require.Zero(t, count(t, s, "user_devices", "token_hash IN ?", []string{secret.Hash(planted), out.Device.Reveal()}))
		require.EqualValues(t, 1, count(t, s, "user_devices", "token_hash = ?", secret.Hash(out.Device)))
	})
	t.Run("a browser is forgotten when it isn't used, and there are at most twenty", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		old, _ := signIn(t, s, "ada@example.com")
		at.advance(s.DeviceLifetime)
		hammer(t, s, "ada@example.com")
		require.ErrorIs(t, try(t.Context(), s, "ada@example.com", user.Browser{Device: old.Device}), user.ErrTooMany)
		require.NoError(t, s.CleanUp(t.Context()))
		require.Zero(t, count(t, s, "user_devices", "1 = 1"))
		at.advance(time.Hour)
		first, _ := signIn(t, s, "ada@example.com")
		for range 20 {
			at.advance(time.Second)
			signIn(t, s, "ada@example.com")
		}
		require.EqualValues(t, 20, count(t, s, "user_devices", "1 = 1"))
		require.Zero(t, count(t, s, "user_devices", "token_hash = ?", secret.Hash(first.Device)))
	})
	t.Run("another password makes every other browser unknown", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		here, ctx := signIn(t, s, "ada@example.com")
		there, _ := signIn(t, s, "ada@example.com")
		require.NoError(t, s.ChangeOwnPassword(ctx, secret.New(goodPassword), secret.New(thirdPassword), user.Browser{Device: here.Device}))
		hammer(t, s, "ada@example.com")
		require.ErrorIs(t, guess(t.Context(), s, "ada@example.com", user.Browser{Device: there.Device}), user.ErrTooMany)
		require.ErrorIs(t, guess(t.Context(), s, "ada@example.com", user.Browser{Device: here.Device}), user.ErrCredentials)
	})
}
