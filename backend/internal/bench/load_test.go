package bench_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// caller is one connection that sends the same request over and over. It does less than net/http's
// client, so that what is measured is the server.
type caller struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
}

func dial(ctx context.Context, address string, request []byte) (*caller, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, reader: bufio.NewReaderSize(conn, 8<<10), request: request}, nil
}

// call sends the request and returns the answer's status; the body is read and dropped.
func (c *caller) call() (status int, err error) {
	if _, err := c.conn.Write(c.request); err != nil {
		return 0, err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, fmt.Errorf("read the status line: %w", err)
	}
	status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	length := -1
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text := strings.TrimSpace(string(line))
		if text == "" {
			break
		}
		if name, value, _ := strings.Cut(text, ":"); strings.EqualFold(name, "Content-Length") {
			if _, err := fmt.Sscan(value, &length); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("an answer without Content-Length, status %d", status)
	}
	_, err = io.CopyN(io.Discard, c.reader, int64(length))
	return status, err
}

// rawRequest writes a request as caller sends it.
func rawRequest(method, host, path string, headers ...string) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(&text, "%s: %s\r\n", headers[i], headers[i+1])
	}
	if method == http.MethodPost {
		text.WriteString("Content-Length: 0\r\n")
	}
	text.WriteString("\r\n")
	return []byte(text.String())
}

// load is what came of a stretch of calls.
type load struct {
	calls     int
	took      time.Duration
	latencies []time.Duration
	cpu       time.Duration // of the server
}

func (l *load) add(o load) {
	l.calls += o.calls
	l.took += o.took
	l.cpu += o.cpu
	l.latencies = append(l.latencies, o.latencies...)
}

func (l load) rps() float64 { return float64(l.calls) / l.took.Seconds() }

func (l load) p99() time.Duration { return percentile(l.latencies, 99) }

func (l load) cpuPerCall() time.Duration { return l.cpu / time.Duration(max(l.calls, 1)) }

func percentile(all []time.Duration, p int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// drive keeps the given number of connections busy for a while, each with the next of the requests, and
// pause between two calls of one connection. Every answer must be 200.
func drive(t *testing.T, p *process, connections int, duration, pause time.Duration, requests ...[]byte) load {
	t.Helper()
	var mu sync.Mutex
	var out load
	var group sync.WaitGroup
	failed := make(chan error, connections)
	before, began := p.cpu(t), time.Now()
	for i := range connections {
		group.Go(func() {
			latencies, err := driveOne(t.Context(), p.address, requests[i%len(requests)], began.Add(duration), pause)
			if err != nil {
				failed <- err
			}
			mu.Lock()
			defer mu.Unlock()
			out.latencies = append(out.latencies, latencies...)
		})
	}
	group.Wait()
	out.took, out.cpu = time.Since(began), p.cpu(t)-before
	out.calls = len(out.latencies)
	select {
	case err := <-failed:
		require.NoError(t, err)
	default:
	}
	return out
}

func driveOne(ctx context.Context, address string, request []byte, until time.Time, pause time.Duration) ([]time.Duration, error) {
	c, err := dial(ctx, address, request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.conn.Close() }() // every answer was read
	var latencies []time.Duration
	for {
		began := time.Now()
		if began.After(until) {
			return latencies, nil
		}
		status, err := c.call()
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("status %d", status)
		}
		latencies = append(latencies, time.Since(began))
		if pause > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}
