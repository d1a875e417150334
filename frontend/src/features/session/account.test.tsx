import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { aSessionInfo, aViewer } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";
import { browserName } from "./browserName";

const here = aSessionInfo({ id: "s-here", current: true });
const phone = aSessionInfo({
  id: "s-phone",
  ip: "2001:db8::7",
  userAgent:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
});

async function openAccount() {
  server.use(answer("get", "/api/v1/sessions", page([phone, here])));
  const view = renderAt("/settings?tab=account");
  const table = await screen.findByRole("table", { name: "Where you are signed in" });
  return { ...view, table };
}

test("everybody sees where they are signed in, this browser marked", async () => {
  server.use(answer("get", "/api/v1/session", aViewer()));
  const { table } = await openAccount();
  const row = within(table).getByRole("row", { name: /Safari on iPhone/ });
  expect(within(row).getByText("2001:db8::7")).toBeVisible();
  const current = within(table).getByRole("row", { name: /Chrome on Windows/ });
  expect(within(current).getByText("This browser")).toBeVisible();
  expect(within(current).queryByRole("button")).not.toBeInTheDocument();
});

test("one session is ended", async () => {
  const { user, table } = await openAccount();
  const end = record("delete", "/api/v1/sessions/s-phone", undefined);
  server.use(end.handler, answer("get", "/api/v1/sessions", page([here])));
  await user.click(within(table).getByRole("button", { name: "Sign out Safari on iPhone" }));
  expect(await screen.findByText("Safari on iPhone is signed out")).toBeVisible();
  await waitFor(() => expect(screen.queryByRole("row", { name: /iPhone/ })).not.toBeInTheDocument());
  expect(end.sent).toHaveLength(1);
  expect(screen.queryByRole("button", { name: "Sign out everywhere else" })).not.toBeInTheDocument();
});

test("an end that fails is told", async () => {
  const { user, table } = await openAccount();
  server.use(
    refuse("delete", "/api/v1/sessions/:id", { status: 503, code: "busy", detail: "Try again later." }),
  );
  await user.click(within(table).getByRole("button", { name: "Sign out Safari on iPhone" }));
  // It is there twice: on show, and at once for screen readers.
  expect(await screen.findAllByText("Try again later.")).not.toEqual([]);
});

test("signing out everywhere else asks first", async () => {
  const { user } = await openAccount();
  const end = record("delete", "/api/v1/sessions", undefined);
  server.use(end.handler);
  await user.click(screen.getByRole("button", { name: "Sign out everywhere else" }));
  const dialog = await screen.findByRole("alertdialog", { name: "Sign out everywhere else?" });
  expect(end.sent).toEqual([]);
  server.use(answer("get", "/api/v1/sessions", page([here])));
  await user.click(within(dialog).getByRole("button", { name: "Sign out everywhere else" }));
  expect(await screen.findByText("You are signed out everywhere else")).toBeVisible();
  await waitFor(() => expect(screen.queryByRole("row", { name: /iPhone/ })).not.toBeInTheDocument());
});

test("the account menu leads there, and the password is changed there", async () => {
  const { user, router } = renderAt("/account-keys");
  const [menu] = await screen.findAllByRole("button", { name: "Account menu of Ada Admin" });
  if (menu) await user.click(menu);
  await user.click(await screen.findByRole("menuitem", { name: "Your account" }));
  await user.click(await screen.findByRole("button", { name: "Change password" }));
  expect(router.state.location.href).toBe("/settings?tab=account");
  const dialog = await screen.findByRole("dialog", { name: "Change password" });
  expect(dialog).toHaveAccessibleDescription("You are signed out everywhere else.");
});

test("sessions that can't be read offer another try", async () => {
  server.use(refuse("get", "/api/v1/sessions", { status: 500, code: "internal", requestId: "req-9" }));
  const { user } = renderAt("/settings?tab=account");
  expect(await screen.findByText("req-9")).toBeVisible();
  server.use(answer("get", "/api/v1/sessions", page([here])));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("row", { name: /Chrome on Windows/ })).toBeVisible();
});

test("browsers are named by what they say of themselves", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36";
  expect(browserName(chrome)).toBe("Chrome on Linux");
  expect(browserName(chrome.replace("Chrome/", "HeadlessChrome/"))).toBe("Chrome on Linux");
  expect(browserName(`${chrome} Edg/143.0.0.0`)).toBe("Edge on Linux");
  expect(browserName("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0")).toBe(
    "Firefox on Android",
  );
  expect(
    browserName(
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    ),
  ).toBe("Safari on macOS");
  expect(browserName("curl/8.5.0")).toBe("curl/8.5.0");
  expect(browserName("")).toBe("Unknown browser");
});
