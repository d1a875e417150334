import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { anAccountKey } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, server } from "@/test/server";

const key = anAccountKey();

test("a filter that is chosen while a search is being typed is kept", async () => {
  server.use(answer("get", "/api/v1/account-keys", page([key])));
  const { user, router } = renderAt("/account-keys");
  await user.type(await screen.findByRole("textbox", { name: "Search account keys" }), "inv");
  await user.selectOptions(screen.getByRole("combobox", { name: "Status" }), "authorized");
  await waitFor(() => expect(router.state.location.search).toEqual({ q: "inv", status: "authorized" }));
});

test("the search field stays, with its focus, while the whole list is read again", async () => {
  const release: (() => void)[] = [];
  const released = new Promise<void>((resolve) => release.push(resolve));
  server.use(
    http.get("*/api/v1/account-keys", async ({ request }) => {
      if (new URL(request.url).searchParams.has("q")) return HttpResponse.json(page([]));
      await released;
      return HttpResponse.json(page([key]));
    }),
  );
  const { user, router } = renderAt("/account-keys?q=nothing");
  const search = await screen.findByRole("textbox", { name: "Search account keys" });
  await screen.findByRole("heading", { name: "No account key matches" });
  await user.type(search, "{Escape}");
  await waitFor(() => expect(router.state.location.search).toEqual({}));
  expect(search).toBeInTheDocument();
  release[0]?.();
  expect(await screen.findByRole("link", { name: key.displayName })).toBeVisible();
  expect(search).toHaveFocus();
});

test("where there are no keys there is nothing to search", async () => {
  server.use(answer("get", "/api/v1/account-keys", page([])));
  renderAt("/account-keys");
  await screen.findByRole("heading", { name: "No account keys yet" });
  expect(screen.queryByRole("textbox", { name: "Search account keys" })).not.toBeInTheDocument();
});

test("an edit names the version that its dialog was opened with", async () => {
  let seen: string | null = null;
  server.use(
    answer("get", "/api/v1/account-keys/:id", key, { etag: '"v1"' }),
    answer("get", "/api/v1/account-keys/:id/activity", page([])),
    http.patch("*/api/v1/account-keys/:id", ({ request }) => {
      seen = request.headers.get("If-Match");
      return HttpResponse.json(key, { headers: { ETag: '"v3"' } });
    }),
  );
  const { user, queryClient } = renderAt(`/account-keys/${key.id}`);
  await user.click(await screen.findByRole("button", { name: "More actions" }));
  await user.click(await screen.findByRole("menuitem", { name: "Edit name and description" }));
  const dialog = await screen.findByRole("dialog", { name: "Edit name and description" });
  // Somebody else changes the key, and a refresh in the background brings it.
  const theirs = { ...key, description: "theirs" };
  server.use(answer("get", "/api/v1/account-keys/:id", theirs, { etag: '"v2"' }));
  await queryClient.invalidateQueries();
  expect(await screen.findByText("theirs")).toBeInTheDocument();
  await user.type(within(dialog).getByLabelText("Display Name"), " 2");
  await user.click(within(dialog).getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(seen).toBe('"v1"'));
});
