package user_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/user"
)

func TestSetup(t *testing.T) {
	t.Parallel()
	first := user.Input{Email: "ada@example.com", Name: "Ada", Password: password(goodPassword)}

	t.Run("the code printed last makes an admin who is signed in", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		old, err := s.NewSetupCode(t.Context())
		require.NoError(t, err)
		code, err := s.NewSetupCode(t.Context())
		require.NoError(t, err)
		require.Regexp(t, `^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$`, code.Reveal())
		_, err = s.Setup(t.Context(), old, first, user.Browser{})
		require.ErrorIs(t, err, user.ErrSetupCode)
		typed := secret.New(" " + strings.ToLower(strings.ReplaceAll(code.Reveal(), "-", " ")))
		out, err := s.Setup(t.Context(), typed, first, user.Browser{UserAgent: "browser"})
		require.NoError(t, err)
		p, err := s.Authenticate(t.Context(), out.Token)
		require.NoError(t, err)
		require.Equal(t, auth.AllPermissions(), p.Permissions)
		required, err := s.SetupRequired(t.Context())
		require.NoError(t, err)
		require.False(t, required)
		_, err = s.Setup(t.Context(), code, first, user.Browser{})
		require.ErrorIs(t, err, user.ErrAlreadySet)
	})
	t.Run("an empty code fits no server", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		_, err := s.Setup(t.Context(), secret.New(""), first, user.Browser{})
		require.ErrorIs(t, err, user.ErrSetupCode)
	})
	t.Run("somebody made on the command line ends it", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		code, err := s.NewSetupCode(t.Context())
		require.NoError(t, err)
		newUser(t, s, "grace@example.com", auth.RoleAdmin)
		_, err = s.Setup(t.Context(), code, first, user.Browser{})
		require.ErrorIs(t, err, user.ErrAlreadySet)
	})
	t.Run("once it is over, whoever asks writes nothing", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		code, err := s.NewSetupCode(t.Context())
		require.NoError(t, err)
		_, err = s.Setup(t.Context(), secret.New("AAAA-BBBB-CCCC"), first, user.Browser{})
		require.ErrorIs(t, err, user.ErrSetupCode)
		newUser(t, s, "grace@example.com", auth.RoleAdmin)
		for range 5 { // more than the limit: there is nothing left to guess
			_, err = s.Setup(t.Context(), code, first, user.Browser{})
			require.ErrorIs(t, err, user.ErrAlreadySet)
		}
		require.EqualValues(t, 1, count(t, s, "sign_in_attempts", "failures = 1"), "neither counted nor settled")
	})
	t.Run("several at once make one admin", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		code, err := s.NewSetupCode(t.Context())
		require.NoError(t, err)
		var work []func() error
		for _, email := range []string{"a@example.com", "b@example.com", "c@example.com"} {
			work = append(work, func() error {
				_, err := s.Setup(t.Context(), code, user.Input{Email: email, Name: "A", Password: password(goodPassword)}, user.Browser{})
				return err
			})
		}
		won := 0
		for _, err := range dbtest.AtOnce(work...) {
			if err == nil {
				won++
			} else {
				require.ErrorIs(t, err, user.ErrAlreadySet)
			}
		}
		require.Equal(t, 1, won)
		require.EqualValues(t, 1, count(t, s, "users", "1 = 1"))
	})
}
