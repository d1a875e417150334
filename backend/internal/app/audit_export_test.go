package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/audit"
)

func TestAuditExport(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	const many = 20_000
	insertEntries(t, a, many)

	t.Run("everything comes as one file of lines, in the order of the list", func(t *testing.T) {
		got := admin.Call(http.MethodGet, auditPath+"/export?action=session.created", nil).Status(http.StatusOK)
		require.Equal(t, "application/x-ndjson", got.Header.Get("Content-Type"))
		name := "latchkey-audit-" + a.Emulator.Now().UTC().Format(time.DateOnly) + "T"
		require.Regexp(t, `^attachment; filename="`+name+`\d{6}Z\.ndjson"$`, got.Header.Get("Content-Disposition"))
		exported := lines(t, got.Body)
		require.Len(t, exported, many)
		page := admin.Call(http.MethodGet, auditPath+"?limit=200&action=session.created", nil)
		require.Equal(t, page.Items(), exported[:200])
	})
	t.Run("the export is told in the log, and not in itself", func(t *testing.T) {
		body := admin.Call(http.MethodGet, auditPath+"/export?action=audit_log.", nil).Status(http.StatusOK).Body
		require.Equal(t, []string{"audit_log.exported"}, story(lines(t, body)))
		require.Len(t, admin.Call(http.MethodGet, auditPath+"?action=audit_log.exported", nil).Items(), 2)
	})
	t.Run("who asks for the headers alone exports nothing", func(t *testing.T) {
		got := admin.Call(http.MethodHead, auditPath+"/export", nil).Status(http.StatusOK)
		require.Equal(t, "application/x-ndjson", got.Header.Get("Content-Type"))
		require.Contains(t, got.Header.Get("Content-Disposition"), "attachment")
		require.Len(t, admin.Call(http.MethodGet, auditPath+"?action=audit_log.exported", nil).Items(), 2, "the two before")
		admin.Call(http.MethodHead, auditPath+"/export?outcome=maybe", nil).Status(http.StatusUnprocessableEntity)
	})
	t.Run("nothing that matches is an empty file", func(t *testing.T) {
		got := admin.Call(http.MethodGet, auditPath+"/export?action=user.deleted", nil).Status(http.StatusOK)
		require.Empty(t, got.Body)
		require.Contains(t, got.Header.Get("Content-Disposition"), "attachment")
	})
	t.Run("a file that breaks off does not pass for a whole one", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+auditPath+"/export", nil)
		require.NoError(t, err)
		request.Header.Set("Cookie", admin.Cookies())
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, a.DB.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("ALTER TABLE audit_entries RENAME TO audit_entries_lost").Error
		}))
		_, err = io.Copy(io.Discard, answer.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Contains(t, a.Output.String(), "answer cut short")
	})
}

// insertEntries adds sign-ins of about a kilobyte each.
func insertEntries(t *testing.T, a *apptest.App, n int) {
	t.Helper()
	now := a.Emulator.Now().UTC()
	require.NoError(t, a.DB.InTx(t.Context(), func(tx *gorm.DB) error {
		rows := make([]audit.Entry, 0, n)
		for i := range n {
			rows = append(rows, audit.Entry{
				ID: uuid.Must(uuid.NewV7()).String(), At: now.Add(time.Duration(i-n) * time.Second), Action: audit.SessionCreated,
				Outcome: audit.Success, ActorType: "user", ObjectType: audit.TypeUser, Message: strings.Repeat("x", 900),
			})
		}
		return tx.CreateInBatches(rows, 1000).Error
	}))
}
