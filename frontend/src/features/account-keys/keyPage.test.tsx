import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { AccountKeyDetails } from "@/api/account-keys";
import type { Authorization } from "@/api/authorizations";
import { aCheckReport, anAccountKey, anInstance, anAuthorization, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const key = anAccountKey();
const other = {
  objectId: "other",
  tenantId: "7b1d0c5e-1111-4222-8333-444455556666",
  displayName: "Other",
  userPrincipalName: "other@contoso.example",
};
const waiting = anAccountKey({
  pendingConfirmation: { authorizationId: "att-1", account: other, expiresAt: "2099-01-01T00:00:00Z" },
});

function serve(found: AccountKeyDetails) {
  server.use(
    answer("get", "/api/v1/account-keys/:id", found, { etag: '"v1"' }),
    answer("get", "/api/v1/account-keys/:id/activity", page([])),
  );
}

/** The page of a key, which is as told. */
function renderKey(found: Partial<AccountKeyDetails> = {}) {
  serve({ ...key, ...found });
  return renderAt(`/account-keys/${key.id}`);
}

test.each([
  ["Use the new account", "confirm", "Authorized for other@contoso.example"],
  ["Keep the present account", "reject", "The key stays with invoices@contoso.example"],
])("a sign-in by another account is decided on the key's page: %s", async (button, what, told) => {
  const confirmed = what === "confirm";
  const decided = record("post", `/api/v1/account-keys/:id/authorizations/att-1/${what}`, {
    ...anAuthorization({ id: "att-1", account: other }),
    status: confirmed ? "succeeded" : "failed",
    currentAccount: confirmed ? other : key.account,
  });
  server.use(decided.handler);
  const { user } = renderKey(waiting);
  expect(await screen.findByText("Another account signed in")).toBeVisible();
  expect(screen.getByText("Other (other@contoso.example)")).toBeVisible();
  serve(key);
  await user.click(screen.getByRole("button", { name: button }));
  expect(await screen.findByText(told)).toBeVisible();
  await waitFor(() => expect(screen.queryByText("Another account signed in")).not.toBeInTheDocument());
  expect(decided.sent).toHaveLength(1);
});

test("a sign-in that somebody else decided about meanwhile is not asked about again", async () => {
  server.use(
    refuse("post", "/api/v1/account-keys/:id/authorizations/:aid/confirm", {
      status: 409,
      code: "nothing_to_confirm",
      detail: "This authorization does not wait for a decision.",
    }),
  );
  const { user } = renderKey(waiting);
  const confirm = await screen.findByRole("button", { name: "Use the new account" });
  serve(key);
  await user.click(confirm);
  expect(await screen.findAllByText("This authorization does not wait for a decision.")).not.toEqual([]);
  await waitFor(() => expect(confirm).not.toBeInTheDocument());
});

test("a viewer sees that a sign-in waits, and has no choice to make", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderKey(waiting);
  expect(await screen.findByText("Another account signed in")).toBeVisible();
  expect(screen.getByText(/An administrator or operator must choose/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Use the new account" })).not.toBeInTheDocument();
});

/** Opens one of the dialogs behind "More actions". */
async function openDialog(user: ReturnType<typeof renderAt>["user"], item: string, title = item) {
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: item }));
  return within(await screen.findByRole("dialog", { name: title }));
}

test("a secret that is replaced is tried at once, and the page follows what the server finds out", async () => {
  server.use(
    answer("patch", "/api/v1/account-keys/:id", key, { etag: '"v2"' }),
    answer(
      "post",
      "/api/v1/account-keys/:id/check",
      aCheckReport(
        {
          client_secret: { result: "failed", message: "The client secret is wrong.", field: "clientSecret" },
        },
        { result: "failed", message: "Needs mending: Secret Key." },
      ),
    ),
  );
  const { user } = renderKey();
  const dialog = await openDialog(user, "Replace secret");
  await user.type(dialog.getByLabelText("Secret Key"), "wrong");
  await user.click(dialog.getByRole("button", { name: "Replace secret" }));
  const check = within(await screen.findByRole("dialog", { name: "Check Invoices mailbox" }));
  expect(check.getByText(/^The new secret is saved\./)).toBeVisible();
  expect(await check.findByText("The client secret is wrong.")).toBeVisible();
  expect(screen.getByText("Authorized", { selector: "header *" })).toBeInTheDocument();
  // The trial in the background ends after the check.
  serve({ ...key, status: "misconfigured" });
  expect(await screen.findByText("Misconfigured")).toBeInTheDocument();
});

const revoked = { ...key, status: "revoked" as const };
const link = anAuthorization({ mode: "link", url: "https://latchkey.example/authorize/x" });

/** The dialog of a link that was made, which is as told when it is looked at. */
async function madeLink(found: Partial<Authorization>) {
  server.use(
    answer("post", "/api/v1/account-keys/:id/authorizations", link, { status: 201 }),
    answer("get", "/api/v1/account-keys/:id/authorizations/:aid", { ...link, ...found }),
  );
  const { user } = renderKey(revoked);
  const dialog = await openDialog(user, "Authorization link for somebody else", "Authorization link");
  serve(key);
  await user.click(dialog.getByRole("button", { name: "Make a link" }));
  return dialog;
}

test("a link that was used shows on the page behind its dialog", async () => {
  const dialog = await madeLink({ status: "succeeded", account: key.account });
  expect(await dialog.findByText("Authorized for invoices@contoso.example")).toBeVisible();
  await waitFor(() => expect(screen.queryByText("Revoked")).not.toBeInTheDocument());
});

test("a link that is too old says so", async () => {
  const dialog = await madeLink({ status: "expired" });
  expect(await dialog.findByText("Nobody came back in time")).toBeVisible();
  expect(dialog.getByText(/make another/)).toBeVisible();
});

test("a sign-in by link that failed says why, and what to do", async () => {
  const failure = {
    code: "invalid_client_secret",
    class: "configuration" as const,
    field: "clientSecret",
    message: "The client secret is wrong.",
    fix: "Copy its Value.",
    microsoft: null,
  };
  const dialog = await madeLink({ status: "failed", failure });
  expect(await dialog.findByText("The client secret is wrong.")).toBeVisible();
  expect(dialog.getByText("Copy its Value.")).toBeVisible();
});

test.each([
  ["Replace secret", "Replace secret", ["Replace secret", "Cancel"]],
  ["Edit permissions", "Edit permissions", ["Save changes", "Cancel"]],
  ["Authorization link for somebody else", "Authorization link", ["Make a link", "Close"]],
])("%s: the last two buttons are the way on and the way out", async (item, title, last) => {
  const { user } = renderKey();
  const dialog = await openDialog(user, item, title);
  const names = dialog.getAllByRole("button").map((button) => button.textContent);
  expect(names.slice(-2)).toEqual(last);
});

const reason = {
  code: "x",
  message: "It is off.",
  fix: "Resume the key.",
  since: "2026-11-20T09:00:00Z",
};

test.each([
  [key, "Invoices mailbox serves tokens again."],
  [{ ...key, status: "misconfigured" as const }, "Invoices mailbox is no longer suspended."],
])("a suspended key is resumed where the page says that it is suspended", async (after, told) => {
  const resumed = record("post", "/api/v1/account-keys/:id/resume", after);
  server.use(resumed.handler);
  const { user } = renderKey({ status: "suspended", statusReason: reason });
  const resume = await screen.findByRole("button", { name: "Resume" });
  serve(after);
  await user.click(resume);
  expect(await screen.findByText(told)).toBeVisible();
  await waitFor(() => expect(resume).not.toBeInTheDocument());
  expect(resumed.sent).toHaveLength(1);
});

test("a viewer is told who can mend a key, not to mend it", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderKey({ status: "suspended", statusReason: reason });
  expect(await screen.findByText("For an administrator or operator: Resume the key.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Resume" })).not.toBeInTheDocument();
});

test("every way to go on setting a draft up opens it where it was left", async () => {
  renderKey({ status: "draft", statusReason: reason });
  const links = await screen.findAllByRole("link", { name: "Continue setting up" });
  expect(links).toHaveLength(2);
  for (const each of links) expect(each).toHaveAttribute("href", `/account-keys/${key.id}/setup`);
});

test("a key without a token says so", async () => {
  renderKey({ ...revoked, token: { expiresAt: null, refreshedAt: null } });
  expect(await screen.findByText("No token")).toBeVisible();
});

test("what a key is comes from the server: its type's name and the address in the command", async () => {
  const types = anInstance().accountKeyTypes.map((type) => ({ ...type, name: "Another type" }));
  const instance = anInstance({ publicUrl: "https://keys.example", accountKeyTypes: types });
  server.use(answer("get", "/api/v1/instance", instance));
  renderKey();
  expect(await screen.findByText("Another type")).toBeVisible();
  expect(await screen.findByText(/latchkey='?https:\/\/keys\.example/)).toBeVisible();
});

test("a visit reads the key and its uses again, however lately they were read", async () => {
  const { queryClient, router } = renderKey({ lastUsedAt: "2000-01-01T00:00:00Z" });
  await screen.findByRole("heading", { name: key.displayName });
  await router.navigate({ to: "/settings" });
  await screen.findByRole("heading", { name: "Settings" });
  serve({ ...key, description: "used meanwhile" });
  const consumer = {
    type: "api_client",
    id: "c1",
    name: "billing",
    allowed: true,
    usesLast24Hours: 1,
    usesLast30Days: 1,
    lastUsedAt: null,
  };
  server.use(answer("get", "/api/v1/account-keys/:id/usage", { consumers: [consumer], targets: [] }));
  expect(queryClient.isFetching()).toBe(0);
  await router.navigate({ to: "/account-keys/$id", params: { id: key.id } });
  expect(await screen.findByText("used meanwhile")).toBeVisible();
  expect(await screen.findByText("billing")).toBeVisible();
});
