// Command azure-go sends a mail from the mailbox of an account key with nothing but Azure's and Microsoft's own
// libraries: the managed identity that they believe in is Latchkey.
//
//	IDENTITY_ENDPOINT=https://latchkey.example.com/identity/ACCOUNT-KEY-ID/token IDENTITY_HEADER=API-CLIENT-SECRET \
//	  go run . bob@example.com "Hello from Go"
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/microsoft/kiota-abstractions-go"
	azureauth "github.com/microsoft/kiota-authentication-azure-go"
	"github.com/microsoftgraph/msgraph-sdk-go-core"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: azure-go ADDRESS SUBJECT")
	}
	if err := send(context.Background(), os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func send(ctx context.Context, to, subject string) error {
	graph := cmp.Or(os.Getenv("GRAPH_URL"), "https://graph.microsoft.com") // that of the key's cloud
	credential, err := azidentity.NewManagedIdentityCredential(nil)
	if err != nil {
		return err
	}
	provider, err := azureauth.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		credential, []string{graph + "/.default"}, []string{}) // no list of hosts: the key's cloud may be any
	if err != nil {
		return err
	}
	adapter, err := msgraphgocore.NewGraphRequestAdapterBase(provider, msgraphgocore.GraphClientOptions{})
	if err != nil {
		return err
	}
	adapter.SetBaseUrl(graph + "/v1.0")

	body, err := json.Marshal(map[string]any{"message": map[string]any{
		"subject": subject, "body": map[string]any{"contentType": "text", "content": "Sent by an Azure SDK."},
		"toRecipients": []any{map[string]any{"emailAddress": map[string]any{"address": to}}},
	}})
	if err != nil {
		return err
	}
	request := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.POST, "{+baseurl}/me/sendMail", map[string]string{"baseurl": graph + "/v1.0"})
	request.SetStreamContentAndContentType(body, "application/json")
	if err := adapter.SendNoContent(ctx, request, nil); err != nil {
		return errors.Join(errors.New("Graph refused the mail"), err)
	}
	return nil
}
