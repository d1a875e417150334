package apiclient_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestSignInIsNoted(t *testing.T) {
	t.Parallel()
	from := func(ip string) context.Context { return auth.WithRequest(t.Context(), auth.Request{IP: ip}) }
	noted := func(t *testing.T, s *apiclient.Service, action audit.Action) []audit.Entry {
		t.Helper()
		var rows []audit.Entry
		require.NoError(t, s.DB.Read(t.Context()).Where("action = ?", action).Order("id").Find(&rows).Error)
		return rows
	}
	t.Run("once an hour for each address, with the secret's hint", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, plain := newClient(t, s)
		issue := func(ip string) {
			_, err := s.Issue(from(ip), c.ID, plain, "")
			require.NoError(t, err)
		}
		issue("192.0.2.1")
		issue("192.0.2.1")
		require.Len(t, noted(t, s, audit.APIClientSignedIn), 1)
		issue("192.0.2.2")
		at.advance(time.Hour)
		issue("192.0.2.1")
		entries := noted(t, s, audit.APIClientSignedIn)
		require.Len(t, entries, 3)
		require.Equal(t, c.ID, entries[0].ActorID)
		require.Equal(t, auth.TypeAPIClient, entries[0].ActorType)
		require.Contains(t, entries[0].Message, c.Secrets[0].Hint)
	})
	t.Run("a refusal is noted of clients that exist, once an hour for each address", func(t *testing.T) {
		t.Parallel()
		s, at := newService(t)
		c, _ := newClient(t, s)
		_, another := newClient(t, s)
		removed, plain, err := s.AddSecret(asAdmin(t), c.ID, nil)
		require.NoError(t, err)
		require.NoError(t, s.RemoveSecret(asAdmin(t), c.ID, removed.ID))
		refuse := func(ip string, value secret.String) {
			_, err := s.Issue(from(ip), c.ID, value, "")
			require.ErrorContains(t, err, "invalid_client")
		}
		refuse("192.0.2.1", another)                   // another client's
		refuse("192.0.2.1", secret.New("lk_mistyped")) // nobody's
		require.Empty(t, noted(t, s, audit.APIClientSignInFailed))
		refuse("192.0.2.1", plain)
		refuse("192.0.2.1", plain)
		refuse("192.0.2.2", plain)
		require.Len(t, noted(t, s, audit.APIClientSignInFailed), 2)
		at.advance(time.Hour)
		_, err = s.Update(asAdmin(t), c.ID, nil, func(in *apiclient.Input) { in.Disabled = true })
		require.NoError(t, err)
		refuse("192.0.2.1", plain)
		entries := noted(t, s, audit.APIClientSignInFailed)
		require.Len(t, entries, 3)
		require.Equal(t, audit.Failure, entries[2].Outcome)
		require.Equal(t, "anonymous", entries[2].ActorID)
		require.Equal(t, "Could not sign in: it is disabled.", entries[2].Message)
	})
	t.Run("a refusal that could not be noted is logged with its cause, and told to nobody else", func(t *testing.T) {
		t.Parallel()
		s, _ := newService(t)
		var logged bytes.Buffer
		s.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelError}))
		c, plain := newClient(t, s, func(in *apiclient.Input) { in.Disabled = true })
		require.NoError(t, s.DB.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DROP TABLE audit_entries").Error }))
		_, err := s.Issue(t.Context(), c.ID, plain, "")
		require.EqualError(t, err, "invalid_client: The client id or the secret is not good.")
		require.Regexp(t, `api_client_id=`+c.ID+` error=.*audit_entries`, logged.String())
		require.NotContains(t, logged.String(), plain.Reveal())
	})
}
