import createClient, { type Middleware } from "openapi-fetch";
import { Problem } from "./problem";
import type { components, paths } from "./schema.gen";

export type Schemas = components["schemas"];

/** The JSON body that an operation takes: `Body<"/api/v1/users", "post">`. */
export type Body<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  requestBody?: { content: { "application/json": infer B } };
}
  ? B
  : never;

/** A single resource with the version that a change must name, or be refused with 412. */
export type Versioned<T> = T & { etag: string };

const problems: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await Problem.from(response);
  },
  onError({ request }) {
    // A request that was called off is no failure to tell: whoever called it off knows.
    return request.signal.aborted ? undefined : Problem.unreachable();
  },
};

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request) => globalThis.fetch(request),
});
api.use(problems);

type Answer<T> = Promise<{ data?: T; response: Response }>;

/** The body of an answer. Anything but a 2xx was thrown as a Problem before this sees it. */
export async function data<T>(answer: Answer<T>): Promise<T> {
  const { data: body } = await answer;
  if (body === undefined) throw new Problem({ status: 200, code: "empty_answer" });
  return body;
}

/** The body of an answer together with its ETag. */
export async function versioned<T>(answer: Answer<T>): Promise<Versioned<T>> {
  const { data: body, response } = await answer;
  if (body === undefined) throw new Problem({ status: 200, code: "empty_answer" });
  return { ...body, etag: response.headers.get("ETag") ?? "" };
}

/** For answers without a body (204). */
export async function done(answer: Answer<unknown>): Promise<void> {
  await answer;
}

/** The headers that make a change conditional on the version that the person saw. */
export function ifMatch(etag: string | undefined): { "If-Match"?: string } {
  return etag ? { "If-Match": etag } : {};
}
