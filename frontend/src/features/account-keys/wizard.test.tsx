import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AccountKey } from "@/api/account-keys";
import type { Authorization } from "@/api/authorizations";
import { anAccountKey, anAuthorization, aViewer, someSightings } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, record, refuse, server } from "@/test/server";

const draft = anAccountKey({
  tenantId: "",
  clientId: "",
  clientSecret: { set: false, hint: "", expiresOn: null },
  status: "draft",
  account: null,
  authorizedAt: null,
  grantedScopes: [],
  missingScopes: ["Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"],
});
const at = `/account-keys/${draft.id}/setup`;
const attempt = anAuthorization();
const secret = "Qz8~a.b-c_d";
const ids = {
  tenantId: "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11",
  clientId: "c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702",
};
const printed = [
  `Directory (tenant) ID:   ${ids.tenantId}`,
  `Application (client) ID: ${ids.clientId}`,
  `Secret:                  ${secret}`,
  "",
].join("\n");

const serveKey = (key: AccountKey = draft) =>
  server.use(answer("get", "/api/v1/account-keys/:id", key, { etag: '"v1"' }));

const serveAttempt = (found: Authorization) =>
  server.use(answer("get", "/api/v1/account-keys/:id/authorizations/:aid", found));

beforeEach(() => {
  serveKey();
  server.use(answer("get", "/api/v1/microsoft-errors", { items: someSightings() }));
});
afterEach(() => sessionStorage.clear());

/** The wizard at an attempt, which is as told. */
function renderAttempt(found: Partial<Authorization>, key = draft) {
  serveKey(key);
  serveAttempt({ ...attempt, ...found });
  return renderAt(`${at}?step=authorize&attempt=${attempt.id}`);
}

/** A window that the browser lets us open. */
function stubWindow() {
  const dialog = { location: { replace: vi.fn<(url: string) => void>() }, close: vi.fn<() => void>() };
  // As much of a window as the wizard touches.
  vi.spyOn(window, "open").mockReturnValue(dialog as unknown as Window);
  return dialog;
}

async function paste(user: ReturnType<typeof renderAt>["user"], input: HTMLElement, text: string) {
  await user.click(input);
  await user.paste(text);
}

test("a viewer may not set up a key", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt(at);
  expect(await screen.findByRole("heading", { name: "You don’t have access to this" })).toBeVisible();
});

test("a key that has no ids opens at the redirect URI, one that has at its details", async () => {
  const { unmount } = renderAt(at);
  expect(await screen.findByRole("button", { name: "It is registered, next" })).toBeVisible();
  unmount();
  serveKey({ ...draft, ...ids });
  renderAt(at);
  expect(await screen.findByRole("heading", { name: "Authorization Details" })).toBeVisible();
  expect(screen.getByLabelText("Directory (tenant) ID")).toHaveValue(ids.tenantId);
});

test("what was typed is still there after a look at another step", async () => {
  const { user } = renderAt(`${at}?step=details`);
  await user.type(await screen.findByLabelText("Directory (tenant) ID"), "fabrikam");
  await user.click(screen.getByRole("button", { name: /^Redirect URI/ }));
  await user.click(await screen.findByRole("button", { name: "It is registered, next" }));
  expect(await screen.findByLabelText("Directory (tenant) ID")).toHaveValue("fabrikam");
});

test("every save names the version that was seen, never one that came in between", async () => {
  const seen: (string | null)[] = [];
  server.use(
    http.patch("*/api/v1/account-keys/:id", ({ request }) => {
      seen.push(request.headers.get("If-Match"));
      return HttpResponse.json(draft, { headers: { ETag: `"own${seen.length}"` } });
    }),
  );
  const { user, queryClient } = renderAt(`${at}?step=name`);
  await user.click(await screen.findByRole("button", { name: "Next" }));
  await screen.findByRole("button", { name: "It is registered, next" });
  // Somebody else changes the key, and a refresh in the background brings it.
  server.use(
    answer("get", "/api/v1/account-keys/:id", { ...draft, loginHint: "x@y.example" }, { etag: '"other"' }),
  );
  await queryClient.invalidateQueries();
  await user.click(screen.getByRole("button", { name: "It is registered, next" }));
  await user.click(await screen.findByRole("button", { name: "Save and finish later" }));
  await waitFor(() => expect(seen).toEqual(['"v1"', '"own1"']));
});

test.each([
  ["an authorization that was followed here is known", {}, '"v2"'],
  ["what somebody else changed beside it is not", { description: "Theirs" }, '"v1"'],
])("after an attempt %s when the details are saved", async (_, change, version) => {
  const sent: (string | null)[] = [];
  serveAttempt(attempt);
  server.use(
    http.patch("*/api/v1/account-keys/:id", ({ request }) => {
      sent.push(request.headers.get("If-Match"));
      return HttpResponse.json(draft, { headers: { ETag: '"v3"' } });
    }),
  );
  const { user } = renderAt(`${at}?step=authorize&attempt=${attempt.id}`);
  await screen.findByRole("heading", { name: "Waiting for Microsoft's sign-in" });
  server.use(
    answer(
      "get",
      "/api/v1/account-keys/:id",
      { ...draft, status: "authorized", ...change },
      { etag: '"v2"' },
    ),
  );
  serveAttempt({ ...attempt, status: "expired" });
  await screen.findByText("Nobody came back in time");
  await user.click(screen.getByRole("button", { name: "Start again" }));
  await user.click(await screen.findByRole("button", { name: "Save and finish later" }));
  await waitFor(() => expect(sent).toEqual([version]));
});

test("a key that somebody else changed meanwhile is not overwritten", async () => {
  server.use(refuse("patch", "/api/v1/account-keys/:id", { status: 412, code: "precondition_failed" }));
  const { user } = renderAt(`${at}?step=details`);
  await user.type(await screen.findByLabelText("Directory (tenant) ID"), "fabrikam.example");
  await user.click(screen.getByRole("button", { name: "Save and finish later" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Somebody else changed this meanwhile");
  expect(screen.getByLabelText("Directory (tenant) ID")).toHaveValue("fabrikam.example");
});

test("Authorize saves, starts, and sends the window that it opened at the click to Microsoft", async () => {
  const dialog = stubWindow();
  const saved = record("patch", "/api/v1/account-keys/:id", { ...draft, ...ids });
  const url = "https://login.example/authorize?x=y";
  server.use(
    saved.handler,
    answer("post", "/api/v1/account-keys/:id/authorizations", { ...attempt, url }, { status: 201 }),
  );
  serveAttempt(attempt);
  const { user, router } = renderAt(`${at}?step=details`);
  await user.type(await screen.findByLabelText("Directory (tenant) ID"), ` ${ids.tenantId} `);
  await user.type(screen.getByLabelText("Application (client) ID"), ids.clientId);
  await user.type(screen.getByLabelText("Secret Key"), secret);
  await user.click(screen.getByRole("button", { name: "Authorize" }));

  expect(await screen.findByRole("heading", { name: "Waiting for Microsoft's sign-in" })).toBeVisible();
  expect(dialog.location.replace).toHaveBeenCalledExactlyOnceWith(url);
  expect(dialog.close).not.toHaveBeenCalled();
  expect(saved.sent).toEqual([
    {
      ...ids,
      clientSecret: secret,
      clientSecretExpiresOn: null,
      cloud: "global",
      loginHint: "",
      scopes: draft.scopes,
    },
  ]);
  expect(router.state.location.search).toEqual({ step: "authorize", attempt: attempt.id });
});

test("an empty secret keeps the one that is saved", async () => {
  stubWindow();
  serveKey({ ...draft, ...ids, clientSecret: { set: true, hint: "…w1", expiresOn: "2027-03-01" } });
  const saved = record<Record<string, unknown>>("patch", "/api/v1/account-keys/:id", { ...draft, ...ids });
  server.use(
    saved.handler,
    answer("post", "/api/v1/account-keys/:id/authorizations", { ...attempt, url: "https://x.example" }),
  );
  serveAttempt(attempt);
  const { user } = renderAt(`${at}?step=details`);
  expect(await screen.findByLabelText("Secret Key")).toHaveAccessibleDescription(/A secret is saved \(…w1\)/);
  await user.click(screen.getByRole("button", { name: "Authorize" }));
  await screen.findByRole("heading", { name: "Waiting for Microsoft's sign-in" });
  expect(saved.sent[0]).not.toHaveProperty("clientSecret");
  expect(saved.sent[0]).toMatchObject({ clientSecretExpiresOn: "2027-03-01" });
});

test("what Microsoft refuses at once is shown at its field, and the window closes", async () => {
  const dialog = stubWindow();
  serveKey({ ...draft, ...ids });
  server.use(
    answer("patch", "/api/v1/account-keys/:id", { ...draft, ...ids }),
    refuse("post", "/api/v1/account-keys/:id/authorizations", {
      status: 422,
      code: "validation_failed",
      errors: [
        { field: "clientSecret", code: "invalid_client_secret", message: "The client secret is wrong." },
      ],
    }),
  );
  const { user } = renderAt(`${at}?step=details`);
  await user.type(await screen.findByLabelText("Secret Key"), "wrong");
  await user.click(screen.getByRole("button", { name: "Authorize" }));
  const field = screen.getByLabelText("Secret Key");
  await waitFor(() => expect(field).toHaveAccessibleDescription(/The client secret is wrong\./));
  await waitFor(() => expect(field).toHaveFocus());
  expect(dialog.close).toHaveBeenCalled();
  expect(dialog.location.replace).not.toHaveBeenCalled();
});

test("a secret that is refused stays in its field, without advice that is over", async () => {
  stubWindow();
  serveKey({ ...draft, ...ids, clientSecret: { set: true, hint: "…w1", expiresOn: null } });
  server.use(
    answer("patch", "/api/v1/account-keys/:id", { ...draft, ...ids }),
    refuse("post", "/api/v1/account-keys/:id/authorizations", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "clientSecret", code: "wrong", message: "The secret is wrong." }],
    }),
  );
  const { user } = renderAt(`${at}?step=details`);
  const field = await screen.findByLabelText("Secret Key");
  await paste(user, field, printed);
  expect(screen.getByText(/^Filled in:/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Authorize" }));
  await waitFor(() => expect(field).toHaveAccessibleDescription(/The secret is wrong\./));
  expect(field).toHaveValue(secret);
  expect(field).not.toHaveAccessibleDescription(/Leave this empty/);
  expect(screen.queryByText(/^Filled in:/)).not.toBeInTheDocument();
});

const granted = anAccountKey({ ...ids });
const typo = "c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a703";

test.each(["Authorize", "Save and finish later"])(
  "%s asks before a change of the app ends the authorization, and Cancel saves nothing",
  async (button) => {
    const open = vi.spyOn(window, "open");
    const saved = record("patch", "/api/v1/account-keys/:id", granted);
    serveKey(granted);
    server.use(saved.handler);
    const { user } = renderAt(`${at}?step=details`);
    const client = await screen.findByLabelText("Application (client) ID");
    await user.clear(client);
    await user.type(client, typo);
    await user.click(screen.getByRole("button", { name: button }));
    const question = await screen.findByRole("alertdialog", { name: /^End the authorization/ });
    expect(question).toHaveTextContent("given to this cloud, tenant and app by invoices@contoso.example");
    await user.click(within(question).getByRole("button", { name: "Cancel" }));
    await waitFor(() => expect(question).not.toBeInTheDocument());
    expect(client).toHaveValue(typo);
    expect(open).not.toHaveBeenCalled();
    expect(saved.sent).toEqual([]);
  },
);

test("who agrees that the authorization ends goes on to Microsoft", async () => {
  const dialog = stubWindow();
  const saved = record<Record<string, unknown>>("patch", "/api/v1/account-keys/:id", granted);
  const url = "https://login.example/authorize?x=y";
  serveKey(granted);
  server.use(
    saved.handler,
    answer("post", "/api/v1/account-keys/:id/authorizations", { ...attempt, url }, { status: 201 }),
  );
  serveAttempt(attempt);
  const { user } = renderAt(`${at}?step=details`);
  const client = await screen.findByLabelText("Application (client) ID");
  await user.clear(client);
  await user.type(client, typo);
  await user.click(screen.getByRole("button", { name: "Authorize" }));
  await user.click(await screen.findByRole("button", { name: "Save and end it" }));
  expect(await screen.findByRole("heading", { name: "Waiting for Microsoft's sign-in" })).toBeVisible();
  expect(dialog.location.replace).toHaveBeenCalledExactlyOnceWith(url);
  expect(saved.sent).toMatchObject([{ clientId: typo }]);
});

test("a key that nobody authorized, or whose authorization is over, is changed without a question", async () => {
  const over = { ...granted, status: "revoked" as const };
  const saved = record<Record<string, unknown>>("patch", "/api/v1/account-keys/:id", over);
  serveKey(over);
  server.use(saved.handler);
  const { user } = renderAt(`${at}?step=details`);
  await user.type(await screen.findByLabelText("Application (client) ID"), "x");
  await user.click(screen.getByRole("button", { name: "Save and finish later" }));
  await waitFor(() => expect(saved.sent).toHaveLength(1));
});

test.each([
  [draft, "Saved. Invoices mailbox is in the list as a draft."],
  [granted, "Saved Invoices mailbox."],
])(
  "finishing later says what became of the key, and sends what the form's rules make of it",
  async (key, told) => {
    const saved = record<Record<string, unknown>>("patch", "/api/v1/account-keys/:id", key);
    serveKey(key);
    server.use(saved.handler);
    const { user, router } = renderAt(`${at}?step=details`);
    await user.type(await screen.findByLabelText("Secret Key"), ` ${secret} `);
    await user.click(screen.getByRole("button", { name: "Save and finish later" }));
    expect(await screen.findByText(told)).toBeVisible();
    expect(saved.sent).toMatchObject([{ clientSecret: secret }]);
    expect(router.state.location.pathname).toBe("/account-keys");
  },
);

test("a space that was pasted along is gone once the details are saved", async () => {
  stubWindow();
  const saved = { ...draft, ...ids, loginHint: "mara@fabrikam.example" };
  server.use(
    answer("patch", "/api/v1/account-keys/:id", saved, { etag: '"v2"' }),
    refuse("post", "/api/v1/account-keys/:id/authorizations", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "clientSecret", code: "wrong", message: "The secret is wrong." }],
    }),
  );
  const { user } = renderAt(`${at}?step=details`);
  await paste(user, await screen.findByLabelText("Directory (tenant) ID"), ` ${ids.tenantId}`);
  await user.type(screen.getByLabelText("Application (client) ID"), `${ids.clientId} `);
  await user.type(screen.getByLabelText("Secret Key"), secret);
  await user.click(screen.getByRole("button", { name: "Authorize" }));
  expect(await screen.findByText("The secret is wrong.")).toBeVisible();
  expect(screen.getByLabelText("Directory (tenant) ID")).toHaveValue(ids.tenantId);
  expect(screen.getByLabelText("Application (client) ID")).toHaveValue(ids.clientId);
});

test("without what is needed no window opens, and the server's word stands at the fields", async () => {
  const open = vi.spyOn(window, "open");
  server.use(
    answer("patch", "/api/v1/account-keys/:id", draft),
    refuse("post", "/api/v1/account-keys/:id/authorizations", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "tenantId", code: "required", message: "Enter the Directory (tenant) ID." }],
    }),
  );
  const { user } = renderAt(`${at}?step=details`);
  await user.click(await screen.findByRole("button", { name: "Authorize" }));
  expect(await screen.findByText("Enter the Directory (tenant) ID.")).toBeVisible();
  expect(open).not.toHaveBeenCalled();
});

test.each(["Directory (tenant) ID", "Application (client) ID", "Secret Key"])(
  "three lines pasted into %s fill all three fields",
  async (label) => {
    const { user } = renderAt(`${at}?step=details`);
    await paste(user, await screen.findByLabelText(label), printed);
    expect(screen.getByLabelText("Directory (tenant) ID")).toHaveValue(ids.tenantId);
    expect(screen.getByLabelText("Application (client) ID")).toHaveValue(ids.clientId);
    expect(screen.getByLabelText("Secret Key")).toHaveValue(secret);
    expect(
      screen.getByText("Filled in: Directory (tenant) ID, Application (client) ID, Secret Key."),
    ).toHaveRole("status");
  },
);

test("one value is pasted as it is", async () => {
  const { user } = renderAt(`${at}?step=details`);
  await paste(user, await screen.findByLabelText("Secret Key"), "Secret: is=part of me");
  expect(screen.getByLabelText("Secret Key")).toHaveValue("Secret: is=part of me");
});

test("filling in a field takes what was wrong with it away", async () => {
  serveKey({ ...draft, ...ids });
  server.use(
    refuse("patch", "/api/v1/account-keys/:id", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "tenantId", code: "invalid", message: "Look for spaces." }],
    }),
  );
  const { user } = renderAt(`${at}?step=details`);
  await user.click(await screen.findByRole("button", { name: "Save and finish later" }));
  const tenant = screen.getByLabelText("Directory (tenant) ID");
  await waitFor(() => expect(tenant).toHaveAccessibleDescription("Look for spaces."));
  await paste(user, tenant, printed);
  await waitFor(() => expect(tenant).not.toHaveAttribute("aria-invalid"));
});

test("the box takes what a script printed, keeps nothing of it, and says what it can't use", async () => {
  const { user } = renderAt(`${at}?step=details`);
  await user.click(await screen.findByText("Paste all three at once"));
  const box = screen.getByLabelText("What a script printed");
  await paste(user, box, "good morning");
  expect(box).toHaveAccessibleDescription(/no tenant ID, client ID or secret in it/);
  await user.clear(box);
  await paste(user, box, `secret = <sensitive>\ntenant_id = "${ids.tenantId}"`);
  expect(box).toHaveAccessibleDescription(/terraform output -json/);
  await paste(user, box, JSON.stringify({ secret: { sensitive: true, value: secret } }));
  expect(box).toHaveValue("");
  expect(box).not.toHaveAttribute("aria-invalid");
  expect(screen.getByLabelText("Directory (tenant) ID")).toHaveValue(ids.tenantId);
  expect(screen.getByLabelText("Secret Key")).toHaveValue(secret);
});

test("permissions are chosen under More: shared mailboxes, others by name, and back", async () => {
  const saved = record<{ scopes: string[] }>("patch", "/api/v1/account-keys/:id", draft);
  server.use(saved.handler);
  const { user } = renderAt(`${at}?step=details`);
  await user.click(await screen.findByText("More", { selector: "summary" }));
  const picker = screen.getByRole("group", { name: "Permissions" });
  expect(await within(picker).findByRole("checkbox", { name: "Send mail" })).toBeChecked();
  expect(picker).not.toHaveTextContent("Missing");
  expect(picker).toHaveTextContent("Always asked for besides: openid, profile, email, offline_access.");
  expect(
    within(picker).queryByRole("button", { name: "Back to the usual permissions" }),
  ).not.toBeInTheDocument();

  await user.click(within(picker).getByRole("checkbox", { name: "Send mail" }));
  await user.click(within(picker).getByRole("checkbox", { name: "Send for shared mailboxes" }));
  const other = within(picker).getByLabelText(/Another Microsoft Graph permission/);
  await user.type(other, "https://graph.microsoft.com/Calendars.Read{Enter}");
  await user.type(other, "calendars.read{Enter}offline_access{Enter}mail.SEND{Enter}");
  expect(within(picker).getByRole("list", { name: "Other permissions" })).toHaveTextContent(
    /^Calendars\.Read$/,
  );
  await user.type(other, "https://graph.microsoft.com/.default{Enter}");
  expect(other).toHaveAccessibleDescription(/can't be combined/);
  await user.clear(other);

  const save = screen.getByRole("button", { name: "Save and finish later" });
  expect(saved.sent).toEqual([]);
  await user.click(save);
  await waitFor(() => expect(saved.sent).toHaveLength(1));
  expect(saved.sent[0]?.scopes).toEqual([
    "Mail.Read",
    "Mail.ReadWrite",
    "User.Read",
    "Mail.Send.Shared",
    "Calendars.Read",
    "Mail.Send",
  ]);
});

test("a permission that was added by name can be removed, and all be reset", async () => {
  serveKey(anAccountKey({ scopes: ["Mail.Read", "Calendars.Read"], missingScopes: ["Calendars.Read"] }));
  const { user } = renderAt(`${at}?step=details`);
  await user.click(await screen.findByText("More", { selector: "summary" }));
  const picker = screen.getByRole("group", { name: "Permissions" });
  const others = await within(picker).findByRole("list", { name: "Other permissions" });
  expect(others).toHaveTextContent("Calendars.ReadMissing");
  expect(picker).toHaveTextContent("Missing ones were not granted at the last sign-in.");
  await user.click(within(picker).getByRole("button", { name: "Remove Calendars.Read" }));
  expect(others).not.toBeInTheDocument();
  expect(picker).not.toHaveTextContent("Missing ones");
  await user.click(within(picker).getByRole("button", { name: "Back to the usual permissions" }));
  expect(within(picker).getByRole("checkbox", { name: "Send mail" })).toBeChecked();
});

test("a fault with the permissions opens More and is shown there", async () => {
  const found = {
    status: "failed" as const,
    failure: {
      code: "invalid_scope",
      class: "configuration" as const,
      field: "scopes",
      message: "One of them is not accepted.",
      fix: "Use the standard permissions.",
      microsoft: null,
    },
  };
  const { user } = renderAttempt(found);
  await user.click(await screen.findByRole("button", { name: "Back to the details" }));
  const picker = await screen.findByRole("group", { name: "Permissions" });
  expect(picker).toBeVisible();
  expect(picker).toHaveAccessibleDescription(/One of them is not accepted\. Use the standard permissions\./);
  // It stays open while it is being mended.
  await user.click(await within(picker).findByRole("checkbox", { name: "Send mail" }));
  expect(picker).toBeVisible();
});

test("a pending attempt can be started again, and explains what Microsoft's page may say", async () => {
  const { user } = renderAttempt({ status: "pending" }, { ...draft, ...ids });
  expect(await screen.findByRole("heading", { name: "Waiting for Microsoft's sign-in" })).toBeVisible();
  await user.click(screen.getByText("What do you see on Microsoft's page?"));
  expect(await screen.findByText("Verify your identity")).toBeVisible();
  expect(screen.queryByText("The authorization was revoked.")).not.toBeInTheDocument();

  const search = screen.getByRole("textbox", { name: "Text or AADSTS number" });
  await paste(
    user,
    search,
    "AADSTS50011: The redirect URI 'https://other.example' specified in the request does not match",
  );
  await waitFor(() => expect(screen.getByText("Copy the redirect URI from here.")).toBeVisible());
  expect(screen.getByLabelText("Redirect URI")).toHaveValue(draft.redirectUri);
  expect(screen.queryByText("Verify your identity")).not.toBeInTheDocument();

  await user.clear(search);
  await paste(user, search, "AADSTS700016");
  const compare = "Compare the client ID with the app's Overview page.";
  await waitFor(() => expect(screen.getByText(compare)).toBeVisible());
  expect(screen.getByLabelText("Application (client) ID")).toHaveValue(ids.clientId);
  expect(screen.getByLabelText("Directory (tenant) ID")).toHaveValue(ids.tenantId);

  await user.clear(search);
  await paste(user, search, "Need admin approval");
  await waitFor(() => expect(screen.getByText(/can consent for everybody/)).toBeVisible());

  await user.clear(search);
  await paste(user, search, "AADSTS123456");
  expect(await screen.findByRole("link", { name: "Look up AADSTS123456 at Microsoft" })).toHaveAttribute(
    "href",
    "https://login.microsoftonline.com/error?code=123456",
  );

  await user.click(screen.getByRole("button", { name: "Start again" }));
  expect(await screen.findByRole("heading", { name: "Authorization Details" })).toBeVisible();
});

test("help that can't be read says so, and can be tried again", async () => {
  server.use(refuse("get", "/api/v1/microsoft-errors", { status: 503, code: "unavailable" }));
  const { user } = renderAttempt({ status: "pending" });
  await user.click(await screen.findByText("What do you see on Microsoft's page?"));
  const again = await screen.findByRole("button", { name: "Try again" });
  server.use(answer("get", "/api/v1/microsoft-errors", { items: someSightings() }));
  await user.click(again);
  expect(await screen.findByText("Verify your identity")).toBeVisible();
});

test("the window that finishes an attempt is told that somebody follows it", async () => {
  renderAttempt({ status: "pending" });
  await screen.findByRole("heading", { name: "Waiting for Microsoft's sign-in" });
  serveAttempt({ ...attempt, status: "succeeded", account: draft.account });
  const channel = new BroadcastChannel("latchkey-authorization");
  const heard = new Promise((resolve) => channel.addEventListener("message", ({ data }) => resolve(data)));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel takes none
  channel.postMessage({ type: "finished", id: attempt.id });
  expect(await heard).toEqual({ type: "followed", id: attempt.id });
  expect(await screen.findByText("Permissions granted")).toBeVisible();
  channel.close();
});

test("a failed attempt names the field, leads to it, and keeps what Microsoft's support asks for", async () => {
  const { user } = renderAttempt({
    status: "failed",
    failure: {
      code: "invalid_client_secret",
      class: "configuration",
      field: "clientSecret",
      message: "The client secret is wrong.",
      fix: "Copy its Value.",
      microsoft: {
        error: "invalid_client",
        codes: [7000215],
        traceId: "trace-1",
        correlationId: "correlation-1",
        timestamp: "2026-03-04 09:15:02Z",
      },
    },
  });
  expect(await screen.findByText("Not authorized")).toBeVisible();
  await user.click(screen.getByText("For Microsoft's support"));
  expect(screen.getByText("invalid_client · AADSTS7000215")).toBeVisible();
  expect(screen.getByText("trace-1")).toBeVisible();
  expect(screen.queryByText("What do you see on Microsoft's page?")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Back to the details" }));
  const field = await screen.findByLabelText("Secret Key");
  expect(field).toHaveAccessibleDescription(/The client secret is wrong\. Copy its Value\./);
  await waitFor(() => expect(field).toHaveFocus());
});

test("a declined attempt is no error, and offers the help", async () => {
  const { user } = renderAttempt({
    status: "failed",
    failure: {
      code: "declined",
      class: "declined",
      field: "",
      message: "The sign-in was cancelled.",
      fix: "Start again.",
      microsoft: null,
    },
  });
  expect(await screen.findByText("The sign-in was declined")).toBeVisible();
  expect(screen.getByText("What do you see on Microsoft's page?")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Start again" }));
  expect(await screen.findByRole("heading", { name: "Authorization Details" })).toBeVisible();
});

test("a key that stays with its account is no failure, and Finish goes to the list", async () => {
  const kept: Partial<Authorization> = {
    status: "failed",
    currentAccount: anAccountKey().account,
    failure: {
      code: "rejected",
      class: "declined",
      field: "",
      message: "Somebody rejected the change to another account.",
      fix: "Choose Authorize again.",
      microsoft: null,
    },
  };
  server.use(answer("post", "/api/v1/account-keys/:id/authorizations/:aid/reject", { ...attempt, ...kept }));
  const { user, router } = renderAttempt({ ...kept, status: "needs_confirmation", failure: null });
  await user.click(await screen.findByRole("button", { name: "Keep the present account" }));
  expect(await screen.findByText("The key stays with invoices@contoso.example")).toBeVisible();
  expect(screen.queryByText("The sign-in was declined")).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Start again" })).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Finish" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/account-keys"));
});

test("an expired attempt has the help open", async () => {
  renderAttempt({ status: "expired" });
  expect(await screen.findByText("Nobody came back in time")).toBeVisible();
  expect(await screen.findByText("Nothing happened, or the window closed")).toBeVisible();
});

test.each([
  ["Keep the present account", "reject"],
  ["Use the new account", "confirm"],
])("another account waits for a person: %s", async (button, what) => {
  const old = anAccountKey().account;
  const found = {
    status: "needs_confirmation" as const,
    currentAccount: old,
    account: old && {
      ...old,
      objectId: "other",
      displayName: "Other",
      userPrincipalName: "other@contoso.example",
    },
  };
  const decided = record("post", `/api/v1/account-keys/:id/authorizations/:aid/${what}`, {
    ...attempt,
    ...found,
    status: what === "confirm" ? "succeeded" : "failed",
  });
  server.use(decided.handler);
  const { user } = renderAttempt(found);
  expect(await screen.findByText("Another account signed in")).toBeVisible();
  expect(screen.getByText("Invoices (invoices@contoso.example)")).toBeVisible();
  expect(screen.getByText("Other (other@contoso.example)")).toBeVisible();
  await user.click(screen.getByRole("button", { name: button }));
  await waitFor(() => expect(screen.queryByText("Another account signed in")).not.toBeInTheDocument());
  expect(decided.sent).toHaveLength(1);
});

test("of a link, the attempt that was shown is decided about, and its outcome told", async () => {
  const theirs = { ...attempt, id: "the-attempt-of-the-link", account: anAccountKey().account };
  serveKey(draft);
  serveAttempt({ ...theirs, status: "needs_confirmation" });
  server.use(
    answer("post", `/api/v1/account-keys/:id/authorizations/${theirs.id}/confirm`, {
      ...theirs,
      status: "succeeded",
    }),
  );
  const { user } = renderAt(`${at}?step=authorize&attempt=${attempt.id}`);
  await user.click(await screen.findByRole("button", { name: "Use the new account" }));
  expect(await screen.findByText("Authorized for invoices@contoso.example")).toBeVisible();
});

test("a decision that came too late shows what waits now", async () => {
  const { user } = renderAttempt({ status: "needs_confirmation" });
  const button = await screen.findByRole("button", { name: "Use the new account" });
  server.use(
    refuse("post", "/api/v1/account-keys/:id/authorizations/:aid/confirm", {
      status: 409,
      code: "nothing_to_confirm",
    }),
  );
  serveAttempt({ ...attempt, status: "expired" });
  await user.click(button);
  expect(await screen.findByText("Nobody came back in time")).toBeVisible();
});

test("success tells the account, what was granted, and what is missing and why; Finish goes to the list", async () => {
  const { user, router } = renderAttempt({
    status: "succeeded",
    account: anAccountKey().account,
    grantedScopes: ["Mail.Read", "User.Read"],
    missingScopes: ["Mail.Send"],
  });
  expect(await screen.findByText("Authorized for invoices@contoso.example")).toBeVisible();
  expect(screen.getByText("Mail.Read, User.Read")).toBeVisible();
  expect(screen.getByText("Permissions that are missing")).toBeVisible();
  expect(screen.getByText("Mail.Send")).toBeVisible();
  expect(screen.getByText(/can consent for everybody/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Finish" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/account-keys"));
  expect(router.state.location.search).toMatchObject({ fresh: draft.id });
});

test("an attempt that is gone is said to be", async () => {
  server.use(
    refuse("get", "/api/v1/account-keys/:id/authorizations/:aid", {
      status: 404,
      code: "not_found",
      detail: "There is no such authorization.",
    }),
  );
  renderAt(`${at}?step=authorize&attempt=${attempt.id}`);
  expect(await screen.findByText("There is no such authorization.")).toBeVisible();
});

test("a new key goes from its type over its name to the redirect URI", async () => {
  const created = record("post", "/api/v1/account-keys", draft, 201);
  server.use(created.handler);
  const { user, router } = renderAt("/account-keys/new");
  await user.click(await screen.findByRole("button", { name: "Next" }));
  const name = await screen.findByLabelText("Display Name");
  expect(name).toHaveFocus();
  await user.click(screen.getByRole("button", { name: "Next" }));
  expect(await screen.findByText("Give the key a name.")).toBeVisible();
  expect(created.sent).toEqual([]);
  await user.type(name, "  Invoices mailbox ");
  await user.click(screen.getByRole("button", { name: "Next" }));
  expect(await screen.findByRole("button", { name: "It is registered, next" })).toBeVisible();
  expect(created.sent).toEqual([
    { type: "oauth2_microsoft_graph", displayName: "Invoices mailbox", description: "" },
  ]);
  expect(router.state.location.pathname).toBe(at);
});

test("going back to the type of a new key loses no name", async () => {
  const { user } = renderAt("/account-keys/new");
  await user.click(await screen.findByRole("button", { name: "Next" }));
  await user.type(await screen.findByLabelText("Display Name"), "Invoices mailbox");
  await user.type(screen.getByLabelText(/^Description/), "AP automation");
  await user.click(screen.getByRole("button", { name: "Back" }));
  await user.click(await screen.findByRole("button", { name: "Next" }));
  expect(await screen.findByLabelText("Display Name")).toHaveValue("Invoices mailbox");
  expect(screen.getByLabelText(/^Description/)).toHaveValue("AP automation");
});

test("the dialog that replaces a secret is ready to type in", async () => {
  serveKey(anAccountKey());
  server.use(answer("get", "/api/v1/account-keys/:id/activity", { items: [], nextCursor: null }));
  const { user } = renderAt(`/account-keys/${draft.id}`);
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  const menu = await screen.findByRole("menu");
  expect(screen.getByRole("main", { hidden: true })).toContainElement(menu);
  await user.click(within(menu).getByRole("menuitem", { name: "Replace secret" }));
  const dialog = await screen.findByRole("dialog", { name: "Replace secret" });
  await waitFor(() => expect(within(dialog).getByLabelText("Secret Key")).toHaveFocus());
});

test("the key's page edits permissions against the version that was seen", async () => {
  serveKey(anAccountKey({ missingScopes: ["Mail.Send"] }));
  let ifMatch: string | null = null;
  let body: unknown;
  server.use(
    answer("get", "/api/v1/account-keys/:id/activity", { items: [], nextCursor: null }),
    http.patch("*/api/v1/account-keys/:id", async ({ request }) => {
      ifMatch = request.headers.get("If-Match");
      body = await request.json();
      return HttpResponse.json(anAccountKey());
    }),
  );
  const { user } = renderAt(`/account-keys/${draft.id}`);
  expect(await screen.findByText("Permissions that are missing")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Edit permissions" }));
  const dialog = await screen.findByRole("dialog", { name: "Edit permissions" });
  await waitFor(() => expect(within(dialog).getAllByRole("checkbox")[0]).toHaveFocus());
  await user.click(await within(dialog).findByRole("checkbox", { name: "Send mail" }));
  await user.click(within(dialog).getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(dialog).not.toBeInTheDocument());
  expect(ifMatch).toBe('"v1"');
  expect(body).toEqual({ scopes: ["Mail.Read", "Mail.ReadWrite", "User.Read"] });
});
