// Sends a mail from the mailbox of an account key with nothing but Azure's and Microsoft's own libraries: the managed
// identity that they believe in is Latchkey.
//
//   IDENTITY_ENDPOINT=https://latchkey.example.com/identity/ACCOUNT-KEY-ID/token IDENTITY_HEADER=API-CLIENT-SECRET \
//     node send.mjs bob@example.com "Hello from Node.js"
import { ManagedIdentityCredential } from "@azure/identity";
import { Client } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

const [to, subject] = process.argv.slice(2);
const graph = process.env.GRAPH_URL ?? "https://graph.microsoft.com"; // that of the key's cloud
if (!to || !subject) throw new Error("usage: send.mjs ADDRESS SUBJECT");

const client = Client.initWithMiddleware({
  authProvider: new TokenCredentialAuthenticationProvider(new ManagedIdentityCredential(), {
    scopes: [`${graph}/.default`],
  }),
  baseUrl: graph,
  customHosts: new Set([new URL(graph).hostname]),
});
await client.api("/me/sendMail").post({
  message: {
    subject,
    body: { contentType: "text", content: "Sent by an Azure SDK." },
    toRecipients: [{ emailAddress: { address: to } }],
  },
});
