/**
 * Shows the latest messages of an account key's mailbox. It is told by the environment what to use; GRAPH_URL is
 * Microsoft's unless set: http://127.0.0.1:8090 is the emulator of `make demo`.
 *
 *   LATCHKEY_URL=http://localhost:8080 CLIENT_ID=… CLIENT_SECRET=lk_… ACCOUNT_KEY_ID=… npm run example
 */
import { connect, LatchkeyCredential, LatchkeyError } from "@latchkey/client";

const { LATCHKEY_URL, CLIENT_ID, CLIENT_SECRET, ACCOUNT_KEY_ID, GRAPH_URL } = process.env;

const latchkey = connect({
  url: LATCHKEY_URL ?? "http://localhost:8080",
  clientId: CLIENT_ID ?? "",
  clientSecret: CLIENT_SECRET ?? "",
});
const credential = new LatchkeyCredential(latchkey, ACCOUNT_KEY_ID ?? "");

try {
  const { token } = await credential.getToken("https://graph.microsoft.com/.default");
  const answer = await fetch(
    `${GRAPH_URL ?? "https://graph.microsoft.com"}/v1.0/me/messages?$top=5&$select=subject`,
    {
      headers: { Authorization: `Bearer ${token}` },
    },
  );
  if (!answer.ok) throw new Error(`Microsoft Graph answered ${answer.status}.`);
  const { value } = (await answer.json()) as { value: { subject: string }[] };
  for (const { subject } of value) console.log(subject);
} catch (error) {
  if (error instanceof LatchkeyError) console.error(`${error.code}: ${error.message} ${error.fix}`);
  else console.error(error);
  process.exitCode = 1;
}
