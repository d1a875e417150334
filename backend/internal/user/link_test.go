package user_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/user"
)

func accept(t *testing.T, s *user.Service, token secret.String) (user.SignedIn, error) {
	t.Helper()
	return s.Accept(t.Context(), token, secret.New(thirdPassword), user.Browser{UserAgent: "browser"})
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	t.Run("whoever is invited chooses a password, and is signed in by a browser that is known from then on", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u, token := invite(t, s, "bo@example.com", auth.RoleOperator)
		require.Equal(t, user.StatusInvited, u.Status())
		out, err := accept(t, s, token)
		require.NoError(t, err)
		require.Equal(t, user.StatusActive, out.User.Status())
		require.Greater(t, out.User.Version, u.Version)
		require.NotNil(t, out.User.LastSignInAt)
		p, err := s.Authenticate(t.Context(), out.Token)
		require.NoError(t, err)
		require.Equal(t, auth.RoleOperator.Permissions(), p.Permissions)
		hammer(t, s, "bo@example.com")
		_, err = s.SignIn(t.Context(), "bo@example.com", secret.New(thirdPassword), user.Browser{Device: out.Device})
		require.NoError(t, err)
		require.EqualValues(t, 1, count(t, s, "audit_entries", "action = 'user.invitation_accepted' AND actor_id = ? AND object_id = ?", u.ID, u.ID))
	})
	t.Run("nobody signs in without having chosen a password", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		invite(t, s, "bo@example.com", auth.RoleOperator)
		for _, plain := range []string{"", goodPassword} {
			_, err := s.SignIn(t.Context(), "bo@example.com", secret.New(plain), user.Browser{})
			require.ErrorIs(t, err, user.ErrCredentials)
		}
	})
	t.Run("looking at a link changes nothing", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u, token := invite(t, s, "bo@example.com", auth.RoleViewer)
		before, err := s.Get(t.Context(), u.ID)
		require.NoError(t, err)
		for range 10 {
			found, err := s.Linked(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, before, found)
		}
		require.Zero(t, count(t, s, "sign_in_attempts", "1 = 1"))
		_, err = accept(t, s, token)
		require.NoError(t, err)
	})
	t.Run("only the hash of the secret is stored", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		_, token := invite(t, s, "bo@example.com", auth.RoleViewer)
		require.Zero(t, count(t, s, "users", "link_hash = ?", token.Reveal()))
		require.EqualValues(t, 1, count(t, s, "users", "link_hash = ?", secret.Hash(token)))
	})
	t.Run("a link works once, also when several use it at the same time", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u, token := invite(t, s, "bo@example.com", auth.RoleViewer)
		var work []func() error
		for range 4 {
			work = append(work, func() error {
				_, err := accept(t, s, token)
				return err
			})
		}
		won := 0
		for _, err := range dbtest.AtOnce(work...) {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, user.ErrLink)
		}
		require.Equal(t, 1, won)
		require.EqualValues(t, 1, count(t, s, "sessions", "user_id = ?", u.ID))
	})
	t.Run("a password that breaks the rules leaves the link as good as it was", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		_, token := invite(t, s, "bo@example.com", auth.RoleViewer)
		_, err := s.Accept(t.Context(), token, secret.New("Password123456"), user.Browser{})
		require.Equal(t, "too_common", fieldCode(t, err))
		_, err = accept(t, s, token)
		require.NoError(t, err)
	})
	t.Run("it is too old after its time", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		_, token := invite(t, s, "bo@example.com", auth.RoleViewer)
		at.advance(72*time.Hour - time.Second)
		_, err := s.Linked(t.Context(), token)
		require.NoError(t, err)
		at.advance(time.Second)
		_, err = s.Linked(t.Context(), token)
		require.ErrorIs(t, err, user.ErrLink)
		_, err = accept(t, s, token)
		require.ErrorIs(t, err, user.ErrLink)
	})
	t.Run("renewing it ends the older one, and lasts as long again", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		u, old := invite(t, s, "bo@example.com", auth.RoleViewer)
		at.advance(100 * time.Hour)
		link, err := s.Invite(asSystem(t), u.ID)
		require.NoError(t, err)
		require.Equal(t, at.Now().Add(72*time.Hour), link.ExpiresAt)
		_, err = accept(t, s, old)
		require.ErrorIs(t, err, user.ErrLink)
		_, err = accept(t, s, tokenOf(t, link))
		require.NoError(t, err)
		_, err = s.Invite(asSystem(t), u.ID)
		require.ErrorIs(t, err, user.ErrNotInvited)
	})
	t.Run("disabling ends it for good, and removing too", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		u, token := invite(t, s, "bo@example.com", auth.RoleViewer)
		_, err := s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(true)}, nil)
		require.NoError(t, err)
		_, err = accept(t, s, token)
		require.ErrorIs(t, err, user.ErrLink)
		_, err = s.Invite(asSystem(t), u.ID)
		require.ErrorIs(t, err, user.ErrNotInvited)
		again, err := s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(false)}, nil)
		require.NoError(t, err)
		require.Equal(t, user.StatusInvited, again.Status())
		_, err = accept(t, s, token)
		require.ErrorIs(t, err, user.ErrLink)
		link, err := s.Invite(asSystem(t), u.ID)
		require.NoError(t, err)
		require.NoError(t, s.Delete(asSystem(t), u.ID, nil))
		_, err = accept(t, s, tokenOf(t, link))
		require.ErrorIs(t, err, user.ErrLink)
	})
	t.Run("nobody accepts an invitation while they are being disabled", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		u, token := invite(t, s, "bo@example.com", auth.RoleViewer)
		dbtest.AtOnce(
			func() error {
				_, err := s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(true)}, nil)
				return err
			},
			func() error {
				_, err := accept(t, s, token)
				return err
			},
		)
		require.Zero(t, count(t, s, "sessions", "user_id = ?", u.ID))
	})
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	t.Run("the password stays good until another is chosen, which ends what was signed in", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		link, err := s.OfferPasswordReset(asSystem(t), u.ID)
		require.NoError(t, err)
		before, _ := signIn(t, s, "ada@example.com")
		out, err := accept(t, s, tokenOf(t, link))
		require.NoError(t, err)
		_, err = s.Authenticate(t.Context(), before.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
		_, err = s.Authenticate(t.Context(), out.Token)
		require.NoError(t, err)
		_, err = s.SignIn(t.Context(), "ada@example.com", secret.New(goodPassword), user.Browser{})
		require.ErrorIs(t, err, user.ErrCredentials)
		require.EqualValues(t, 1, count(t, s, "audit_entries", "action = 'user.password_reset' AND object_id = ?", u.ID))
	})
	t.Run("it lets in who is shut out by somebody who hammers at the account", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		hammer(t, s, "ada@example.com")
		link, err := s.OfferPasswordResetTo(asSystem(t), "ADA@example.com")
		require.NoError(t, err)
		_, err = accept(t, s, tokenOf(t, link))
		require.NoError(t, err)
	})
	t.Run("a password that is set otherwise ends the link", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		_, ctx := signIn(t, s, "ada@example.com")
		link, err := s.OfferPasswordReset(asSystem(t), u.ID)
		require.NoError(t, err)
		require.NoError(t, s.ChangeOwnPassword(ctx, secret.New(goodPassword), secret.New(otherPassword), user.Browser{}))
		_, err = accept(t, s, tokenOf(t, link))
		require.ErrorIs(t, err, user.ErrLink)
	})
	t.Run("it is for people who have a password and may sign in", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		off := newUser(t, s, "off@example.com", auth.RoleViewer)
		_, err := s.Update(asSystem(t), off.ID, user.Patch{Disabled: new(true)}, nil)
		require.NoError(t, err)
		invited, _ := invite(t, s, "bo@example.com", auth.RoleViewer)
		for _, id := range []string{off.ID, invited.ID} {
			_, err := s.OfferPasswordReset(asSystem(t), id)
			require.ErrorIs(t, err, user.ErrNotActive)
		}
	})
	t.Run("nobody makes one for themselves, or for somebody who may do what they may not", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		_, own := signIn(t, s, "ada@example.com")
		_, err := s.OfferPasswordReset(own, u.ID)
		require.ErrorIs(t, err, user.ErrOwnAccount)
		invited, _ := invite(t, s, "bo@example.com", auth.RoleAdmin)
		program := auth.WithPrincipal(t.Context(), auth.Principal{
			Type: auth.TypeAPIClient, ID: "c", Permissions: []auth.Permission{auth.UsersWrite}, AllKeys: true,
		})
		_, err = s.OfferPasswordReset(program, u.ID)
		require.ErrorIs(t, err, user.ErrNotHeld)
		_, err = s.Invite(program, invited.ID)
		require.ErrorIs(t, err, user.ErrNotHeld)
	})
}
