package bench_test

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"
)

const (
	passConnections = 4 // what Microsoft takes for one mailbox
	smallPath       = "/v1.0/bench/small"
	largePath       = "/v1.0/bench/large"
)

type staticBody struct {
	kind string
	body []byte
}

// bodies are what the provider answers as Graph, at no cost.
var bodies = sync.OnceValue(func() map[string]staticBody {
	small := []byte(`{"@odata.context":"https://graph.example/v1.0/$metadata#users('x')/messages","value":[{"subject":"`)
	small = append(append(small, bytes.Repeat([]byte("x"), 1000-len(small))...), `"}]}`...)
	return map[string]staticBody{
		smallPath: {"application/json", small}, largePath: {"application/octet-stream", bytes.Repeat([]byte("0123456789"), 1<<20)},
	}
})

// passThrough compares calls through a target with a bare reverse proxy, in slices by turns.
func passThrough(t *testing.T, report *table, database, databaseURL string) {
	w := newWorld(t, databaseURL, 1)
	target := w.call(t, http.MethodPost, "/api/v1/targets", map[string]any{"name": "Bench", "accountKeyId": w.keys[0]})
	id, _ := target["id"].(string)
	var memory [2]int64
	for i, row := range []struct {
		name, path string
		least      float64
	}{{"1 kB", smallPath, 0.85}, {"10 MB", largePath, 0.95}} {
		bare, bareRequest := startCeiling(t, w.provider.url, row.path)
		request := rawRequest(http.MethodGet, w.host, "/api/v1/targets/"+id+"/graph"+row.path[len("/v1.0"):], "Authorization", "Bearer "+w.bearer)
		drive(t, bare, passConnections, slice/2, 0, bareRequest)
		drive(t, w.server, passConnections, slice/2, 0, request)
		var best, ours load
		for range turns {
			best.add(drive(t, bare, passConnections, slice, 0, bareRequest))
			ours.add(drive(t, w.server, passConnections, slice, 0, request))
		}
		memory[i] = w.server.memory(t)
		bare.stop(t)
		rps := ours.rps() / best.rps()
		report.add(database+": pass-through "+row.name+", requests a second", fmt.Sprintf("≥ %.2f of a bare proxy", row.least),
			fmt.Sprintf("%.0f of %.0f", ours.rps(), best.rps()), ratio(rps), rps >= row.least)
		cpu := float64(ours.cpuPerCall()) / float64(best.cpuPerCall())
		report.add(database+": pass-through "+row.name+", processor time", "≤ 1.15 of a bare proxy",
			fmt.Sprintf("%.1f µs of %.1f µs", micro(ours.cpuPerCall()), micro(best.cpuPerCall())), ratio(cpu), cpu <= 1.15)
		report.add(database+": pass-through "+row.name+", p99", "none", milliseconds(ours.p99())+" of "+milliseconds(best.p99()), ratio(float64(ours.p99())/float64(best.p99())), true)
	}
	grown := float64(memory[1]) / float64(memory[0])
	report.add(database+": memory with 10 MB against 1 kB", "≤ 1.20", fmt.Sprintf("%.1f MB of %.1f MB", float64(memory[1])/(1<<20), float64(memory[0])/(1<<20)), ratio(grown), grown <= 1.2)
}
