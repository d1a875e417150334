package bench_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	connections = 16
	slice       = 2 * time.Second
	turns       = 5
)

// warmReads compares reads of tokens that are good with the ceiling, in slices by turns.
func warmReads(t *testing.T, report *table, database, databaseURL string) {
	w := newWorld(t, databaseURL, connections)
	ceiling, ceilingRequest := startCeiling(t)
	requests := make([][]byte, connections)
	for i := range requests {
		requests[i] = w.issue(i)
	}
	drive(t, ceiling, connections, slice/2, 0, ceilingRequest)
	warmUp := drive(t, w.server, connections, slice/2, 0, requests...)
	var best, ours load
	for range turns {
		best.add(drive(t, ceiling, connections, slice, 0, ceilingRequest))
		ours.add(drive(t, w.server, connections, slice, 0, requests...))
	}
	rps := ours.rps() / best.rps()
	report.add(database+": warm read, requests a second", "≥ 0.70 of the ceiling",
		fmt.Sprintf("%.0f of %.0f", ours.rps(), best.rps()), ratio(rps), rps >= 0.7)
	cpu := float64(ours.cpuPerCall()) / float64(best.cpuPerCall())
	report.add(database+": warm read, processor time", "≤ 1.50 of the ceiling",
		fmt.Sprintf("%.1f µs of %.1f µs", micro(ours.cpuPerCall()), micro(best.cpuPerCall())), ratio(cpu), cpu <= 1.5)
	p99 := float64(ours.p99()) / float64(best.p99())
	report.add(database+": warm read, p99", "none", milliseconds(ours.p99())+" of "+milliseconds(best.p99()), ratio(p99), true)

	asked := int64(warmUp.calls + ours.calls)
	began := time.Now()
	counted := w.counted(t)
	for counted != asked && time.Since(began) < 3*time.Second {
		time.Sleep(50 * time.Millisecond)
		counted = w.counted(t)
	}
	report.add(database+": uses counted", "all, within 1 s (+ reading)",
		fmt.Sprintf("%d of %d in %s", counted, asked, milliseconds(time.Since(began))), ratio(float64(counted)/float64(asked)),
		counted == asked && time.Since(began) < 1500*time.Millisecond)
}

func micro(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// counted adds up what the product says of the uses of every key.
func (w *world) counted(t *testing.T) (sum int64) {
	t.Helper()
	for _, id := range w.keys {
		consumers, _ := w.call(t, http.MethodGet, "/api/v1/account-keys/"+id+"/usage", nil)["consumers"].([]any)
		for _, item := range consumers {
			consumer, _ := item.(map[string]any)
			n, _ := consumer["usesLast30Days"].(float64)
			sum += int64(n)
		}
	}
	return sum
}

const (
	stormKeys    = 1000
	stormWorkers = 64
	stormLatency = 100 * time.Millisecond
)

// storm lets many keys expire together, and asks for all of them while others read warm tokens.
func storm(t *testing.T, report *table, database, databaseURL string) {
	w := newWorld(t, databaseURL, stormKeys+2)
	warm := [][]byte{w.issue(stormKeys), w.issue(stormKeys + 1)}
	w.provider.lifetime.Store(int64(24 * time.Hour))
	w.each(t, stormKeys, stormKeys+2, true)
	const short = 12 * time.Second
	w.provider.lifetime.Store(int64(short))
	w.each(t, 0, stormKeys, true)
	expired := time.Now().Add(short)
	quiet := drive(t, w.server, 2, 3*time.Second, 5*time.Millisecond, warm...)
	time.Sleep(time.Until(expired))

	w.provider.lifetime.Store(int64(time.Hour))
	w.provider.latency.Store(int64(stormLatency))
	before := w.provider.refreshes.Load()
	var took time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		began := time.Now()
		w.each(t, 0, stormKeys, false)
		took = time.Since(began)
	}()
	var during load
	for running := true; running; {
		during.add(drive(t, w.server, 2, 100*time.Millisecond, 5*time.Millisecond, warm...))
		select {
		case <-done:
			running = false
		default:
		}
	}
	ideal := stormKeys * stormLatency / stormWorkers
	r := float64(took) / float64(ideal)
	report.add(database+": 1,000 keys expire together", "≤ 1.25 of the ideal", milliseconds(took)+" of "+milliseconds(ideal), ratio(r), r <= 1.25)
	refreshes := w.provider.refreshes.Load() - before
	report.add(database+": refreshes of that", "= 1,000", fmt.Sprint(refreshes), ratio(float64(refreshes)/stormKeys), refreshes == stormKeys)
	p99 := float64(during.p99()) / float64(quiet.p99())
	report.add(database+": warm p99 meanwhile", "≤ 2.00 of quiet", milliseconds(during.p99())+" of "+milliseconds(quiet.p99()), ratio(p99), p99 <= 2)
}

// each asks for a token of each of the keys, 64 at a time.
func (w *world) each(t *testing.T, from, to int, force bool) {
	t.Helper()
	var next atomic.Int64
	next.Store(int64(from))
	var group sync.WaitGroup
	failed := make(chan error, stormWorkers)
	for range stormWorkers {
		group.Go(func() {
			c, err := dial(t.Context(), w.server.address, nil)
			if err != nil {
				failed <- err
				return
			}
			defer func() { _ = c.conn.Close() }() // every answer was read
			for i := int(next.Add(1)) - 1; i < to; i = int(next.Add(1)) - 1 {
				c.request = w.issue(i)
				if force {
					c.request = w.forced(i)
				}
				if status, err := c.call(); err != nil || status != http.StatusOK {
					failed <- fmt.Errorf("key %d: status %d: %w", i, status, err)
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-failed:
		require.NoError(t, err)
	default:
	}
}

// forced is issue with a refresh insisted on.
func (w *world) forced(i int) []byte {
	const body = `{"forceRefresh":true}`
	request := fmt.Sprintf("POST /api/v1/account-keys/%s/access-token HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", w.keys[i], w.host, w.bearer, len(body), body)
	return []byte(request)
}

// stampede has 64 callers ask for one expired key, of three replicas where the database can be shared.
func stampede(t *testing.T, report *table, database, databaseURL string) {
	w := newWorld(t, databaseURL, 1)
	servers := []*process{w.server}
	if database == "PostgreSQL" {
		servers = append(servers, w.start(t, freeAddress(t)), w.start(t, freeAddress(t)))
	}
	const short = 5 * time.Second
	w.provider.lifetime.Store(int64(short))
	w.each(t, 0, 1, true)
	time.Sleep(short)
	w.provider.lifetime.Store(int64(time.Hour))
	w.provider.latency.Store(int64(stormLatency))
	before := w.provider.refreshes.Load()
	var group sync.WaitGroup
	var good atomic.Int64
	began := time.Now()
	for i := range 64 {
		group.Go(func() {
			c, err := dial(t.Context(), servers[i%len(servers)].address, w.issue(0))
			if err != nil {
				return
			}
			defer func() { _ = c.conn.Close() }() // its one answer was read
			if status, err := c.call(); err == nil && status == http.StatusOK {
				good.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	refreshes := w.provider.refreshes.Load() - before
	report.add(fmt.Sprintf("%s: 64 callers, one expired key, %d replica(s)", database, len(servers)), "exactly 1 refresh",
		fmt.Sprintf("%d, 64 asked, %d served, %s", refreshes, good.Load(), milliseconds(took)), ratio(float64(refreshes)), refreshes == 1 && good.Load() == 64)
}
