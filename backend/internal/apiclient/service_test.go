package apiclient_test

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/dbtest"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	c, plain := newClient(t, s)
	text := plain.Reveal()

	t.Run("names its client and carries a checksum", func(t *testing.T) {
		t.Parallel()
		require.Regexp(t, `^lk_`+strings.ReplaceAll(c.ID, "-", "")+`_[0-9A-Za-z]{49}$`, text)
		const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		var sum uint64
		for _, d := range text[len(text)-6:] {
			sum = sum*62 + uint64(strings.IndexRune(digits, d))
		}
		require.EqualValues(t, crc32.ChecksumIEEE([]byte(text[:len(text)-6])), sum)
		id, ok := apiclient.ParseSecret(plain)
		require.True(t, ok)
		require.Equal(t, c.ID, id)
	})
	t.Run("a misprint is noticed", func(t *testing.T) {
		t.Parallel()
		for _, bad := range []string{"", "lk_", text[1:], text + "0", strings.Replace(text, "_", "-", 2), text[:len(text)-1] + "!"} {
			_, ok := apiclient.ParseSecret(secret.New(bad))
			require.False(t, ok, bad)
		}
	})
	t.Run("is stored as a hash, with a hint", func(t *testing.T) {
		t.Parallel()
		got, err := s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.Equal(t, secret.Hash(plain), got.Secrets[0].SecretHash)
		require.Equal(t, "lk_…"+text[len(text)-4:], got.Secrets[0].Hint)
	})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	t.Run("nobody grants what they lack", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		key, other := newKey(t, s), newKey(t, s)
		ctx := as(t, []auth.Permission{auth.APIClientsWrite, auth.MailRead}, false, key)
		try := func(in apiclient.Input) error {
			in.Name = uuid.NewString()
			_, _, err := s.Create(ctx, in)
			return err
		}
		require.NoError(t, try(apiclient.Input{Permissions: []auth.Permission{auth.MailRead}, AccountKeyIDs: []string{key}}))
		require.Equal(t, "permissions not_held", fieldCode(t, try(apiclient.Input{Permissions: []auth.Permission{auth.MailSend}})))
		require.Equal(t, "allAccountKeys not_held", fieldCode(t, try(apiclient.Input{AllAccountKeys: true})))
		// Whether a key exists is not told to whom it isn't granted.
		require.Equal(t, "accountKeyIds unknown", fieldCode(t, try(apiclient.Input{AccountKeyIDs: []string{other}})))
		require.Equal(t, "accountKeyIds unknown", fieldCode(t, try(apiclient.Input{AccountKeyIDs: []string{uuid.NewString()}})))
	})
	t.Run("an account key's id is one in capitals too, as in paths", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		key := newKey(t, s)
		c, _ := newClient(t, s, func(in *apiclient.Input) { in.AccountKeyIDs = []string{strings.ToUpper(key), key} })
		require.Equal(t, []string{key}, c.AccountKeyIDs)
		after, err := s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.AccountKeyIDs = []string{strings.ToUpper(key)} })
		require.NoError(t, err)
		require.Equal(t, c.Version, after.Version, "nothing changed")
	})
	t.Run("a name is one line of printable characters, a description several", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		try := func(name, description string) error {
			_, _, err := s.Create(asAdmin(t), apiclient.Input{Name: name, Description: description})
			return err
		}
		require.Equal(t, "name invalid", fieldCode(t, try("bill\u2028ing", "")))
		require.Equal(t, "name invalid", fieldCode(t, try("bill\u2029ing", "")))
		require.Equal(t, "description invalid", fieldCode(t, try("billing", "a\u0007b")))
		require.NoError(t, try("billing", "Sends invoices.\n\tAsk Ada."))
	})
	t.Run("a name is taken whatever its case", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		newClient(t, s, func(in *apiclient.Input) { in.Name = "Billing" })
		_, _, err := s.Create(asAdmin(t), apiclient.Input{Name: "BILLING"})
		require.Equal(t, "name taken", fieldCode(t, err))
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	t.Run("what it held may stay, though the caller lacks it", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		c, _ := newClient(t, s)
		ctx := as(t, []auth.Permission{auth.APIClientsWrite}, false)
		_, err := s.Update(ctx, c.ID, nil, func(in *apiclient.Input) { in.Description = "Mine" })
		require.NoError(t, err)
		_, err = s.Update(ctx, c.ID, nil, func(in *apiclient.Input) { in.Permissions = append(in.Permissions, auth.AuditRead) })
		require.Equal(t, "permissions not_held", fieldCode(t, err))
	})
	t.Run("a new key comes with every permission, and a new permission with every key, so the caller must have both", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		mine, theirs := newKey(t, s), newKey(t, s)
		c, _ := newClient(t, s, func(in *apiclient.Input) {
			in.Permissions, in.AccountKeyIDs = []auth.Permission{auth.MailSend}, []string{theirs}
		})
		ctx := as(t, []auth.Permission{auth.APIClientsWrite, auth.MailRead}, false, mine)
		_, err := s.Update(ctx, c.ID, nil, func(in *apiclient.Input) { in.AccountKeyIDs = append(in.AccountKeyIDs, mine) })
		require.Equal(t, "accountKeyIds not_held", fieldCode(t, err))
		_, err = s.Update(ctx, c.ID, nil, func(in *apiclient.Input) { in.Permissions = append(in.Permissions, auth.MailRead) })
		require.Equal(t, "permissions not_held", fieldCode(t, err))
		_, err = s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.AccountKeyIDs = append(in.AccountKeyIDs, mine) })
		require.NoError(t, err)
		_, err = s.Update(ctx, c.ID, nil, func(in *apiclient.Input) { in.Description = "Both stay" })
		require.NoError(t, err)
	})
	t.Run("a key that the caller lacks is neither shown nor taken away", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		theirs, hidden := newKey(t, s), newKey(t, s)
		c, _ := newClient(t, s, func(in *apiclient.Input) { in.AccountKeyIDs = []string{theirs, hidden} })
		caller := as(t, auth.AllPermissions(), false, theirs)
		after, err := s.Update(caller, c.ID, nil, func(in *apiclient.Input) { in.AccountKeyIDs = nil })
		require.NoError(t, err)
		require.Equal(t, []string{hidden}, after.AccountKeyIDs)

		manager, plain := newClient(t, s, func(in *apiclient.Input) {
			in.Permissions, in.AccountKeyIDs = []auth.Permission{auth.APIClientsWrite}, []string{theirs}
		})
		bearer := "Bearer " + tokenOf(t, s, manager, plain).Reveal()
		_, seen := call(t, newHandler(t, s), http.MethodGet, "/api/v1/api-clients/"+c.ID, "", "Authorization", bearer)
		require.Equal(t, []any{}, seen["accountKeyIds"])
		_, seen = call(t, newHandler(t, s), http.MethodGet, "/api/v1/api-clients/"+manager.ID, "", "Authorization", bearer)
		require.Equal(t, []any{theirs}, seen["accountKeyIds"])
	})
	t.Run("switching it on again needs all that it may do", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		c, _ := newClient(t, s)
		ctx := as(t, []auth.Permission{auth.APIClientsWrite}, false)
		_, err := s.Update(ctx, c.ID, nil, func(in *apiclient.Input) { in.Disabled = true })
		require.NoError(t, err)
		_, err = s.Update(ctx, c.ID, nil, func(in *apiclient.Input) { in.Disabled = false })
		require.ErrorIs(t, err, apiclient.ErrCannotGrant)
		_, err = s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.Disabled = false })
		require.NoError(t, err)
	})
	t.Run("a version that has passed is refused, also after a key was added", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		c, _ := newClient(t, s)
		key := newKey(t, s)
		require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error { return s.AddKey(tx, c.ID, key) }))
		_, err := s.Update(asAdmin(t), c.ID, []int64{c.Version}, func(in *apiclient.Input) { in.AccountKeyIDs = nil })
		require.ErrorIs(t, err, apiclient.ErrChanged)
		got, err := s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.Equal(t, []string{key}, got.AccountKeyIDs)
	})
}

// Deleting an account key takes it off every client, under locks that a change of a client could hold.
func TestKeyDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	const rounds, clients = 12, 4
	deletion := func(s *apiclient.Service, key string) func() error {
		keys := &accountkey.Service{DB: s.DB, Now: s.Now}
		return func() error { return keys.Delete(asAdmin(t), key, nil) }
	}
	t.Run("clients that have it can be changed", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		kept := newKey(t, s)
		var ids []string
		for range clients {
			c, _ := newClient(t, s, func(in *apiclient.Input) { in.AccountKeyIDs = []string{kept} })
			ids = append(ids, c.ID)
		}
		for round := range rounds {
			key := newKey(t, s)
			work := []func() error{deletion(s, key)}
			for _, id := range ids {
				require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error { return s.AddKey(tx, id, key) }))
				work = append(work, func() error {
					_, err := s.Update(asAdmin(t), id, nil, func(in *apiclient.Input) { in.Description = fmt.Sprint(round) })
					return err
				})
			}
			for _, err := range dbtest.AtOnce(work...) {
				require.NoError(t, err)
			}
		}
		for _, id := range ids {
			c, err := s.Get(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, []string{kept}, c.AccountKeyIDs)
		}
	})
	t.Run("clients that are given it have it and lose it, or are told that there is none", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		c, _ := newClient(t, s)
		for range rounds {
			key, other := newKey(t, s), newKey(t, s)
			give := func() error {
				_, err := s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.AccountKeyIDs = []string{key, other} })
				return err
			}
			create := func() error {
				_, _, err := s.Create(asAdmin(t), apiclient.Input{Name: uuid.NewString(), AccountKeyIDs: []string{key}})
				return err
			}
			for i, err := range dbtest.AtOnce(deletion(s, key), deletion(s, other), give, create, create) {
				if i < 2 || err == nil {
					require.NoError(t, err)
				} else {
					require.Equal(t, "accountKeyIds unknown", fieldCode(t, err))
				}
			}
		}
	})
}

func TestAddSecret(t *testing.T) {
	t.Parallel()
	t.Run("two live at a time, even when asked at once; an expired one makes room", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, first := newClient(t, s)
		expires := at.Now().Add(time.Hour)
		errs := make([]error, 3)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, _, errs[i] = s.AddSecret(asAdmin(t), c.ID, &expires) })
		}
		wg.Wait()
		refused := 0
		for _, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, apiclient.ErrTooManySecrets)
				refused++
			}
		}
		require.Equal(t, 2, refused)
		at.advance(time.Hour)
		_, second, err := s.AddSecret(asAdmin(t), c.ID, nil)
		require.NoError(t, err)
		tokenOf(t, s, c, first)
		tokenOf(t, s, c, second)
	})
	t.Run("nobody gets a secret of a client that may do more than they", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		c, _ := newClient(t, s, func(in *apiclient.Input) { in.AllAccountKeys = true })
		_, _, err := s.AddSecret(as(t, []auth.Permission{auth.APIClientsWrite}, true), c.ID, nil)
		require.ErrorIs(t, err, apiclient.ErrCannotGrant)
		_, _, err = s.AddSecret(as(t, auth.AllPermissions(), false), c.ID, nil)
		require.ErrorIs(t, err, apiclient.ErrCannotGrant)
	})
	t.Run("its end is told as it is kept", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, _ := newClient(t, s)
		end := at.Now().Add(time.Hour + 123456789*time.Nanosecond).In(time.FixedZone("east", 3600))
		row, _, err := s.AddSecret(asAdmin(t), c.ID, &end)
		require.NoError(t, err)
		kept, err := s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.Equal(t, "2026-03-01T10:00:00.123456Z", row.ExpiresAt.Format(time.RFC3339Nano))
		require.True(t, row.ExpiresAt.Equal(*kept.Secrets[1].ExpiresAt))
	})
	t.Run("a secret that was removed or has expired is refused", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, first := newClient(t, s)
		expires := at.Now().Add(time.Hour)
		_, second, err := s.AddSecret(asAdmin(t), c.ID, &expires)
		require.NoError(t, err)
		require.NoError(t, s.RemoveSecret(asAdmin(t), c.ID, c.Secrets[0].ID))
		_, err = s.Issue(t.Context(), c.ID, first, "")
		require.Error(t, err)
		tokenOf(t, s, c, second)
		at.advance(time.Hour)
		_, err = s.Issue(t.Context(), c.ID, second, "")
		require.Error(t, err)
	})
}
