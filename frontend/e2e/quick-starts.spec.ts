import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { authorizedKey, expect, test } from "./fixtures";
import { look } from "./look";

const run = promisify(execFile);

test.use({ ready: true });
test.setTimeout(240_000);

/** How each is run that runs here: the file it is saved as, the program, and what becomes of the text. */
const ways = [
  { tab: "curl", file: "start.sh", program: "sh", args: [] },
  { tab: "Go", file: "main.go", program: "go", args: ["run"] },
  { tab: "TypeScript", file: "start.mjs", program: process.execPath, args: [] },
];

test("what is copied from the key's page runs as it stands", async ({ page, servers }) => {
  await authorizedKey(page, "Invoices mailbox");
  await page.getByRole("link", { name: "Invoices mailbox" }).click();
  const keyId = new URL(page.url()).pathname.split("/").at(-1);
  const made = await page.request.post("/api/v1/api-clients", {
    headers: { Origin: servers.url },
    data: { name: "starter", permissions: ["tokens:issue"], accountKeyIds: [keyId] },
  });
  const { secret } = (await made.json()) as { secret: string };

  const section = page.getByRole("region", { name: "Use it from a program" });
  const folder = await mkdtemp(join(tmpdir(), "latchkey-start-"));
  try {
    for (const { tab, file, program, args } of ways) {
      await section.getByRole("tab", { name: tab, exact: true }).click();
      const text = await section.getByRole("tabpanel").locator("code").innerText();
      const path = join(folder, file);
      await writeFile(path, tab === "TypeScript" ? javaScript(text) : text);
      const { stdout } = await run(program, [...args, path], {
        cwd: folder,
        env: { ...process.env, LATCHKEY_SECRET: secret },
      });
      expect(stdout, tab).toContain("Invoice");
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await look(page, "quick starts");
  await section.getByRole("tab", { name: "Azure SDKs" }).click();
  await expect(section.getByLabel("IDENTITY_ENDPOINT", { exact: true })).toHaveValue(
    `${servers.url}/identity/${keyId}/token`,
  );
  await look(page, "azure start");
});

/** What Node.js 22 does by itself: takes the types out. What is wrong with them fails the test. */
function javaScript(text: string): string {
  const { outputText, diagnostics } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  expect(diagnostics).toEqual([]);
  return outputText;
}
