import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { anInvitation, aSession, aUser, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, record, refuse, server } from "@/test/server";

const signedOut = refuse("get", "/api/v1/session", { status: 401, code: "unauthenticated" });
const submit = { name: "Set password and sign in" };

test("an invitation says whose it is, takes a password and signs in", async () => {
  const inspect = record("post", "/api/v1/invitations/inspect", anInvitation());
  const accept = record("post", "/api/v1/invitations/accept", aViewer());
  server.use(signedOut, inspect.handler, accept.handler);
  const { user, router } = renderAt("/invitation#s3cret");
  expect(await screen.findByRole("heading", { name: "Welcome, Vic Viewer" })).toBeVisible();
  expect(screen.getByText(/^Ada Admin invited you/)).toBeVisible();
  expect(screen.getByLabelText("Email")).toHaveValue("vic@example.com");
  expect(screen.getByText("Viewer")).toBeVisible();
  expect(accept.sent).toEqual([]);
  await user.type(screen.getByLabelText("Password"), "teal otters skate");
  await user.click(screen.getByRole("button", submit));
  expect(await screen.findByRole("heading", { name: "Account Keys", level: 1 })).toBeVisible();
  expect(router.state.location.href).toBe("/account-keys");
  expect(inspect.sent).toEqual([{ token: "s3cret" }]);
  expect(accept.sent).toEqual([{ token: "s3cret", password: "teal otters skate" }]);
});

test("a password that breaks the rules is said at the field, whoever finds it", async () => {
  server.use(
    signedOut,
    answer("post", "/api/v1/invitations/inspect", anInvitation()),
    refuse("post", "/api/v1/invitations/accept", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "password", code: "too_common", message: "Choose another." }],
    }),
  );
  const { user } = renderAt("/invitation#s3cret");
  await user.type(await screen.findByLabelText("Password"), "short");
  await user.click(screen.getByRole("button", submit));
  expect(await screen.findByText("Use at least 12 characters.")).toBeVisible();
  await user.type(screen.getByLabelText("Password"), " but now long enough");
  await user.click(screen.getByRole("button", submit));
  expect(await screen.findByText("Choose another.")).toBeVisible();
  expect(screen.getByLabelText("Password")).toHaveFocus();
});

test("a link that is not good any more says so, and what to do", async () => {
  server.use(
    signedOut,
    refuse("post", "/api/v1/invitations/inspect", {
      status: 404,
      code: "unknown_link",
      detail: "This link is not good any more.",
      fix: "Ask for a new one.",
    }),
  );
  renderAt("/invitation#used");
  expect(await screen.findByText("This link is not good any more.")).toBeVisible();
  expect(screen.getByText("Ask for a new one.")).toBeVisible();
  expect(screen.queryByLabelText("Password")).not.toBeInTheDocument();
});

test("a link that was used meanwhile says so above the button", async () => {
  server.use(
    signedOut,
    answer("post", "/api/v1/invitations/inspect", anInvitation()),
    refuse("post", "/api/v1/invitations/accept", {
      status: 404,
      code: "unknown_link",
      detail: "It was used.",
    }),
  );
  const { user } = renderAt("/invitation#s3cret");
  await user.type(await screen.findByLabelText("Password"), "teal otters skate");
  await user.click(screen.getByRole("button", submit));
  expect(await screen.findByRole("alert")).toHaveTextContent("It was used.");
});

test("a link without its secret is told apart, and nothing is asked", async () => {
  renderAt("/invitation");
  expect(await screen.findByText(/This link is not whole/)).toBeVisible();
});

test("a link for a new password reads as one, and says who is signed in here", async () => {
  server.use(
    answer("post", "/api/v1/invitations/inspect", anInvitation({ status: "active" })),
    answer("get", "/api/v1/session", aSession({ user: aUser({ name: "Olga Operator" }) })),
  );
  renderAt("/invitation#s3cret");
  expect(await screen.findByRole("heading", { name: "Choose a new password" })).toBeVisible();
  expect(await screen.findByText("Olga Operator is signed in here, and will be signed out.")).toBeVisible();
});
