import { screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { sessionQuery } from "@/api/session";
import { rememberReturn } from "@/lib/authorizing";
import { anAccountKey, anAuthorization } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, record, refuse, server } from "@/test/server";

const attempt = anAuthorization();
const at = `/authorization/${attempt.id}`;
const account = anAccountKey().account;

const failure: Schemas["AuthorizationFailure"] = {
  code: "invalid_client_secret",
  class: "configuration",
  field: "clientSecret",
  message: "The client secret is wrong.",
  fix: "Copy its Value.",
  microsoft: null,
};

function serveResult(found: Partial<Schemas["AuthorizationResult"]>) {
  server.use(
    answer("get", "/oauth/callback/:aid", {
      ...attempt,
      accountKey: { id: attempt.accountKeyId, displayName: "Invoices mailbox" },
      ...found,
    }),
  );
}

afterEach(() => sessionStorage.clear());

test.each<[Partial<Schemas["AuthorizationResult"]>, string, string]>([
  [
    { status: "succeeded", account },
    "Invoices mailbox is authorized",
    "Signed in as invoices@contoso.example.",
  ],
  [{ status: "failed", failure }, "Invoices mailbox is not authorized", "The client secret is wrong."],
  [
    { status: "failed", failure: { ...failure, class: "declined", message: "The sign-in was cancelled." } },
    "Invoices mailbox is not authorized",
    "The sign-in was cancelled.",
  ],
  [{ status: "expired" }, "Invoices mailbox is not authorized", "This attempt took too long."],
  [{ status: "pending" }, "Authorization", "The outcome is not known yet."],
  [
    { status: "needs_confirmation", account },
    "A person must confirm the account",
    "must confirm invoices@contoso.example",
  ],
])("an outcome is told: %j", async (found, title, text) => {
  serveResult(found);
  renderAt(at);
  expect(await screen.findByRole("heading", { name: title })).toBeVisible();
  expect(await screen.findByText(text, { exact: false })).toBeVisible();
  const link = await screen.findByRole("link", { name: "To the account keys" });
  expect(link).toHaveAttribute("href", "/account-keys");
});

test("the owner of a mailbox, who has no account here, is not led to a sign-in page", async () => {
  server.use(refuse("get", "/api/v1/session", { status: 401, code: "unauthenticated" }));
  serveResult({ status: "succeeded", account });
  const { queryClient } = renderAt(at);
  expect(await screen.findByRole("heading", { name: "Invoices mailbox is authorized" })).toBeVisible();
  await waitFor(() => expect(queryClient.getQueryData(sessionQuery.queryKey)).toBeNull());
  expect(screen.queryByRole("link", { name: "To the account keys" })).not.toBeInTheDocument();
});

test.each(["/authorization/unknown", at])("%s of another browser is not known", async (path) => {
  server.use(refuse("get", "/oauth/callback/:aid", { status: 404, code: "not_found" }));
  renderAt(path);
  expect(await screen.findByRole("heading", { name: "This sign-in is not known" })).toBeVisible();
});

test("an outcome that can't be read can be read again", async () => {
  server.use(refuse("get", "/oauth/callback/:aid", { status: 503, code: "unavailable" }));
  const { user } = renderAt(at);
  const again = await screen.findByRole("button", { name: "Try again" });
  serveResult({ status: "succeeded", account });
  await user.click(again);
  expect(await screen.findByRole("heading", { name: "Invoices mailbox is authorized" })).toBeVisible();
});

test("a tab that went to Microsoft itself goes back to the wizard, once", async () => {
  rememberReturn(attempt.id, attempt.accountKeyId);
  serveResult({ status: "succeeded", account });
  server.use(
    answer("get", "/api/v1/account-keys/:id", anAccountKey(), { etag: '"v1"' }),
    answer("get", "/api/v1/account-keys/:id/authorizations/:aid", {
      ...attempt,
      status: "succeeded",
      account,
    }),
  );
  const { router } = renderAt(at);
  expect(await screen.findByText("Authorized for invoices@contoso.example")).toBeVisible();
  expect(router.state.location.pathname).toBe(`/account-keys/${attempt.accountKeyId}/setup`);
  expect(router.state.location.search).toEqual({ step: "authorize", attempt: attempt.id });
});

const link: Schemas["AuthorizationLink"] = {
  displayName: "Invoices mailbox",
  cloudName: "Microsoft (global)",
  tenantId: "fabrikam.example",
  scopes: ["Mail.Read", "Mail.Send"],
  requestedBy: "Ada Admin",
  expiresAt: "2026-11-24T10:00:00Z",
};

test("a link says who asks for what, and starts nothing by being opened", async () => {
  const follow = record("post", "/oauth/links/:token", { url: "https://login.example" });
  server.use(answer("get", "/oauth/links/:token", link), follow.handler);
  renderAt("/authorize/the-token");
  expect(await screen.findByRole("heading", { name: "Authorize Invoices mailbox" })).toBeVisible();
  expect(screen.getByText("Ada Admin asks you to let Latchkey use your mailbox.")).toBeVisible();
  expect(screen.getByText("Mail.Read, Mail.Send")).toBeVisible();
  expect(screen.getByText("fabrikam.example")).toBeVisible();
  expect(follow.sent).toEqual([]);
});

test("a link that can't go on any more says why", async () => {
  server.use(
    answer("get", "/oauth/links/:token", link),
    refuse("post", "/oauth/links/:token", {
      status: 409,
      code: "suspended",
      detail: "The key is suspended.",
      fix: "Ask Ada.",
    }),
  );
  const { user } = renderAt("/authorize/the-token");
  await user.click(await screen.findByRole("button", { name: "Continue to Microsoft" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The key is suspended.");
});

test("a link that is not known says so", async () => {
  server.use(
    refuse("get", "/oauth/links/:token", {
      status: 404,
      code: "not_found",
      detail: "This link is not known.",
    }),
  );
  renderAt("/authorize/the-token");
  expect(await screen.findByText("This link is not known.")).toBeVisible();
});

test("the window says that it waits", async () => {
  renderAt("/authorizing");
  expect(await screen.findByRole("heading", { name: "Checking with Microsoft" })).toBeVisible();
});

test("a fault of ours after Microsoft's dialog is told in words, signed in or not", async () => {
  server.use(refuse("get", "/api/v1/session", { status: 401, code: "unauthenticated" }));
  renderAt("/authorization/error");
  expect(await screen.findByRole("heading", { name: "The sign-in could not be recorded" })).toBeVisible();
  expect(screen.getByText(/choose Authorize again/)).toBeVisible();
});
