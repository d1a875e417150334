import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { anInstance } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, refuse, server } from "@/test/server";

test("the chosen tab is in the address", async () => {
  const { user, router } = renderAt("/settings");
  await user.click(await screen.findByRole("tab", { name: "About" }));
  expect(await screen.findByLabelText("Redirect URI")).toHaveValue("http://localhost:8080/oauth/callback");
  expect(router.state.location.search).toEqual({ tab: "about" });
});

test("about tells version, addresses and where the documentation is", async () => {
  renderAt("/settings?tab=about");
  expect(await screen.findByText("1.2.3")).toBeVisible();
  expect(screen.getByRole("link", { name: "API documentation" })).toHaveAttribute("href", "/docs");
  expect(screen.getByRole("link", { name: "OpenAPI document (JSON)" })).toHaveAttribute(
    "href",
    "/openapi.json",
  );
});

test("about says when Microsoft may refuse the redirect URI", async () => {
  server.use(answer("get", "/api/v1/instance", anInstance({ redirectUriWarnings: ["Use https."] })));
  renderAt("/settings?tab=about");
  expect(await screen.findByText("Use https.")).toBeVisible();
});

test("the appearance is changed at once", async () => {
  const { user } = renderAt("/settings?tab=appearance");
  await user.click(await screen.findByRole("radio", { name: "Dark" }));
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  await user.click(screen.getByRole("radio", { name: "Same as this device" }));
  expect(document.documentElement.dataset["theme"]).toBe("light");
});

test("a server that can't be reached at the start is said, and tried again on demand", async () => {
  server.use(
    refuse("get", "/api/v1/instance", { status: 503, code: "unavailable", detail: "The database is away." }),
  );
  const { user } = renderAt("/settings");
  expect(await screen.findByText("The database is away.")).toBeVisible();
  server.use(answer("get", "/api/v1/instance", anInstance()));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
});

test("an address that nothing is at leads back into the app", async () => {
  renderAt("/nothing/here");
  expect(await screen.findByRole("heading", { name: "This page doesn’t exist" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Go to Account Keys" })).toHaveAttribute("href", "/account-keys");
});

test("after a navigation the focus is on the new page's heading, and the tab is named after it", async () => {
  const { user } = renderAt("/settings");
  await user.click(await screen.findByRole("link", { name: "API Clients" }));
  const heading = await screen.findByRole("heading", { name: "API Clients", level: 1 });
  await expect.poll(() => document.activeElement).toBe(heading);
  expect(document.title).toBe("API Clients · Latchkey");
});
