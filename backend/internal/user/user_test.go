package user_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/user"
)

// fieldCode returns the code of the first field that a failure names.
func fieldCode(t *testing.T, err error) string {
	t.Helper()
	f, ok := fault.From(err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, f.Fields, "%v", err)
	return f.Fields[0].Code
}

func TestCreate(t *testing.T) {
	t.Parallel()
	t.Run("an address is taken whatever its case", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		_, err := s.Create(asSystem(t), user.Input{Email: "ADA@EXAMPLE.COM", Name: "A", Role: auth.RoleViewer, Password: password(goodPassword)})
		require.ErrorIs(t, err, user.ErrEmailTaken)
	})
	t.Run("nobody grants a role that may do what they may not", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		in := user.Input{Email: "b@example.com", Name: "B", Role: auth.RoleOperator, Password: password(goodPassword)}
		for _, p := range []auth.Principal{
			{Type: auth.TypeAPIClient, ID: "c", Permissions: []auth.Permission{auth.UsersWrite}, AllKeys: true},
			{Type: auth.TypeAPIClient, ID: "c", Permissions: auth.AllPermissions(), KeyIDs: []string{"one"}},
		} {
			_, err := s.Create(auth.WithPrincipal(t.Context(), p), in)
			require.Equal(t, "not_held", fieldCode(t, err))
		}
	})
}

func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	for name, row := range map[string]struct{ password, code string }{
		"eleven characters":           {"zqmvtkplhwx", "too_short"},
		"twelve bytes, six letters":   {"äöüßéè", "too_short"},
		"129 characters":              {string(make([]byte, 129)), "too_long"},
		"on the list":                 {"Qwertyuiop123", "too_common"},
		"a common word with digits":   {"Password123456", "too_common"},
		"a common word in disguise":   {"P@ssw0rd!2026", "too_common"},
		"one character":               {"xxxxxxxxxxxxxx", "too_common"},
		"a piece repeated":            {"zqm4zqm4zqm4", "too_common"},
		"a walk over the keyboard":    {"asdfghjkl0987", "too_common"},
		"the product's name":          {"Latchkey-2031", "too_common"},
		"the person's name":           {"mara-lind-4711", "too_common"},
		"the local part of the email": {"m.l.fabricant7", "too_common"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Create(asSystem(t), user.Input{
				Email: "m.l.fabricant@example.com", Name: "Mara Lind", Role: auth.RoleViewer, Password: password(row.password),
			})
			require.Equal(t, row.code, fieldCode(t, err))
		})
	}
	t.Run("a sentence of one's own is good", func(t *testing.T) {
		t.Parallel()
		for i, good := range []string{goodPassword, "zqmvtkplhwxr", "die Möwe fraß mein Brot"} {
			_, err := s.Create(asSystem(t), user.Input{
				Email: string(rune('a'+i)) + "@example.com", Name: "Mara Lind", Role: auth.RoleViewer, Password: password(good),
			})
			require.NoError(t, err)
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	t.Run("another role and disabling count from the next request", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		u := newUser(t, s, "bo@example.com", auth.RoleOperator)
		out, _ := signIn(t, s, "bo@example.com")
		_, err := s.Update(asSystem(t), u.ID, user.Patch{Role: new(auth.RoleViewer)}, nil)
		require.NoError(t, err)
		p, err := s.Authenticate(t.Context(), out.Token)
		require.NoError(t, err)
		require.Equal(t, auth.RoleViewer.Permissions(), p.Permissions)
		_, err = s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(true)}, nil)
		require.NoError(t, err)
		_, err = s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(false)}, nil)
		require.NoError(t, err)
		_, err = s.Authenticate(t.Context(), out.Token)
		require.ErrorIs(t, err, user.ErrSignedOut)
	})
	t.Run("letting somebody in again needs what their role may do", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newUser(t, s, "ada@example.com", auth.RoleAdmin)
		off := newUser(t, s, "off@example.com", auth.RoleAdmin)
		_, err := s.Update(asSystem(t), off.ID, user.Patch{Disabled: new(true)}, nil)
		require.NoError(t, err)
		ctx := auth.WithPrincipal(t.Context(), auth.Principal{
			Type: auth.TypeAPIClient, ID: "c", Permissions: []auth.Permission{auth.UsersWrite}, AllKeys: true,
		})
		_, err = s.Update(ctx, off.ID, user.Patch{Disabled: new(false)}, nil)
		require.Equal(t, "not_held", fieldCode(t, err))
	})
	t.Run("a version that has passed is refused", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		_, err := s.Update(asSystem(t), u.ID, user.Patch{Name: new("Ada L")}, []int64{u.Version})
		require.NoError(t, err)
		_, err = s.Update(asSystem(t), u.ID, user.Patch{Name: new("Ada M")}, []int64{u.Version})
		require.ErrorIs(t, err, user.ErrChanged)
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	newUser(t, s, "ada@example.com", auth.RoleAdmin)
	u := newUser(t, s, "bo@example.com", auth.RoleOperator)
	out, _ := signIn(t, s, "bo@example.com")
	require.NoError(t, s.Delete(asSystem(t), u.ID, nil))
	_, err := s.Authenticate(t.Context(), out.Token)
	require.ErrorIs(t, err, user.ErrSignedOut)
	require.Zero(t, count(t, s, "sessions", "1 = 1")+count(t, s, "user_devices", "1 = 1"))
	require.EqualValues(t, 1, count(t, s, "audit_entries", "action = 'user.deleted' AND object_id = ?", u.ID))
}

// TestEpoch is about what other replicas are told: whatever takes a right away.
func TestEpoch(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	newUser(t, s, "ada@example.com", auth.RoleAdmin)
	u := newUser(t, s, "bo@example.com", auth.RoleOperator)
	_, token := invite(t, s, "new@example.com", auth.RoleViewer)
	_, bo := signIn(t, s, "bo@example.com")
	other, _ := signIn(t, s, "bo@example.com")
	signIn(t, s, "bo@example.com")
	for _, row := range []struct {
		name string
		do   func() error
	}{
		{"another role", func() error {
			_, err := s.Update(asSystem(t), u.ID, user.Patch{Role: new(auth.RoleViewer)}, nil)
			return err
		}},
		{"the end of a session", func() error { return s.EndSession(bo, other.Session.ID) }},
		{"the end of other sessions", func() error { return s.EndOtherSessions(bo) }},
		{"signing out", func() error { return s.SignOut(bo) }},
		{"a password set anew", func() error {
			return s.ResetPassword(asSystem(t), "bo@example.com", secret.New(otherPassword))
		}},
		{"a link that is used", func() error {
			_, err := s.Accept(t.Context(), token, secret.New(otherPassword), user.Browser{})
			return err
		}},
		{"the end of all sessions", func() error {
			_, err := s.SignIn(t.Context(), "bo@example.com", secret.New(otherPassword), user.Browser{})
			require.NoError(t, err)
			return s.EndSessionsOf(asSystem(t), u.ID)
		}},
		{"disabling", func() error {
			_, err := s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(true)}, nil)
			return err
		}},
		{"removing", func() error { return s.Delete(asSystem(t), u.ID, nil) }},
	} {
		t.Run(row.name+" is told", func(t *testing.T) {
			before := epoch(t, s)
			require.NoError(t, row.do())
			require.Greater(t, epoch(t, s), before)
		})
	}
}

func TestLastAdmin(t *testing.T) {
	t.Parallel()
	t.Run("cannot be demoted, disabled or removed", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		newUser(t, s, "bo@example.com", auth.RoleOperator)
		_, err := s.Update(asSystem(t), u.ID, user.Patch{Role: new(auth.RoleViewer)}, nil)
		require.ErrorIs(t, err, user.ErrLastAdmin)
		_, err = s.Update(asSystem(t), u.ID, user.Patch{Disabled: new(true)}, nil)
		require.ErrorIs(t, err, user.ErrLastAdmin)
		require.ErrorIs(t, s.Delete(asSystem(t), u.ID, nil), user.ErrLastAdmin)
		again, err := s.Get(t.Context(), u.ID)
		require.NoError(t, err)
		require.Equal(t, u.Version, again.Version)
	})
	t.Run("is one who can sign in: an invited admin is none", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		u := newUser(t, s, "ada@example.com", auth.RoleAdmin)
		invited, token := invite(t, s, "bo@example.com", auth.RoleAdmin)
		_, err := s.Update(asSystem(t), u.ID, user.Patch{Role: new(auth.RoleViewer)}, nil)
		require.ErrorIs(t, err, user.ErrLastAdmin)
		_, err = s.Accept(t.Context(), token, secret.New(otherPassword), user.Browser{})
		require.NoError(t, err)
		_, err = s.Update(asSystem(t), u.ID, user.Patch{Role: new(auth.RoleViewer)}, nil)
		require.NoError(t, err)
		require.ErrorIs(t, s.Delete(asSystem(t), invited.ID, nil), user.ErrLastAdmin)
	})
	t.Run("two who remove and disable each other leave one", func(t *testing.T) {
		t.Parallel()
		for range 5 {
			s, _ := newService(t)
			a, b := newUser(t, s, "a@example.com", auth.RoleAdmin), newUser(t, s, "b@example.com", auth.RoleAdmin)
			errs := dbtest.AtOnce(
				func() error { return s.Delete(asSystem(t), b.ID, nil) },
				func() error {
					_, err := s.Update(asSystem(t), a.ID, user.Patch{Disabled: new(true)}, nil)
					return err
				},
			)
			require.NotEqual(t, errs[0] == nil, errs[1] == nil, "%v", errs)
			require.EqualValues(t, 1, count(t, s, "users", "role = 'admin' AND NOT disabled"))
		}
	})
	t.Run("two who demote each other leave one", func(t *testing.T) {
		t.Parallel()
		for range 5 {
			s, _ := newService(t)
			a, b := newUser(t, s, "a@example.com", auth.RoleAdmin), newUser(t, s, "b@example.com", auth.RoleAdmin)
			demote := func(id string) func() error {
				return func() error {
					_, err := s.Update(asSystem(t), id, user.Patch{Role: new(auth.RoleViewer)}, nil)
					return err
				}
			}
			errs := dbtest.AtOnce(demote(a.ID), demote(b.ID))
			require.NotEqual(t, errs[0] == nil, errs[1] == nil, "%v", errs)
			require.EqualValues(t, 1, count(t, s, "users", "role = 'admin'"))
		}
	})
}
