package identity_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

// The examples are programs of Azure's and Microsoft's own libraries, as they are published.
func TestAzureSDKs(t *testing.T) {
	t.Parallel()
	if os.Getenv("LATCHKEY_TEST_SDKS") == "" { //nolint:forbidigo // how tests run is no setting of the product
		t.Skip("needs the packages of openapi/examples: run by scripts/test")
	}
	f := newFixture(t)
	readerKey := f.admin.CreateKey("Recipient")
	require.Equal(t, "succeeded", f.admin.Authorize(readerKey, "tomas", emulator.Accept).Text("status"))
	_, reader := f.program([]string{"tokens:issue"}, readerKey)
	emulatorURL := f.graph
	certificate := f.serveGraphOverTLS(t)
	examples, err := filepath.Abs("../../../openapi/examples")
	require.NoError(t, err)

	for name, command := range map[string][]string{
		"azidentity and Microsoft's Graph core for Go":     {"go", "run", "-C", filepath.Join(examples, "azure-go"), "."},
		"@azure/identity and Microsoft's Graph client, JS": {"node", filepath.Join(examples, "azure-node", "send.mjs")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subject := "Sent by " + command[0]
			send := exec.CommandContext(t.Context(), command[0], append(command[1:], "tomas@fabrikam.example", subject)...)
			send.Env = append(os.Environ(), //nolint:forbidigo // the environment of the test, with what an SDK is given
				"GOWORK=off", "GRAPH_URL="+f.graph, "SSL_CERT_FILE="+certificate, "NODE_EXTRA_CA_CERTS="+certificate, "IDENTITY_ENDPOINT="+f.URL+f.path(), "IDENTITY_HEADER="+f.secret)
			output, err := send.CombinedOutput()
			require.NoError(t, err, "%s", output)

			token := f.ask("/identity/"+readerKey+"/token", reader).Status(http.StatusOK).Text("access_token")
			newest := f.Call(http.MethodGet, emulatorURL+"/v1.0/me/mailFolders/inbox/messages?$top=5&$select=subject", nil, "Authorization", "Bearer "+token)
			got, _ := newest.Status(http.StatusOK).At("value").([]any)
			var subjects []any
			for _, message := range got {
				subjects = append(subjects, message.(map[string]any)["subject"])
			}
			require.Contains(t, subjects, subject)
		})
	}
}

// serveGraphOverTLS gives Graph an address of https, without which Microsoft's libraries send no token, and returns the
// file with the certificate to trust.
func (f *fixture) serveGraphOverTLS(t *testing.T) (certificate string) {
	t.Helper()
	authority, err := emulator.NewAuthority(time.Now()) // clients judge certificates by the real clock
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(f.Emulator)
	server.TLS = authority.Server
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	cloud := f.Config.Clouds[len(f.Config.Clouds)-1]
	f.graph = "https://localhost:" + port
	clouds, err := json.Marshal([]map[string]string{
		{"id": cloud.ID, "name": cloud.Name, "authorityUrl": cloud.AuthorityURL, "graphUrl": f.graph},
	})
	require.NoError(t, err)
	f.App = f.Restart("LATCHKEY_CLOUDS_EXTRA=" + string(clouds))
	f.admin = f.admin.At(f.App)
	certificate = filepath.Join(t.TempDir(), "authority.pem")
	require.NoError(t, os.WriteFile(certificate, authority.PEM, 0o600))
	return certificate
}
