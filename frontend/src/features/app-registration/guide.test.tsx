import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { anAccountKey, anInstance } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, server } from "@/test/server";

const key = anAccountKey({ displayName: "O'Neill's mail", status: "draft", tenantId: "" });
const at = `/account-keys/${key.id}/setup?step=details`;

beforeEach(() => {
  server.use(answer("get", "/api/v1/account-keys/:id", key, { etag: '"v1"' }));
});

/** A screen with room beside the wizard. */
function widen() {
  const media = Object.assign(new EventTarget(), {
    matches: true,
    media: "",
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  });
  vi.spyOn(window, "matchMedia").mockImplementation((query) =>
    Object.assign(media, { matches: query.includes("min-width"), media: query }),
  );
}

test("the guide opens beside the wizard, takes the focus, and gives it back", async () => {
  widen();
  const { user, router } = renderAt(at);
  const opener = await screen.findByRole("button", { name: "How to make the Azure app" });
  expect(opener).toHaveAttribute("aria-expanded", "false");
  await user.click(opener);
  const guide = await screen.findByRole("complementary", { name: "How to make the Azure app" });
  await waitFor(() =>
    expect(within(guide).getByRole("heading", { name: "How to make the Azure app" })).toHaveFocus(),
  );
  expect(opener).toHaveAttribute("aria-expanded", "true");
  expect(router.state.location.search).toMatchObject({ step: "details", guide: "portal" });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(guide).not.toBeInTheDocument());
  expect(opener).toHaveFocus();
  expect(router.state.location.search).toEqual({ step: "details" });
});

test("without room it is a drawer", async () => {
  const { user } = renderAt(at);
  await user.click(await screen.findByRole("button", { name: "How to make the Azure app" }));
  const drawer = await screen.findByRole("dialog", { name: "How to make the Azure app" });
  await user.click(within(drawer).getByRole("button", { name: "Close the guide" }));
  await waitFor(() => expect(drawer).not.toBeInTheDocument());
});

test("an address opens the guide at its tab, and leaves the focus alone", async () => {
  widen();
  const { router, user } = renderAt(`${at}&guide=terraform`);
  const guide = await screen.findByRole("complementary");
  expect(await within(guide).findByRole("tab", { name: "Terraform", selected: true })).toBeVisible();
  expect(within(guide).getByRole("heading", { name: "How to make the Azure app" })).not.toHaveFocus();
  await user.click(within(guide).getByRole("tab", { name: "PowerShell" }));
  await waitFor(() => expect(router.state.location.search).toMatchObject({ guide: "powershell" }));
});

test("the portal's steps have the values to copy and the names to tick", async () => {
  widen();
  renderAt(`${at}&guide=portal`);
  const guide = await screen.findByRole("complementary");
  const steps = await within(guide).findByRole("tabpanel");
  expect(within(steps).getByLabelText("Redirect URI")).toHaveValue(key.redirectUri);
  expect(within(steps).getByLabelText("Name")).toHaveValue("Latchkey: O'Neill's mail");
  expect(within(steps).getByRole("link", { name: "Open the Microsoft Entra admin center" })).toHaveAttribute(
    "href",
    "https://entra.microsoft.com",
  );
  for (const scope of [...key.scopes, "offline_access", "openid", "profile", "email"]) {
    expect(within(steps).getByText(scope)).toBeVisible();
  }
  expect(steps).toHaveTextContent("Delegated permissions (not Application permissions)");
  expect(steps).toHaveTextContent("Grant admin consent");
  expect(steps).toHaveTextContent("copy the Value at once");
});

test("the scripts follow what is chosen in the form, saved or not", async () => {
  widen();
  const { user } = renderAt(`${at}&guide=cli`);
  const guide = await screen.findByRole("complementary");
  const script = await within(guide).findByRole("region", { name: "Script for the Azure CLI" });
  expect(script).toHaveTextContent("--display-name='Latchkey: O'\\''Neill'\\''s mail'");
  expect(script).toHaveTextContent("az cloud set --name AzureCloud");
  expect(script).not.toHaveTextContent("--tenant");
  await user.type(screen.getByLabelText("Directory (tenant) ID"), "fabrikam.example");
  expect(script).toHaveTextContent("--tenant 'fabrikam.example'");
  await user.click(screen.getByText("More", { selector: "summary" }));
  await user.click(await screen.findByRole("checkbox", { name: "Send for shared mailboxes" }));
  expect(script).toHaveTextContent("a367ab51-6b49-43bf-a716-a1fb06d2a174");
});

test("a cloud that is not Microsoft's is said to be another's, with the values to register", async () => {
  widen();
  const cloud = {
    id: "lab",
    name: "Lab",
    authorityUrl: "https://lab.example",
    graphUrl: "https://lab.example",
  };
  server.use(
    answer("get", "/api/v1/instance", anInstance({ clouds: [...anInstance().clouds, cloud] })),
    answer("get", "/api/v1/account-keys/:id", { ...key, cloud: "lab" }, { etag: '"v1"' }),
  );
  renderAt(`${at}&guide=cli`);
  const guide = await screen.findByRole("complementary");
  expect(await within(guide).findByText("Lab is not one of Microsoft's clouds")).toBeVisible();
  expect(within(guide).getByLabelText("Redirect URI")).toHaveValue(key.redirectUri);
  expect(within(guide).getByText("offline_access")).toBeVisible();
  expect(within(guide).queryByRole("tab")).not.toBeInTheDocument();
});

test("a guide stays open from one step to the next", async () => {
  widen();
  const { user, router } = renderAt(`${at}&guide=cli`);
  await screen.findByRole("complementary");
  await user.click(screen.getByRole("button", { name: /^Redirect URI\b.*done/ }));
  await screen.findByRole("button", { name: "It is registered, next" });
  expect(router.state.location.search).toEqual({ step: "redirect", guide: "cli" });
});

test("an address with no such way has no guide", async () => {
  renderAt(`${at}&guide=carrier-pigeon`);
  expect(await screen.findByRole("button", { name: "How to make the Azure app" })).toHaveAttribute(
    "aria-expanded",
    "false",
  );
});
