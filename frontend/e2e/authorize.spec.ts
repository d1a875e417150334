import type { Locator } from "@playwright/test";
import {
  authorize,
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

test.use({ ready: true });

async function expectMarked(input: Locator, why: RegExp) {
  await expect(input).toHaveAttribute("aria-invalid", "true");
  await expect(input).toHaveAccessibleDescription(why);
  await expect(input).toBeFocused();
}

test("a wrong secret is marked at its field, and mended there", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page, { clientSecret: "UQH8Q~wrong-from-start-to-end-0000000000" });
  const wrong = await openPopup(page);
  await expectMarked(field(page).clientSecret, /secret/i);
  await expect.poll(() => wrong.isClosed()).toBe(true);
  await expect(field(page).tenantId).not.toHaveAttribute("aria-invalid", "true");

  await field(page).clientSecret.fill(seed.clientSecret);
  const popup = await openPopup(page);
  await signInAtMicrosoft(popup);
  await Promise.all([popup.waitForEvent("close"), popup.locator("#accept").click()]);
  await expect(succeeded(page)).toBeVisible();
});

test("a tenant that does not exist is marked at its field", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page, { tenantId: "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e12" });
  const popup = await openPopup(page);
  await expectMarked(field(page).tenantId, /tenant|director/i);
  await expect.poll(() => popup.isClosed()).toBe(true);
  await expect(field(page).clientSecret).not.toHaveAttribute("aria-invalid", "true");
});

test("a declined consent is told as one, and can be tried again", async ({ page }) => {
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page);
  const popup = await openPopup(page);
  await signInAtMicrosoft(popup);
  await Promise.all([popup.waitForEvent("close"), popup.locator("#cancel").click()]);
  await expect(page.getByText("The sign-in was declined")).toBeVisible();
  await page.getByRole("button", { name: "Start again" }).click();
  await expect(authorize(page)).toBeVisible();
});

test("without a pop-up the sign-in goes through the same tab", async ({ page }) => {
  await page.addInitScript(() => {
    window.open = () => null;
  });
  await toDetails(page, "Invoices mailbox");
  await fillDetails(page);
  await authorize(page).click();
  await signInAtMicrosoft(page);
  await page.locator("#accept").click();
  await expect(succeeded(page)).toBeVisible();
  await expect(page).toHaveURL(/\/account-keys\/[^/]+\/setup\?/);
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByRole("row").nth(1)).toContainText("Authorized");
});
