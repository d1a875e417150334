package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is one server that is measured.
type process struct {
	address string
	ready   time.Duration // from start to the first good answer
	command *exec.Cmd
	output  *bytes.Buffer
}

// run starts a program that listens on address, and waits until path answers 200 there.
func run(t *testing.T, address, path string, command *exec.Cmd) *process {
	t.Helper()
	p := &process{address: address, command: command, output: &bytes.Buffer{}}
	command.Stdout, command.Stderr = p.output, p.output
	began := time.Now()
	require.NoError(t, command.Start())
	t.Cleanup(func() { p.stop(t) })
	for {
		if answers(t.Context(), "http://"+address+path) {
			p.ready = time.Since(began)
			return p
		}
		require.Less(t, time.Since(began), 30*time.Second, "the server did not start")
		time.Sleep(time.Millisecond)
	}
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close() // only the status matters
	return response.StatusCode == http.StatusOK
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	if p.command.ProcessState != nil {
		return
	}
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.command.Wait())
}

// clockTick is what /proc counts processor time in, on every Linux that Go runs on.
const clockTick = time.Second / 100

// cpu is how much processor time the server has had.
func (p *process) cpu(t *testing.T) time.Duration {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	require.NoError(t, err)
	// The name of the program, in brackets, may hold spaces.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(t, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(t, err)
	return time.Duration(user+system) * clockTick
}

// memory is how much of the server is resident, in bytes.
func (p *process) memory(t *testing.T) int64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10
		}
	}
	require.Fail(t, "no VmRSS")
	return 0
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
