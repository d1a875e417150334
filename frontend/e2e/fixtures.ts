import { expect, test as base, type BrowserContext, type Page } from "@playwright/test";
import { seed, startServers, type Servers } from "./servers";

export { expect, seed };

export const admin = {
  name: "Ada Admin",
  email: "ada@example.com",
  password: "four plain words here",
};

type Fixtures = {
  servers: Servers;
  /** What browsers complain about on any page, also in pop-ups: scripts that threw, broken policies. */
  complaints: string[];
  /** The first administrator is there before the test, and signed in. */
  ready: boolean;
  signedIn: undefined;
  /** A page in a browser of somebody else's, with cookies of its own. */
  anotherPage: Page;
};

export const test = base.extend<Fixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names from here.
  servers: async ({}, provide) => {
    const servers = await startServers();
    await provide(servers);
    await servers.stop();
  },
  baseURL: async ({ servers }, provide) => provide(servers.url),
  complaints: [
    async ({ context }, provide) => {
      const complaints: string[] = [];
      await collect(context, complaints);
      await provide(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
  ready: [false, { option: true }],
  signedIn: [
    async ({ context, ready, servers }, provide) => {
      if (ready) await setUp(context, servers);
      await provide(undefined);
    },
    { auto: true },
  ],
  anotherPage: async ({ browser, baseURL, complaints }, provide) => {
    const context = await browser.newContext({ baseURL });
    await collect(context, complaints);
    await provide(await context.newPage());
    await context.close();
  },
});

/** Makes the first administrator, and signs the browser in. */
export async function setUp(context: BrowserContext, { setupCode, url }: Servers) {
  const answer = await context.request.post(`${url}/api/v1/setup`, {
    headers: { Origin: url },
    data: { setupCode, ...admin },
  });
  expect(answer.status()).toBe(201);
}

async function collect(context: BrowserContext, complaints: string[]) {
  const complain = (url: string, text: string) => {
    complaints.push(`${url}: ${text}`);
  };
  await context.exposeBinding("complain", ({ frame }, text: string) => complain(frame.url(), text));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      // oxlint-disable-next-line typescript/no-explicit-any, typescript/no-unsafe-type-assertion
      const { complain: tell } = window as unknown as { complain: (text: string) => void };
      tell(`securitypolicyviolation ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.on("console", (message) => {
    // A refused request is for the page to tell, and no fault of its own.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
    complain(message.page()?.url() ?? "", message.text());
  });
  context.on("weberror", (error) => complain(error.page()?.url() ?? "", String(error.error())));
}

/** The wizard, up to the details. */
export async function toDetails(page: Page, name: string) {
  await page.goto("/account-keys/new");
  await expect(page.getByRole("combobox", { name: "Account Key Type" })).toBeVisible();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Display Name").fill(name);
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByLabel("Redirect URI", { exact: true })).toHaveValue(/\/oauth\/callback$/);
  await page.getByRole("button", { name: "It is registered, next" }).click();
  await expect(page.getByRole("heading", { name: "Authorization Details" })).toBeVisible();
}

export const field = (page: Page) => ({
  tenantId: page.getByLabel("Directory (tenant) ID"),
  clientId: page.getByLabel("Application (client) ID"),
  clientSecret: page.getByLabel("Secret Key"),
});

export async function fillDetails(page: Page, given: Partial<typeof seed> = {}) {
  const { tenantId, clientId, clientSecret } = { ...seed, ...given };
  await field(page).tenantId.fill(tenantId);
  await field(page).clientId.fill(clientId);
  await field(page).clientSecret.fill(clientSecret);
}

export const authorize = (page: Page) => page.getByRole("button", { name: "Authorize", exact: true });

/** Clicks Authorize and gives the pop-up. */
export async function openPopup(page: Page): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent("popup"), authorize(page).click()]);
  return popup;
}

/** Microsoft's pages up to the consent. */
export async function signInAtMicrosoft(page: Page) {
  await page.locator("#username").fill(seed.mara.name);
  await page.locator("#next").click();
  await page.locator("#password").fill(seed.mara.password);
  await page.locator("#sign-in").click();
  await page.locator("#stay-no").click();
  await expect(page.locator("#permissions")).toBeVisible();
}

export const succeeded = (page: Page) => page.getByText(`Authorized for ${seed.mara.name}`, { exact: true });

/** A key that works, through the wizard; the list shows it. */
export async function authorizedKey(page: Page, name: string) {
  await toDetails(page, name);
  await fillDetails(page);
  const popup = await openPopup(page);
  await signInAtMicrosoft(popup);
  await Promise.all([popup.waitForEvent("close"), popup.locator("#accept").click()]);
  await expect(succeeded(page)).toBeVisible();
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page).toHaveURL(/\/account-keys\?/);
}
