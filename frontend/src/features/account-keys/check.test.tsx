import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import type { AccountKey } from "@/api/account-keys";
import { aCheckReport, anAccountKey, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const id = anAccountKey().id;
const path = `/api/v1/account-keys/${id}`;

function keyIs(over: Partial<AccountKey> = {}) {
  server.use(
    answer("get", path, anAccountKey(over), { etag: '"1"' }),
    answer("get", `${path}/activity`, page([])),
  );
}

const wrongSecret = aCheckReport(
  {
    client_secret: {
      result: "failed",
      message: "The client secret is wrong.",
      fix: "Copy its Value column.",
      field: "clientSecret",
      microsoft: {
        error: "invalid_client",
        codes: [7000215],
        traceId: "t-1",
        correlationId: "c-1",
        timestamp: "",
      },
    },
    refresh: { result: "skipped", message: "Not checked: Microsoft refuses a refresh." },
  },
  { result: "failed", message: "Needs mending: Secret Key.", passed: 7, failed: 1, skipped: 1 },
);

/** The line of a check, by its name. */
async function line(name: string) {
  const title = await screen.findByText(name, { selector: "li span" });
  const item = title.closest("li");
  if (!item) throw new Error(`no line for ${name}`);
  return within(item);
}

test("checking a key shows what runs, then every check with its result", async () => {
  keyIs();
  const release: (() => void)[] = [];
  const released = new Promise<void>((resolve) => release.push(resolve));
  server.use(
    http.post(`*${path}/check`, async () => {
      await released;
      return HttpResponse.json(aCheckReport());
    }),
  );
  const { user } = renderAt(`/account-keys/${id}`);
  await user.click(await screen.findByRole("button", { name: "Check" }));
  const dialog = await screen.findByRole("dialog", { name: "Check Invoices mailbox" });
  expect(within(dialog).getByRole("status")).toHaveTextContent("Checking with Microsoft…");
  expect(within(dialog).getAllByRole("listitem")).toHaveLength(9);
  release[0]?.();
  await waitFor(() =>
    expect(within(dialog).getByRole("status")).toHaveTextContent("Everything is in order."),
  );
  expect(within(dialog).getAllByText("Passed")).toHaveLength(9);
});

test("a check that failed tells cause, fix and facts, and leads to the field", async () => {
  keyIs();
  const check = record("post", `${path}/check`, wrongSecret);
  server.use(check.handler);
  const { user, router } = renderAt(`/account-keys/${id}`);
  await user.click(await screen.findByRole("button", { name: "Check" }));
  const secret = await line("Secret Key");
  expect(secret.getByText("Failed")).toBeVisible();
  expect(secret.getByText("The client secret is wrong.")).toBeVisible();
  expect(secret.getByText("Copy its Value column.")).toBeVisible();
  expect(secret.getByText("invalid_client · AADSTS7000215")).toBeInTheDocument();
  expect((await line("Authorization")).getByText("Skipped")).toBeVisible();
  expect(check.sent).toEqual([undefined]);

  await user.click(secret.getByRole("link", { name: "Go to Secret Key" }));
  const input = await screen.findByLabelText("Secret Key");
  expect(router.state.location.href).toBe(`/account-keys/${id}/setup?step=details&field=clientSecret`);
  expect(input).toHaveAccessibleDescription(/A check found that this is not right/);
  await waitFor(() => expect(input).toHaveFocus());
});

test("a check that cannot be made says so, and can be tried again", async () => {
  keyIs();
  server.use(
    refuse("post", `${path}/check`, { status: 500, code: "internal", detail: "Something went wrong." }),
  );
  const { user } = renderAt(`/account-keys/${id}`);
  await user.click(await screen.findByRole("button", { name: "Check" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Something went wrong.");
  server.use(answer("post", `${path}/check`, aCheckReport()));
  await user.click(screen.getByRole("button", { name: "Check again" }));
  expect(await screen.findByText("Everything is in order.")).toBeVisible();
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("missing permissions offer both ways on", async () => {
  keyIs();
  const consent = record(
    "post",
    `${path}/admin-consent`,
    { url: "https://login.example/x", expiresAt: "2026-12-01T00:00:00Z" },
    201,
  );
  server.use(
    consent.handler,
    answer(
      "post",
      `${path}/check`,
      aCheckReport({
        permissions: {
          result: "failed",
          message: "Mail.Send is missing.",
          fix: "Authorize again.",
          field: "scopes",
        },
      }),
    ),
  );
  const { user } = renderAt(`/account-keys/${id}`);
  await user.click(await screen.findByRole("button", { name: "Check" }));
  const permissions = await line("Permissions");
  expect(permissions.getByRole("link", { name: "Authorize again" })).toBeVisible();
  await user.click(permissions.getByRole("button", { name: "Copy link for your administrator" }));
  expect(await permissions.findByLabelText("Link for your administrator")).toHaveValue(
    "https://login.example/x",
  );
  expect(consent.sent).toHaveLength(1);
});

test("a viewer sees no check", async () => {
  keyIs();
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt(`/account-keys/${id}`);
  await screen.findByRole("heading", { name: "Invoices mailbox", level: 1 });
  expect(screen.queryByRole("button", { name: "Check" })).not.toBeInTheDocument();
});

test("the wizard checks what is typed without saving it, and forgets the result when it changes", async () => {
  keyIs({ status: "draft", account: null });
  const check = record("post", "/api/v1/account-keys/check", wrongSecret);
  server.use(check.handler);
  const { user } = renderAt(`/account-keys/${id}/setup?step=details`);
  const input = await screen.findByLabelText("Secret Key");
  await user.type(input, "wrong~one");
  await user.click(screen.getByRole("button", { name: "Check" }));
  const secret = await line("Secret Key");
  expect(check.sent).toEqual([
    expect.objectContaining({
      accountKeyId: id,
      clientSecret: "wrong~one",
      tenantId: anAccountKey().tenantId,
      scopes: anAccountKey().scopes,
    }),
  ]);

  await user.click(secret.getByRole("button", { name: "Go to Secret Key" }));
  expect(input).toHaveFocus();
  expect(input).toHaveAccessibleDescription(/The client secret is wrong. Copy its Value column./);
  await user.type(input, "2");
  expect(screen.queryByText("Needs mending: Secret Key.")).not.toBeInTheDocument();
});
