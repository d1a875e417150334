import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import type { AuditAction, AuditEntry } from "@/api/audit-entries";
import { anAccountKey, anAuditEntry, aSession, aViewer, viewerPermissions } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, refuse, server } from "@/test/server";
import { actionOptions, fieldName, valueName } from "./words";

const path = "/api/v1/audit-entries";
const signIn = anAuditEntry({
  id: "0198a1b0-0000-7000-8000-0000000000e2",
  action: "session.failed",
  outcome: "failure",
  message: "Could not sign in.",
  actor: { type: "anonymous", id: "anonymous", name: "Somebody not signed in" },
  object: { type: "user", id: "", name: "stranger@example.com", deleted: false },
  changes: [],
});

/** Answers with entries and remembers what was asked for. */
function entries(...items: AuditEntry[]) {
  const asked: URLSearchParams[] = [];
  server.use(
    http.get(`*${path}`, ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(page(items));
    }),
  );
  return asked;
}

const row = (name: RegExp) => screen.findByRole("row", { name });
const details = () => screen.findByRole("dialog", { name: "Details" });
const exportLink = () => screen.getByRole("link", { name: "Export" });

test("entries tell what, on what, who and when, and a failure as one", async () => {
  entries(signIn, anAuditEntry());
  renderAt("/audit-log");
  const failed = await row(/Sign-in failed/);
  expect(within(failed).getByText("Failed")).toBeVisible();
  expect(within(failed).getByText("stranger@example.com")).toBeVisible();
  const changed = await row(/Account key changed/);
  expect(within(changed).getByText("Changed display name, secret.")).toBeVisible();
  expect(within(changed).getByText("Ada Admin")).toBeVisible();
  expect(within(changed).getByText(/Nov 20, 2026/)).toBeVisible();
  expect(within(changed).queryByText("Failed")).not.toBeInTheDocument();
});

test("a thing is a link while it is there, for those who may see it", async () => {
  const client = {
    type: "api_client",
    id: "0198a1b0-0000-7000-8000-0000000000c1",
    name: "billing",
    deleted: false,
  } as const;
  entries(
    anAuditEntry(),
    anAuditEntry({ id: "e-gone", object: { ...anAuditEntry().object, name: "Old mailbox", deleted: true } }),
    anAuditEntry({ id: "e-client", object: client }),
  );
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt("/audit-log");
  expect(await screen.findByRole("link", { name: "Invoices mailbox" })).toHaveAttribute(
    "href",
    "/account-keys/0198a1b0-0000-7000-8000-0000000000a1",
  );
  expect(screen.queryByRole("link", { name: "Old mailbox" })).not.toBeInTheDocument();
  expect(screen.getByText("Account key, deleted since")).toBeVisible();
  expect(screen.getByText("billing")).toBeVisible();
  expect(screen.queryByRole("link", { name: "billing" })).not.toBeInTheDocument(); // a viewer may not see it
});

test("filters go to the server, into the address and into the export", async () => {
  const asked = entries(anAuditEntry());
  const { user, router } = renderAt("/audit-log");
  await row(/Account key changed/);
  expect(exportLink()).toHaveAttribute("href", `${path}/export`);
  await user.selectOptions(screen.getByLabelText("Action"), "Account keys: all");
  await user.selectOptions(screen.getByLabelText("Outcome"), "Succeeded");
  await user.selectOptions(screen.getByLabelText("Who"), "People");
  await user.type(screen.getByRole("textbox", { name: /Search/ }), "invoices");
  fireEvent.change(screen.getByLabelText("From"), { target: { value: "2026-11-01" } });
  fireEvent.change(screen.getByLabelText("To"), { target: { value: "2026-11-30" } });
  const wanted = {
    action: "account_key.",
    outcome: "success",
    actorType: "user",
    q: "invoices",
    since: new Date("2026-11-01T00:00:00").toISOString(),
    until: new Date("2026-12-01T00:00:00").toISOString(), // the last day counts
  };
  await waitFor(() => expect(Object.fromEntries(asked.at(-1) ?? [])).toEqual(wanted));
  expect(router.state.location.search).toEqual({
    action: "account_key.",
    outcome: "success",
    actorType: "user",
    q: "invoices",
    from: "2026-11-01",
    to: "2026-11-30",
  });
  const exported = new URL(exportLink().getAttribute("href") ?? "", "http://x");
  expect(exported.pathname).toBe(`${path}/export`);
  expect(Object.fromEntries(exported.searchParams)).toEqual(wanted);
  expect(exportLink()).toHaveAttribute("download");
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  await waitFor(() => expect(router.state.location.search).toEqual({}));
});

test("an address with filters opens so", async () => {
  const asked = entries(anAuditEntry());
  renderAt(
    "/audit-log?action=account_key.updated&outcome=failure&q=mara&from=2026-11-01&to=2026-99-99&actorId=0198a1b0-0000-7000-8000-000000000001",
  );
  await row(/Account key changed/);
  expect(screen.getByLabelText("Action")).toHaveDisplayValue("Account key changed");
  expect(screen.getByLabelText("Outcome")).toHaveDisplayValue("Failed");
  expect(screen.getByRole("textbox", { name: /Search/ })).toHaveValue("mara");
  expect(screen.getByLabelText("From")).toHaveValue("2026-11-01");
  expect(screen.getByLabelText("To")).toHaveValue(""); // no day
  expect(screen.getByText("By Ada Admin")).toBeVisible();
  expect(asked[0]?.get("actorId")).toBe("0198a1b0-0000-7000-8000-000000000001");
  expect(asked[0]?.has("until")).toBe(false);
});

test("details tell before and after, and of a secret only what became of it", async () => {
  entries(anAuditEntry());
  const { user, router } = renderAt("/audit-log?outcome=success");
  await user.click(await screen.findByRole("link", { name: "Account key changed" }));
  const open = await details();
  const change = (name: RegExp) => within(open).getByRole("row", { name });
  expect(change(/Display name/)).toHaveTextContent(/Bills.*Invoices mailbox/);
  expect(change(/Client secret/)).toHaveTextContent(/None.*replaced/);
  for (const fact of [
    "192.0.2.7",
    "0198a1b0-0000-7000-8000-0000000000f1",
    "account_key.updated",
    "Succeeded",
  ])
    expect(within(open).getByText(fact)).toBeVisible();
  expect(router.state.location.search).toEqual({
    outcome: "success",
    entry: "0198a1b0-0000-7000-8000-0000000000e1",
  });
  await user.click(within(open).getByRole("button", { name: "Close details" }));
  await waitFor(() => expect(router.state.location.search).toEqual({ outcome: "success" }));
});

test("an entry behind a link is read by itself when the list doesn't hold it", async () => {
  entries(signIn);
  server.use(answer("get", `${path}/:id`, anAuditEntry()));
  renderAt("/audit-log?entry=0198a1b0-0000-7000-8000-0000000000e1");
  expect(await within(await details()).findByText("Bills")).toBeVisible();
});

test("an entry that is gone, or hidden, says so", async () => {
  server.use(
    refuse("get", `${path}/:id`, {
      status: 404,
      code: "not_found",
      detail: "There is no audit entry with this id.",
    }),
  );
  renderAt("/audit-log?entry=0198a1b0-0000-7000-8000-0000000000e9");
  expect(await within(await details()).findByText("There is no audit entry with this id.")).toBeVisible();
});

test("from the details the log narrows to one actor or one thing, which can be taken back", async () => {
  const asked = entries(anAuditEntry());
  const { user, router } = renderAt("/audit-log");
  await user.click(await screen.findByRole("link", { name: "Account key changed" }));
  await user.click(within(await details()).getByRole("link", { name: "Everything about it" }));
  expect(await screen.findByText("About Invoices mailbox")).toBeVisible();
  expect(Object.fromEntries(asked.at(-1) ?? [])).toEqual({
    objectType: "account_key",
    objectId: "0198a1b0-0000-7000-8000-0000000000a1",
  });
  await user.click(screen.getByRole("button", { name: "Remove the filter “About Invoices mailbox”" }));
  await waitFor(() => expect(router.state.location.search).toEqual({}));
  await user.click(await screen.findByRole("link", { name: "Account key changed" }));
  await user.click(within(await details()).getByRole("link", { name: "Everything they did" }));
  expect(await screen.findByText("By Ada Admin")).toBeVisible();
});

test("the next page follows on demand", async () => {
  server.use(answer("get", path, page([signIn], "next")));
  const { user } = renderAt("/audit-log");
  const more = await screen.findByRole("button", { name: "Load more" });
  const asked = entries(anAuditEntry());
  await user.click(more);
  expect(await row(/Account key changed/)).toBeVisible();
  expect(await row(/Sign-in failed/)).toBeVisible();
  expect(asked[0]?.get("cursor")).toBe("next");
});

test("nothing that matches offers the way back", async () => {
  const { user, router } = renderAt("/audit-log?q=nowhere");
  expect(await screen.findByText("No entry matches")).toBeVisible();
  const [, inTheMiddle] = screen.getAllByRole("button", { name: "Clear filters" });
  if (inTheMiddle) await user.click(inTheMiddle);
  await waitFor(() => expect(router.state.location.search).toEqual({}));
});

test("what was done a moment ago is in the log when it is opened again", async () => {
  entries(signIn);
  const { user } = renderAt("/audit-log");
  await row(/Sign-in failed/);
  await user.click(screen.getAllByRole("link", { name: "Settings" })[0] ?? document.body);
  await screen.findByRole("heading", { level: 1, name: "Settings" });
  entries(anAuditEntry(), signIn);
  await user.click(screen.getAllByRole("link", { name: "Audit Log" })[0] ?? document.body);
  expect(await row(/Account key changed/)).toBeVisible();
});

test("an address with a filter that the server refuses says which, and why", async () => {
  const errors = [{ field: "objectType", code: "unknown", message: "There is no such type." }];
  server.use(
    refuse("get", path, {
      status: 422,
      code: "validation_failed",
      detail: "Some fields need attention.",
      errors,
    }),
  );
  renderAt("/audit-log?objectType=teapot");
  expect(await screen.findByRole("alert")).toHaveTextContent("objectType: There is no such type.");
});

test("a failure offers another try, and keeps the filters at hand", async () => {
  server.use(refuse("get", path, { status: 500, code: "internal", requestId: "req-42" }));
  const { user } = renderAt("/audit-log");
  expect(await screen.findByText("req-42")).toBeVisible();
  expect(screen.getByLabelText("Action")).toBeVisible();
  entries(anAuditEntry());
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await row(/Account key changed/)).toBeVisible();
});

test("who may not read the log has neither the page nor the way to it", async () => {
  server.use(answer("get", "/api/v1/session", aSession({ permissions: ["account-keys:read"] })));
  renderAt("/audit-log");
  expect(await screen.findByText("You don’t have access to this")).toBeVisible();
  expect(screen.queryByRole("link", { name: "Audit Log" })).not.toBeInTheDocument();
});

test("an action that a newer server sends stands under its own name", async () => {
  // The page may be older than the server it talks to.
  entries(anAuditEntry({ action: "moon.landed" as AuditAction }));
  renderAt("/audit-log");
  expect(await screen.findByRole("link", { name: "moon.landed" })).toBeVisible();
});

const { object: _, ip: __, requestId: ___, ...happened } = anAuditEntry();

function renderKeyPage(permissions = viewerPermissions) {
  const key = anAccountKey();
  server.use(
    answer("get", "/api/v1/session", aSession({ permissions })),
    answer("get", "/api/v1/account-keys/:id", key),
    answer("get", "/api/v1/account-keys/:id/activity", page([happened])),
  );
  return renderAt(`/account-keys/${key.id}`);
}

test("a key's timeline leads to the entry, in the log about that key", async () => {
  renderKeyPage();
  const timeline = await screen.findByRole("table", { name: "What happened" });
  const link = within(timeline).getByRole("link", { name: "Account key changed" });
  const to = new URL(link.getAttribute("href") ?? "", "http://x");
  expect(to.pathname).toBe("/audit-log");
  expect(Object.fromEntries(to.searchParams)).toEqual({
    objectType: "account_key",
    objectId: "0198a1b0-0000-7000-8000-0000000000a1",
    entry: "0198a1b0-0000-7000-8000-0000000000e1",
  });
});

test("a key's timeline leads nowhere for those who may not read the log", async () => {
  renderKeyPage(["account-keys:read"]);
  const timeline = await screen.findByRole("table", { name: "What happened" });
  expect(within(timeline).getByText("Account key changed")).toBeVisible();
  expect(within(timeline).queryByRole("link")).not.toBeInTheDocument();
});

test("the filter offers whole groups where there are several actions", () => {
  const options = actionOptions();
  expect(options).toContainEqual({
    value: "account_key.",
    label: "Account keys: all",
    group: "Account keys",
  });
  expect(options).toContainEqual({
    value: "setup.completed",
    label: "First administrator made",
    group: "Set-up",
  });
  expect(options.map(({ value }) => value)).not.toContain("setup.");
});

test("what was in a field is told as its own page tells it", () => {
  expect(valueName("account_key", "status", "reauthorization_required")).toBe("Sign-in required");
  expect(valueName("user", "role", "viewer")).toBe("Viewer");
  expect(valueName("account_key", "status", "of_a_newer_server")).toBe("of_a_newer_server");
  expect(valueName("account_key", "displayName", "draft")).toBe("draft");
});

test("members of the API are told as words", () => {
  expect(fieldName("clientSecretExpiresOn")).toBe("Client secret expires on");
  expect(fieldName("tenantId")).toBe("Tenant ID");
  expect(fieldName("accountKeyIds")).toBe("Account key IDs");
  expect(fieldName("status")).toBe("Status");
});
