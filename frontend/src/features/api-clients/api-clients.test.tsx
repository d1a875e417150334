import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { anAccountKey, anApiClient, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const invoices = anAccountKey();
const helpdesk = anAccountKey({ id: "key-helpdesk", displayName: "Helpdesk" });
const billing = anApiClient();
const at = `/api-clients/${billing.id}`;

/** A client whose page can be opened. */
function serveBilling(client = billing) {
  server.use(
    answer("get", "/api/v1/api-clients/:id", client, { etag: '"v1"' }),
    answer("get", "/api/v1/account-keys/:id", invoices, { etag: '"k1"' }),
  );
}

test("an empty list says what API clients are for", async () => {
  renderAt("/api-clients");
  expect(await screen.findByRole("heading", { name: "No API clients yet" })).toBeVisible();
  expect(screen.getByRole("link", { name: "New API client" })).toHaveAttribute("href", "/api-clients/new");
});

test("the list tells what each client may do and use", async () => {
  server.use(
    answer(
      "get",
      "/api/v1/api-clients",
      page([billing, anApiClient({ id: "c2", name: "robot", allAccountKeys: true, disabled: true })]),
    ),
  );
  renderAt("/api-clients");
  const row = await screen.findByRole("row", { name: /billing/ });
  expect(within(row).getByText("2 permissions")).toBeVisible();
  expect(within(row).getByText("1 account key")).toBeVisible();
  const robot = screen.getByRole("row", { name: /robot/ });
  expect(within(robot).getByText("All account keys")).toBeVisible();
  expect(within(robot).getByText("Disabled")).toBeVisible();
});

test.each(["/api-clients", "/api-clients/new", at])("%s is denied to a viewer", async (path) => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt(path);
  expect(await screen.findByRole("heading", { name: "You don’t have access to this" })).toBeVisible();
});

test("a client is created with permissions and chosen keys, and its secret is shown once", async () => {
  const create = record("post", "/api/v1/api-clients", { ...billing, secret: "lk_abc_def" }, 201);
  server.use(create.handler, answer("get", "/api/v1/account-keys", page([invoices, helpdesk])));
  serveBilling();
  const { user } = renderAt("/api-clients/new");
  await user.type(await screen.findByLabelText("Name"), "billing");
  await user.click(await screen.findByRole("checkbox", { name: "What tokens:issue allows" }));
  await user.click(await screen.findByRole("checkbox", { name: "Invoices mailbox" }));
  await user.click(screen.getByRole("button", { name: "Create API client" }));

  const ready = await screen.findByRole("heading", { name: "billing is ready" });
  await waitFor(() => expect(ready).toHaveFocus());
  expect(create.sent).toEqual([
    {
      name: "billing",
      description: "",
      permissions: ["tokens:issue"],
      allAccountKeys: false,
      accountKeyIds: [invoices.id],
      leashes: [],
      rateLimitPerMinute: null,
    },
  ]);
  expect(screen.getByLabelText("Client secret")).toHaveValue("lk_abc_def");
  expect(screen.getByText("Copy this secret now")).toBeVisible();
  expect(screen.getByRole("region", { name: "Get a token" })).toHaveTextContent(
    `curl --user '${billing.id}:lk_abc_def' \\ --data grant_type=client_credentials \\ http://localhost:8080/oauth/token`,
  );

  await user.click(screen.getByRole("button", { name: "I have copied the secret" }));
  expect(await screen.findByRole("heading", { name: "billing", level: 1 })).toBeVisible();
  expect(screen.queryByDisplayValue("lk_abc_def")).not.toBeInTheDocument();
});

test("a client for all keys is sent without a list", async () => {
  const create = record<{ allAccountKeys: boolean; accountKeyIds: string[] }>(
    "post",
    "/api/v1/api-clients",
    { ...billing, secret: "lk_abc_def" },
    201,
  );
  server.use(create.handler);
  const { user } = renderAt("/api-clients/new");
  await user.type(await screen.findByLabelText("Name"), "robot");
  await user.click(await screen.findByRole("checkbox", { name: "What mail:send allows" }));
  await user.click(screen.getByRole("radio", { name: "All account keys" }));
  await user.click(screen.getByRole("button", { name: "Create API client" }));
  await screen.findByText("Copy this secret now");
  expect(create.sent[0]).toMatchObject({ allAccountKeys: true, accountKeyIds: [] });
});

test("a client without name and permission is refused at the fields", async () => {
  const { user } = renderAt("/api-clients/new");
  await user.click(await screen.findByRole("button", { name: "Create API client" }));
  expect(await screen.findByText("Choose at least one permission.")).toBeVisible();
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription(/Enter a name\./);
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
});

test("permissions that one lacks are not on offer", async () => {
  const session = aViewer();
  server.use(
    answer("get", "/api/v1/session", { ...session, permissions: ["api-clients:write", "account-keys:read"] }),
  );
  renderAt("/api-clients/new");
  expect(await screen.findByRole("checkbox", { name: "What account-keys:read allows" })).toBeVisible();
  expect(screen.queryByRole("checkbox", { name: "What users:write allows" })).not.toBeInTheDocument();
});

test("keys are searched on the server, and the chosen ones stay chosen", async () => {
  server.use(
    http.get("*/api/v1/account-keys", ({ request }) => {
      const q = new URL(request.url).searchParams.get("q");
      return HttpResponse.json(page(q === "help" ? [helpdesk] : [invoices]));
    }),
    answer("get", "/api/v1/account-keys/:id", invoices),
  );
  const { user } = renderAt("/api-clients/new");
  await user.click(await screen.findByRole("checkbox", { name: "Invoices mailbox" }));
  await user.type(screen.getByRole("textbox", { name: "Search account keys" }), "help");
  expect(await screen.findByRole("checkbox", { name: "Helpdesk" })).toBeVisible();
  expect(screen.queryByRole("checkbox", { name: "Invoices mailbox" })).not.toBeInTheDocument();
  await user.click(await screen.findByRole("button", { name: "Remove Invoices mailbox" }));
  expect(screen.queryByRole("list", { name: "Chosen account keys" })).not.toBeInTheDocument();
});

test("the names of several keys come as one list, and those that are not on it one by one", async () => {
  const asked: string[] = [];
  serveBilling({ ...billing, accountKeyIds: [invoices.id, helpdesk.id, "key-old", "key-gone"] });
  server.use(
    answer("get", "/api/v1/account-keys", page([invoices, helpdesk])),
    http.get("*/api/v1/account-keys/:id", ({ params }) => {
      asked.push(String(params["id"]));
      return params["id"] === "key-old" ? HttpResponse.json(anAccountKey({ displayName: "Old" })) : undefined;
    }),
    refuse("get", "/api/v1/account-keys/key-gone", { status: 404, code: "not_found" }),
  );
  renderAt(at);
  for (const name of ["Invoices mailbox", "Helpdesk", "Old", "Deleted account key"]) {
    expect(await screen.findByText(name)).toBeVisible();
  }
  expect(asked).toEqual(["key-old", "key-gone"]);
});

test("a key that was deleted is not called by its name any more", async () => {
  serveBilling();
  const usage = { consumers: [], targets: [{ id: "t1", name: "Invoices inbox" }] };
  server.use(
    answer("get", "/api/v1/account-keys/:id/activity", page([])),
    answer("get", "/api/v1/account-keys/:id/usage", usage),
    answer("delete", "/api/v1/account-keys/:id", undefined),
  );
  const { user, router } = renderAt(`/account-keys/${invoices.id}`);
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
  const dialog = within(await screen.findByRole("alertdialog"));
  await user.type(dialog.getByRole("textbox"), invoices.displayName);
  await user.click(dialog.getByRole("button", { name: "Delete" }));
  await screen.findByRole("heading", { name: "No account keys yet" });
  server.use(refuse("get", "/api/v1/account-keys/:id", { status: 404, code: "not_found" }));
  await router.navigate({ to: "/api-clients/$id", params: { id: billing.id } });
  expect(await screen.findByText("Deleted account key")).toBeVisible();
});

test("a change names the version that was seen", async () => {
  serveBilling();
  let ifMatch: string | null = null;
  let body: unknown;
  server.use(
    http.patch("*/api/v1/api-clients/:id", async ({ request }) => {
      ifMatch = request.headers.get("If-Match");
      body = await request.json();
      return HttpResponse.json(billing);
    }),
  );
  const { user, router, queryClient } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "Edit" }));
  const name = await screen.findByLabelText("Name");
  // Somebody else changes the client, and a refresh in the background brings it.
  server.use(answer("get", "/api/v1/api-clients/:id", { ...billing, name: "theirs" }, { etag: '"v2"' }));
  await queryClient.invalidateQueries();
  await user.clear(name);
  await user.type(name, "billing 2");
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByText("Changes saved")).toBeVisible();
  expect(ifMatch).toBe('"v1"');
  expect(body).toEqual({
    name: "billing 2",
    description: billing.description,
    permissions: billing.permissions,
    allAccountKeys: false,
    accountKeyIds: billing.accountKeyIds,
    leashes: [],
    rateLimitPerMinute: null,
  });
  expect(router.state.location.search).toEqual({});
});

test("a change that somebody else was faster with says so and keeps what was typed", async () => {
  serveBilling();
  server.use(refuse("patch", "/api/v1/api-clients/:id", { status: 412, code: "precondition_failed" }));
  const { user } = renderAt(`${at}?edit=true`);
  const name = await screen.findByLabelText("Name");
  await user.type(name, " 2");
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Somebody else changed this meanwhile");
  expect(name).toHaveValue("billing 2");
});

test("a second secret is made, shown once, and a third has to wait", async () => {
  serveBilling();
  const create = record(
    "post",
    "/api/v1/api-clients/:id/secrets",
    { ...billing.secrets[0], id: "s2", secret: "lk_new" },
    201,
  );
  server.use(create.handler);
  const { user } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "Add secret" }));
  const dialog = await screen.findByRole("dialog", { name: "Add a secret" });
  serveBilling(
    anApiClient({
      secrets: [...billing.secrets, ...anApiClient().secrets.map((s) => ({ ...s, id: "s2", hint: "lk_…w" }))],
    }),
  );
  await user.click(within(dialog).getByRole("button", { name: "Add secret" }));
  expect(await within(dialog).findByLabelText("Client secret")).toHaveValue("lk_new");
  await user.keyboard("{Escape}");
  expect(within(dialog).getByLabelText("Client secret")).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "I have copied the secret" }));
  expect(await screen.findByText(/There are two secrets already/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Add secret" })).toHaveAttribute("aria-disabled", "true");
  expect(create.sent).toEqual([{}]);
});

test("a secret is deleted after a question", async () => {
  serveBilling();
  server.use(answer("delete", "/api/v1/api-clients/:id/secrets/:sid", undefined));
  const { user } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "Delete secret lk_…9fQ2" }));
  const question = await screen.findByRole("alertdialog", { name: "Delete the secret lk_…9fQ2?" });
  await user.click(within(question).getByRole("button", { name: "Delete" }));
  expect(await screen.findByText("Secret deleted")).toBeVisible();
});

test("deleting a client takes its name, typed", async () => {
  serveBilling();
  const { user, router } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
  const question = await screen.findByRole("alertdialog", { name: "Delete billing?" });
  await user.click(within(question).getByRole("button", { name: "Delete" }));
  expect(await within(question).findByText("That is not the same name.")).toBeVisible();
  const removal = record("delete", "/api/v1/api-clients/:id", undefined);
  server.use(removal.handler);
  await user.type(within(question).getByLabelText("Type “billing” to confirm"), "billing");
  await user.click(within(question).getByRole("button", { name: "Delete" }));
  expect(await screen.findByText("billing is deleted")).toBeVisible();
  expect(removal.sent).toHaveLength(1);
  expect(router.state.location.pathname).toBe("/api-clients");
});

test("disabling asks first and says what lives on", async () => {
  serveBilling();
  const update = record("patch", "/api/v1/api-clients/:id", { ...billing, disabled: true });
  server.use(update.handler);
  const { user } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Disable" }));
  const question = await screen.findByRole("alertdialog", { name: "Disable billing?" });
  expect(question).toHaveTextContent("live on until they expire");
  serveBilling(anApiClient({ disabled: true }));
  await user.click(within(question).getByRole("button", { name: "Disable" }));
  expect(await screen.findByText("This API client is disabled")).toBeVisible();
  expect(update.sent).toEqual([{ disabled: true }]);
});

test("a client that is gone is said to be, without another try", async () => {
  server.use(
    refuse("get", "/api/v1/api-clients/:id", {
      status: 404,
      code: "not_found",
      detail: "There is no API client with this id.",
    }),
  );
  renderAt(at);
  expect(await screen.findByText("There is no API client with this id.")).toBeVisible();
  const main = within(screen.getByRole("main"));
  expect(main.getByRole("link", { name: "API Clients" })).toHaveAttribute("href", "/api-clients");
  expect(screen.queryByRole("button", { name: "Try again" })).not.toBeInTheDocument();
});
