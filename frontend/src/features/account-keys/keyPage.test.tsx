import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import type { AccountKeyDetails } from "@/api/account-keys";
import { anAccountKey, anAuthorization, aViewer } from "@/test/factories";
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
