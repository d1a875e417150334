import { http, HttpResponse, type JsonBodyType } from "msw";
import { setupServer } from "msw/node";
import type { Schemas } from "@/api/client";
import { anInstance, aSession, aSessionInfo } from "./factories";

type Method = "get" | "post" | "patch" | "delete";

/** The network of every test: an administrator is signed in to a Latchkey that is set up and empty. */
export const server = setupServer(
  http.get("*/api/v1/instance", () => HttpResponse.json(anInstance())),
  http.get("*/api/v1/session", () => HttpResponse.json(aSession())),
  http.get("*/api/v1/account-keys", () => HttpResponse.json({ items: [], nextCursor: null })),
  http.get("*/api/v1/account-keys/:id/usage", () => HttpResponse.json({ consumers: [], targets: [] })),
  http.get("*/api/v1/api-clients", () => HttpResponse.json({ items: [], nextCursor: null })),
  http.get("*/api/v1/targets", () => HttpResponse.json({ items: [], nextCursor: null })),
  http.get("*/api/v1/sessions", () =>
    HttpResponse.json({ items: [aSessionInfo({ current: true })], nextCursor: null }),
  ),
  http.get("*/api/v1/audit-entries", () => HttpResponse.json({ items: [], nextCursor: null })),
  http.get("*/api/v1/users", () => HttpResponse.json({ items: [], nextCursor: null })),
);

/** Answers with JSON: `server.use(answer("get", "/api/v1/users", page([aUser()])))`. */
export function answer(
  method: Method,
  path: string,
  body: JsonBodyType,
  init: { status?: number; etag?: string } = {},
) {
  const headers = init.etag ? { ETag: init.etag } : undefined;
  return http[method](`*${path}`, () =>
    body === undefined
      ? new HttpResponse(null, { status: init.status ?? 204 })
      : HttpResponse.json(body, { status: init.status ?? 200, headers }),
  );
}

/** Answers with JSON and remembers the bodies that were sent. */
export function record<T>(method: Method, path: string, body: JsonBodyType, status = 200) {
  const sent: T[] = [];
  const handler = http[method](`*${path}`, async ({ request }) => {
    const text = await request.text();
    // The test that reads it knows what the app sends there.
    sent.push((text === "" ? undefined : JSON.parse(text)) as T);
    return body === undefined ? new HttpResponse(null, { status: 204 }) : HttpResponse.json(body, { status });
  });
  return { sent, handler };
}

/** Refuses with a problem document. */
export function refuse(
  method: Method,
  path: string,
  problem: Partial<Schemas["Problem"]> & { status: number; code: string },
) {
  return http[method](`*${path}`, () =>
    HttpResponse.json(
      { type: "about:blank", title: "Refused", detail: "", requestId: "req-1", ...problem },
      { status: problem.status, headers: { "Content-Type": "application/problem+json" } },
    ),
  );
}

export function page<T>(items: T[], nextCursor: string | null = null) {
  return { items, nextCursor };
}
