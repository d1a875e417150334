import type { BrowserContext, Page } from "@playwright/test";
import {
  admin,
  authorizedKey,
  expect,
  field,
  fillDetails,
  openPopup,
  setUp,
  signInAtMicrosoft,
  succeeded,
  test,
} from "./fixtures";
import { look } from "./look";

test.setTimeout(240_000);

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name });

test("the pages before the sign-in are for everybody", async ({ context, page, servers }) => {
  await page.goto("/setup");
  await expect(heading(page, "Set up Latchkey")).toBeVisible();
  await look(page, "set-up");
  await setUp(context, servers);
  await context.clearCookies();
  await page.goto("/sign-in");
  await expect(heading(page, "Sign in")).toBeVisible();
  await look(page, "sign-in");
  await page.goto("/authorization/unknown");
  await expect(heading(page, "This sign-in is not known")).toBeVisible();
  await look(page, "unknown sign-in");
  await page.goto("/no-such-page");
  await expect(heading(page, "This page doesn’t exist")).toBeVisible();
  await look(page, "no such page");
});

test.describe("signed in", () => {
  test.use({ ready: true });

  test("the wizard is for everybody, step by step", async ({ page }) => {
    await page.goto("/account-keys");
    await expect(page.getByText("No account keys yet")).toBeVisible();
    await look(page, "empty list");
    await page.getByRole("link", { name: "New Account Key" }).click();
    await expect(page.getByRole("combobox", { name: "Account Key Type" })).toBeVisible();
    await look(page, "wizard type");
    await page.getByRole("combobox", { name: "Account Key Type" }).click();
    await expect(page.getByRole("option")).toBeVisible();
    await look(page, "wizard type with its list open", [360]);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("option")).toBeHidden();
    await page.getByRole("button", { name: "Next" }).click();
    await expect(page.getByLabel("Display Name")).toBeVisible();
    await look(page, "wizard name");
    await page.getByLabel("Display Name").fill("Invoices mailbox");
    await page.getByRole("button", { name: "Next" }).click();
    await expect(page.getByRole("button", { name: "It is registered, next" })).toBeVisible();
    await look(page, "wizard redirect");
    await page.getByRole("button", { name: "It is registered, next" }).click();
    await expect(field(page).tenantId).toBeVisible();
    await look(page, "wizard details");
    await page.getByRole("button", { name: "Authorize", exact: true }).click();
    await expect(field(page).tenantId).toHaveAttribute("aria-invalid", "true");
    await look(page, "wizard details in error");
    await page.getByText("More", { exact: true }).click();
    await look(page, "wizard details with more");
    await fillDetails(page);
    const popup = await openPopup(page);
    await expect(page.getByText("Waiting for Microsoft's sign-in")).toBeVisible();
    await look(page, "wizard waiting");
    await signInAtMicrosoft(popup);
    await Promise.all([popup.waitForEvent("close"), popup.locator("#accept").click()]);
    await expect(succeeded(page)).toBeVisible();
    await look(page, "wizard success");
    await page.getByRole("button", { name: "Finish" }).click();
    await expect(page.getByRole("row").nth(1)).toContainText("Authorized");
    await look(page, "list");
  });

  test("the page of a key and its link are for everybody", async ({ context, page, servers }) => {
    await authorizedKey(page, "Invoices mailbox");
    await useKeys(context, servers.url);
    await page.getByRole("link", { name: "Invoices mailbox" }).click();
    await expect(heading(page, /Invoices mailbox/)).toBeVisible();
    await expect(page.getByRole("heading", { name: "What happened" })).toBeVisible();
    const used = page.getByRole("table", { name: "Used by" }).getByRole("row");
    await expect(used.filter({ hasText: "billing" }).getByRole("link")).toBeVisible();
    await expect(used.filter({ hasText: admin.name })).toContainText("Person");
    await look(page, "key");
    await page.getByRole("button", { name: "More actions" }).click();
    await expect(page.getByRole("menu")).toBeVisible();
    await look(page, "key with its menu open", [360]);
    for (const [action, name] of [
      ["Replace secret", "Replace secret"],
      ["Delete", "Delete Invoices mailbox?"],
    ] as const) {
      if (await page.getByRole("menu").isHidden()) {
        await page.getByRole("button", { name: "More actions" }).click();
      }
      await page.getByRole("menuitem", { name: action, exact: true }).click();
      const dialog = page.getByRole(name.endsWith("?") ? "alertdialog" : "dialog", { name });
      await expect(dialog).toBeVisible();
      await look(page, action, [360]);
      await page.keyboard.press("Escape");
      await expect(dialog).toBeHidden();
    }
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Edit permissions" }).click();
    await expect(
      page.getByRole("dialog").getByRole("checkbox", { name: "Send mail", exact: true }),
    ).toBeChecked();
    await look(page, "edit permissions");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Authorization link for somebody else" }).click();
    await page.getByRole("button", { name: "Make a link" }).click();
    const link = page.getByRole("dialog").getByLabel("Authorization link", { exact: true });
    await expect(link).toHaveValue(new RegExp(`^${servers.url}/authorize/`));
    await look(page, "link dialog");
    const url = await link.inputValue();
    await context.clearCookies();
    await page.goto(url);
    await expect(page.getByRole("button", { name: "Continue to Microsoft" })).toBeVisible();
    await look(page, "link");
    await page.goto(`${servers.url}/authorize/no-such-link`);
    await expect(heading(page, "Authorization link")).toBeVisible();
    await expect(page.getByRole("alert")).toBeVisible();
    await look(page, "link that is not known");
  });

  // Each width has a menu of its own.
  for (const width of [360, 1280]) {
    test(`the user's menu and its dialog are for everybody at ${width} px`, async ({ page }) => {
      await page.setViewportSize({ width, height: 800 });
      await page.goto("/account-keys");
      await page.getByRole("button", { name: `Account menu of ${admin.name}` }).click();
      await expect(page.getByRole("menu")).toBeVisible();
      await look(page, "user menu", [width]);
      await page.getByRole("menuitem", { name: "Change password" }).click();
      await expect(page.getByRole("dialog").getByLabel("Current password")).toBeFocused();
      await look(page, "change password", [width]);
    });
  }

  test("the pages of API clients are for everybody", async ({ page }) => {
    await page.goto("/api-clients");
    await expect(page.getByText("No API clients yet")).toBeVisible();
    await look(page, "no API clients");
    await page.goto("/api-clients/new");
    await page.getByLabel("Name", { exact: true }).fill("billing");
    await page.getByRole("checkbox", { name: "Get access tokens of account keys" }).click();
    await look(page, "new API client");
    await page.getByText("Every account key").click();
    await page.getByRole("radio", { name: "Only what a leash allows" }).click();
    await page.getByRole("checkbox", { name: "Bound the paths of its Graph calls" }).click();
    await page.getByLabel("Allowed paths").fill("/me/messages/**\n/me/mailFolders/**");
    await page.getByRole("checkbox", { name: "Bound whom it sends mail to" }).click();
    await page.getByLabel("Domains of recipients").fill("contoso.com\nno domain");
    await page.getByLabel("Mails a day").fill("100");
    await page.getByRole("button", { name: "Create API client" }).click();
    await expect(page.getByText("Write domains as contoso.com")).toBeVisible();
    await look(page, "API client on a leash that is refused");
    await page.getByLabel("Domains of recipients").fill("contoso.com");
    await page.getByRole("button", { name: "Create API client" }).click();
    await expect(heading(page, "billing is ready")).toBeVisible();
    await look(page, "API client with its secret");
    await page.getByRole("button", { name: "I have copied the secret" }).click();
    await expect(heading(page, "billing")).toBeVisible();
    await expect(page.getByText("Graph calls by GET at /me/messages/**, /me/mailFolders/**")).toBeVisible();
    await look(page, "API client");
    await page.goto("/api-clients");
    await expect(page.getByRole("link", { name: "billing" })).toBeVisible();
    await look(page, "API clients");
  });

  for (const [tab, name] of [
    ["people", "People"],
    ["account", "Your account"],
    ["appearance", "Appearance"],
    ["about", "About"],
  ] as const) {
    test(`the settings' ${name} are for everybody`, async ({ page }) => {
      await page.goto(`/settings?tab=${tab}`);
      const chosen = page.getByRole("tab", { name, selected: true });
      await expect(chosen).toBeVisible();
      await look(page, `settings ${tab}`);
      await page.setViewportSize({ width: 360, height: 800 });
      await expect(chosen).toBeInViewport({ ratio: 1 });
    });
  }
});

/** Somebody gets a token of every key there is, and a program may. */
async function useKeys({ request }: BrowserContext, url: string) {
  const headers = { Origin: url };
  const client = await request.post(`${url}/api/v1/api-clients`, {
    headers,
    data: { name: "billing", permissions: ["tokens:issue"], allAccountKeys: true, accountKeyIds: [] },
  });
  expect(client.status()).toBe(201);
  const keys: { items: { id: string }[] } = await (await request.get(`${url}/api/v1/account-keys`)).json();
  for (const { id } of keys.items) {
    const token = await request.post(`${url}/api/v1/account-keys/${id}/access-token`, { headers });
    expect(token.status()).toBe(200);
  }
}
