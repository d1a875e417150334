import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ApiClientLeash } from "@/api/api-clients";
import { anAccountKey, anApiClient } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, page, record, refuse, server } from "@/test/server";

const invoices = anAccountKey();
const leash: ApiClientLeash = {
  accountKeyId: invoices.id,
  rawTokens: false,
  graphMethods: ["GET"],
  graphPaths: ["/me/messages/**"],
  recipientDomains: ["contoso.com"],
  sendsPerDay: 100,
};
const billing = anApiClient({ leashes: [leash], rateLimitPerMinute: 30 });
const at = `/api-clients/${billing.id}`;

function serve(client = billing) {
  server.use(
    answer("get", "/api/v1/api-clients/:id", client, { etag: '"v1"' }),
    answer("get", "/api/v1/account-keys/:id", invoices, { etag: '"k1"' }),
    answer("get", "/api/v1/account-keys", page([invoices])),
  );
}

/** Opens the leash of a key, or of every other one. */
async function open(user: ReturnType<typeof renderAt>["user"], name: string) {
  const group = await screen.findByRole("group", { name: "Leashes" });
  await user.click(await within(group).findByText(name));
  return group;
}

test("the page tells leashes and the rate in words", async () => {
  serve();
  renderAt(at);
  expect(await screen.findByText("Graph calls by GET at /me/messages/**")).toBeVisible();
  expect(screen.getByText("Not the access token itself")).toBeVisible();
  expect(screen.getByText("Mail to contoso.com")).toBeVisible();
  expect(screen.getByText("100 mails a day")).toBeVisible();
  expect(screen.getByText("30 a minute")).toBeVisible();
});

test("without a leash a client may do everything, as often as the server allows", async () => {
  serve(anApiClient());
  renderAt(at);
  expect(await screen.findByText("Everything its permissions allow")).toBeVisible();
  expect(screen.getByText("As this server is set up")).toBeVisible();
});

test("a leash and a rate are set, and sent as the server takes them", async () => {
  const update = record("patch", "/api/v1/api-clients/:id", billing);
  serve(anApiClient());
  server.use(update.handler);
  const { user } = renderAt(`${at}?edit=true`);
  const group = await open(user, invoices.displayName);
  await user.click(within(group).getByRole("radio", { name: "Only what a leash allows" }));
  await user.click(within(group).getByRole("checkbox", { name: "Bound the methods of its Graph calls" }));
  await user.click(within(group).getByRole("checkbox", { name: "POST (create, send)" }));
  await user.click(within(group).getByRole("checkbox", { name: "Bound the paths of its Graph calls" }));
  await user.type(within(group).getByLabelText("Allowed paths"), "/me/messages/**{Enter} /me/events ");
  await user.type(screen.getByLabelText(/Requests a minute/), "60");
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(update.sent).toHaveLength(1));
  expect(update.sent[0]).toMatchObject({
    rateLimitPerMinute: 60,
    leashes: [
      {
        accountKeyId: invoices.id,
        rawTokens: false,
        graphMethods: ["GET", "POST"],
        graphPaths: ["/me/messages/**", "/me/events"],
        recipientDomains: null,
        sendsPerDay: null,
      },
    ],
  });
});

test("bounds of mail switch off raw tokens and writing calls, and say why", async () => {
  const update = record("patch", "/api/v1/api-clients/:id", billing);
  serve(anApiClient());
  server.use(update.handler);
  const { user } = renderAt(`${at}?edit=true`);
  const group = await open(user, "Every other account key");
  await user.click(within(group).getByRole("radio", { name: "Only what a leash allows" }));
  const raw = within(group).getByRole("checkbox", { name: "May have the access token itself" });
  await user.click(raw);
  expect(raw).toBeChecked();
  await user.click(within(group).getByRole("checkbox", { name: "Bound whom it sends mail to" }));
  expect(raw).not.toBeChecked();
  expect(raw).toHaveAttribute("aria-disabled", "true");
  expect(raw).toHaveAccessibleDescription(/Not while recipients or sends are bounded/);
  expect(within(group).getByRole("checkbox", { name: "GET (read)" })).toBeChecked();
  expect(within(group).getByRole("checkbox", { name: "POST (create, send)" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await user.type(within(group).getByLabelText("Domains of recipients"), "contoso.com");
  await user.type(within(group).getByLabelText(/Mails a day/), "5");
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(update.sent).toHaveLength(1));
  expect(update.sent[0]).toMatchObject({
    leashes: [
      {
        accountKeyId: null,
        rawTokens: false,
        graphMethods: ["GET"],
        graphPaths: null,
        recipientDomains: ["contoso.com"],
        sendsPerDay: 5,
      },
    ],
  });
});

test("what the server refuses of a leash is shown where it is", async () => {
  serve(anApiClient({ leashes: [leash] }));
  server.use(
    refuse("patch", "/api/v1/api-clients/:id", {
      status: 422,
      code: "validation_failed",
      errors: [{ field: "leashes[0].recipientDomains[0]", code: "invalid", message: "That is no domain." }],
    }),
  );
  const { user } = renderAt(`${at}?edit=true`);
  await user.click(await screen.findByRole("button", { name: "Save changes" }));
  const domains = await screen.findByLabelText("Domains of recipients");
  expect(domains).toHaveAccessibleDescription(/That is no domain\./);
  expect(screen.getAllByText("That is no domain.")).toHaveLength(1);
});

test("amounts that are no amounts are refused before they are sent", async () => {
  const update = record("patch", "/api/v1/api-clients/:id", billing);
  serve(anApiClient({ leashes: [leash] }));
  server.use(update.handler);
  const { user } = renderAt(`${at}?edit=true`);
  await user.type(await screen.findByLabelText(/Requests a minute/), "many");
  await open(user, invoices.displayName);
  await user.type(screen.getByLabelText(/Mails a day/), "x");
  expect(screen.getByLabelText(/Mails a day/)).toHaveAccessibleDescription(
    /whole number from 0 to 1,000,000/,
  );
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() =>
    expect(screen.getByLabelText(/Requests a minute/)).toHaveAccessibleDescription(/whole number/),
  );
  expect(update.sent).toHaveLength(0);
});

test("a leash of a key that is no longer chosen is not sent", async () => {
  const update = record("patch", "/api/v1/api-clients/:id", billing);
  serve();
  server.use(update.handler);
  const { user } = renderAt(`${at}?edit=true`);
  await user.click(await screen.findByRole("button", { name: `Remove ${invoices.displayName}` }));
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(update.sent).toHaveLength(1));
  expect(update.sent[0]).toMatchObject({ accountKeyIds: [], leashes: [] });
});

test("a client of all keys may have a leash on one of them", async () => {
  const update = record("patch", "/api/v1/api-clients/:id", billing);
  serve(anApiClient({ allAccountKeys: true, accountKeyIds: [] }));
  server.use(update.handler);
  const { user } = renderAt(`${at}?edit=true`);
  const group = await open(user, "Leashes of single account keys");
  await user.click(await within(group).findByRole("checkbox", { name: invoices.displayName }));
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  await waitFor(() => expect(update.sent).toHaveLength(1));
  expect(update.sent[0]).toMatchObject({
    allAccountKeys: true,
    leashes: [{ accountKeyId: invoices.id, rawTokens: false, graphMethods: null }],
  });
});
