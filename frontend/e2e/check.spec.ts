import type { Page } from "@playwright/test";
import {
  authorize,
  authorizedKey,
  expect,
  field,
  fillDetails,
  openPopup,
  seed,
  signInAtMicrosoft,
  succeeded,
  test,
  toDetails,
} from "./fixtures";
import { look } from "./look";

test.use({ ready: true });
test.setTimeout(240_000);

const wrongSecret = "UQH8Q~wrong-from-start-to-end-0000000000";

/** The line of a check, by its name. */
const line = (page: Page, name: string) =>
  page.getByRole("listitem").filter({ has: page.getByText(name, { exact: true }) });

const check = (page: Page) => page.getByRole("button", { name: "Check", exact: true });

test("a good key passes every check", async ({ page, servers }) => {
  await authorizedKey(page, "Invoices mailbox");
  await page.getByRole("link", { name: "Invoices mailbox" }).click();
  await check(page).click();
  const dialog = page.getByRole("dialog", { name: "Check Invoices mailbox" });
  await expect(dialog.getByRole("status")).toHaveText("Everything is in order.");
  await expect(dialog.getByRole("listitem")).toHaveCount(9);
  await expect(dialog.getByText("Passed", { exact: true })).toHaveCount(9);
  const counters = await page.request.get(`${servers.emulator}/_emulator/counters`);
  expect(await counters.json()).toMatchObject({ "token.refresh_token.200": 1 });
  await look(page, "check passed");
  await page.getByRole("button", { name: "Close" }).last().click();
  await expect(check(page)).toBeFocused();
});

test("a wrong secret is marked at its check, which leads to the field", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page, { clientSecret: wrongSecret });
  const id = new URL(page.url()).pathname.split("/").at(-2);
  await page.getByRole("button", { name: "Save and finish later" }).click();
  await expect(page).toHaveURL(/\/account-keys\?/);
  await page.goto(`/account-keys/${id}`);
  await check(page).click();
  const secret = line(page, "Secret Key");
  await expect(secret).toContainText("Failed");
  await expect(secret).toContainText("The client secret is wrong");
  await expect(line(page, "Application (client) ID")).toContainText("Passed");
  await expect(line(page, "Authorization")).toContainText("Skipped");
  await expect(page.getByRole("dialog").getByRole("status")).toHaveText("Needs mending: Secret Key.");
  await look(page, "check failed");

  await page.getByRole("link", { name: "Go to Secret Key" }).click();
  await expect(field(page).clientSecret).toBeFocused();
  await field(page).clientSecret.fill(seed.clientSecret);
  const popup = await openPopup(page);
  await signInAtMicrosoft(popup);
  await Promise.all([popup.waitForEvent("close"), popup.locator("#accept").click()]);
  await expect(succeeded(page)).toBeVisible();
});

test("the wizard checks what is typed, and saves nothing", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page, { clientSecret: wrongSecret });
  await check(page).click();
  await expect(line(page, "Secret Key")).toContainText("Failed");
  await look(page, "check in the wizard");
  await page.getByRole("button", { name: "Go to Secret Key" }).click();
  await expect(field(page).clientSecret).toBeFocused();
  await expect(field(page).clientSecret).toHaveAccessibleDescription(/wrong/);
  await field(page).clientSecret.fill(seed.clientSecret);
  await expect(line(page, "Secret Key")).toHaveCount(0);
  await check(page).click();
  await expect(line(page, "Secret Key")).toContainText("Passed");
  await page.reload();
  await expect(field(page).tenantId).toHaveValue("");
});

test("an administrator's consent lets the owner sign in", async ({ browser, page, servers }) => {
  await page.request.patch(`${servers.emulator}/_emulator/settings`, { data: { consentPolicy: "managed" } });
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page);
  const popup = await openPopup(page);
  await popup.locator("#username").fill(seed.mara.name);
  await popup.locator("#next").click();
  await popup.locator("#password").fill(seed.mara.password);
  await popup.locator("#sign-in").click();
  await popup.locator("#stay-no").click();
  await Promise.all([popup.waitForEvent("close"), popup.locator("#return").click()]);
  await expect(page.getByText("Must an administrator approve it?")).toBeVisible();
  await look(page, "consent offered");
  await page.getByRole("button", { name: "Copy link for your administrator" }).click();
  const link = await page.getByLabel("Link for your administrator", { exact: true }).inputValue();
  await look(page, "consent link");

  const elsewhere = await browser.newContext();
  const ines = await elsewhere.newPage();
  await ines.goto(link);
  await ines.locator("#username").fill("ines@fabrikam.example");
  await ines.locator("#next").click();
  await ines.locator("#password").fill("ines-lantern-88");
  await ines.locator("#sign-in").click();
  await ines.locator("#code").fill("246810");
  await ines.locator("#verify").click();
  await ines.locator("#stay-no").click();
  await ines.locator("#accept").click();
  await expect(ines.getByRole("heading", { name: "Thank you" })).toBeVisible();
  await expect(ines.getByText("You can close this window.")).toBeVisible();
  expect(ines.url()).not.toMatch(/state|tenant|scope/);
  await look(ines, "consent granted");
  await elsewhere.close();

  await page.getByRole("button", { name: "Start again" }).click();
  await expect(authorize(page)).toBeVisible();
  const again = await openPopup(page);
  await Promise.all([again.waitForEvent("close"), again.locator("#account-mara").click()]);
  await expect(succeeded(page)).toBeVisible();
});
