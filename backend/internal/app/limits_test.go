package app_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
)

// patience ends a test that waits for what doesn't come.
const patience = 30 * time.Second

// wire is a connection to the product by somebody who minds no rules.
type wire struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, a *apptest.App) wire {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(a.URL, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // closed by the other side already, where that is what is tested
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return wire{Conn: conn, t: t, r: bufio.NewReader(conn)}
}

func (w wire) send(text string) {
	w.t.Helper()
	_, err := io.WriteString(w, text)
	require.NoError(w.t, err)
}

func (w wire) answer() (*http.Response, string) {
	w.t.Helper()
	response, err := http.ReadResponse(w.r, nil)
	require.NoError(w.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return response, string(body)
}

// closed waits for the other side to hang up.
func (w wire) closed() {
	w.t.Helper()
	_, err := w.r.ReadByte()
	require.Error(w.t, err)
	var timeout net.Error
	require.False(w.t, errors.As(err, &timeout) && timeout.Timeout(), "the connection is still open")
}

func TestSlowRequests(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, "LATCHKEY_HTTP_HEADER_TIMEOUT=300ms", "LATCHKEY_HTTP_BODY_TIMEOUT=300ms", "LATCHKEY_HTTP_ANSWER_TIMEOUT=2s")
	host := "Host: " + strings.TrimPrefix(a.URL, "http://") + "\r\n"
	const session = "POST /api/v1/session HTTP/1.1\r\n"

	t.Run("nothing at all, and headers that never end, are hung up on", func(t *testing.T) {
		t.Parallel()
		silent, slow := dial(t, a), dial(t, a)
		slow.send(session + host + "X-A: b\r\n")
		silent.closed()
		slow.closed()
	})
	t.Run("a body that stops coming is answered 408 with a problem", func(t *testing.T) {
		t.Parallel()
		for name, start := range map[string]string{
			"JSON":    session + host + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"email\":",
			"chunks":  session + host + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ema\r\n",
			"a form":  "POST /oauth/token HTTP/1.1\r\n" + host + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type=",
			"no byte": session + host + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := dial(t, a)
				w.send(start)
				response, body := w.answer()
				require.Equal(t, http.StatusRequestTimeout, response.StatusCode)
				require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
				require.Contains(t, body, `"code":"request_timeout"`)
				require.True(t, response.Close)
				w.closed()
			})
		}
	})
	t.Run("a body that nobody wants is not waited for either", func(t *testing.T) {
		t.Parallel()
		w := dial(t, a)
		w.send("POST /api/v1/account-keys HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		response, body := w.answer()
		require.Equal(t, http.StatusUnauthorized, response.StatusCode)
		require.Contains(t, body, `"code":"unauthenticated"`)
		w.closed()
	})
	t.Run("a body that drips is no better than one that stops", func(t *testing.T) {
		t.Parallel()
		w := dial(t, a)
		w.send(session + host + "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			response, _ := w.answer()
			require.Equal(t, http.StatusRequestTimeout, response.StatusCode)
		}()
		for drip := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-answered:
				drip.Stop()
				return
			case <-drip.C:
				_, _ = io.WriteString(w, " ") // fails once the other side has had enough
			}
		}
	})
	t.Run("headers without end are refused", func(t *testing.T) {
		t.Parallel()
		w := dial(t, a)
		go func() { // the other side stops reading at some time, and so may this
			_, _ = io.WriteString(w, "GET /api/v1/instance HTTP/1.1\r\n"+host+"X-A: "+strings.Repeat("a", 200_000)+"\r\n\r\n")
		}()
		response, _ := w.answer()
		require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
	})
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	a := apptest.New(t) // with time enough for a mebibyte on any machine
	// One byte too many, whether announced or not.
	for name, framing := range map[string]string{
		"announced": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", 1<<20+1, strings.Repeat(" ", 1<<20+1)),
		"not":       fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", 1<<20+1, strings.Repeat(" ", 1<<20+1)),
	} {
		w := dial(t, a)
		w.send("POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + framing)
		response, body := w.answer()
		require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode, name)
		require.Contains(t, body, `"code":"too_large"`)
		require.True(t, response.Close, name)
	}
}

func TestSlowReaders(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, "LATCHKEY_HTTP_ANSWER_TIMEOUT=200ms")
	w := dial(t, a)
	require.NoError(t, w.Conn.(*net.TCPConn).SetReadBuffer(4096))
	// Whoever asks on and on and reads nothing gets no more once the buffers between are full.
	request := "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
	var err error
	for err == nil {
		_, err = io.WriteString(w, request)
	}
	var timeout net.Error
	require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the server still holds the connection")
	a.Call(http.MethodGet, "/healthz", nil).Status(http.StatusOK)
}

func TestIdleConnections(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, "LATCHKEY_HTTP_IDLE_TIMEOUT=1s")
	idle := make([]wire, 200)
	for i := range idle {
		idle[i] = dial(t, a)
		idle[i].send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	for _, w := range idle {
		response, _ := w.answer()
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	a.Call(http.MethodGet, "/readyz", nil).Status(http.StatusOK)
	for _, w := range idle {
		w.closed()
	}
}
