import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { AccountKeyConsumer } from "@/api/account-keys";
import { anAccountKey, anApiClient, aUser, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, refuse, server } from "@/test/server";

const key = anAccountKey();
const at = `/account-keys/${key.id}`;

function aConsumer(over: Partial<AccountKeyConsumer> = {}): AccountKeyConsumer {
  const { id, name } = anApiClient();
  return {
    type: "api_client",
    id,
    name,
    allowed: true,
    usesLast24Hours: 12,
    usesLast30Days: 3456,
    lastUsedAt: "2026-11-20T09:00:00Z",
    ...over,
  };
}

beforeEach(() =>
  server.use(
    answer("get", "/api/v1/account-keys/:id", key, { etag: '"v1"' }),
    answer("get", "/api/v1/account-keys/:id/activity", page([])),
  ),
);

const serveUsage = (...consumers: AccountKeyConsumer[]) =>
  server.use(answer("get", "/api/v1/account-keys/:id/usage", { consumers, targets: [] }));

const section = () => screen.findByRole("region", { name: "Used by" });

/** The row of a consumer, by its name. */
const row = async (name: string) =>
  within(await section()).findByRole("row", { name: new RegExp(`^${name}`) });

test("a key that nobody may use says so", async () => {
  serveUsage();
  renderAt(at);
  expect(await within(await section()).findByText("No API client may use this key yet.")).toBeVisible();
});

test("a program that uses the key leads to its page, with how much it used", async () => {
  const billing = aConsumer();
  serveUsage(
    billing,
    aConsumer({ id: "c2", name: "robot", usesLast24Hours: 0, usesLast30Days: 0, lastUsedAt: null }),
  );
  renderAt(at);
  const used = await row("billing");
  expect(within(used).getByRole("link", { name: "billing" })).toHaveAttribute(
    "href",
    `/api-clients/${billing.id}`,
  );
  const [day, month, last] = within(used).getAllByRole("cell");
  expect(day).toHaveTextContent(/12$/);
  expect(month).toHaveTextContent(/3,456$/);
  expect(last?.querySelector("time")).toHaveAttribute("datetime", billing.lastUsedAt);
  const unused = await row("robot");
  expect(within(unused).getByText("Never")).toBeVisible();
  expect(within(unused).queryByText("No longer allowed")).not.toBeInTheDocument();
});

test("a program that may no longer use the key is marked, and leads nowhere: it may be gone", async () => {
  serveUsage(aConsumer({ allowed: false }));
  renderAt(at);
  const used = await row("billing");
  expect(within(used).getByText("No longer allowed")).toBeVisible();
  expect(within(used).queryByRole("link")).not.toBeInTheDocument();
});

test("a person is marked as one, and never as no longer allowed", async () => {
  const { id, name } = aUser();
  serveUsage(aConsumer({ type: "user", id, name, allowed: false }));
  renderAt(at);
  const used = await row(name);
  expect(within(used).getByText("Person")).toBeVisible();
  expect(within(used).queryByText("No longer allowed")).not.toBeInTheDocument();
  expect(within(used).queryByRole("link")).not.toBeInTheDocument();
});

test("a viewer sees who uses the key, without links to pages that are denied", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  serveUsage(aConsumer());
  renderAt(at);
  expect(await within(await row("billing")).findByText("billing")).toBeVisible();
  expect(within(await section()).queryByRole("link")).not.toBeInTheDocument();
});

test("targets that call with the key lead to their pages, also where nobody got a token", async () => {
  server.use(
    answer("get", "/api/v1/account-keys/:id/usage", {
      consumers: [],
      targets: [{ id: "t1", name: "Invoices inbox" }],
    }),
  );
  renderAt(at);
  expect(await within(await section()).findByRole("link", { name: "Invoices inbox" })).toHaveAttribute(
    "href",
    "/targets/t1",
  );
});

test("use that can't be read says so, and leaves the rest of the page", async () => {
  server.use(refuse("get", "/api/v1/account-keys/:id/usage", { status: 503, code: "unavailable" }));
  renderAt(at);
  expect(await within(await section()).findByRole("button", { name: "Try again" })).toBeVisible();
  expect(screen.getByRole("heading", { level: 1, name: new RegExp(key.displayName) })).toBeVisible();
});

test.each([
  [0, "at once"],
  [1, "after its name was typed"],
])("a key with %i that use it is deleted %s", async (count) => {
  serveUsage(...Array.from({ length: count }, () => aConsumer()));
  const { user } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
  const dialog = within(await screen.findByRole("alertdialog"));
  await waitFor(() => expect(dialog.queryAllByLabelText(/to confirm$/)).toHaveLength(count));
});
