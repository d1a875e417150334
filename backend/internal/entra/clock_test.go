package entra_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
)

func TestClockOffset(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 15, 2, 300_000_000, time.UTC)
	offset := func(t *testing.T, header http.Header, status int) (time.Duration, error) {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = header["Date"]
			w.Header()["Age"] = header["Age"]
			w.WriteHeader(status)
		}))
		t.Cleanup(server.Close)
		client := newClient(func() time.Time { return now })
		return client.ClockOffset(t.Context(), entra.Cloud{AuthorityURL: server.URL, GraphURL: server.URL})
	}
	at := func(d time.Duration) []string { return []string{now.Add(d).Format(http.TimeFormat)} }

	t.Run("whole seconds are no difference", func(t *testing.T) {
		t.Parallel()
		got, err := offset(t, http.Header{"Date": at(0)}, http.StatusOK)
		require.NoError(t, err)
		require.Zero(t, got)
	})
	t.Run("ours ahead is positive, behind negative, and any status will do", func(t *testing.T) {
		t.Parallel()
		got, err := offset(t, http.Header{"Date": at(-10 * time.Minute)}, http.StatusMethodNotAllowed)
		require.NoError(t, err)
		require.InDelta(t, 10*time.Minute, got, float64(time.Second))
		got, err = offset(t, http.Header{"Date": at(10 * time.Minute)}, http.StatusFound)
		require.NoError(t, err)
		require.InDelta(t, -10*time.Minute, got, float64(time.Second))
	})
	t.Run("an answer out of a cache is as old as it says", func(t *testing.T) {
		t.Parallel()
		got, err := offset(t, http.Header{"Date": at(-time.Hour), "Age": {"3600"}}, http.StatusOK)
		require.NoError(t, err)
		require.Zero(t, got)
	})
	t.Run("without a date nothing is known", func(t *testing.T) {
		t.Parallel()
		for _, date := range [][]string{nil, {"yesterday"}} {
			_, err := offset(t, http.Header{"Date": date}, http.StatusOK)
			require.True(t, entraError(t, err).Transient())
		}
	})
	t.Run("without a server neither", func(t *testing.T) {
		t.Parallel()
		_, err := newClient(func() time.Time { return now }).ClockOffset(t.Context(), entra.Cloud{AuthorityURL: "http://127.0.0.1:1"})
		require.Equal(t, "microsoft_unreachable", entraError(t, err).Advice().Code)
	})
}
