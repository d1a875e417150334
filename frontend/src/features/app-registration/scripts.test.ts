/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anAccountKey, anInstance } from "@/test/factories";
import { azureCliScript } from "./azureCli";
import { powerShellScript } from "./powerShell";
import { readOutput } from "./readOutput";
import { registrationOf, type Chosen, type Registration } from "./registration";
import { terraformConfig } from "./terraform";

const now = new Date("2026-11-25T15:00:00Z");
const key = anAccountKey({ redirectUri: "https://latchkey.fabrikam.example/oauth/callback" });
const chosen = { cloud: "global", tenantId: "", scopes: key.scopes };
const secret = "Qz8~a.b-c_d";

function registration(change: Partial<Chosen> = {}, displayName = "Invoices"): Registration {
  return registrationOf({ ...key, displayName }, { ...chosen, ...change }, anInstance(), now);
}

/** Names that are code in one language or another, and what is left of each on one line. */
const names: [name: string, written: string][] = [
  ["it's", "it's"],
  ['say "hi"', 'say "hi"'],
  ["$HOME $(touch pwned) ${HOME} %{if true}", "$HOME $(touch pwned) ${HOME} %{if true}"],
  ["`touch pwned`", "`touch pwned`"],
  ["a'; touch pwned; '", "a'; touch pwned; '"],
  ["a\ntouch pwned\n", "a touch pwned"],
  ["a\r\u2028b\u0000\u001b[31m\u202ec", "a b [31m c"],
  ["‘a’; New-Item pwned; ‚b‛", "‘a’; New-Item pwned; ‚b‛"],
  ["back\\slash\\", "back\\slash\\"],
  ["--query x=@/etc/hostname !! #", "--query x=@/etc/hostname !! #"],
  ["Löwe 🦁", "Löwe 🦁"],
];

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "latchkey-script-"));
  // Stand-ins on the path. Each call of `az` leaves its words, and answers as the real one would.
  command(
    "az",
    `for word in "$@"; do printf '%s\\0' "$word" >> ${folder}/words; done
printf '\\n\\0' >> ${folder}/words
case "$1 $2 $3" in
"ad app create") echo c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702 ;;
"ad sp show") echo 465a38f9-76ea-45b9-9f34-9e8b0d4b0b42 ;;
"account show --query") echo 7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11 ;;
"ad app credential") echo '${secret}' ;;
"ad app permission") [ "$4" != "\${REFUSED:-}" ] ;;
esac`,
  );
  command("sleep", "exit 0");
});
afterEach(() => rmSync(folder, { recursive: true }));

function command(name: string, body: string) {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** Runs a script in a real shell: what it printed, and the words of every `az` that it called. */
function run(script: string, env: Record<string, string> = {}) {
  const done = spawnSync("sh", ["-c", script], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: `${folder}:${process.env["PATH"] ?? ""}`, HOME: "/nonexistent", ...env },
  });
  const calls = readFileSync(join(folder, "words"), "utf8")
    .split("\n\0")
    .map((words) => words.split("\0").slice(0, -1));
  const call = (start: string) => calls.filter((words) => words.join(" ").startsWith(start));
  return { ...done, call };
}

/** The word after an option. */
const after = (words: string[] | undefined, option: string) => words?.[words.indexOf(option) + 1];

test("the Azure CLI script makes an app with the redirect URI and all permissions, and prints the three", () => {
  const { stdout, status, call } = run(azureCliScript(registration()));
  expect(status).toBe(0);
  const [create] = call("ad app create");
  expect(create).toContain("--display-name=Latchkey: Invoices");
  expect(after(create, "--web-redirect-uris")).toBe(key.redirectUri);
  expect(after(create, "--sign-in-audience")).toBe("AzureADMyOrg");
  expect(JSON.parse(after(create, "--required-resource-accesses") ?? "")).toEqual([
    {
      resourceAppId: "00000003-0000-0000-c000-000000000000",
      resourceAccess: [
        "37f7f235-527c-4136-accd-4a02d197296e",
        "14dad69e-099b-42c9-810b-d002981feec1",
        "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
        "570282fd-fa5c-430d-a7fd-fc8dc98a9dca",
        "024d486e-b451-40bb-833d-3e66d98c5c73",
        "e383f46e-2787-4529-855e-0e479a3ffac0",
        "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
      ].map((id) => ({ id, type: "Scope" })),
    },
  ]);
  expect(call("ad app permission")).toEqual([
    ["ad", "app", "permission", "admin-consent", "--id", "c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702"],
  ]);
  expect(call("ad app credential reset")[0]).toContain("--append");
  expect(call("login")[0]).toEqual(["login", "--allow-no-subscriptions", "--output", "none"]);
  expect(stdout.trimEnd().split("\n")).toHaveLength(3);
  expect(readOutput(stdout)).toEqual({
    tenantId: "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11",
    clientId: "c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702",
    clientSecret: secret,
  });
});

test.each(names)("the Azure CLI script takes the name %j for nothing but a name", (name, written) => {
  const { status, stderr, call } = run(azureCliScript(registration({}, name)));
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(call("ad app create")[0]?.[3]).toBe(`--display-name=Latchkey: ${written}`);
  expect(existsSync(join(folder, "pwned"))).toBe(false);
});

test("the Azure CLI script goes on without the consent, and stops without an app", () => {
  const refused = run(azureCliScript(registration()), { REFUSED: "admin-consent" });
  expect(refused.stderr).toContain("an administrator has to do it");
  expect(Object.keys(readOutput(refused.stdout))).toHaveLength(3);

  rmSync(join(folder, "words"));
  command("az", `printf '%s\\0' "$1" >> ${folder}/words; [ "$2" != app ]`);
  const { stdout, status } = run(azureCliScript(registration()));
  expect(status).not.toBe(0);
  expect(stdout).toBe("");
});

test("the Azure CLI script looks up a permission whose id is not known", () => {
  const script = azureCliScript(registration({ scopes: ["Calendars.Read", "Mail.Read"] }));
  const { call } = run(script);
  expect(after(call("ad sp show")[0], "--query")).toBe("oauth2PermissionScopes[?value=='Calendars.Read'].id");
  const [asked] = JSON.parse(after(call("ad app create")[0], "--required-resource-accesses") ?? "") as [
    { resourceAccess: unknown[] },
  ];
  expect(asked.resourceAccess).toHaveLength(6);
  expect(asked.resourceAccess).toContainEqual({ id: "465a38f9-76ea-45b9-9f34-9e8b0d4b0b42", type: "Scope" });

  // A name that Microsoft Graph doesn't have is told before there is an app.
  rmSync(join(folder, "words"));
  command("az", `printf '%s\\0\\n\\0' "$3" >> ${folder}/words`);
  const unknown = run(script);
  expect(unknown.stderr).toBe("Microsoft Graph has no delegated permission Calendars.Read\n");
  expect(unknown.status).toBe(1);
  expect(unknown.call("create")).toEqual([]);
});

test("what is no name of a permission comes into no script", () => {
  const scopes = ["Mail.Read", "x']; touch pwned; '", "a b", "$(touch pwned)", ""];
  const made = registration({ scopes });
  expect(made.scopes.map(({ name }) => name)).toEqual([
    "openid",
    "profile",
    "email",
    "offline_access",
    "Mail.Read",
  ]);
});

test.each([
  ["usgov", "AzureUSGovernment", "USGov", "usgovernmentl4"],
  ["usgov-dod", "AzureUSGovernment", "USGovDoD", "usgovernmentl5"],
  ["china", "AzureChinaCloud", "China", "china"],
])("every tool is told the cloud %s", (cloud, azure, environment, terraform) => {
  const made = registration({ cloud });
  const { call, status } = run(azureCliScript(made));
  expect(status).toBe(0);
  expect(call("cloud set")).toEqual([["cloud", "set", "--name", azure]]);
  // The Azure CLI's short command for admin consent refuses national clouds.
  expect(call("ad app permission admin-consent")).toEqual([]);
  expect(after(call("ad app permission grant")[0], "--scope")).toBe(
    "openid profile email offline_access Mail.Read Mail.ReadWrite Mail.Send User.Read",
  );
  expect(powerShellScript(made)).toContain(`ReadWrite.All' -Environment ${environment}\n`);
  expect(terraformConfig(made)).toContain(`environment = "${terraform}"`);
});

test("the global cloud is what the tools take without being told, but the Azure CLI, which remembers", () => {
  const made = registration();
  expect(run(azureCliScript(made)).call("cloud set")).toEqual([["cloud", "set", "--name", "AzureCloud"]]);
  expect(powerShellScript(made)).toContain("ReadWrite.All'\n");
  expect(terraformConfig(made)).toContain('provider "azuread" {}');
});

test("a cloud that is not Microsoft's has no scripts", () => {
  const made = registration({ cloud: "constructor" });
  expect(made.cloud).toBeNull();
  expect([azureCliScript(made), powerShellScript(made), terraformConfig(made)]).toEqual(["", "", ""]);
});

test("every tool signs in to the tenant once it is known", () => {
  const made = registration({ tenantId: "fabrikam.example" });
  expect(after(run(azureCliScript(made)).call("login")[0], "--tenant")).toBe("fabrikam.example");
  expect(powerShellScript(made)).toContain("-TenantId 'fabrikam.example'");
  expect(terraformConfig(made)).toContain('tenant_id = "fabrikam.example"');
  expect(registration({ tenantId: "half a' tenant" }).tenantId).toBe("");
});

/** What PowerShell reads from a quoted string at a place: its four single quotes each stand for themselves when doubled. */
function readPowerShell(script: string, from: string): string {
  const text = script.slice(script.indexOf(from) + from.length);
  expect(text[0]).toBe("'");
  let read = "";
  for (let at = 1; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (/['\u2018-\u201b]/.test(letter)) {
      if (!/['\u2018-\u201b]/.test(text[at + 1] ?? "")) return read;
      at++;
    }
    read += letter;
  }
  throw new Error("the string never ends");
}

test.each(names)("the PowerShell script takes the name %j for nothing but a name", (name, written) => {
  const script = powerShellScript(registration({}, name));
  expect(readPowerShell(script, "-DisplayName ")).toBe(`Latchkey: ${written}`);
});

test("the PowerShell script makes an app with the redirect URI and all permissions", () => {
  const script = powerShellScript(registration({ scopes: ["Mail.Read", "Calendars.Read"] }));
  expect(readPowerShell(script, "RedirectUris = @(")).toBe(key.redirectUri);
  expect(script).toContain("'570282fd-fa5c-430d-a7fd-fc8dc98a9dca'");
  expect(script).toContain("'7427e0e9-2fba-42fe-b0c0-848c9e6a8182'");
  expect(script).toContain("foreach ($name in 'Calendars.Read')");
  expect(script).toContain("-Scope 'openid profile email offline_access Mail.Read Calendars.Read'");
  expect(powerShellScript(registration())).not.toContain("foreach");
});

/** What Terraform reads from a quoted template without interpolation. */
function readTerraform(config: string, from: string): string {
  const text = config.slice(config.indexOf(from) + from.length);
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? "";
  expect(quoted.replaceAll("$${", "").replaceAll("%%{", "")).not.toMatch(/[$%]\{/);
  return String(JSON.parse(`"${quoted}"`))
    .replaceAll("$${", "${")
    .replaceAll("%%{", "%{");
}

test.each(names)("the Terraform configuration takes the name %j for nothing but a name", (name, written) => {
  const config = terraformConfig(registration({}, name));
  expect(readTerraform(config, "display_name     = ")).toBe(`Latchkey: ${written}`);
});

test("the Terraform configuration has the redirect URI, all permissions and an end for the secret", () => {
  const config = terraformConfig(registration({ scopes: ["Mail.Read", "Calendars.Read"] }));
  expect(readTerraform(config, "redirect_uris = [")).toBe(key.redirectUri);
  expect(config).toContain('"offline_access",\n    "Mail.Read",\n    "Calendars.Read",');
  expect(config).toContain('end_date       = "2027-11-25T00:00:00Z"');
});
