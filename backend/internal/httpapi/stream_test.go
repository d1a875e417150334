package httpapi_test

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
)

func TestLines(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(s *httpapi.Server) { s.BodyTimeout, s.AnswerTimeout = 100*time.Millisecond, 100*time.Millisecond })
	same := func(v string) string { return v }
	failed := make(chan error, 1)
	serve := func(path string, rows iter.Seq2[string, error]) {
		s.API().GET(path, auth.AuditRead, func(c echo.Context) error {
			err := httpapi.Lines(c, "file.ndjson", rows, same)
			if err != nil && path == "/endless" {
				failed <- err
			}
			return err
		})
	}
	goOn := make(chan struct{})
	serve("/paused", func(yield func(string, error) bool) {
		if !yield("first", nil) || !yield(strings.Repeat("x", 8192), nil) { // more than what is kept back
			return
		}
		<-goOn
		yield("last", nil)
	})
	serve("/empty", func(func(string, error) bool) {})
	serve("/broken", func(yield func(string, error) bool) { yield("", errors.New("no database")) })
	serve("/half", func(yield func(string, error) bool) {
		if yield("first", nil) {
			yield("", errors.New("no database any more"))
		}
	})
	serve("/endless", func(yield func(string, error) bool) {
		for yield(strings.Repeat("x", 8192), nil) { // until nobody takes any more
		}
	})
	s.API().POST("/small", auth.AuditRead, func(c echo.Context) error {
		_, err := httpapi.Bind[map[string]any](c)
		return err
	})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	ask := func(t *testing.T, path string) (*http.Response, *bufio.Reader) {
		t.Helper()
		conn := dial(t, server)
		_, err := io.WriteString(conn, "GET "+httpapi.BasePath+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n\r\n")
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		return response, bufio.NewReader(response.Body)
	}

	t.Run("a file that comes slowly comes whole", func(t *testing.T) {
		t.Parallel()
		response, body := ask(t, "/paused")
		require.Equal(t, "application/x-ndjson", response.Header.Get("Content-Type"))
		require.Equal(t, `attachment; filename="file.ndjson"`, response.Header.Get("Content-Disposition"))
		line, err := body.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, `"first"`, strings.TrimSpace(line))
		slow := dial(t, server)
		_, err = io.WriteString(slow, "POST "+httpapi.BasePath+"/small HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n"+
			"Content-Type: application/json\r\nContent-Length: 10\r\n\r\n")
		require.NoError(t, err)
		late, err := http.ReadResponse(bufio.NewReader(slow), nil) // by now the time is over that an answer has
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestTimeout, late.StatusCode)
		close(goOn)
		rest, err := io.ReadAll(body)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(string(rest), "\n\"last\"\n"))
	})
	t.Run("who has stopped fetching is not waited for", func(t *testing.T) {
		t.Parallel()
		ask(t, "/endless")
		select {
		case err := <-failed:
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		case <-time.After(patience):
			require.Fail(t, "it is still being written")
		}
	})
	t.Run("nothing to tell is an empty file", func(t *testing.T) {
		t.Parallel()
		response, body := ask(t, "/empty")
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, `attachment; filename="file.ndjson"`, response.Header.Get("Content-Disposition"))
		_, err := body.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
	t.Run("what fails before the first line is a problem", func(t *testing.T) {
		t.Parallel()
		response, _ := ask(t, "/broken")
		require.Equal(t, http.StatusInternalServerError, response.StatusCode)
		require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
		require.Empty(t, response.Header.Get("Content-Disposition"))
	})
	t.Run("what fails later breaks the file off", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, server)
		_, err := io.WriteString(conn, "GET "+httpapi.BasePath+"/half HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n\r\n")
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			_, err = io.ReadAll(response.Body)
		}
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}
