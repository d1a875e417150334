import { authorizedKey, expect, test } from "./fixtures";
import { look } from "./look";

test.use({ ready: true });
test.setTimeout(240_000);

test("somebody is invited, comes in, looks but does not touch, and is shut out", async ({
  anotherPage: theirs,
  page,
  servers,
}) => {
  await authorizedKey(page, "Invoices mailbox");
  await page.goto("/settings?tab=people");
  await page.getByRole("button", { name: "Add person" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Vic Viewer");
  await page.getByLabel("Email").fill("vic@example.com");
  await page.getByRole("radio", { name: "Viewer" }).click();
  await look(page, "add person");
  await page.getByRole("button", { name: "Make invitation link" }).click();
  const link = page.getByLabel("Invitation link", { exact: true });
  await expect(link).toHaveValue(new RegExp(`^${servers.url}/invitation#[\\w-]{43}$`));
  await look(page, "invitation link");
  const first = await link.inputValue();
  await page.getByRole("button", { name: "I have copied the link" }).click();
  const row = page.getByRole("row", { name: /Vic Viewer/ });
  await expect(row).toContainText("Invited");
  await expect(row).toContainText("Link good until");
  await look(page, "people with an invitation");

  await row.getByRole("button", { name: "More actions for Vic Viewer" }).click();
  await page.getByRole("menuitem", { name: "Renew invitation" }).click();
  await look(page, "renew invitation");
  await page.getByRole("button", { name: "Make a link" }).click();
  await expect(link).not.toHaveValue(first);
  const second = await link.inputValue();
  await page.getByRole("button", { name: "I have copied the link" }).click();

  await theirs.goto(first);
  await expect(theirs.getByText("This link is not good any more")).toBeVisible();
  await look(theirs, "invitation that has ended");
  await theirs.goto(second);
  await expect(theirs.getByRole("heading", { name: "Welcome, Vic Viewer" })).toBeVisible();
  await look(theirs, "invitation");
  // Whatever opens the link once more, such as a program that looks through mail, spends nothing.
  await theirs.reload();
  await theirs.getByLabel("Password", { exact: true }).fill("four plain words there");
  await theirs.getByRole("button", { name: "Set password and sign in" }).click();
  await expect(theirs).toHaveURL(`${servers.url}/account-keys`);

  await expect(theirs.getByRole("link", { name: "Invoices mailbox" })).toBeVisible();
  await expect(theirs.getByRole("link", { name: "New Account Key" })).toHaveCount(0);
  await theirs.getByRole("link", { name: "Invoices mailbox" }).click();
  await expect(theirs.getByRole("heading", { name: "What happened" })).toBeVisible();
  await expect(
    theirs.getByRole("main").getByRole("button", { name: /More actions|Check|Authorize/ }),
  ).toHaveCount(0);
  await expect(theirs.getByRole("main").getByRole("link", { name: "Authorize again" })).toHaveCount(0);
  await expect(theirs.getByRole("link", { name: "API Clients" })).toHaveCount(0);
  await theirs.getByRole("link", { name: "Settings" }).click();
  await expect(theirs.getByRole("tab", { name: "Your account", selected: true })).toBeVisible();
  await expect(theirs.getByRole("tab", { name: "People" })).toHaveCount(0);
  await expect(theirs.getByRole("row", { name: /This browser/ })).toBeVisible();
  await look(theirs, "your account");

  await page.reload();
  await expect(row).toContainText("Active");
  await row.getByRole("button", { name: "More actions for Vic Viewer" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await look(page, "disable a person");
  await page.getByRole("button", { name: "Disable" }).click();
  await expect(row).toContainText("Disabled");

  await expect.poll(async () => (await theirs.request.get("/api/v1/session")).status()).toBe(401);
  await theirs.reload(); // what was read a moment ago would be shown without asking
  await expect(theirs.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await theirs.getByLabel("Email").fill("vic@example.com");
  await theirs.getByLabel("Password", { exact: true }).fill("four plain words there");
  await theirs.getByRole("button", { name: "Sign in" }).click();
  await expect(theirs.getByText("The email address or the password is wrong.")).toBeVisible();
});

test("a forgotten password is chosen anew by a link, which signs out what was signed in", async ({
  anotherPage: theirs,
  page,
}) => {
  await page.goto("/settings?tab=people");
  const url = page.url();
  const made = await page.request.post("/api/v1/users", {
    headers: { Origin: new URL(url).origin },
    data: {
      name: "Olga Operator",
      email: "olga@example.com",
      role: "operator",
      password: "seven quiet herons 41",
    },
  });
  expect(made.status()).toBe(201);
  await page.reload();
  await page.getByRole("button", { name: "More actions for Olga Operator" }).click();
  await page.getByRole("menuitem", { name: "Password-reset link" }).click();
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = await page.getByLabel("Password-reset link", { exact: true }).inputValue();
  await theirs.goto(link);
  await expect(theirs.getByRole("heading", { name: "Choose a new password" })).toBeVisible();
  await look(theirs, "password reset");
  await theirs.getByLabel("Password", { exact: true }).fill("nine loud magpies 62");
  await theirs.getByRole("button", { name: "Set password and sign in" }).click();
  await expect(theirs.getByText("No account keys yet")).toBeVisible();
  await theirs.goto(link);
  await expect(theirs.getByText("This link is not good any more")).toBeVisible();
});
