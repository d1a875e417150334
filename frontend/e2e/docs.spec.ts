import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

test.use({ ready: true });

/**
 * Makes an API client, as the administrator who is signed in on the page, and closes that: a window that others may
 * cover draws as it likes, and the reference is looked at in one of somebody else's.
 */
async function apiClient(page: Page, origin: string): Promise<{ id: string; secret: string }> {
  const made = await page.request.post("/api/v1/api-clients", {
    headers: { Origin: origin },
    data: { name: "billing", permissions: ["account-keys:read"], allAccountKeys: true },
  });
  expect(made.status()).toBe(201);
  const client = (await made.json()) as { id: string; secret: string };
  await page.close();
  return client;
}

test("an API client signs in to the reference, and tries an operation", async ({
  page,
  servers,
  anotherPage,
}) => {
  const { id, secret } = await apiClient(page, servers.url);

  await anotherPage.goto("/docs#/Account%20keys/listAccountKeys");
  await anotherPage.getByRole("button", { name: "Authorize" }).click();
  const dialog = anotherPage.locator(".auth-container", { hasText: "clientCredentials" });
  await dialog.getByLabel("client_id").fill(id);
  await dialog.getByLabel("client_secret").fill(secret);
  await dialog.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
  await expect(dialog.getByText("Authorized")).toBeVisible();
  await anotherPage.locator(".close-modal").click();

  const operation = anotherPage.locator("[id$=-listAccountKeys]");
  await operation.getByRole("button", { name: "Try it out" }).click();
  const [answer] = await Promise.all([
    anotherPage.waitForResponse((response) => response.url().includes("/api/v1/account-keys")),
    operation.getByRole("button", { name: "Execute" }).click(),
  ]);
  expect(answer.status()).toBe(200);
  await expect(operation.getByRole("cell", { name: "200", exact: true }).first()).toBeVisible();
});

test("the reference tells what is wrong with a secret", async ({ page, servers, anotherPage }) => {
  const { id } = await apiClient(page, servers.url);

  await anotherPage.goto("/docs");
  await anotherPage.getByRole("button", { name: "Authorize" }).click();
  const dialog = anotherPage.locator(".auth-container", { hasText: "clientCredentials" });
  await dialog.getByLabel("client_id").fill(id);
  await dialog.getByLabel("client_secret").fill("lk_wrong");
  await dialog.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
  await expect(dialog.locator(".errors")).toContainText(/id or the secret is not good/i);
});
