import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { anAccountKey, anApiClient, aUser } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, server } from "@/test/server";

const draft = anAccountKey({ status: "draft", tenantId: "", clientId: "", authorizedAt: null });
const key = `/account-keys/${draft.id}/setup`;
const client = anApiClient({ name: "billing" });

beforeEach(() => {
  server.use(
    answer("get", "/api/v1/account-keys/:id", draft, { etag: '"1"' }),
    answer("get", "/api/v1/api-clients/:id", client, { etag: '"1"' }),
  );
});

const heading = (name: string) => screen.findByRole("heading", { level: 1, name });
/** The element, once it has the focus. */
async function focused(element: HTMLElement) {
  await waitFor(() => expect(element).toHaveFocus());
  return element;
}

test("a new key's set-up begins at its heading, also when that came after the page", async () => {
  server.use(answer("post", "/api/v1/account-keys", draft, { status: 201 }));
  const { user } = renderAt("/account-keys/new");
  await user.click(await screen.findByRole("button", { name: "Next" }));
  await user.type(await screen.findByLabelText("Display Name"), draft.displayName);
  await user.click(screen.getByRole("button", { name: "Next" }));
  expect(await focused(await heading(`Set up ${draft.displayName}`))).toBeVisible();
});

test("each step of the wizard takes the focus that the one before it had", async () => {
  const { user } = renderAt(key);
  await user.click(await screen.findByRole("button", { name: "It is registered, next" }));
  expect(await focused(await screen.findByRole("group", { name: "Step 4 of 5" }))).toBeVisible();
  await user.click(screen.getByRole("button", { name: /^Redirect URI/ }));
  expect(await focused(await screen.findByRole("group", { name: "Step 3 of 5" }))).toBeVisible();
});

test("a wizard that is opened, or whose page changes, leaves the focus where it is", async () => {
  const { user, router } = renderAt(key);
  const next = await screen.findByRole("button", { name: "It is registered, next" });
  expect(document.body).toHaveFocus();
  await user.click(screen.getByRole("button", { name: /How to make the Azure app/ }));
  expect(router.state.location.href).toMatch(/guide=/);
  expect(next).toBeInTheDocument();
  expect(screen.getByRole("group", { name: "Step 3 of 5" })).not.toHaveFocus();
});

test("starting again leads back to the details", async () => {
  const { user } = renderAt(`${key}?step=authorize`);
  await user.click(await screen.findByRole("button", { name: "Start again" }));
  expect(await focused(await screen.findByRole("group", { name: "Step 4 of 5" }))).toBeVisible();
});

test("editing a client, and leaving that, begins at the heading of what is shown then", async () => {
  const { user } = renderAt(`/api-clients/${client.id}`);
  await user.click(await screen.findByRole("button", { name: "Edit" }));
  expect(await focused(await heading("Edit billing"))).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  expect(await focused(await heading("billing"))).toBeVisible();
});

test("a dialog whose form gave way to what it made keeps the focus", async () => {
  server.use(
    answer(
      "post",
      "/api/v1/users",
      {
        ...aUser({ id: "u2", name: "Vic Viewer", status: "invited" }),
        invitation: { url: "https://latchkey.test/invitation#s3cret", expiresAt: "2026-12-01T00:00:00Z" },
      },
      { status: 201 },
    ),
    answer("get", "/api/v1/users", page([aUser({})])),
  );
  const { user } = renderAt("/settings?tab=people");
  await user.click(await screen.findByRole("button", { name: "Add person" }));
  const dialog = await screen.findByRole("dialog", { name: "Add a person" });
  await user.type(within(dialog).getByLabelText("Name"), "Vic Viewer");
  await user.type(within(dialog).getByLabelText("Email"), "vic@example.com");
  await user.click(within(dialog).getByRole("button", { name: "Make invitation link" }));
  expect(
    await focused(await screen.findByRole("dialog", { name: "Send this link to Vic Viewer" })),
  ).toBeVisible();
});

test("focus that was taken away by hand is not brought back", async () => {
  const { user, router } = renderAt(`/api-clients/${client.id}`);
  const edit = await screen.findByRole("button", { name: "Edit" });
  edit.focus();
  await user.click(document.body);
  await router.navigate({ to: "/api-clients/$id", params: { id: client.id }, search: { edit: true } });
  await heading("Edit billing");
  await new Promise((resolve) => window.requestAnimationFrame(resolve));
  expect(document.body).toHaveFocus();
});
