import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { aTarget, aTargetReport, anAccountKey, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const invoices = aTarget();
const mailbox = anAccountKey();
const at = `/targets/${invoices.id}`;

function serveTarget(target = invoices, etag = '"v1"') {
  server.use(
    answer("get", "/api/v1/targets/:id", target, { etag }),
    answer("get", "/api/v1/account-keys", page([mailbox])),
  );
}

test("an empty list says what targets are for, and leads to the first", async () => {
  renderAt("/targets");
  expect(await screen.findByRole("heading", { name: "No targets yet" })).toBeVisible();
  expect(screen.getByText(/passes calls on to Microsoft Graph with one account key/)).toBeVisible();
  expect(screen.getByRole("link", { name: "New target" })).toHaveAttribute("href", "/targets/new");
  expect(screen.getByRole("link", { name: "Targets" })).toHaveAttribute("href", "/targets");
});

test("a viewer reads targets, and makes, changes and calls none", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt("/targets");
  expect(await screen.findByText("Somebody who may create targets can add one.")).toBeVisible();
  expect(screen.queryByRole("link", { name: "New target" })).not.toBeInTheDocument();
});

test("a viewer finds neither console nor checks on a target's page", async () => {
  serveTarget();
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt(`${at}?tab=try&edit=true`);
  expect(await screen.findByRole("heading", { name: "What is allowed" })).toBeVisible();
  expect(screen.queryByRole("tab")).not.toBeInTheDocument();
  expect(screen.queryByRole("heading", { name: "Can this key do that here?" })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Edit" })).not.toBeInTheDocument();
});

test.each(["/targets", "/targets/new", at])("%s is denied to who lacks the permission", async (path) => {
  server.use(answer("get", "/api/v1/session", { ...aViewer(), permissions: ["account-keys:read"] }));
  renderAt(path);
  expect(await screen.findByRole("heading", { name: "You don’t have access to this" })).toBeVisible();
});

test("the list tells key, bounds and status, is searched on the server, and goes on", async () => {
  const asked: string[] = [];
  server.use(
    http.get("*/api/v1/targets", ({ request }) => {
      const { searchParams } = new URL(request.url);
      asked.push(searchParams.toString());
      if (searchParams.get("q") === "nothing") return HttpResponse.json(page([]));
      if (searchParams.get("cursor") === "next")
        return HttpResponse.json(
          page([aTarget({ id: "t2", name: "Old", enabled: false, allowedPaths: ["/**"] })]),
        );
      return HttpResponse.json(page([invoices], "next"));
    }),
  );
  const { user } = renderAt("/targets");
  const row = await screen.findByRole("row", { name: /Invoices inbox/ });
  expect(within(row).getByRole("link", { name: "Invoices mailbox" })).toHaveAttribute(
    "href",
    `/account-keys/${invoices.accountKeyId}`,
  );
  expect(row).toHaveTextContent("GET, POST");
  expect(row).toHaveTextContent("2 paths");
  expect(row).toHaveTextContent("Enabled");
  await user.click(screen.getByRole("button", { name: "Load more" }));
  const old = await screen.findByRole("row", { name: /Old/ });
  expect(old).toHaveTextContent("Every path");
  expect(old).toHaveTextContent("Disabled");
  await user.type(screen.getByRole("textbox", { name: "Search targets" }), "nothing");
  expect(await screen.findByText("No target matches")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Show all targets" }));
  expect(await screen.findByRole("row", { name: /Invoices inbox/ })).toBeVisible();
  expect(asked).toContain("q=nothing");
});

test("a target is made of what was filled in, and its page is next", async () => {
  const create = record("post", "/api/v1/targets", invoices, 201);
  serveTarget();
  server.use(create.handler);
  const { user, router } = renderAt("/targets/new");
  await user.click(await screen.findByRole("button", { name: "Create target" }));
  expect(await screen.findByText("Enter a name.")).toBeVisible();
  expect(screen.getByText("Choose the account key that calls are made with.")).toBeVisible();
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
  expect(create.sent).toEqual([]);

  await user.type(screen.getByLabelText("Name"), "Invoices inbox");
  await user.click(await screen.findByRole("radio", { name: "Invoices mailbox" }));
  await user.click(screen.getByRole("radio", { name: "beta" }));
  await user.type(screen.getByLabelText(/Base path/), "/me");
  await user.click(screen.getByRole("checkbox", { name: "PATCH" }));
  await user.clear(screen.getByLabelText("Allowed paths"));
  await user.type(screen.getByLabelText("Allowed paths"), " /me/messages/** {Enter}{Enter}/me/sendMail");
  await user.click(screen.getByRole("button", { name: "Add header" }));
  await user.type(screen.getByLabelText("Header"), "Prefer");
  await user.type(screen.getByLabelText("Value"), "x");
  await user.click(screen.getByRole("button", { name: "Add header" })); // stays empty
  await user.clear(screen.getByLabelText("Time-out in seconds"));
  await user.type(screen.getByLabelText("Time-out in seconds"), "30");
  await user.click(screen.getByRole("checkbox", { name: "Enabled" }));
  await user.click(screen.getByRole("button", { name: "Create target" }));
  expect(await screen.findByRole("heading", { level: 1, name: "Invoices inbox" })).toBeVisible();
  expect(router.state.location.pathname).toBe(at);
  expect(create.sent).toEqual([
    {
      name: "Invoices inbox",
      description: "",
      accountKeyId: mailbox.id,
      apiVersion: "beta",
      basePath: "/me",
      allowedMethods: ["GET", "PATCH"],
      allowedPaths: ["/me/messages/**", "/me/sendMail"],
      fixedHeaders: [{ name: "Prefer", value: "x" }],
      timeoutSeconds: 30,
      enabled: false,
    },
  ]);
});

test("what the server refuses is at the fields, also within lists", async () => {
  serveTarget(
    aTarget({
      allowedPaths: ["/me/messages/**", "/me/x*", "me"],
      fixedHeaders: [
        { name: "Prefer", value: "x" },
        { name: "Cookie", value: "y" },
      ],
    }),
  );
  server.use(
    refuse("patch", "/api/v1/targets/:id", {
      status: 422,
      code: "validation_failed",
      errors: [
        { field: "name", code: "taken", message: "Another target has this name." },
        { field: "accountKeyId", code: "unknown", message: "There is no such key." },
        { field: "allowedPaths[1]", code: "invalid", message: "A star stands for one whole segment." },
        { field: "allowedPaths[2]", code: "invalid", message: "A path begins with a slash." },
        { field: "fixedHeaders[0].name", code: "not_allowed", message: "Not for a target to set." },
        { field: "timeoutSeconds", code: "out_of_range", message: "Wait for 1 to 300 seconds." },
      ],
    }),
  );
  const { user } = renderAt(`${at}?edit=true`);
  const [first] = await screen.findAllByLabelText("Header");
  const [value] = screen.getAllByLabelText("Value");
  if (!first || !value) throw new Error("no rows");
  // An empty row isn't sent: the server counts the second as its first.
  await user.clear(first);
  await user.clear(value);
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription(/Another target has this name\./);
  expect(screen.getByRole("radiogroup", { name: "Account key" })).toHaveAccessibleDescription(
    /There is no such key\./,
  );
  expect(screen.getByLabelText("Allowed paths")).toHaveAccessibleDescription(
    /\/me\/x\*: A star stands for one whole segment\. me: A path begins with a slash\./,
  );
  expect(screen.getAllByLabelText("Header")[1]).toHaveAccessibleDescription("Not for a target to set.");
  expect(screen.getAllByLabelText("Header")[0]).toBeValid();
  expect(screen.getByLabelText("Time-out in seconds")).toHaveAccessibleDescription(/1 to 300 seconds/);
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("a change names the version that the form was opened with, and keeps what was typed when it is refused", async () => {
  serveTarget();
  const versions: (string | null)[] = [];
  server.use(
    http.patch("*/api/v1/targets/:id", ({ request }) => {
      versions.push(request.headers.get("If-Match"));
      return HttpResponse.json({ status: 412, code: "precondition_failed" }, { status: 412 });
    }),
  );
  const { user, queryClient } = renderAt(`${at}?edit=true`);
  await user.type(await screen.findByLabelText("Name"), " 2");
  // Somebody else's change arrives in the background.
  serveTarget(aTarget({ name: "Theirs" }), '"v2"');
  await queryClient.invalidateQueries({ queryKey: ["targets"] });
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Somebody else changed this meanwhile");
  expect(screen.getByLabelText("Name")).toHaveValue("Invoices inbox 2");
  expect(versions).toEqual(['"v1"']);
});

test("the page tells the address, a start, and what is allowed in words", async () => {
  serveTarget(
    aTarget({ allowedPaths: ["/me/messages/**", "/me/mailFolders/*", "/me/sendMail", "/users/**"] }),
  );
  renderAt(at);
  expect(await screen.findByLabelText("Address")).toHaveValue(invoices.url);
  expect(screen.getByLabelText("Address")).toHaveAccessibleDescription(
    "A call of /messages at this address reaches /v1.0/me/messages.",
  );
  expect(screen.getByRole("region", { name: "A start with curl" })).toHaveTextContent(
    `curl \\ -H "Authorization: Bearer $LATCHKEY_TOKEN" \\ '${invoices.url}/messages'`,
  );
  expect(screen.getByText(/\/me\/messages and everything below it/)).toBeVisible();
  expect(screen.getByText(/\/me\/mailFolders\/\*, with any one segment in place of each \*/)).toBeVisible();
  expect(screen.getAllByText("No call comes here: it is not below the base path /me.")).toHaveLength(1);
  expect(screen.getByText('Prefer: IdType="ImmutableId"')).toBeVisible();
});

test("a check tells what it found, why, and what to do", async () => {
  serveTarget();
  const validate = record(
    "post",
    "/api/v1/targets/:id/validate",
    aTargetReport({
      result: "failed",
      checks: [
        { id: "method", title: "Method", result: "passed", message: "The target allows POST.", fix: "" },
        {
          id: "permissions",
          title: "Permissions",
          result: "failed",
          message: "This needs Mail.Send, which the account key was not granted.",
          fix: "Add Mail.Send to the key's permissions.",
        },
      ],
    }),
  );
  server.use(validate.handler);
  const { user } = renderAt(at);
  const section = within(await screen.findByRole("region", { name: "Can this key do that here?" }));
  await user.selectOptions(section.getByLabelText("Method"), "POST");
  await user.clear(section.getByLabelText("Path and query"));
  await user.type(section.getByLabelText("Path and query"), "sendMail");
  await user.click(section.getByRole("button", { name: "Check" }));
  expect(await section.findByText("No. What stands in the way is marked below.")).toBeVisible();
  const finding = section.getByText("Permissions").closest("li");
  expect(finding).toHaveTextContent("Failed");
  expect(finding).toHaveTextContent("This needs Mail.Send");
  expect(finding).toHaveTextContent("Add Mail.Send to the key's permissions.");
  expect(validate.sent).toEqual([{ method: "POST", path: "/sendMail" }]);
});

test("disabling asks first; enabling doesn't", async () => {
  serveTarget();
  const update = record("patch", "/api/v1/targets/:id", invoices);
  server.use(update.handler);
  const { user } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Disable" }));
  const question = await screen.findByRole("alertdialog", { name: "Disable Invoices inbox?" });
  serveTarget(aTarget({ enabled: false }));
  await user.click(within(question).getByRole("button", { name: "Disable" }));
  expect(await screen.findByText("This target is disabled")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "More actions" }));
  serveTarget();
  await user.click(await screen.findByRole("menuitem", { name: "Enable" }));
  await waitFor(() => expect(screen.queryByText("This target is disabled")).not.toBeInTheDocument());
  expect(update.sent).toEqual([{ enabled: false }, { enabled: true }]);
});

test("deleting what is enabled takes its name, typed; what is disabled does not", async () => {
  serveTarget();
  const removal = record("delete", "/api/v1/targets/:id", undefined);
  server.use(removal.handler);
  const { user, router } = renderAt(at);
  const ask = async () => {
    await user.click(await screen.findByRole("button", { name: "More actions" }));
    await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
    return within(await screen.findByRole("alertdialog", { name: "Delete Invoices inbox?" }));
  };
  let question = await ask();
  await user.click(question.getByRole("button", { name: "Delete" }));
  expect(await question.findByText("That is not the same name.")).toBeVisible();
  await user.click(question.getByRole("button", { name: "Cancel" }));
  expect(removal.sent).toHaveLength(0);

  serveTarget(aTarget({ enabled: false }));
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  server.use(answer("patch", "/api/v1/targets/:id", aTarget({ enabled: false })));
  await user.click(await screen.findByRole("menuitem", { name: "Disable" }));
  await user.click(await screen.findByRole("button", { name: "Disable" }));
  await screen.findByText("This target is disabled");
  question = await ask();
  await user.click(question.getByRole("button", { name: "Delete" }));
  expect(await screen.findByText("Invoices inbox is deleted")).toBeVisible();
  expect(router.state.location.pathname).toBe("/targets");
  expect(removal.sent).toHaveLength(1);
});
