package bench_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/db"
)

const (
	manyKeys = 100_000
	farPage  = 1000
)

// lists compares a page far down a long list with the first.
func lists(t *testing.T, report *table, database, databaseURL string) {
	w := newWorld(t, databaseURL, 1)
	multiply(t, w.database, w.keys[0])
	cookie := ""
	for _, c := range w.admin.Jar.Cookies(&url.URL{Scheme: "http", Host: w.host, Path: "/api/v1"}) {
		cookie += c.Name + "=" + c.Value
	}
	const base = "/api/v1/account-keys?limit=50"
	path := base
	for range farPage - 1 {
		next, ok := w.call(t, http.MethodGet, path, nil)["nextCursor"].(string)
		require.True(t, ok)
		path = base + "&cursor=" + url.QueryEscape(next)
	}
	first, far := rawRequest(http.MethodGet, w.host, base, "Cookie", cookie), rawRequest(http.MethodGet, w.host, path, "Cookie", cookie)
	var near, away load
	for range turns {
		near.add(drive(t, w.server, 2, slice/2, 0, first))
		away.add(drive(t, w.server, 2, slice/2, 0, far))
	}
	a, b := percentile(near.latencies, 50), percentile(away.latencies, 50)
	r := float64(b) / float64(a)
	report.add(database+": page 1,000 of 100,000 keys against page 1", "≤ 1.20", milliseconds(b)+" of "+milliseconds(a)+" (median)", ratio(r), r <= 1.2)
}

// multiply copies a key until there are very many. The copies have no grant.
func multiply(t *testing.T, databaseURL, id string) {
	t.Helper()
	d, err := db.Open(t.Context(), databaseURL, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	model, err := accountkey.Load(d.Read(t.Context()), id)
	require.NoError(t, err)
	const batch = 500
	for i := 0; i < manyKeys; i += batch {
		keys := make([]accountkey.Key, batch)
		for j := range keys {
			k := model
			k.ID, k.ClientSecret, k.CreatedAt = uuid.Must(uuid.NewV7()).String(), nil, time.Now().UTC()
			k.DisplayName = fmt.Sprintf("Copy %06d", i+j)
			k.DisplayNameKey, k.Status = k.DisplayName, accountkey.StatusDraft
			keys[j] = k
		}
		require.NoError(t, d.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Create(&keys).Error }))
	}
}

// footprint measures an idle process with 1,000 keys, and how soon it is ready.
func footprint(t *testing.T, report *table, database, databaseURL string) {
	w := newWorld(t, databaseURL, 1000)
	w.server.stop(t)
	var quickest time.Duration
	for range 5 {
		w.server = w.start(t, w.server.address)
		if quickest == 0 || w.server.ready < quickest {
			quickest = w.server.ready
		}
		w.server.stop(t)
	}
	w.server = w.start(t, w.server.address)
	time.Sleep(3 * time.Second)
	memory := float64(w.server.memory(t)) / (1 << 20)
	report.add(database+": idle memory with 1,000 keys", "≤ 60 MB", fmt.Sprintf("%.1f MB", memory), ratio(memory/60), memory <= 60)
	ready := float64(quickest) / float64(250*time.Millisecond)
	report.add(database+": from start to ready", "≤ 250 ms", milliseconds(quickest)+" (best of 5)", ratio(ready), ready <= 1)
}
