import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { anAccountKey, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const id = anAccountKey().id;
const path = `/api/v1/account-keys/${id}`;
const aid = "0198a1b0-0000-7000-8000-0000000000e1";
const offer = "Copy link for your administrator";

function failure(over: Partial<Schemas["AuthorizationFailure"]>): Schemas["AuthorizationFailure"] {
  return {
    code: "admin_consent_required",
    class: "administrator",
    field: "scopes",
    message: "Only an administrator may consent.",
    fix: "Have an administrator grant it.",
    microsoft: null,
    ...over,
  };
}

function attempt(found: Schemas["AuthorizationFailure"]): Schemas["Authorization"] {
  return {
    id: aid,
    accountKeyId: id,
    mode: "popup",
    status: "failed",
    createdAt: "2026-11-23T10:00:00Z",
    expiresAt: "2026-11-23T10:10:00Z",
    finishedAt: "2026-11-23T10:01:00Z",
    account: null,
    currentAccount: null,
    grantedScopes: [],
    missingScopes: [],
    failure: found,
  };
}

function keyNeeds(code: string) {
  server.use(
    answer(
      "get",
      path,
      anAccountKey({
        status: "reauthorization_required",
        statusReason: { code, message: "It does not work.", fix: "Mend it.", since: "2026-11-23T10:00:00Z" },
      }),
      { etag: '"1"' },
    ),
    answer("get", `${path}/activity`, page([])),
  );
}

test("a sign-in that needs an administrator offers the link, which is made at the click", async () => {
  keyNeeds("never_authorized");
  const link = record(
    "post",
    `${path}/admin-consent`,
    { url: "https://login.example/adminconsent?state=1", expiresAt: "2026-12-01T00:00:00Z" },
    201,
  );
  server.use(link.handler, answer("get", `${path}/authorizations/${aid}`, attempt(failure({}))));
  const { user } = renderAt(`/account-keys/${id}/setup?step=authorize&attempt=${aid}`);
  await user.click(await screen.findByRole("button", { name: offer }));
  expect(await screen.findByLabelText("Link for your administrator")).toHaveValue(
    "https://login.example/adminconsent?state=1",
  );
  expect(link.sent).toHaveLength(1);
  expect(await navigator.clipboard.readText()).toBe("https://login.example/adminconsent?state=1");
});

test("a declined sign-in offers it too: Microsoft's page may have asked for an administrator", async () => {
  keyNeeds("never_authorized");
  server.use(
    answer(
      "get",
      `${path}/authorizations/${aid}`,
      attempt(failure({ code: "declined", class: "declined", field: "" })),
    ),
  );
  renderAt(`/account-keys/${id}/setup?step=authorize&attempt=${aid}`);
  expect(await screen.findByRole("button", { name: offer })).toBeVisible();
});

test("what an administrator's consent cannot mend offers none", async () => {
  keyNeeds("never_authorized");
  server.use(
    answer(
      "get",
      `${path}/authorizations/${aid}`,
      attempt(failure({ code: "conditional_access", field: "" })),
    ),
  );
  renderAt(`/account-keys/${id}/setup?step=authorize&attempt=${aid}`);
  await screen.findByText("Not authorized");
  expect(screen.queryByRole("button", { name: offer })).not.toBeInTheDocument();
});

test("a key whose consent was taken back offers it on its page, to who may change it", async () => {
  keyNeeds("consent_required");
  renderAt(`/account-keys/${id}`);
  expect(await screen.findByRole("button", { name: offer })).toBeVisible();
});

test("a viewer is offered none", async () => {
  keyNeeds("consent_required");
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt(`/account-keys/${id}`);
  await screen.findByText("It does not work.");
  expect(screen.queryByRole("button", { name: offer })).not.toBeInTheDocument();
});

test("what is missing for a link is told", async () => {
  keyNeeds("consent_required");
  server.use(
    refuse("post", `${path}/admin-consent`, {
      status: 422,
      code: "validation_failed",
      detail: "Some fields need attention.",
      errors: [{ field: "tenantId", code: "required", message: "Enter the Directory (tenant) ID." }],
    }),
  );
  const { user } = renderAt(`/account-keys/${id}`);
  await user.click(await screen.findByRole("button", { name: offer }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Enter the Directory (tenant) ID.");
});

test("the page after a sign-in offers it to whoever looks after keys", async () => {
  server.use(
    answer("get", `/oauth/callback/${aid}`, {
      ...attempt(failure({})),
      accountKey: { id, displayName: "Invoices mailbox" },
    }),
  );
  renderAt(`/authorization/${aid}`);
  expect(await screen.findByRole("button", { name: offer })).toBeVisible();
});

test("the page after a sign-in offers nothing to the mailbox's owner, who has no account here", async () => {
  server.use(
    refuse("get", "/api/v1/session", { status: 401, code: "unauthenticated" }),
    answer("get", `/oauth/callback/${aid}`, {
      ...attempt(failure({})),
      accountKey: { id, displayName: "Invoices mailbox" },
    }),
  );
  renderAt(`/authorization/${aid}`);
  await screen.findByText("Have an administrator grant it.");
  expect(screen.queryByRole("button", { name: offer })).not.toBeInTheDocument();
});

const consentPath = `/oauth/admin-consents/${aid}`;
const granted = {
  id: aid,
  status: "granted",
  requestedBy: "Ada",
  finishedAt: "2026-11-23T10:00:00Z",
  failure: null,
};

test("an administrator is thanked and may close the window", async () => {
  server.use(
    refuse("get", "/api/v1/session", { status: 401, code: "unauthenticated" }),
    answer("get", consentPath, granted),
  );
  renderAt(`/admin-consent/${aid}`);
  expect(await screen.findByRole("heading", { name: "Thank you", level: 1 })).toBeVisible();
  expect(screen.getByText(/Tell Ada/)).toBeVisible();
  expect(screen.getByText("You can close this window.")).toBeVisible();
});

test("an administrator who declined is told what to do", async () => {
  const declined = failure({
    code: "declined",
    class: "declined",
    message: "Not accepted.",
    fix: "Ask for a new link.",
  });
  server.use(answer("get", consentPath, { ...granted, status: "failed", failure: declined }));
  renderAt(`/admin-consent/${aid}`);
  expect(await screen.findByRole("heading", { name: "The permissions were not allowed" })).toBeVisible();
  expect(screen.getByText("Not accepted.")).toBeVisible();
  expect(screen.getByText("You can close this window.")).toBeVisible();
});

test("a consent of another browser is not shown, and trouble can be tried again", async () => {
  server.use(refuse("get", consentPath, { status: 404, code: "not_found" }));
  const first = renderAt(`/admin-consent/${aid}`);
  expect(
    await screen.findByRole("heading", { name: "This consent is not known in this browser" }),
  ).toBeVisible();
  first.unmount();
  server.use(refuse("get", consentPath, { status: 500, code: "internal", detail: "Broken." }));
  const { user } = renderAt(`/admin-consent/${aid}`);
  await screen.findByText("Broken.");
  server.use(answer("get", consentPath, granted));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("heading", { name: "Thank you" })).toBeVisible();
});
