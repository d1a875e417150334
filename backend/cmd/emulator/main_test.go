package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// screen collects output and tells when a line has come.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{}
	once sync.Once
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(p)
	if strings.Contains(s.text.String(), "ines@") {
		s.once.Do(func() { close(s.done) })
	}
	return n, err
}

func TestRun(t *testing.T) {
	t.Parallel()
	refused := map[string][]string{
		"every address of the machine":    {"-addr", "0.0.0.0:8090"},
		"no host, which is the same":      {"-addr", ":8090"},
		"an address of the network":       {"-https-addr", "192.168.1.4:8443", "-ca-file", "x"},
		"https without a file for its CA": {"-https-addr", "127.0.0.1:0"},
		"a lifetime under five seconds":   {"-token-lifetime", "1s"},
		"a lifetime over a day":           {"-token-lifetime", "25h"},
		"a redirect URI over http":        {"-redirect-uri", "http://app.example/cb"},
		"nothing to listen on":            {"-addr", ""},
		"stray arguments":                 {"serve"},
		"unknown flags":                   {"-colour"},
	}
	for name, args := range refused {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, run(context.Background(), args, io.Discard, io.Discard))
		})
	}
	t.Run("prints what to paste, serves http and https, and stops when told", func(t *testing.T) {
		t.Parallel()
		ctx, stop := context.WithCancel(context.Background())
		caFile := filepath.Join(t.TempDir(), "ca.pem")
		out := &screen{done: make(chan struct{})}
		ended := make(chan error, 1)
		go func() {
			ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-https-addr", "localhost:0", "-ca-file", caFile, "-redirect-uri", "https://app.example/cb"}, out, io.Discard)
		}()
		select {
		case <-out.done:
		case err := <-ended:
			require.NoError(t, err)
		}
		out.mu.Lock()
		text := out.text.String()
		out.mu.Unlock()
		require.Contains(t, text, "https://app.example/cb")
		require.Contains(t, text, "mara-copper-42")
		require.Regexp(t, `Control page\s+http://127\.0\.0\.1:\d+/emulator\n`, text)
		pool := x509.NewCertPool()
		ca, err := os.ReadFile(caFile)
		require.NoError(t, err)
		require.True(t, pool.AppendCertsFromPEM(ca))
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
		for _, base := range regexp.MustCompile(`(?m)Graph URL\s+(\S+)$`).FindAllStringSubmatch(text, -1) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, base[1]+"/fabrikam.example/v2.0/.well-known/openid-configuration", nil)
			require.NoError(t, err)
			resp, err := client.Do(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, 200, resp.StatusCode)
		}
		client.CloseIdleConnections()
		stop()
		require.NoError(t, <-ended)
	})
}
