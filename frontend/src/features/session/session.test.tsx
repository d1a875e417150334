import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { aSession, anInstance, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, record, refuse, server } from "@/test/server";

const signedOut = refuse("get", "/api/v1/session", { status: 401, code: "unauthenticated" });

/** The button is there twice, for wide and for narrow screens; jsdom hides neither. */
async function openUserMenu(user: ReturnType<typeof renderAt>["user"]) {
  const [button] = await screen.findAllByRole("button", { name: "Account menu of Ada Admin" });
  if (button) await user.click(button);
}

async function fillSetUp(user: ReturnType<typeof renderAt>["user"], password: string) {
  await user.type(await screen.findByLabelText("Set-up code"), "ABCD-EFGH-JKLM");
  await user.type(screen.getByLabelText("Your name"), "Ada Admin");
  await user.type(screen.getByLabelText("Email"), "ada@example.com");
  await user.type(screen.getByLabelText("Password"), password);
  await user.click(screen.getByRole("button", { name: "Create administrator" }));
}

test("a page asked for while signed out is shown after signing in", async () => {
  server.use(signedOut);
  const { user, router } = renderAt("/settings?tab=about");
  await user.type(await screen.findByLabelText("Email"), "ada@example.com");
  await user.type(screen.getByLabelText("Password"), "a long enough password");
  const signIn = record("post", "/api/v1/session", aSession());
  server.use(signIn.handler);
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  expect(router.state.location.href).toBe("/settings?tab=about");
  expect(signIn.sent).toEqual([{ email: "ada@example.com", password: "a long enough password" }]);
});

test("an address of another site is not followed after signing in", async () => {
  server.use(signedOut);
  const { user, router } = renderAt("/sign-in?redirect=//evil.example/");
  await user.type(await screen.findByLabelText("Email"), "ada@example.com");
  await user.type(screen.getByLabelText("Password"), "a long enough password");
  server.use(answer("post", "/api/v1/session", aSession()));
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await screen.findByRole("heading", { name: "Account Keys", level: 1 });
  expect(router.state.location.pathname).toBe("/account-keys");
});

test("a wrong password is said at the password, which takes the focus", async () => {
  server.use(signedOut, refuse("post", "/api/v1/session", { status: 401, code: "invalid_credentials" }));
  const { user } = renderAt("/sign-in");
  await user.type(await screen.findByLabelText("Email"), "ada@example.com");
  await user.type(screen.getByLabelText("Password"), "wrong");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(screen.getByText(/An administrator can send you a link/)).toBeVisible();
  const password = screen.getByLabelText("Password");
  expect(await screen.findByText("The email address or the password is wrong.")).toBeVisible();
  expect(password).toHaveAccessibleDescription("The email address or the password is wrong.");
  expect(password).toHaveFocus();
});

test("too many attempts are told with what to do, and leave the session alone", async () => {
  server.use(
    signedOut,
    refuse("post", "/api/v1/session", {
      status: 429,
      code: "too_many_attempts",
      detail: "Too many attempts have failed.",
      fix: "Try again in 14 minutes.",
    }),
  );
  const { user } = renderAt("/sign-in");
  await user.type(await screen.findByLabelText("Email"), "ada@example.com");
  await user.type(screen.getByLabelText("Password"), "a long enough password");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent(
    "Too many attempts have failed.Try again in 14 minutes.",
  );
});

test("an empty sign-in form asks for both and sends nothing", async () => {
  server.use(signedOut);
  const { user } = renderAt("/sign-in");
  await user.click(await screen.findByRole("button", { name: "Sign in" }));
  expect(await screen.findByText("Enter your email address.")).toBeVisible();
  expect(screen.getByLabelText("Password")).toHaveAccessibleDescription("Enter your password.");
  await waitFor(() => expect(screen.getByLabelText("Email")).toHaveFocus());
});

test("a Latchkey without people leads to its set-up page, whatever was asked for", async () => {
  server.use(signedOut, answer("get", "/api/v1/instance", anInstance({ setupRequired: true })));
  const { router } = renderAt("/account-keys");
  expect(await screen.findByRole("heading", { name: "Set up Latchkey" })).toBeVisible();
  expect(router.state.location.pathname).toBe("/setup");
});

test("setting up shows the password's rule, refuses a short one, and then signs in", async () => {
  const setUp = record("post", "/api/v1/setup", aSession(), 201);
  server.use(
    signedOut,
    setUp.handler,
    answer("get", "/api/v1/instance", anInstance({ setupRequired: true })),
  );
  const { user } = renderAt("/setup");
  await fillSetUp(user, "short");
  const password = screen.getByLabelText("Password");
  expect(password).toHaveAccessibleDescription(/Use at least 12 characters\. 12 to 128 characters/);
  await user.clear(password);
  await user.type(password, "correct horse battery");
  await user.click(screen.getByRole("button", { name: "Create administrator" }));
  expect(await screen.findByRole("heading", { name: "Account Keys", level: 1 })).toBeVisible();
  expect(setUp.sent).toEqual([
    {
      setupCode: "ABCD-EFGH-JKLM",
      name: "Ada Admin",
      email: "ada@example.com",
      password: "correct horse battery",
    },
  ]);
});

test("a wrong set-up code and a too common password are said at their fields", async () => {
  server.use(
    signedOut,
    answer("get", "/api/v1/instance", anInstance({ setupRequired: true })),
    refuse("post", "/api/v1/setup", { status: 403, code: "invalid_setup_code" }),
  );
  const { user } = renderAt("/setup");
  await fillSetUp(user, "correct horse battery");
  expect(await screen.findByText(/That is not the set-up code/)).toBeVisible();
  expect(screen.getByLabelText("Set-up code")).toHaveFocus();

  server.use(
    refuse("post", "/api/v1/setup", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "password", code: "too_common", message: "This password is among the commonest." }],
    }),
  );
  await user.click(screen.getByRole("button", { name: "Create administrator" }));
  expect(await screen.findByText("This password is among the commonest.")).toBeVisible();
  await waitFor(() => expect(screen.getByLabelText("Password")).toHaveFocus());
});

test("signing out leads to the sign-in page", async () => {
  const { user } = renderAt("/account-keys");
  await openUserMenu(user);
  server.use(answer("delete", "/api/v1/session", undefined), signedOut);
  await user.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  expect(await screen.findByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a session that has ended on the server leads to the sign-in page and back", async () => {
  server.use(refuse("get", "/api/v1/api-clients", { status: 401, code: "unauthenticated" }));
  const { router } = renderAt("/api-clients");
  expect(await screen.findByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(router.state.location.search).toEqual({ redirect: "/api-clients" });
});

test("a viewer's navigation holds only what a viewer may open", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  renderAt("/account-keys");
  expect(await screen.findByRole("link", { name: "Account Keys" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Settings" })).toBeVisible();
  expect(screen.queryByRole("link", { name: "API Clients" })).not.toBeInTheDocument();
});

test("changing one's password says when the current one is wrong, at its field", async () => {
  const { user } = renderAt("/account-keys");
  await openUserMenu(user);
  await user.click(await screen.findByRole("menuitem", { name: "Change password" }));
  server.use(
    refuse("post", "/api/v1/session/password", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "currentPassword", code: "wrong", message: "This is not your current password." }],
    }),
  );
  await user.type(await screen.findByLabelText("Current password"), "wrong");
  await user.type(screen.getByLabelText("New password"), "correct horse battery");
  await user.click(screen.getByRole("button", { name: "Change password" }));
  expect(await screen.findByText("This is not your current password.")).toBeVisible();
  expect(screen.getByLabelText("Current password")).toHaveFocus();

  const change = record("post", "/api/v1/session/password", undefined);
  server.use(change.handler);
  await user.click(screen.getByRole("button", { name: "Change password" }));
  expect(await screen.findByText("Password changed")).toBeVisible();
  expect(change.sent).toEqual([{ currentPassword: "wrong", newPassword: "correct horse battery" }]);
});
