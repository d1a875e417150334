package app_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// running is one more process on the database of an app, which serves by Run until stop.
type running struct {
	address string
	stop    context.CancelFunc
	done    <-chan error
}

func run(t *testing.T, a *apptest.App, shutdown time.Duration, change ...func(*config.Config)) running {
	t.Helper()
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := *a.Config
	c.ListenAddr, c.ShutdownTimeout = free.Addr().String(), shutdown
	for _, f := range change {
		f(&c)
	}
	require.NoError(t, free.Close())
	process, err := app.New(t.Context(), &c, app.Options{Logger: app.NewLogger(a.Output, "json", 0), Now: a.Emulator.Now})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- process.Run(ctx, io.Discard) }()
	t.Cleanup(stop)
	require.Eventually(t, func() bool { return app.CheckHealth(t.Context(), &c) == nil }, 20*time.Second, 10*time.Millisecond)
	return running{address: c.ListenAddr, stop: stop, done: done}
}

// stall begins a request whose body never ends, and waits until the server is reading it.
func stall(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /oauth/token HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\n\r\n", address)
	require.NoError(t, err)
	goAhead := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	_, err = io.ReadFull(conn, goAhead)
	require.NoError(t, err)
	require.Contains(t, string(goAhead), "100 Continue")
	_, err = conn.Write([]byte("grant_type="))
	require.NoError(t, err)
	return conn
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("a client that never finishes its request takes nothing from a job when the server stops", func(t *testing.T) {
		t.Parallel()
		a := apptest.New(t)
		admin := a.Admin()
		keyID := admin.CreateKey("Busy")
		require.Equal(t, "succeeded", admin.Authorize(keyID, "mara", emulator.Accept).Text("status"))
		require.NoError(t, a.Queue.Stop(t.Context()), "so that the job is the other process's")
		process := run(t, a, 12*time.Second)

		release := a.Emulator.Hold(emulator.EndpointToken, "refresh_token")
		defer release()
		secret, err := a.Emulator.AddSecret("", "", 0)
		require.NoError(t, err)
		admin.Call(http.MethodPatch, keysPath+"/"+keyID, map[string]any{"clientSecret": secret.Value}).Status(http.StatusOK)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		require.NoError(t, a.Emulator.WaitFor(ctx, "token.refresh_token", 1), "a job tries the new secret")

		conn := stall(t, process.address)
		process.stop()
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
		rest, _ := io.ReadAll(conn) // ends when the server closes the connection
		require.Empty(t, string(rest))
		release()
		require.NoError(t, <-process.done)
		var states []string
		require.NoError(t, a.DB.Read(t.Context()).Table("river_job").
			Where("kind = ?", "account_key.credential_replaced").Pluck("state", &states).Error)
		require.Equal(t, []string{"completed"}, states)
	})
	t.Run("a request under way is finished", func(t *testing.T) {
		t.Parallel()
		a := apptest.New(t)
		process := run(t, a, time.Minute)
		conn := stall(t, process.address)
		process.stop()
		require.Eventually(t, func() bool {
			late, err := new(net.Dialer).DialContext(t.Context(), "tcp", process.address)
			if err == nil {
				late.Close()
			}
			return err != nil
		}, 20*time.Second, 10*time.Millisecond, "nobody new is let in")
		_, err := conn.Write([]byte(strings.Repeat("x", 1000-len("grant_type="))))
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, response.StatusCode)
		require.NoError(t, response.Body.Close())
		require.NoError(t, <-process.done)
	})
}

func TestRunWithTLS(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	served, renewed := apptest.NewCertificate(t), apptest.NewCertificate(t)
	process := run(t, a, time.Minute, func(c *config.Config) { c.TLSCertFile, c.TLSKeyFile = served.CertFile, served.KeyFile })
	greet := func(trusted apptest.Certificate) error {
		dialer := tls.Dialer{Config: trusted.Client}
		conn, err := dialer.DialContext(t.Context(), "tcp", process.address)
		if err == nil {
			require.NoError(t, conn.Close())
		}
		return err
	}
	replace := func(file, content string) { // as whoever renews does it: at once, by another file
		t.Helper()
		bytes, err := os.ReadFile(content)
		require.NoError(t, err)
		next := filepath.Join(t.TempDir(), "next.pem")
		require.NoError(t, os.WriteFile(next, bytes, 0o600))
		require.NoError(t, os.Rename(next, file))
	}
	require.NoError(t, greet(served))
	require.Error(t, greet(renewed))

	replace(served.CertFile, renewed.CertFile)
	require.NoError(t, greet(served), "half a renewal changes nothing")
	require.NoError(t, greet(served))
	require.Equal(t, 1, strings.Count(a.Output.String(), "serving the old certificate"), "and is said once")

	replace(served.KeyFile, renewed.KeyFile)
	require.NoError(t, greet(renewed), "the next connection gets the renewed certificate")
	require.Error(t, greet(served))

	require.NoError(t, os.Remove(served.KeyFile))
	require.NoError(t, greet(renewed), "files that are gone change nothing")
	process.stop()
	require.NoError(t, <-process.done)
}
