package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/config"
)

func masterKey(fill string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, 32)))
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestLoad(t *testing.T) {
	t.Parallel()
	t.Run("an empty environment is enough", func(t *testing.T) {
		t.Parallel()
		c, err := config.Load([]string{"PATH=/usr/bin", "HOME=/root"})
		require.NoError(t, err)
		require.Equal(t, "http://localhost:8080", c.PublicURL)
		require.Equal(t, "localhost:8080", c.ListenAddr)
		require.Equal(t, "global", c.DefaultCloud)
		require.Equal(t, "text", c.LogFormat)
		require.Equal(t, 12*time.Hour, c.SessionIdleTimeout)
		require.Equal(t, 10*time.Minute, c.RefreshMargin)
		require.Zero(t, c.AuditRetention)
		require.Empty(t, c.MasterKeys)
		require.NotEmpty(t, c.Clouds)
		folder, err := filepath.Abs("data")
		require.NoError(t, err)
		require.Equal(t, "file:"+filepath.Join(folder, "latchkey.db"), c.DatabaseURL.Reveal())
	})
	t.Run("values are taken", func(t *testing.T) {
		t.Parallel()
		c, err := config.Load([]string{
			"LATCHKEY_REFRESH_MARGIN=90s", "LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_LOG_FORMAT=json",
			"LATCHKEY_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.7",
			"LATCHKEY_MASTER_KEY=" + masterKey("n") + "," + masterKey("o"),
			"LATCHKEY_DATABASE_URL=postgres://u:p@db.example:5432/latchkey",
		})
		require.NoError(t, err)
		require.Equal(t, 90*time.Second, c.RefreshMargin)
		require.Equal(t, "DEBUG", c.LogLevel.String())
		require.Len(t, c.ProxyNets, 2)
		require.Equal(t, "192.0.2.7/32", c.ProxyNets[1].String())
		require.Equal(t, [][]byte{[]byte(strings.Repeat("n", 32)), []byte(strings.Repeat("o", 32))}, c.MasterKeys)
		require.Equal(t, "postgres://u:p@db.example:5432/latchkey", c.DatabaseURL.Reveal())
	})
	t.Run("every mistake is reported at once by the name of its variable", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load([]string{
			"LATCHKEY_PUBLIC_URL=latchkey.example.com", "LATCHKEY_DEFAULT_CLOUD=mars", "LATCHKEY_LOG_FORMAT=xml",
			"LATCHKEY_REFRESH_MARGIN=-1m", "LATCHKEY_SIGN_IN_ATTEMPTS=0", "LATCHKEY_TLS_CERT_FILE=/tls.crt", "LATCHKEY_TRUSTED_PROXIES=proxy.example",
			"LATCHKEY_DATABASE_URL=mysql://db.example/latchkey", "LATCHKEY_MASTER_KEY=short", "LATCHKEY_SIGNING_KEY_ROTATION=59m",
			"LATCHKEY_AUDIT_RETENTION=-1",
		})
		require.Error(t, err)
		for _, name := range []string{
			"PUBLIC_URL", "DEFAULT_CLOUD", "LOG_FORMAT", "REFRESH_MARGIN", "SIGN_IN_ATTEMPTS", "TLS_CERT_FILE", "TRUSTED_PROXIES", "DATABASE_URL", "MASTER_KEY",
			"SIGNING_KEY_ROTATION", "AUDIT_RETENTION",
		} {
			require.Regexp(t, `(?m)^LATCHKEY_`+name+` `, err.Error())
		}
	})
	t.Run("values that cannot be read are all named", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load([]string{
			"LATCHKEY_LOG_LEVEL=loud", "LATCHKEY_SESSION_MAX_AGE=a week", "LATCHKEY_MICROSOFT_TIMEOUT=20",
			"LATCHKEY_SIGN_IN_ATTEMPTS=many", "LATCHKEY_AUDIT_RETENTION=90d",
		})
		require.Error(t, err)
		for name, what := range map[string]string{
			"LOG_LEVEL": "is debug, info, warn or error", "SESSION_MAX_AGE": "is not a valid time.Duration", "MICROSOFT_TIMEOUT": "is not a valid time.Duration",
			"SIGN_IN_ATTEMPTS": "is not a whole number", "AUDIT_RETENTION": "is not a whole number",
		} {
			require.Regexp(t, `(?m)^LATCHKEY_`+name+` `+what, err.Error())
		}
	})
	t.Run("a variable that is no setting is refused", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load([]string{"LATCHKEY_PUBLIC_ULR=https://latchkey.example.com"})
		require.ErrorContains(t, err, "LATCHKEY_PUBLIC_ULR is not a setting")
	})
	t.Run("what Kubernetes says of the Services beside is no mistake", func(t *testing.T) {
		t.Parallel()
		var environ []string
		for _, service := range []string{"LATCHKEY", "LATCHKEY_POSTGRES"} {
			for _, variable := range []string{
				"_SERVICE_HOST=10.96.0.17", "_SERVICE_PORT=8080", "_SERVICE_PORT_HTTP=8080", "_PORT=tcp://10.96.0.17:8080",
				"_PORT_8080_TCP=tcp://10.96.0.17:8080", "_PORT_8080_TCP_PROTO=tcp", "_PORT_8080_TCP_PORT=8080", "_PORT_8080_TCP_ADDR=10.96.0.17",
			} {
				environ = append(environ, service+variable)
			}
		}
		_, err := config.Load(environ)
		require.NoError(t, err)
	})
	t.Run("what only resembles that is refused", func(t *testing.T) {
		t.Parallel()
		for _, variable := range []string{
			"LATCHKEY_PORT=8080", "LATCHKEY_LISTEN_PORT=8080", "LATCHKEY_HOST=10.96.0.17", "LATCHKEY_SERVICE=tcp://10.96.0.17:8080",
			"LATCHKEY_PORT_8080=tcp://10.96.0.17:8080", "LATCHKEY_PORT_8080_TCP_HOST=10.96.0.17", "LATCHKEY_SERVICE_HOSTS=10.96.0.17",
		} {
			_, err := config.Load([]string{variable})
			name, _, _ := strings.Cut(variable, "=")
			require.ErrorContains(t, err, name+" is not a setting", variable)
		}
	})
}

func TestLoadSecrets(t *testing.T) {
	t.Parallel()
	t.Run("each can be read from a file", func(t *testing.T) {
		t.Parallel()
		c, err := config.Load([]string{
			"LATCHKEY_DATABASE_URL_FILE=" + writeFile(t, "postgres://u:p@db.example/latchkey\n"),
			"LATCHKEY_MASTER_KEY_FILE=" + writeFile(t, masterKey("k")+"\n"),
			"LATCHKEY_METRICS_TOKEN_FILE=" + writeFile(t, "  scrape-me \n"),
		})
		require.NoError(t, err)
		require.Equal(t, "postgres://u:p@db.example/latchkey", c.DatabaseURL.Reveal())
		require.Equal(t, [][]byte{[]byte(strings.Repeat("k", 32))}, c.MasterKeys)
		require.Equal(t, "scrape-me", c.MetricsToken.Reveal())
	})
	t.Run("a value and a file for one secret are refused", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load([]string{
			"LATCHKEY_MASTER_KEY=" + masterKey("a"), "LATCHKEY_MASTER_KEY_FILE=" + writeFile(t, masterKey("b")),
		})
		require.ErrorContains(t, err, "LATCHKEY_MASTER_KEY and LATCHKEY_MASTER_KEY_FILE are both set")
	})
	t.Run("a file that cannot be read is named", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load([]string{"LATCHKEY_METRICS_TOKEN_FILE=" + filepath.Join(t.TempDir(), "gone")})
		require.ErrorContains(t, err, "LATCHKEY_METRICS_TOKEN_FILE cannot be read")
	})
	t.Run("a master key that is listed twice is named by its place", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load([]string{
			"LATCHKEY_MASTER_KEY_FILE=" + writeFile(t, masterKey("a")+"\n"+masterKey("b")+"\n\n"+masterKey("a")+"\n"),
		})
		require.ErrorContains(t, err, "LATCHKEY_MASTER_KEY key 3 is the same as key 1")
		require.NotContains(t, err.Error(), masterKey("a"))
	})
	t.Run("no error repeats the value of a secret", func(t *testing.T) {
		t.Parallel()
		for _, environ := range [][]string{
			{"LATCHKEY_MASTER_KEY=planted-0815"},
			{"LATCHKEY_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte("planted-0815"))},
			{"LATCHKEY_MASTER_KEY_FILE=" + writeFile(t, "planted-0815")},
			{"LATCHKEY_DATABASE_URL=mysql://u:planted-0815@db.example/x"},
			{"LATCHKEY_DATABASE_URL=postgres://u:planted-0815@db.example:no-port/x"},
			{"LATCHKEY_DATABASE_URL=planted-0815\x7f"},
			{"LATCHKEY_METRICS_TOKEN=planted-0815", "LATCHKEY_METRICS_TOKEN_FILE=/metrics.token"},
			{"LATCHKEY_METRICS_TOKEN=planted-0815", "LATCHKEY_LOG_LEVEL=loud"},
		} {
			_, err := config.Load(environ)
			require.Error(t, err, environ)
			require.NotContains(t, err.Error(), "planted-0815")
			require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("planted-0815")))
		}
	})
}

func TestLoadPublicURL(t *testing.T) {
	t.Parallel()
	t.Run("a trailing slash is dropped and the address to listen on follows", func(t *testing.T) {
		t.Parallel()
		pair := apptest.NewCertificate(t)
		for _, row := range []struct {
			url            string
			ownTLS         bool
			public, listen string
		}{
			{"https://latchkey.example.com/", false, "https://latchkey.example.com", ":8080"},
			{"https://latchkey.example.com:8443", true, "https://latchkey.example.com:8443", ":8443"},
			{"http://localhost:9000", false, "http://localhost:9000", "localhost:9000"},
			{"http://localhost", false, "http://localhost", "localhost:80"},
			{"http://localhost:80", false, "http://localhost", "localhost:80"},
			{"http://localhost:", false, "http://localhost", "localhost:80"},
			{"http://127.0.0.1", false, "http://127.0.0.1", "127.0.0.1:80"},
			{"http://[::1]:9000", false, "http://[::1]:9000", "[::1]:9000"},
			{"https://localhost", true, "https://localhost", "localhost:443"},
			{"https://localhost:8443", true, "https://localhost:8443", "localhost:8443"},
			{"https://localhost:8443", false, "https://localhost:8443", "localhost:8080"},
			{"https://latchkey.example.com", true, "https://latchkey.example.com", ":443"},
			{"http://latchkey.example.com", false, "http://latchkey.example.com", ":8080"},
		} {
			environ := []string{"LATCHKEY_PUBLIC_URL=" + row.url}
			if row.ownTLS {
				environ = append(environ, "LATCHKEY_TLS_CERT_FILE="+pair.CertFile, "LATCHKEY_TLS_KEY_FILE="+pair.KeyFile)
			}
			c, err := config.Load(environ)
			require.NoError(t, err, row.url)
			require.Equal(t, row.public, c.PublicURL)
			require.Equal(t, row.public, c.Public.String())
			require.Equal(t, row.listen, c.ListenAddr, row.url)
		}
	})
	t.Run("anything but scheme and host is refused", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"latchkey.example.com", "ftp://latchkey.example.com", "https://", "http://:8080", "https://latchkey.example.com/app",
			"https://latchkey.example.com?x=1", "https://latchkey.example.com#x", "https://u:p@latchkey.example.com", "http://%zz",
		} {
			_, err := config.Load([]string{"LATCHKEY_PUBLIC_URL=" + url})
			require.ErrorContains(t, err, "LATCHKEY_PUBLIC_URL ", url)
		}
	})
	t.Run("an address to listen on without a port is refused", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load([]string{"LATCHKEY_LISTEN_ADDR=localhost"})
		require.ErrorContains(t, err, "LATCHKEY_LISTEN_ADDR ")
	})
}

func TestLoadCertificate(t *testing.T) {
	t.Parallel()
	pair, other := apptest.NewCertificate(t), apptest.NewCertificate(t)
	gone := filepath.Join(t.TempDir(), "gone.pem")
	for name, row := range map[string]struct {
		cert, key string
		problems  []string
	}{
		"a pair is taken":                  {pair.CertFile, pair.KeyFile, nil},
		"half a pair is refused":           {"", pair.KeyFile, []string{"TLS_CERT_FILE and LATCHKEY_TLS_KEY_FILE go together"}},
		"files that are gone are named":    {gone, gone, []string{"TLS_CERT_FILE cannot be read: ", "TLS_KEY_FILE cannot be read: "}},
		"the key of another is refused":    {pair.CertFile, other.KeyFile, []string{"TLS_CERT_FILE and LATCHKEY_TLS_KEY_FILE are no certificate and its key: "}},
		"files that are swapped, likewise": {pair.KeyFile, pair.CertFile, []string{"TLS_CERT_FILE and LATCHKEY_TLS_KEY_FILE are no certificate and its key: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load([]string{"LATCHKEY_TLS_CERT_FILE=" + row.cert, "LATCHKEY_TLS_KEY_FILE=" + row.key})
			if row.problems == nil {
				require.NoError(t, err)
			}
			for _, problem := range row.problems {
				require.ErrorContains(t, err, "LATCHKEY_"+problem)
			}
		})
	}
}

func TestLoadClouds(t *testing.T) {
	t.Parallel()
	load := func(authority, graph string) error {
		_, err := config.Load([]string{
			`LATCHKEY_CLOUDS_EXTRA=[{"id":"lab","name":"Lab","authorityUrl":"` + authority + `","graphUrl":"` + graph + `"}]`,
			"LATCHKEY_DEFAULT_CLOUD=lab",
		})
		return err
	}
	t.Run("plain http is for loopback alone", func(t *testing.T) {
		t.Parallel()
		for _, host := range []string{"127.0.0.1:8090", "localhost:8090", "[::1]:8090"} {
			require.NoError(t, load("http://"+host, "http://"+host))
		}
		require.NoError(t, load("https://login.lab.example", "https://graph.lab.example"))
		require.ErrorContains(t, load("http://login.lab.example", "https://graph.lab.example"), "LATCHKEY_CLOUDS_EXTRA ")
		require.ErrorContains(t, load("https://login.lab.example", "http://graph.lab.example"), "LATCHKEY_CLOUDS_EXTRA ")
		require.ErrorContains(t, load("http://localhost.lab.example", "https://graph.lab.example"), "LATCHKEY_CLOUDS_EXTRA ")
	})
	t.Run("what is no list of clouds is refused", func(t *testing.T) {
		t.Parallel()
		for _, list := range []string{"lab", `{"id":"lab"}`, `[{"id":"lab","colour":"blue"}]`, `[{"id":"global"}]`} {
			_, err := config.Load([]string{"LATCHKEY_CLOUDS_EXTRA=" + list})
			require.ErrorContains(t, err, "LATCHKEY_CLOUDS_EXTRA ", list)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	t.Run("scripts/example.env lists exactly the variables there are", func(t *testing.T) {
		t.Parallel()
		content, err := os.ReadFile(filepath.Join("..", "..", "..", "scripts", "example.env"))
		require.NoError(t, err)
		var listed []string
		for _, match := range regexp.MustCompile(`(?m)^(?:# ?)?(LATCHKEY_[A-Z0-9_]+)=`).FindAllStringSubmatch(string(content), -1) {
			listed = append(listed, match[1])
		}
		slices.Sort(listed)
		require.Equal(t, config.Names(), listed)
	})
	t.Run("scripts/example.env is itself a valid environment with the defaults", func(t *testing.T) {
		t.Parallel()
		content, err := os.ReadFile(filepath.Join("..", "..", "..", "scripts", "example.env"))
		require.NoError(t, err)
		var environ []string
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "LATCHKEY_") {
				environ = append(environ, line)
			}
		}
		example, err := config.Load(environ)
		require.NoError(t, err)
		defaults, err := config.Load(nil)
		require.NoError(t, err)
		require.Equal(t, defaults, example)
	})
}

func TestCompose(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "docker-compose.yml"))
	require.NoError(t, err)
	_, service, _ := strings.Cut(string(content), "\n  latchkey:\n")
	service, _, _ = strings.Cut(service, "\n\n")
	var passed []string
	for _, match := range regexp.MustCompile(`(?m)^      (LATCHKEY_[A-Z0-9_]+):`).FindAllStringSubmatch(service, -1) {
		passed = append(passed, match[1])
	}
	slices.Sort(passed)
	containers := []string{"LATCHKEY_DATABASE_URL_FILE", "LATCHKEY_DATA_DIR", "LATCHKEY_LISTEN_ADDR"}
	require.Equal(t, slices.DeleteFunc(config.Names(), func(name string) bool { return slices.Contains(containers, name) }), passed,
		"docker-compose.yml passes every setting on, but those that the image settles")
}
