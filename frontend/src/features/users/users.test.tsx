import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { aUser, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const ada = aUser();
const olga = aUser({ id: "u-olga", name: "Olga Operator", email: "olga@example.com", role: "operator" });

const offOlga = { ...olga, disabled: true, status: "disabled" as const };

async function openMenuOf(name: string, item: string) {
  server.use(answer("get", "/api/v1/users", page([olga, ada])));
  const view = renderAt("/settings");
  await view.user.click(await screen.findByRole("button", { name: `More actions for ${name}` }));
  await view.user.click(await screen.findByRole("menuitem", { name: item }));
  return view;
}

test("people are listed with role and status, oneself marked", async () => {
  server.use(answer("get", "/api/v1/users", page([offOlga, ada])));
  renderAt("/settings");
  const row = await screen.findByRole("row", { name: /Olga Operator/ });
  expect(within(row).getByText("Operator")).toBeVisible();
  expect(within(row).getByText("Disabled")).toBeVisible();
  expect(within(screen.getByRole("row", { name: /Ada Admin/ })).getByText("You")).toBeVisible();
});

test("the next page of people follows on demand", async () => {
  server.use(answer("get", "/api/v1/users", page([olga], "next")));
  const { user } = renderAt("/settings");
  const more = await screen.findByRole("button", { name: "Load more" });
  server.use(answer("get", "/api/v1/users", page([ada])));
  await user.click(more);
  expect(await screen.findByRole("row", { name: /Ada Admin/ })).toBeVisible();
  expect(screen.getByRole("row", { name: /Olga Operator/ })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Load more" })).not.toBeInTheDocument();
});

const link = { url: "http://localhost:8080/invitation#s3cret", expiresAt: "2099-01-01T00:00:00Z" };
const vera = aUser({
  id: "u-vera",
  name: "Vera Viewer",
  email: "vera@example.com",
  role: "viewer",
  status: "invited",
  linkExpiresAt: link.expiresAt,
});

async function openAddDialog() {
  const view = renderAt("/settings");
  await view.user.click(await screen.findByRole("button", { name: "Add person" }));
  const dialog = await screen.findByRole("dialog", { name: "Add a person" });
  await view.user.type(within(dialog).getByLabelText("Name"), "Vera Viewer");
  await view.user.type(within(dialog).getByLabelText("Email"), "vera@example.com");
  return { ...view, dialog };
}

test("a person is added with a role, and their link is shown until it has been copied", async () => {
  const create = record("post", "/api/v1/users", { ...vera, invitation: link }, 201);
  server.use(create.handler);
  const { user, dialog } = await openAddDialog();
  await user.click(within(dialog).getByRole("radio", { name: "Viewer" }));
  server.use(answer("get", "/api/v1/users", page([vera, ada])));
  await user.click(within(dialog).getByRole("button", { name: "Make invitation link" }));
  const ready = await screen.findByRole("dialog", { name: "Send this link to Vera Viewer" });
  expect(within(ready).getByLabelText("Invitation link")).toHaveValue(link.url);
  expect(create.sent).toEqual([{ name: "Vera Viewer", email: "vera@example.com", role: "viewer" }]);
  await user.keyboard("{Escape}");
  expect(within(ready).getByLabelText("Invitation link")).toBeVisible();
  await user.click(within(ready).getByRole("button", { name: "Copy Invitation link" }));
  expect(await navigator.clipboard.readText()).toBe(link.url);
  await user.click(within(ready).getByRole("button", { name: "I have copied the link" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  expect(within(screen.getByRole("row", { name: /Vera Viewer/ })).getByText("Invited")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Add person" }));
  const fresh = await screen.findByRole("dialog", { name: "Add a person" });
  expect(within(fresh).getByLabelText("Name")).toHaveValue("");
});

test("an email address that somebody has is said at the field", async () => {
  server.use(refuse("post", "/api/v1/users", { status: 409, code: "email_taken" }));
  const { user, dialog } = await openAddDialog();
  await user.click(within(dialog).getByRole("button", { name: "Make invitation link" }));
  expect(await screen.findByText("Somebody with this email address is here already.")).toBeVisible();
  expect(within(dialog).getByLabelText("Email")).toHaveFocus();
});

const row = async (name: RegExp) => within(await screen.findByRole("row", { name }));

test("whoever is invited is listed with how long their link is good", async () => {
  server.use(
    answer(
      "get",
      "/api/v1/users",
      page([
        vera,
        { ...vera, id: "u-late", name: "Lars Late", linkExpiresAt: "2026-01-01T00:00:00Z" },
        { ...vera, id: "u-none", name: "Nora None", linkExpiresAt: null },
      ]),
    ),
  );
  renderAt("/settings");
  expect(
    (await row(/Vera/)).getByText(/^Link good until Jan 1, 2099|^Link good until Dec 31, 2098/),
  ).toBeVisible();
  expect((await row(/Lars/)).getByText(/The link is too old/)).toBeVisible();
  expect((await row(/Nora/)).getByText(/There is no link/)).toBeVisible();
});

test("an invitation is renewed after saying what that does", async () => {
  server.use(answer("get", "/api/v1/users", page([vera, ada])));
  const renew = record("post", "/api/v1/users/:id/invitation", link, 201);
  server.use(renew.handler);
  const { user } = renderAt("/settings");
  await user.click(await screen.findByRole("button", { name: "More actions for Vera Viewer" }));
  expect(await screen.findByRole("menuitem", { name: "Renew invitation" })).toBeVisible();
  expect(screen.queryByRole("menuitem", { name: "Sign out everywhere" })).not.toBeInTheDocument();
  await user.click(screen.getByRole("menuitem", { name: "Renew invitation" }));
  const dialog = await screen.findByRole("dialog", { name: "Renew the invitation of Vera Viewer?" });
  expect(dialog).toHaveAccessibleDescription(/sent before ends/);
  expect(renew.sent).toEqual([]);
  await user.click(within(dialog).getByRole("button", { name: "Make a link" }));
  expect(await screen.findByLabelText("Invitation link")).toHaveValue(link.url);
  expect(screen.getByText("Copy this link now")).toBeVisible();
  expect(renew.sent).toHaveLength(1);
});

test("a link to choose a new password is made, and a refusal is told", async () => {
  server.use(
    refuse("post", "/api/v1/users/:id/password-reset", {
      status: 409,
      code: "not_active",
      detail: "Disabled meanwhile.",
    }),
  );
  const { user } = await openMenuOf("Olga Operator", "Password-reset link");
  const dialog = await screen.findByRole("dialog", { name: "Let Olga Operator choose a new password?" });
  await user.click(within(dialog).getByRole("button", { name: "Make a link" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("Disabled meanwhile.");
  server.use(answer("post", "/api/v1/users/:id/password-reset", link, { status: 201 }));
  await user.click(within(dialog).getByRole("button", { name: "Make a link" }));
  expect(await screen.findByLabelText("Password-reset link")).toHaveValue(link.url);
});

test("signing somebody out everywhere asks first", async () => {
  const end = record("delete", "/api/v1/users/:id/sessions", undefined);
  server.use(end.handler);
  const { user } = await openMenuOf("Olga Operator", "Sign out everywhere");
  const dialog = await screen.findByRole("alertdialog", { name: "Sign Olga Operator out everywhere?" });
  expect(end.sent).toEqual([]);
  await user.click(within(dialog).getByRole("button", { name: "Sign out everywhere" }));
  expect(await screen.findByText("Olga Operator is signed out everywhere")).toBeVisible();
  expect(end.sent).toHaveLength(1);
});

test("a role is changed", async () => {
  const update = record("patch", "/api/v1/users/:id", { ...olga, role: "admin" });
  server.use(update.handler);
  const { user } = await openMenuOf("Olga Operator", "Change role");
  const dialog = await screen.findByRole("dialog", { name: "Change role of Olga Operator" });
  expect(within(dialog).getByRole("radio", { name: "Operator" })).toBeChecked();
  await user.click(within(dialog).getByRole("radio", { name: "Administrator" }));
  await user.click(within(dialog).getByRole("button", { name: "Change role" }));
  expect(await screen.findByText("Olga Operator is now: Administrator")).toBeVisible();
  expect(update.sent).toEqual([{ role: "admin" }]);
});

test("the last administrator stays one, and the dialog says why", async () => {
  server.use(
    refuse("patch", "/api/v1/users/:id", {
      status: 409,
      code: "last_admin",
      detail: "This is the last admin who can sign in.",
      fix: "Make somebody else an admin first.",
    }),
  );
  const { user } = await openMenuOf("Ada Admin", "Change role");
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("radio", { name: "Viewer" }));
  await user.click(within(dialog).getByRole("button", { name: "Change role" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent(
    "This is the last admin who can sign in.Make somebody else an admin first.",
  );
});

test("disabling asks first; enabling does not", async () => {
  const update = record("patch", "/api/v1/users/:id", offOlga);
  server.use(update.handler);
  const { user } = await openMenuOf("Olga Operator", "Disable");
  const dialog = await screen.findByRole("alertdialog", { name: "Disable Olga Operator?" });
  expect(update.sent).toEqual([]);
  server.use(answer("get", "/api/v1/users", page([offOlga, ada])));
  await user.click(within(dialog).getByRole("button", { name: "Disable" }));
  expect(await screen.findByText("Olga Operator is disabled")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "More actions for Olga Operator" }));
  await user.click(await screen.findByRole("menuitem", { name: "Enable" }));
  expect(await screen.findByText("Olga Operator can sign in again")).toBeVisible();
  expect(update.sent).toEqual([{ disabled: true }, { disabled: false }]);
});

test("a deletion that fails says why and leaves the question open", async () => {
  server.use(
    refuse("delete", "/api/v1/users/:id", { status: 503, code: "unavailable", detail: "Try again later." }),
  );
  const { user } = await openMenuOf("Olga Operator", "Delete");
  const dialog = await screen.findByRole("alertdialog", { name: "Delete Olga Operator?" });
  await user.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("Try again later.");
  server.use(answer("delete", "/api/v1/users/:id", undefined));
  await user.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(await screen.findByText("Olga Operator is deleted")).toBeVisible();
});

test("nobody disables or deletes themselves, or makes themselves a link", async () => {
  server.use(answer("get", "/api/v1/users", page([ada])));
  const { user } = renderAt("/settings");
  await user.click(await screen.findByRole("button", { name: "More actions for Ada Admin" }));
  expect(await screen.findByRole("menuitem", { name: "Change role" })).toBeVisible();
  expect(screen.getAllByRole("menuitem")).toHaveLength(1);
});

test("a failure to read people offers another try and the request's number", async () => {
  server.use(refuse("get", "/api/v1/users", { status: 500, code: "internal", requestId: "req-42" }));
  const { user } = renderAt("/settings");
  expect(await screen.findByText("req-42")).toBeVisible();
  server.use(answer("get", "/api/v1/users", page([olga])));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("row", { name: /Olga Operator/ })).toBeVisible();
});

test("who may not manage people gets the settings without them", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt("/settings?tab=people");
  expect(await screen.findByRole("tab", { name: "Your account", selected: true })).toBeVisible();
  expect(screen.queryByRole("tab", { name: "People" })).not.toBeInTheDocument();
});
