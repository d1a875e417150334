package graphtarget_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// TestFourAtATime sends many calls at once through two targets, by two replicas where the database can be
// shared: Microsoft never sees more than four, and both replicas get on.
func TestFourAtATime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	replicas := []*apptest.App{f.App}
	if f.OnPostgres() {
		replicas = append(replicas, f.Replica())
	}
	// Two keys for one mailbox: it is the mailbox that Microsoft counts.
	second := f.authorized(t, "The same mailbox", "mara")
	ids := []string{f.create("One"), f.create("Two", with("accountKeyId", second))}
	bearer, _ := f.admin.Program("both", []string{"graph:call"}, []string{f.keyID, second})
	for _, a := range replicas { // so that no replica has a token to fetch first
		for _, id := range ids {
			a.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Status(http.StatusOK)
		}
	}
	f.Emulator.ForgetRequests()
	f.Emulator.Fail(emulator.Failure{Endpoint: "graph", Delay: 20 * time.Millisecond})
	done := make([]atomic.Int64, len(replicas))
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			for range 3 {
				r := i % len(replicas)
				got := replicas[r].Call(http.MethodGet, path(ids[i/2%2], "/me"), nil, bearer...)
				if got.Code == http.StatusOK {
					done[r].Add(1)
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, 4, f.Emulator.MostAtOnce("graph", "mara"))
	total := int64(0)
	for i := range done {
		require.Equal(t, int64(120/len(replicas)), done[i].Load(), "replica %d", i)
		total += done[i].Load()
	}
	require.Equal(t, int64(120), total)
	require.Zero(t, f.Emulator.Count("graph.GET /me.429"))
}

// TestShutOutWhileWaiting takes access away from somebody who waits for their turn.
func TestShutOutWhileWaiting(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		shut func(f fixture, clientID string)
		want int
	}{
		"the key is suspended": {func(f fixture, _ string) {
			f.admin.Call(http.MethodPost, keysPath+"/"+f.keyID+"/suspend", nil).Status(http.StatusOK)
		}, http.StatusConflict},
		"the program loses the key": {func(f fixture, clientID string) {
			f.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+clientID, map[string]any{"accountKeyIds": []string{}}).Status(http.StatusOK)
		}, http.StatusNotFound},
		"the program is disabled": {func(f fixture, clientID string) {
			f.admin.Call(http.MethodPatch, "/api/v1/api-clients/"+clientID, map[string]any{"disabled": true}).Status(http.StatusOK)
		}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			id := f.create("All")
			bearer, clientID := f.admin.Program("caller", []string{"graph:call"}, []string{f.keyID})
			f.Emulator.ForgetRequests()
			release := f.Emulator.Hold("graph", "")
			defer release()
			statuses := make(chan int, 5)
			var group sync.WaitGroup
			for range 5 {
				group.Go(func() { statuses <- f.Call(http.MethodGet, path(id, "/me"), nil, bearer...).Code })
			}
			require.NoError(t, f.Emulator.WaitFor(t.Context(), "graph.GET /me", 4))
			<-f.after(t, "400ms") // the fifth has waited for long enough to be looked at again
			row.shut(f, clientID)
			release()
			group.Wait()
			close(statuses)
			counts := map[int]int{}
			for status := range statuses {
				counts[status]++
			}
			require.Equal(t, map[int]int{http.StatusOK: 4, row.want: 1}, counts)
			require.Equal(t, 4, f.Emulator.Count("graph.GET /me"))
		})
	}
}

// TestFlatMemory passes large bodies both ways while little is held of them.
func TestFlatMemory(t *testing.T) { //nolint:paralleltest // it measures the memory of this process
	f := newFixture(t)
	bearer := f.program()
	id := f.create("All")
	const size = 64 << 20
	kinds := []string{"application/octet-stream", "application/json"}
	var most atomic.Uint64
	look := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		for {
			seen := most.Load()
			if m.HeapAlloc <= seen || most.CompareAndSwap(seen, m.HeapAlloc) {
				return
			}
		}
	}
	part := []byte(strings.Repeat(`{"a":"0123456789"},`, 1000))
	f.probe.answer(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		w.Header().Set("X-Got", fmt.Sprint(n))
		_, _ = io.WriteString(w, `{"value":[`)
		for sent := 0; sent < size; sent += len(part) {
			if _, err := w.Write(part); err != nil {
				return
			}
			if sent%(8<<20) < len(part) {
				look()
			}
		}
		_, _ = io.WriteString(w, `{}]}`)
	})
	for _, kind := range kinds {
		runtime.GC()
		most.Store(0)
		look()
		before := most.Load()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.URL+path(id, "/probe?type="+kind), &pattern{left: size})
		require.NoError(t, err)
		request.Header.Set(bearer[0], bearer[1])
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(size), answer.Header.Get("X-Got"))
		n, err := io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Greater(t, n, int64(size))
		require.Less(t, most.Load(), before+(24<<20), "%s: %d MB went each way", kind, size>>20)
	}
}

// pattern is a body of a size.
type pattern struct{ left int }

// Read fills p.
func (b *pattern) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}
