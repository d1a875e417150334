import { expect, test } from "vitest";
import { readOutput } from "./readOutput";

const tenantId = "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11";
const clientId = "c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702";
const clientSecret = "Qz8~a.b-c_d:e=f,g";
const all = { tenantId, clientId, clientSecret };

test.each([
  [
    "the three lines of our scripts",
    `Directory (tenant) ID:   ${tenantId}\nApplication (client) ID: ${clientId}\nSecret:                  ${clientSecret}\n`,
  ],
  [
    "short labels, with Windows' line ends",
    `Tenant:  ${tenantId}\r\nClient:  ${clientId}\r\nSecret:  ${clientSecret}\r\n`,
  ],
  [
    "the lines among what else a terminal shows",
    `~ $ ./make-app\nWARNING: The output includes credentials that you must protect.\n(\n  Tenant: none of this yet\n` +
      `Directory (tenant) ID:   ${tenantId}\n  Application (client) ID: ${clientId}\nSecret:   ${clientSecret}\n~ $ `,
  ],
  [
    "what terraform output -json prints",
    terraformJson({ tenant_id: tenantId, client_id: clientId, secret: clientSecret }),
  ],
  [
    "Terraform's own form",
    `client_id = "${clientId}"\nsecret = "${clientSecret}"\ntenant_id = "${tenantId}"\n`,
  ],
  [
    "what az ad app credential reset prints",
    JSON.stringify({ appId: clientId, password: clientSecret, tenant: tenantId }, null, 2),
  ],
  [
    "JSON with something before it",
    `WARNING: protect this.\n${JSON.stringify({ appId: clientId, password: clientSecret, tenant: tenantId })}`,
  ],
  ["our own API's members", JSON.stringify({ displayName: "x", ...all })],
  [
    "a piece of JSON",
    `  "tenantId": "${tenantId}",\n  "clientId": "${clientId}",\n  "clientSecret": "${clientSecret}",`,
  ],
  [
    "environment variables",
    `export AZURE_TENANT_ID=${tenantId}\nexport AZURE_CLIENT_ID="${clientId}"\nAZURE_CLIENT_SECRET='${clientSecret}'`,
  ],
  [
    "PowerShell's environment variables",
    `$env:ARM_TENANT_ID = "${tenantId}"\n$env:ARM_CLIENT_ID = "${clientId}"\n$env:ARM_CLIENT_SECRET = "${clientSecret}"`,
  ],
  [
    "the portal's pages, the value below its label",
    `Application (client) ID\n:\n${clientId}\nDirectory (tenant) ID\n${tenantId}\nSecret\n${clientSecret}`,
  ],
])("finds all three in %s", (_, text) => {
  expect(readOutput(text)).toEqual(all);
});

function terraformJson(outputs: Record<string, string>): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [
        name,
        { sensitive: name === "secret", type: "string", value },
      ]),
    ),
    null,
    2,
  );
}

test.each(['a"b\\c', "'quoted'", '"quoted"', "a = b: c", "${x} %{y} $${z}", "{a}", "Secret: b", "ü✓"])(
  "a secret such as %j stays as it is",
  (odd) => {
    expect(readOutput(`Tenant: ${tenantId}\nSecret:   ${odd}  \n`)).toEqual({ tenantId, clientSecret: odd });
    expect(readOutput(terraformJson({ tenant_id: tenantId, secret: odd }))).toEqual({
      tenantId,
      clientSecret: odd,
    });
  },
);

test("Terraform's escapes are undone", () => {
  expect(readOutput('secret = "a\\"b\\\\c$${d}%%{e}"')).toEqual({ clientSecret: 'a"b\\c${d}%{e}' });
});

test("of two runs the last counts", () => {
  expect(readOutput(`Secret: old\nTenant: ${tenantId}\nSecret: new`)).toEqual({
    tenantId,
    clientSecret: "new",
  });
});

test("a secret that Terraform hides is not taken for one", () => {
  expect(readOutput(`secret = <sensitive>\ntenant_id = "${tenantId}"`)).toEqual({ tenantId });
});

test.each([
  "",
  tenantId,
  clientSecret,
  "Secret ID: 4f0b8a2e-0000-4000-8000-000000000000",
  "{ not JSON }",
  "[1, 2]",
  '{"value": "x"}',
  "Tenant:\n\n",
  "Please send me the tenant and the secret.",
])("finds nothing in %j", (text) => {
  expect(readOutput(text)).toEqual({});
});
