import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { aUser, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const ada = aUser();
const olga = aUser({ id: "u-olga", name: "Olga Operator", email: "olga@example.com", role: "operator" });

async function openMenuOf(name: string, item: string) {
  server.use(answer("get", "/api/v1/users", page([olga, ada])));
  const view = renderAt("/settings");
  await view.user.click(await screen.findByRole("button", { name: `More actions for ${name}` }));
  await view.user.click(await screen.findByRole("menuitem", { name: item }));
  return view;
}

test("people are listed with role and status, oneself marked", async () => {
  server.use(answer("get", "/api/v1/users", page([{ ...olga, disabled: true }, ada])));
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

test("a person is added with role and initial password", async () => {
  const create = record("post", "/api/v1/users", olga, 201);
  server.use(create.handler);
  const { user } = renderAt("/settings");
  await user.click(await screen.findByRole("button", { name: "Add person" }));
  const dialog = await screen.findByRole("dialog", { name: "Add a person" });
  await user.type(within(dialog).getByLabelText("Name"), "Vera Viewer");
  await user.type(within(dialog).getByLabelText("Email"), "vera@example.com");
  await user.click(within(dialog).getByRole("radio", { name: "Viewer" }));
  await user.type(within(dialog).getByLabelText("Initial password"), "teal otters skate");
  await user.click(within(dialog).getByRole("button", { name: "Add person" }));
  expect(await screen.findByText("Vera Viewer can sign in now")).toBeVisible();
  expect(create.sent).toEqual([
    { name: "Vera Viewer", email: "vera@example.com", role: "viewer", password: "teal otters skate" },
  ]);
});

test("an email address that somebody has is said at the field", async () => {
  server.use(refuse("post", "/api/v1/users", { status: 409, code: "email_taken" }));
  const { user } = renderAt("/settings");
  await user.click(await screen.findByRole("button", { name: "Add person" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByLabelText("Name"), "Ada");
  await user.type(within(dialog).getByLabelText("Email"), "ada@example.com");
  await user.type(within(dialog).getByLabelText("Initial password"), "teal otters skate");
  await user.click(within(dialog).getByRole("button", { name: "Add person" }));
  expect(await screen.findByText("Somebody with this email address is here already.")).toBeVisible();
  expect(within(dialog).getByLabelText("Email")).toHaveFocus();
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
  const update = record("patch", "/api/v1/users/:id", { ...olga, disabled: true });
  server.use(update.handler);
  const { user } = await openMenuOf("Olga Operator", "Disable");
  const dialog = await screen.findByRole("alertdialog", { name: "Disable Olga Operator?" });
  expect(update.sent).toEqual([]);
  server.use(answer("get", "/api/v1/users", page([{ ...olga, disabled: true }, ada])));
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

test("nobody disables or deletes themselves", async () => {
  server.use(answer("get", "/api/v1/users", page([ada])));
  const { user } = renderAt("/settings");
  await user.click(await screen.findByRole("button", { name: "More actions for Ada Admin" }));
  expect(await screen.findByRole("menuitem", { name: "Change role" })).toBeVisible();
  expect(screen.queryByRole("menuitem", { name: "Delete" })).not.toBeInTheDocument();
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
  expect(await screen.findByRole("tab", { name: "Appearance", selected: true })).toBeVisible();
  expect(screen.queryByRole("tab", { name: "People" })).not.toBeInTheDocument();
});
