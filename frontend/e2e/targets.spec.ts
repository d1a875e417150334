import { authorizedKey, expect, test } from "./fixtures";
import { look } from "./look";

test.setTimeout(240_000);
test.use({ ready: true });

test("a target is made, checked, and called from its page, within its bounds", async ({
  page,
  context,
  servers,
}) => {
  await authorizedKey(page, "Invoices mailbox");
  await page.getByRole("link", { name: "Targets" }).click();
  await expect(page.getByText("No targets yet")).toBeVisible();
  await look(page, "no targets");
  await page.getByRole("link", { name: "New target" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Invoices inbox");
  await page.getByRole("radio", { name: "Invoices mailbox" }).click();
  await page.getByLabel("Base path").fill("/me");
  await page.getByLabel("Allowed paths").fill("/me/messages/**\n/me/messages*");
  await page.getByRole("button", { name: "Add header" }).click();
  await page.getByLabel("Header", { exact: true }).fill("Cookie");
  await page.getByLabel("Value", { exact: true }).fill("a=b");
  await page.getByText("Examples").click();
  await page.getByRole("button", { name: "Create target" }).click();
  await expect(page.getByText(/^\/me\/messages\*: A star stands for one whole segment/)).toBeVisible();
  await expect(page.getByText("This header is not for a target to set")).toBeVisible();
  await look(page, "new target in error");
  await page.getByLabel("Allowed paths").fill("/me/messages/**");
  await page.getByLabel("Header", { exact: true }).fill("Prefer");
  await page.getByLabel("Value", { exact: true }).fill('IdType="ImmutableId"');
  await page.getByRole("button", { name: "Create target" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Invoices inbox" })).toBeVisible();
  const address = await page.getByLabel("Address", { exact: true }).inputValue();
  expect(address).toContain(`${servers.url}/api/v1/targets/`);

  const check = page.getByRole("region", { name: "Can this key do that here?" });
  await check.getByRole("button", { name: "Check" }).click();
  await expect(check.getByText("Yes, nothing stands in the way.")).toBeVisible();
  await check.getByLabel("Path and query").fill("/calendar");
  await check.getByRole("button", { name: "Check" }).click();
  await expect(check.getByText("No. What stands in the way is marked below.")).toBeVisible();
  await look(page, "target");

  await page.getByRole("tab", { name: "Try it" }).click();
  const path = page.getByLabel("Path and query");
  await path.fill("/messages?$top=2&$select=subject");
  await path.press("Control+Enter");
  const body = page.getByRole("region", { name: "Body of the answer" });
  await expect(body).toContainText('"subject":');
  await expect(page.getByRole("button", { name: "Next page" })).toBeVisible();
  await page.getByRole("button", { name: "Next page" }).click();
  await expect(path).toHaveValue(/skip/i);
  await expect(body).toContainText('"subject":');
  await path.fill("/mailFolders");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByText("Latchkey answered, not Microsoft Graph")).toBeVisible();
  await look(page, "console refused");
  await page.getByRole("button", { name: /^200 GET \/messages\?\$top=2&\$select/ }).click();
  await expect(body).toContainText('"subject":');
  await look(page, "console");

  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await expect(page.getByRole("button", { name: "Copy as curl" })).toContainText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    [
      "curl",
      '-H "Authorization: Bearer $LATCHKEY_TOKEN"',
      `'${address}/messages?$top=2&$select=subject'`,
    ].join(" \\\n  "),
  );

  await page.goto("/targets");
  await expect(page.getByRole("link", { name: "Invoices inbox" })).toBeVisible();
  await look(page, "targets");
});
