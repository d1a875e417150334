import type { Page } from "@playwright/test";
import { expect, field, fillDetails, openPopup, seed, test, toDetails } from "./fixtures";
import { look } from "./look";

test.use({ ready: true, permissions: ["clipboard-read", "clipboard-write"] });
test.setTimeout(240_000);

const opener = (page: Page) => page.getByRole("button", { name: "How to make the Azure app" });
const aside = (page: Page) => page.getByRole("complementary", { name: "How to make the Azure app" });
const drawer = (page: Page) => page.getByRole("dialog", { name: "How to make the Azure app" });
const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

const printed = [
  `Directory (tenant) ID:   ${seed.tenantId}`,
  `Application (client) ID: ${seed.clientId}`,
  `Secret:                  ${seed.clientSecret}`,
  "",
].join("\n");

/** The key is for one of Microsoft's clouds from here on; the tests' own cloud is the emulator. */
async function chooseMicrosoft(page: Page) {
  await page.getByText("More", { exact: true }).click();
  await page.getByRole("combobox", { name: "Cloud" }).click();
  await page.getByRole("option", { name: "Microsoft (global)" }).click();
}

async function pasteInto(page: Page, text: string, label: string) {
  await page.evaluate((value) => navigator.clipboard.writeText(value), text);
  await page.getByLabel(label).focus();
  await page.keyboard.press("ControlOrMeta+v");
}

async function expectFilled(page: Page) {
  await expect(field(page).tenantId).toHaveValue(seed.tenantId);
  await expect(field(page).clientId).toHaveValue(seed.clientId);
  await expect(field(page).clientSecret).toHaveValue(seed.clientSecret);
  await expect(page.getByRole("status").filter({ hasText: "Filled in" })).toHaveText(
    "Filled in: Directory (tenant) ID, Application (client) ID, Secret Key.",
  );
}

test("the guide goes by keyboard, and what it copies has this server's redirect URI", async ({
  page,
  servers,
}) => {
  await toDetails(page, "Invoices mailbox");
  await chooseMicrosoft(page);
  await opener(page).focus();
  await page.keyboard.press("Enter");
  await expect(aside(page).getByRole("heading", { name: "How to make the Azure app" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(aside(page).getByRole("tab", { name: "Portal" })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(aside(page).getByRole("tab", { name: "Azure CLI", selected: true })).toBeVisible();

  const copy = aside(page).getByRole("button", { name: "Copy Script for the Azure CLI" });
  await copy.focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => clipboard(page)).toContain(`--web-redirect-uris '${servers.url}/oauth/callback'`);
  expect(await clipboard(page)).toContain("--display-name='Latchkey: Invoices mailbox'");

  await page.keyboard.press("Escape");
  await expect(aside(page)).toBeHidden();
  await expect(opener(page)).toBeFocused();
  // What was chosen is in the address, and the form is as it was left.
  await expect(page.getByRole("combobox", { name: "Cloud" })).toHaveText(/Microsoft \(global\)/);
});

test("what is chosen under More is in the scripts at once", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await chooseMicrosoft(page);
  await opener(page).click();
  await aside(page).getByRole("tab", { name: "Terraform" }).click();
  const config = aside(page).getByRole("region", { name: "main.tf" });
  await expect(config).not.toContainText("Mail.Send.Shared");
  await page
    .getByRole("checkbox", { name: "Send mail on behalf of mailboxes shared with the account" })
    .click();
  await expect(config).toContainText('"Mail.Send.Shared",');
  await page
    .getByLabel("Another Microsoft Graph permission")
    .fill("https://graph.microsoft.com/Calendars.Read");
  await page.keyboard.press("Enter");
  await expect(config).toContainText('"Calendars.Read",');
  await page.getByRole("combobox", { name: "Cloud" }).click();
  await page.getByRole("option", { name: "China (21Vianet)" }).click();
  await expect(config).toContainText('environment = "china"');

  // All of it is saved with the step.
  await page.getByRole("button", { name: "Save and finish later" }).click();
  await page.getByRole("link", { name: "Invoices mailbox" }).click();
  await page.getByRole("button", { name: "It is registered, next" }).click();
  await page.getByText("More", { exact: true }).click();
  await expect(page.getByRole("button", { name: "Remove Calendars.Read" })).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "Send mail on behalf" })).toBeChecked();
});

test("three lines fill the fields, pasted into the box or into any of the three", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await page.getByText("Paste all three at once").click();
  await pasteInto(page, printed, "What a script printed");
  await expectFilled(page);
  await expect(page.getByLabel("What a script printed")).toHaveValue("");
  for (const label of ["Directory (tenant) ID", "Application (client) ID", "Secret Key"]) {
    await page.reload();
    await expect(field(page).clientSecret).toHaveValue("");
    await pasteInto(page, printed, label);
    await expectFilled(page);
  }
});

test("the guide is for everybody, in every tab", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await opener(page).click();
  await expect(page.getByText("Emulator is not one of Microsoft's clouds")).toBeVisible();
  await page.keyboard.press("Escape");
  await chooseMicrosoft(page);
  await page.getByRole("button", { name: "Save and finish later" }).click();
  await page.getByRole("link", { name: "Invoices mailbox" }).click();
  await expect(opener(page)).toBeVisible();
  const address = new URL(page.url());
  for (const way of ["portal", "cli", "powershell", "terraform"]) {
    address.search = `?step=details&guide=${way}`;
    await page.goto(address.href);
    await page.setViewportSize({ width: 1280, height: 800 });
    await expect(aside(page).getByRole("tabpanel")).toBeVisible();
    await look(page, `guide ${way}`);
  }
});

test("on a phone the guide is a drawer", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await page.setViewportSize({ width: 360, height: 740 });
  await opener(page).click();
  await expect(drawer(page)).toBeVisible();
  await look(page, "guide of another cloud");
  await page.setViewportSize({ width: 360, height: 740 });
  await page.keyboard.press("Escape");
  await expect(drawer(page)).toBeHidden();
  await expect(opener(page)).toBeFocused();
});

test("the words of Microsoft's error page find their answer, with this key's redirect URI", async ({
  page,
  servers,
}) => {
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page);
  const popup = await openPopup(page);
  await expect(popup.locator("#username")).toBeVisible();
  // As if another address were registered for the app than Latchkey sends.
  const address = new URL(popup.url());
  address.searchParams.set("redirect_uri", `${servers.url}/somewhere/else`);
  await popup.goto(address.href);
  const said = await popup.locator("body").innerText();
  expect(said).toContain("AADSTS50011");

  await page.getByText("What do you see on Microsoft's page?").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Need admin approval", { exact: true })).toBeVisible();
  await look(page, "wizard waiting with help");
  await page.getByRole("textbox", { name: "Text or AADSTS number" }).fill(said);
  await expect(page.getByText("Need admin approval", { exact: true })).toBeHidden();
  await expect(page.getByLabel("Redirect URI", { exact: true })).toHaveValue(`${servers.url}/oauth/callback`);
  await look(page, "help with an answer");
});
