import createClient, { type Client } from "openapi-fetch";
import { LatchkeyError } from "./error.js";
import type { paths } from "./schema.gen.js";

export type LatchkeyOptions = {
  /** Where Latchkey is: `https://latchkey.example.com`. */
  url: string;
  /** The API client's id. */
  clientId: string;
  /** One of its secrets: `lk_…`. */
  clientSecret: string;
  /** What is asked for; all that the API client has if left out. */
  permissions?: readonly string[];
  /** How often a request is sent again that Latchkey asks to send later: 3 if left out. */
  retries?: number;
  /** If Latchkey asks to wait for longer, in seconds, its refusal is the answer: 30 if left out. */
  maxWaitSeconds?: number;
  /** Sends the requests; the global `fetch` if left out. */
  fetch?: (request: Request) => Promise<Response>;
  /** Waits; a timer does if left out. Rejects when the signal is aborted. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** Every operation of the API by its method and path, typed. */
export type Latchkey = Client<paths>;

/** A JWT is replaced so many milliseconds before its end. */
const renewBefore = 60_000;

/**
 * Signs in as an API client, and keeps signed in: the JWT is fetched with the first request, ahead of its end,
 * and when Latchkey no longer takes it.
 */
export function connect(options: LatchkeyOptions): Latchkey {
  const url = options.url.replace(/\/$/, "");
  refuseClearText(url);
  const send = retrying(options);
  const token = bearer(url, options, send);
  return createClient<paths>({
    baseUrl: url,
    fetch: async (request) => {
      const first = request.clone();
      const jwt = await token(request.signal);
      const response = await send(authorized(first, jwt.value));
      if (response.status !== 401 || jwt.fresh) return response;
      const next = await token(request.signal, jwt.value);
      await response.body?.cancel();
      return send(authorized(request, next.value));
    },
  });
}

function refuseClearText(url: string) {
  const { protocol, hostname } = new URL(url);
  const here = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && here)) {
    throw new TypeError("The URL must begin with https: anything else shows secrets to the network.");
  }
}

function authorized(request: Request, jwt: string): Request {
  request.headers.set("Authorization", `Bearer ${jwt}`);
  return request;
}

/** Gives JWTs other than the refused one, and says whether it was fetched just now. Whoever asks meanwhile waits for the same. */
function bearer(url: string, options: LatchkeyOptions, send: (request: Request) => Promise<Response>) {
  let held: { value: string; until: number } | undefined;
  let fetching: Promise<string> | undefined;
  const renew = async () => {
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (options.permissions) form.set("scope", options.permissions.join(" "));
    const basic = [options.clientId, options.clientSecret].map(encodeURIComponent).join(":");
    const response = await send(
      new Request(`${url}/oauth/token`, {
        method: "POST",
        redirect: "error",
        headers: { Authorization: `Basic ${btoa(basic)}` },
        body: form,
      }),
    );
    const answer: unknown = await response.json().catch(() => undefined);
    if (!response.ok || !isToken(answer)) throw refusal(response.status, answer);
    held = { value: answer.access_token, until: Date.now() + answer.expires_in * 1000 };
    return held.value;
  };
  return async (signal: AbortSignal, refused?: string): Promise<{ value: string; fresh: boolean }> => {
    if (held && held.value !== refused && held.until - renewBefore > Date.now()) {
      return { value: held.value, fresh: false };
    }
    fetching ??= renew().finally(() => (fetching = undefined));
    return { value: await abortable(fetching, signal), fresh: true };
  };
}

type Token = { access_token: string; expires_in: number };

function isToken(answer: unknown): answer is Token {
  const { access_token, expires_in } = (answer ?? {}) as Partial<Token>;
  return typeof access_token === "string" && typeof expires_in === "number";
}

/** OAuth tells its errors in its own words. */
function refusal(status: number, answer: unknown): LatchkeyError {
  const told = (answer ?? {}) as {
    error?: unknown;
    error_description?: unknown;
    code?: unknown;
    detail?: unknown;
  };
  const text = (...of: unknown[]) => of.find((value) => typeof value === "string");
  const code = text(told.error, told.code);
  const detail = text(told.error_description, told.detail);
  return new LatchkeyError(status, { ...(code && { code }), ...(detail && { detail }) });
}

function retrying({
  retries = 3,
  maxWaitSeconds = 30,
  fetch = globalThis.fetch,
  wait = pause,
}: LatchkeyOptions) {
  return async (request: Request): Promise<Response> => {
    for (let attempt = 0; ; attempt++) {
      // A redirect would take the JWT elsewhere; Latchkey's API has none.
      const response = await fetch(new Request(request.clone(), { redirect: "error" }));
      const after = Number(response.headers.get("Retry-After") ?? NaN);
      if (attempt >= retries || !repeatable(request, response) || !(after >= 0 && after <= maxWaitSeconds))
        return response;
      await response.body?.cancel();
      await wait(after * 1000, request.signal);
    }
  };
}

/** A refused request may be sent again if it was turned away at the door, or does the same however often it is sent. */
function repeatable(request: Request, response: Response): boolean {
  if (response.status === 429) return true;
  if (response.status !== 503) return false;
  return (
    ["GET", "HEAD", "DELETE"].includes(request.method) ||
    request.headers.has("Idempotency-Key") ||
    /\/(access-token|oauth\/token)$/.test(new URL(request.url).pathname)
  );
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const waited = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  return abortable(waited, signal).finally(() => clearTimeout(timer));
}

/** Waits for something no longer than until the signal is aborted. */
function abortable<T>(what: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    what.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
