import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { admin, authorizedKey, expect, test } from "./fixtures";
import { look } from "./look";

test.use({ ready: true });
test.setTimeout(240_000);

const log = (page: Page) => page.getByRole("table", { name: "Audit entries" });
const details = (page: Page) => page.getByRole("dialog", { name: "Details" });

test("what happened is found, read, linked and exported", async ({ page, servers }) => {
  await authorizedKey(page, "Invoices mailbox");
  await page.request.post(`${servers.url}/api/v1/session`, {
    headers: { Origin: servers.url },
    data: { email: "stranger@example.com", password: "not the password" },
  });

  await page.getByRole("link", { name: "Audit Log" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Audit Log" })).toBeFocused();
  const newest = log(page).getByRole("row").nth(1);
  await expect(newest).toContainText("Sign-in failed");
  await expect(newest).toContainText("stranger@example.com");
  await look(page, "audit log");

  await page.getByLabel("Action").selectOption({ label: "Account keys: all" });
  await expect(page).toHaveURL(/action=account_key\./);
  await expect(log(page).getByRole("row").nth(1)).toContainText("Authorized for mara@fabrikam.example");
  await log(page).getByRole("link", { name: "Account key authorized" }).click();
  const changes = details(page).getByRole("table", { name: "What changed" });
  await expect(changes.getByRole("row", { name: /Status/ })).toContainText(/Draft.*Authorized/);
  await expect(details(page)).toContainText("127.0.0.1");
  await expect(page).toHaveURL(/entry=/);
  await look(page, "audit entry");

  await page.reload();
  await expect(changes).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(details(page)).toBeHidden();
  await log(page).getByRole("link", { name: "Account key created" }).click();
  await details(page).getByRole("link", { name: "Everything about it" }).click();
  await expect(details(page)).toBeHidden();
  await expect(page.getByRole("list", { name: "Narrowed to" })).toContainText("About Invoices mailbox");
  await look(page, "audit log of one key");

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^latchkey-audit-\d{4}-\d\d-\d\dT\d{6}Z\.ndjson$/);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  const exported = lines.map((line) => JSON.parse(line) as { object: { name: string } });
  expect(exported).toHaveLength((await log(page).getByRole("row").count()) - 1);
  expect(new Set(exported.map(({ object }) => object.name))).toEqual(new Set(["Invoices mailbox"]));

  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(log(page).getByRole("row").nth(1)).toContainText("Audit log exported");
  await page.getByRole("textbox", { name: "Search" }).fill("no such words");
  await expect(page.getByText("No entry matches")).toBeVisible();
  await look(page, "audit log without a match");
});

test("a key's timeline leads to its part of the log", async ({ page }) => {
  await authorizedKey(page, "Invoices mailbox");
  await page.getByRole("link", { name: "Invoices mailbox" }).click();
  const timeline = page.getByRole("table", { name: "What happened" });
  await expect(timeline.getByRole("row").nth(1)).toContainText(admin.name);
  await timeline.getByRole("link", { name: "Account key created" }).click();
  await expect(page).toHaveURL(/\/audit-log\?/);
  await expect(details(page).getByRole("heading", { name: "Account key created" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(log(page).getByRole("row")).toHaveCount((await timelineOf(page)) + 1);
  await log(page).getByRole("link", { name: "Invoices mailbox" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: /Invoices mailbox/ })).toBeVisible();
});

/** How many entries there are about the only key. */
async function timelineOf(page: Page): Promise<number> {
  const keys = (await (await page.request.get("/api/v1/account-keys")).json()) as { items: { id: string }[] };
  const activity = await page.request.get(`/api/v1/account-keys/${keys.items[0]?.id}/activity`);
  return ((await activity.json()) as { items: unknown[] }).items.length;
}
