import { admin, authorizedKey, expect, test } from "./fixtures";

test("from the set-up code to mail that a program reads", async ({ page, request, servers }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/setup$/);
  await page.getByLabel("Set-up code").fill(servers.setupCode);
  await page.getByLabel("Your name").fill(admin.name);
  await page.getByLabel("Email").fill(admin.email);
  await page.getByLabel("Password", { exact: true }).fill(admin.password);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(page.getByText("No account keys yet")).toBeVisible();

  await page.getByRole("link", { name: "New Account Key" }).click();
  await authorizedKey(page, "Invoices mailbox");
  const first = page.getByRole("row").nth(1);
  await expect(first).toContainText("Invoices mailbox");
  await expect(first).toContainText("Authorized");
  await first.getByRole("link", { name: "Invoices mailbox" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Invoices mailbox");
  const keyId = new URL(page.url()).pathname.split("/").at(-1);

  await page.goto("/api-clients/new");
  await page.getByLabel("Name", { exact: true }).fill("billing");
  await page.getByRole("checkbox", { name: "Get access tokens of account keys" }).click();
  await page.getByRole("checkbox", { name: "Invoices mailbox" }).click();
  await page.getByRole("button", { name: "Create API client" }).click();
  const clientId = await page.getByLabel("Client ID", { exact: true }).inputValue();
  const secret = await page.getByLabel("Client secret", { exact: true }).inputValue();

  const token = await request.post(`${servers.url}/oauth/token`, {
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}` },
    form: { grant_type: "client_credentials" },
  });
  expect(token.status()).toBe(200);
  const { access_token: jwt } = (await token.json()) as { access_token: string };
  const issued = await request.post(`${servers.url}/api/v1/account-keys/${keyId}/access-token`, {
    headers: { Authorization: `Bearer ${jwt}` },
  });
  expect(issued.status()).toBe(200);
  const { accessToken } = (await issued.json()) as { accessToken: string };
  const mail = await request.get(`${servers.emulator}/v1.0/me/messages`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  });
  expect(mail.status()).toBe(200);
  const { value } = (await mail.json()) as { value: unknown[] };
  expect(value.length).toBeGreaterThan(0);
});
