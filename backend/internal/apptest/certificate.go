package apptest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// Certificate is a pair for localhost, in files of a folder of its own, and what a client needs to trust it.
type Certificate struct {
	CertFile, KeyFile string
	Client            *tls.Config
}

// NewCertificate makes another pair at each call.
func NewCertificate(t *testing.T) Certificate {
	t.Helper()
	authority, err := emulator.NewAuthority(time.Now()) //nolint:forbidigo // clients judge certificates by the real clock
	require.NoError(t, err)
	pair := authority.Server.Certificates[0]
	var chain []byte
	for _, der := range pair.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority.PEM))
	folder := t.TempDir()
	c := Certificate{
		CertFile: filepath.Join(folder, "tls.crt"), KeyFile: filepath.Join(folder, "tls.key"),
		Client: &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12},
	}
	require.NoError(t, os.WriteFile(c.CertFile, chain, 0o600))
	require.NoError(t, os.WriteFile(c.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
	return c
}
