import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { refuse, server } from "@/test/server";
import { api, data, versioned } from "./client";
import { isProblem, type Problem } from "./problem";

const read = () => data(api.GET("/api/v1/instance"));

async function failureOf(call: Promise<unknown>): Promise<Problem> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isProblem(error)) throw new Error(`expected a Problem, got ${String(error)}`);
  return error;
}

test("a problem document becomes a Problem with all that it says", async () => {
  server.use(
    refuse("get", "/api/v1/instance", {
      status: 422,
      code: "validation_failed",
      detail: "Some fields are wrong.",
      fix: "Mend them.",
      requestId: "req-7",
      errors: [{ field: "name", code: "required", message: "Enter a name." }],
    }),
  );
  const problem = await failureOf(read());
  expect(problem).toMatchObject({
    status: 422,
    code: "validation_failed",
    detail: "Some fields are wrong.",
    fix: "Mend them.",
    requestId: "req-7",
    fields: [{ field: "name", code: "required", message: "Enter a name." }],
  });
});

test("an answer of a proxy's, without a document, is told by its status", async () => {
  server.use(
    http.get("*/api/v1/instance", () =>
      HttpResponse.html("<h1>Bad gateway</h1>", { status: 502, headers: { "X-Request-Id": "req-8" } }),
    ),
  );
  expect(await failureOf(read())).toMatchObject({
    status: 502,
    code: "internal",
    requestId: "req-8",
    fields: [],
  });
});

test("a document that is cut off is told by its status", async () => {
  server.use(
    http.get(
      "*/api/v1/instance",
      () =>
        new HttpResponse('{"code":"conf', {
          status: 409,
          headers: { "Content-Type": "application/problem+json" },
        }),
    ),
  );
  expect(await failureOf(read())).toMatchObject({ status: 409, code: "http_409" });
});

test("a server that can't be reached is a Problem of its own kind", async () => {
  server.use(http.get("*/api/v1/instance", () => HttpResponse.error()));
  expect(await failureOf(read())).toMatchObject({ status: 0, code: "network" });
});

test("a request that was called off is no Problem", async () => {
  const controller = new AbortController();
  controller.abort();
  const error: unknown = await api
    .GET("/api/v1/instance", { signal: controller.signal })
    .catch((thrown: unknown) => thrown);
  expect(isProblem(error)).toBe(false);
});

test("a single resource comes with its version", async () => {
  server.use(
    http.get("*/api/v1/instance", () =>
      HttpResponse.json({ name: "Latchkey" }, { headers: { ETag: '"v1"' } }),
    ),
  );
  expect(await versioned(api.GET("/api/v1/instance"))).toEqual({ name: "Latchkey", etag: '"v1"' });
});
