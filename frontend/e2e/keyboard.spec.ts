import type { Page } from "@playwright/test";
import { expect, seed, succeeded, test } from "./fixtures";

test.use({ ready: true });

type Target = { role: Parameters<Page["getByRole"]>[0]; name: string | RegExp } | { css: string };

/** Presses Tab until the focus is there, as somebody without a mouse does. */
async function tabTo(page: Page, target: Target) {
  const wanted =
    "css" in target ? page.locator(target.css) : page.getByRole(target.role, { name: target.name });
  await expect(wanted).toBeVisible();
  for (let presses = 0; presses < 40; presses++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never comes to ${JSON.stringify(target)}`);
}

async function press(page: Page, target: Target) {
  await tabTo(page, target);
  await page.keyboard.press("Enter");
}

async function type(page: Page, target: Target, text: string) {
  await tabTo(page, target);
  await page.keyboard.type(text);
}

test("the whole wizard goes by keyboard", async ({ page }) => {
  await page.goto("/");
  await press(page, { role: "link", name: "New Account Key" });
  // Down to the list of types and back: it holds one.
  await tabTo(page, { role: "combobox", name: "Account Key Type" });
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("option")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("option")).toHaveCount(0);
  await press(page, { role: "button", name: "Next" });
  await type(page, { role: "textbox", name: "Display Name" }, "Invoices mailbox");
  await page.keyboard.press("Enter");
  await press(page, { role: "button", name: "It is registered, next" });
  await type(page, { role: "textbox", name: "Directory (tenant) ID" }, seed.tenantId);
  await type(page, { role: "textbox", name: "Application (client) ID" }, seed.clientId);
  await type(page, { role: "textbox", name: "Secret Key" }, seed.clientSecret);
  const [popup] = await Promise.all([page.waitForEvent("popup"), page.keyboard.press("Enter")]);

  await type(popup, { css: "#username" }, seed.mara.name);
  await popup.keyboard.press("Enter");
  await type(popup, { css: "#password" }, seed.mara.password);
  await popup.keyboard.press("Enter");
  await press(popup, { css: "#stay-no" });
  await tabTo(popup, { css: "#accept" });
  await Promise.all([popup.waitForEvent("close"), popup.keyboard.press("Enter")]);

  await expect(succeeded(page)).toBeVisible();
  await press(page, { role: "button", name: "Finish" });
  await expect(page.getByRole("row").nth(1)).toContainText("Authorized");
});
