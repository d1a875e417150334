import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { aTarget } from "@/test/factories";
import { renderAt } from "@/test/render";
import { answer, server } from "@/test/server";
import { addressOf, curlOf } from "./call";
import { indent } from "./json";
import { keptBytes } from "./send";

const target = aTarget();
const at = `/targets/${target.id}?tab=try`;
const graph = `*/api/v1/targets/${target.id}/graph`;

beforeEach(() => server.use(answer("get", "/api/v1/targets/:id", target, { etag: '"v1"' })));

const answerSection = () => within(screen.getByRole("region", { name: "Answer" }));
const shownBody = () => screen.findByRole("region", { name: "Body of the answer" });

/** Opens the console and writes a path. */
async function open(path: string, method?: string) {
  const view = renderAt(at);
  const input = await screen.findByLabelText("Path and query");
  await view.user.clear(input);
  // Brackets are keys to user-event.
  if (path !== "") await view.user.type(input, path.replace(/[[{]/g, "$&$&"));
  if (method !== undefined) await view.user.selectOptions(screen.getByLabelText("Method"), method);
  return view;
}

test("a call goes through the target as it was written, and its JSON is told line by line", async () => {
  const seen: string[] = [];
  server.use(
    http.get(`${graph}/messages`, ({ request }) => {
      seen.push(request.url);
      return new HttpResponse(
        '{"value":[{"subject":"Hi, <b>you</b>","size":12345678901234567890}],"none":[]}',
        {
          headers: { "Content-Type": "application/json; odata.metadata=minimal", "x-graph": "yes" },
        },
      );
    }),
  );
  const { user } = await open("messages?$top=1&$filter=subject eq 'a#b'");
  expect(screen.getByText("Reaches /v1.0/me/messages at Microsoft Graph.")).toBeVisible();
  await user.keyboard("{Control>}{Enter}{/Control}");
  const body = await shownBody();
  expect(body.textContent).toBe(
    [
      "{",
      '  "value": [',
      "    {",
      '      "subject": "Hi, <b>you</b>",',
      '      "size": 12345678901234567890',
      "    }",
      "  ],",
      '  "none": []',
      "}",
    ].join("\n"),
  );
  expect(body.querySelector("b")).toBeNull();
  expect(new URL(seen[0] ?? "").search).toBe("?$top=1&$filter=subject%20eq%20%27a%23b%27");
  expect(answerSection().getByText("200")).toBeVisible();
  expect(answerSection().getByText(/^after [\d,]+ ms, 78 B$/)).toBeVisible();
  await user.click(answerSection().getByText(/headers$/));
  expect(answerSection().getByText("x-graph:")).toBeVisible();
});

test("a refusal of Latchkey's is told as its own, with what to do", async () => {
  server.use(
    http.get(`${graph}/calendar`, () =>
      HttpResponse.json(
        {
          type: "about:blank",
          title: "Forbidden",
          status: 403,
          code: "path_refused",
          detail: "The target doesn't allow this path.",
          fix: "Allow it at the target, if it is meant to be.",
        },
        { status: 403, headers: { "Content-Type": "application/problem+json" } },
      ),
    ),
  );
  const { user } = await open("/calendar");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText("Latchkey answered, not Microsoft Graph")).toBeVisible();
  expect(
    screen.getByText("The target doesn't allow this path. Allow it at the target, if it is meant to be."),
  ).toBeVisible();
  expect(answerSection().getByText("403")).toBeVisible();
});

test("Graph's own failure is shown as it came, and ends nobody's session", async () => {
  server.use(
    http.get(`${graph}/messages`, () =>
      HttpResponse.json({ error: { code: "InvalidAuthenticationToken" } }, { status: 401 }),
    ),
  );
  const { user, router } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await shownBody()).toHaveTextContent("InvalidAuthenticationToken");
  expect(screen.queryByText("Latchkey answered, not Microsoft Graph")).not.toBeInTheDocument();
  expect(router.state.location.pathname).toBe(`/targets/${target.id}`);
});

test("a session that is over leads to the sign-in page", async () => {
  server.use(
    http.get(`${graph}/messages`, () =>
      HttpResponse.json(
        { status: 401, code: "unauthorized" },
        { status: 401, headers: { "Content-Type": "application/problem+json" } },
      ),
    ),
  );
  const { user, router } = await open("/messages");
  server.use(answer("get", "/api/v1/session", { status: 401, code: "unauthorized" }, { status: 401 }));
  await user.click(screen.getByRole("button", { name: "Send" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/sign-in"));
});

test("what is no JSON is shown as text, HTML too", async () => {
  const page = "<h1>Hi</h1><script>alert(1)</script>";
  server.use(
    http.get(`${graph}/messages`, () => new HttpResponse(page, { headers: { "Content-Type": "text/html" } })),
  );
  const { user } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  const body = await shownBody();
  expect(body.textContent).toBe(page);
  expect(body.querySelector("h1, script")).toBeNull();
});

test("what is no text at all is not shown", async () => {
  server.use(
    http.get(`${graph}/messages`, () =>
      HttpResponse.arrayBuffer(new Uint8Array([0x89, 0x50, 0xff, 0xfe]).buffer, {
        headers: { "Content-Type": "image/png" },
      }),
    ),
  );
  const { user } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText("4 B of image/png: this is no text, and not shown.")).toBeVisible();
  expect(screen.queryByRole("region", { name: "Body of the answer" })).not.toBeInTheDocument();
});

test("a long answer is cut, with a note", async () => {
  // The cut is in the middle of a character of two bytes.
  const long = `x${"é".repeat(keptBytes)}`;
  server.use(http.get(`${graph}/messages`, () => HttpResponse.text(long)));
  const { user } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect((await shownBody()).textContent).toBe(`x${"é".repeat(keptBytes / 2 - 1)}`);
  expect(screen.getByText(/^Only the first 262\.1 kB are shown\./)).toBeVisible();
});

test("a change is announced, and sends body and content type", async () => {
  const seen: unknown[] = [];
  server.use(
    http.post(`${graph}/sendMail`, async ({ request }) => {
      seen.push(request.headers.get("Content-Type"), await request.text());
      return new HttpResponse(null, { status: 202 });
    }),
  );
  const { user } = await open("/sendMail", "POST");
  expect(screen.getByText("POST changes things in the account, for real.")).toBeVisible();
  await user.type(screen.getByLabelText("Body"), "RnJvbQ==");
  expect(screen.getByText("This is not valid JSON. It is sent as it stands.")).toBeVisible();
  await user.clear(screen.getByLabelText("Content type"));
  await user.type(screen.getByLabelText("Content type"), "text/plain");
  expect(screen.queryByText("This is not valid JSON. It is sent as it stands.")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText("The answer has no body.")).toBeVisible();
  expect(seen).toEqual(["text/plain", "RnJvbQ=="]);
  await user.selectOptions(screen.getByLabelText("Method"), "GET");
  expect(screen.queryByText(/changes things/)).not.toBeInTheDocument();
});

test("a call that takes too long is cancelled, and is said to be", async () => {
  let aborted = false;
  server.use(
    http.post(`${graph}/sendMail`, ({ request }) => {
      request.signal.addEventListener("abort", () => (aborted = true));
      return new Promise<never>(() => undefined);
    }),
  );
  const { user } = await open("/sendMail", "POST");
  await user.click(screen.getByRole("button", { name: "Send" }));
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(await answerSection().findByText("Cancelled")).toBeVisible();
  expect(answerSection().getByText(/may have been done all the same/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Cancel" })).not.toBeInTheDocument();
  await waitFor(() => expect(aborted).toBe(true));
});

test("leaving the target ends the call that is under way", async () => {
  let aborted = false;
  server.use(
    http.get(`${graph}/messages`, ({ request }) => {
      request.signal.addEventListener("abort", () => (aborted = true));
      return new Promise<never>(() => undefined);
    }),
  );
  const { user, router } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  await screen.findByRole("button", { name: "Cancel" });
  await router.navigate({ to: "/targets" });
  await screen.findByRole("heading", { name: "No targets yet" });
  await waitFor(() => expect(aborted).toBe(true));
});

test("a call that never arrives is told, and so is what it may have done", async () => {
  server.use(http.get(`${graph}/messages`, () => HttpResponse.error()));
  const { user } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText("Latchkey can’t be reached")).toBeVisible();
});

test("calls of this visit come back at a click, also after the tab and the form were somewhere else", async () => {
  server.use(
    http.get(`${graph}/messages`, () => HttpResponse.json({ first: true })),
    http.get(`${graph}/messages/x`, () => HttpResponse.json({ error: {} }, { status: 404 })),
  );
  const { user } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await shownBody()).toHaveTextContent("first");
  await user.type(screen.getByLabelText("Path and query"), "/x");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await answerSection().findByText("404")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Edit" }));
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  const history = within(await screen.findByRole("list", { name: "Calls of this visit" }));
  expect(history.getAllByRole("button").map((button) => button.textContent)).toEqual([
    expect.stringMatching(/^404GET \/messages\/x/),
    expect.stringMatching(/^200GET \/messages\d/),
  ]);
  await user.click(history.getByRole("button", { name: /^200/ }));
  expect(screen.getByLabelText("Path and query")).toHaveValue("/messages");
  expect(await shownBody()).toHaveTextContent("first");
});

test("the next page is a click away", async () => {
  const second = `${target.url}/messages?$skip=1`;
  server.use(
    http.get(`${graph}/messages`, ({ request }) =>
      HttpResponse.json(request.url.includes("skip") ? { page: 2 } : { page: 1, "@odata.nextLink": second }),
    ),
  );
  const { user } = await open("/messages");
  await user.click(screen.getByRole("button", { name: "Send" }));
  await user.click(await screen.findByRole("button", { name: "Next page" }));
  expect(await screen.findByText(/"page": 2/)).toBeVisible();
  expect(screen.getByLabelText("Path and query")).toHaveValue("/messages?$skip=1");
});

test("no path leads out of the target: it would be a call of the person's own", async () => {
  const { user } = await open("/x/../../../../session");
  let sent = 0;
  server.use(http.all("*/api/v1/*", () => (sent++, HttpResponse.json({}))));
  await user.click(screen.getByRole("button", { name: "Send" }));
  await waitFor(() =>
    expect(screen.getByLabelText("Path and query")).toHaveAccessibleDescription(
      /can’t have \. or \.\. between its slashes/,
    ),
  );
  expect(screen.queryByRole("button", { name: "Copy as curl" })).not.toBeInTheDocument();
  expect(sent).toBe(0);
});

test.each(["..", "/%2e%2E/x", "/a/.%2e", "/./x", "/a\\..\\b", "/a\tb"])("%j goes nowhere", (path) => {
  expect(addressOf(target, path)).toEqual({ error: expect.any(String) });
});

test.each([
  ["", ""],
  ["messages", "/messages"],
  ["/a%2Fb?x=..", "/a%2Fb?x=.."],
  ["?$top=1", "?$top=1"],
  ["https://evil.example/x", "/https://evil.example/x"],
  ["//evil.example", "//evil.example"],
  ["@evil.example", "/@evil.example"],
  [`${target.url}/messages?$skip=1`, "/messages?$skip=1"],
])("%j stays below the target", (path, below) => {
  expect(addressOf(target, path)).toEqual({
    local: `/api/v1/targets/${target.id}/graph${below}`,
    shared: target.url + below,
  });
});

test("curl says the same call, whatever the shell makes of its characters", () => {
  const json = "application/json";
  expect(curlOf({ method: "GET", contentType: json, body: "left over" }, "https://l/x?$a='b'")).toBe(
    `curl \\\n  -H "Authorization: Bearer $LATCHKEY_TOKEN" \\\n  'https://l/x?$a='\\''b'\\'''`,
  );
  expect(curlOf({ method: "POST", contentType: json, body: `{"a":"it's"}` }, "https://l/x[1]")).toBe(
    [
      "curl -X POST --globoff",
      '-H "Authorization: Bearer $LATCHKEY_TOKEN"',
      "-H 'Content-Type: application/json'",
      `--data-raw '{"a":"it'\\''s"}'`,
      "'https://l/x[1]'",
    ].join(" \\\n  "),
  );
  expect(curlOf({ method: "HEAD", contentType: json, body: "" }, "https://l/x")).toMatch(/^curl --head \\\n/);
  expect(curlOf({ method: "DELETE", contentType: json, body: "x" }, "https://l/x")).not.toContain("--data");
});

test("JSON is laid out without touching what it says", () => {
  const text = String.raw`{"b":1.0,"a":[1,{"x":"{\"y\":[1,2]}","z":"\\"}],"e":{},"f":[],"n":null}`;
  const laid = indent(text);
  expect(laid.replace(/\n\s*/g, "").replaceAll('": ', '":')).toBe(text);
  expect(laid).toContain('\n  "b": 1.0,\n  "a": [\n    1,\n    {\n      "x": ');
});
