package httpapi_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

// patience ends a test that waits for what doesn't come.
const patience = 20 * time.Second

// dial connects to a server as somebody who minds no rules.
func dial(t *testing.T, server *httptest.Server) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // closed by the other side already, where that is what is tested
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(s *httpapi.Server) { s.BodyTimeout, s.AnswerTimeout = 100*time.Millisecond, 100*time.Millisecond })
	swallow := func(c echo.Context) error {
		n, err := io.Copy(io.Discard, c.Request().Body)
		if fault := httpapi.BodyFault(err); fault != nil {
			return fault
		}
		require.NoError(t, err)
		return c.JSON(http.StatusOK, n)
	}
	released := make(chan struct{})
	s.API().POST("/small", auth.AuditRead, swallow)
	s.API().Limited(httpapi.Limits{}).POST("/stream", auth.AuditRead, swallow)
	s.API().Limited(httpapi.Limits{Body: 10}).POST("/tiny", auth.AuditRead, swallow)
	s.API().POST("/slow-work", auth.AuditRead, func(c echo.Context) error {
		if _, err := io.Copy(io.Discard, c.Request().Body); err != nil {
			return err
		}
		select {
		case <-c.Request().Context().Done():
			return c.String(http.StatusOK, "cut off")
		case <-released:
			return c.String(http.StatusOK, "finished")
		}
	})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	head := func(path, length string) string {
		return "POST " + httpapi.BasePath + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n" + length + "\r\n\r\n"
	}
	answer := func(t *testing.T, r *bufio.Reader) (int, string) {
		t.Helper()
		response, err := http.ReadResponse(r, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}

	t.Run("a small body that stops coming is answered 408, and the connection closed", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, server)
		_, err := io.WriteString(conn, head("/small", "Content-Length: 10")+"12345")
		require.NoError(t, err)
		r := bufio.NewReader(conn)
		status, body := answer(t, r)
		require.Equal(t, http.StatusRequestTimeout, status)
		require.Contains(t, body, `"code":"request_timeout"`)
		_, err = r.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
	t.Run("a stream may pause for longer", func(t *testing.T) {
		t.Parallel()
		slow, stream := dial(t, server), dial(t, server)
		_, err := io.WriteString(stream, head("/stream", "Content-Length: 10")+"12345")
		require.NoError(t, err)
		_, err = io.WriteString(slow, head("/small", "Content-Length: 10")+"12345")
		require.NoError(t, err)
		status, _ := answer(t, bufio.NewReader(slow)) // by now the time is over that small bodies have
		require.Equal(t, http.StatusRequestTimeout, status)
		_, err = io.WriteString(stream, "67890")
		require.NoError(t, err)
		status, body := answer(t, bufio.NewReader(stream))
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "10", strings.TrimSpace(body))
	})
	t.Run("work on a body that has arrived takes as long as it takes", func(t *testing.T) {
		t.Parallel()
		working, slow := dial(t, server), dial(t, server)
		_, err := io.WriteString(working, head("/slow-work", "Content-Length: 5")+"12345")
		require.NoError(t, err)
		_, err = io.WriteString(slow, head("/small", "Content-Length: 10"))
		require.NoError(t, err)
		status, _ := answer(t, bufio.NewReader(slow))
		require.Equal(t, http.StatusRequestTimeout, status)
		close(released)
		_, body := answer(t, bufio.NewReader(working))
		require.Equal(t, "finished", body)
	})
	t.Run("a connection that was slow once may be used again", func(t *testing.T) {
		t.Parallel()
		conn, slow := dial(t, server), dial(t, server)
		r := bufio.NewReader(conn)
		_, err := io.WriteString(conn, head("/small", "Content-Length: 5")+"12345")
		require.NoError(t, err)
		status, _ := answer(t, r)
		require.Equal(t, http.StatusOK, status)
		_, err = io.WriteString(slow, head("/small", "Content-Length: 10"))
		require.NoError(t, err)
		status, _ = answer(t, bufio.NewReader(slow))
		require.Equal(t, http.StatusRequestTimeout, status)
		// The first answer's time is over; to a request that asks before it sends, the server writes first.
		_, err = io.WriteString(conn, head("/small", "Expect: 100-continue\r\nContent-Length: 5"))
		require.NoError(t, err)
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
		_, err = r.ReadString('\n')
		require.NoError(t, err)
		_, err = io.WriteString(conn, "12345")
		require.NoError(t, err)
		status, _ = answer(t, r)
		require.Equal(t, http.StatusOK, status)
	})
	t.Run("a route's own size counts", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "too_large", send(t, s, http.MethodPost, httpapi.BasePath+"/tiny", "12345678901").String())
		require.Equal(t, http.StatusOK, send(t, s, http.MethodPost, httpapi.BasePath+"/tiny", "1234567890").Status)
		large := strings.Repeat("x", 2<<20)
		require.Equal(t, "too_large", send(t, s, http.MethodPost, httpapi.BasePath+"/small", large).String())
		require.Equal(t, http.StatusOK, send(t, s, http.MethodPost, httpapi.BasePath+"/stream", large).Status)
	})
}
