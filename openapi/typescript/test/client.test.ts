import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import {
  connect,
  LatchkeyCredential,
  LatchkeyError,
  succeeded,
  type LatchkeyOptions,
} from "@latchkey/client";
import { seed, startServers, type Servers } from "../../../frontend/e2e/servers.js";

const run = promisify(execFile);
const nowhere = "0190f3c4-6a1b-7c55-9d3e-1f2a3b4c5d6e";

let servers: Servers;
let person: (method: string, path: string, body?: unknown) => Promise<Response>;
let accountKeyId: string;
let options: LatchkeyOptions;

/** Tells the emulator something over its control interface. */
async function emulator(method: string, path: string, body?: unknown): Promise<Response> {
  const answer = await fetch(`${servers.emulator}/_emulator/${path}`, {
    method,
    redirect: "manual",
    ...(body instanceof URLSearchParams ? { body } : body !== undefined && { body: JSON.stringify(body) }),
  });
  assert.ok(answer.status < 400, `${path} was answered ${answer.status}: ${await answer.clone().text()}`);
  return answer;
}

/** A browser's cookies, as far as they are needed here. */
function browser(url: string) {
  const cookies = new Map<string, string>();
  return async (method: string, path: string, body?: unknown): Promise<Response> => {
    const answer = await fetch(new URL(path, url), {
      method,
      redirect: "manual",
      headers: {
        Origin: url,
        Cookie: [...cookies].map((pair) => pair.join("=")).join("; "),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    return answer;
  };
}

async function made<T>(answer: Promise<Response>): Promise<T> {
  const got = await answer;
  assert.ok(got.ok, `answered ${got.status}: ${await got.clone().text()}`);
  return (await got.json()) as T;
}

/** A key that Mara has authorized, with the emulator set as wanted. */
async function authorizedKey(displayName: string, settings?: { tokenLifetime: string }): Promise<string> {
  const { tenantId, clientId, clientSecret } = seed;
  if (settings) await emulator("PATCH", "settings", settings);
  const key = await made<{ id: string }>(
    person("POST", "/api/v1/account-keys", {
      type: "oauth2_microsoft_graph",
      displayName,
      tenantId,
      clientId,
      clientSecret,
    }),
  );
  const { url } = await made<{ url: string }>(
    person("POST", `/api/v1/account-keys/${key.id}/authorizations`, { mode: "popup" }),
  );
  const signedIn = await emulator(
    "POST",
    "sign-in",
    new URLSearchParams({ url, user: "mara", decision: "accept" }),
  );
  const back = await person("GET", signedIn.headers.get("Location") ?? "");
  assert.equal(back.status, 303);
  return key.id;
}

before(async () => {
  servers = await startServers();
  person = browser(servers.url);
  await made(
    person("POST", "/api/v1/setup", {
      setupCode: servers.setupCode,
      name: "Ada Admin",
      email: "ada@example.com",
      password: "four plain words here",
    }),
  );
  accountKeyId = await authorizedKey("Invoices mailbox");
  const client = await made<{ id: string; secret: string }>(
    person("POST", "/api/v1/api-clients", {
      name: "billing",
      permissions: ["tokens:issue", "account-keys:read"],
      allAccountKeys: true,
    }),
  );
  options = { url: servers.url, clientId: client.id, clientSecret: client.secret };
});
after(() => servers.stop());

/** What a promise is refused with. */
async function refusalOf(what: Promise<unknown>): Promise<LatchkeyError> {
  try {
    await what;
  } catch (error) {
    assert.ok(error instanceof LatchkeyError, String(error));
    return error;
  }
  return assert.fail("nothing was refused");
}

/** A Latchkey connection of which every request is counted by its path. */
function counted(change: Partial<LatchkeyOptions> = {}) {
  const sent: string[] = [];
  const latchkey = connect({
    ...options,
    fetch: (request) => {
      sent.push(new URL(request.url).pathname);
      return fetch(request);
    },
    ...change,
  });
  return { latchkey, sent };
}

describe("the client", () => {
  it("calls operations by their types", async () => {
    const { items } = succeeded(await connect(options).GET("/api/v1/account-keys"));
    assert.deepEqual(
      items.map(({ id, status, account }) => [id, status, account?.userPrincipalName]),
      [[accountKeyId, "authorized", seed.mara.name]],
    );
  });

  it("asks for one JWT, whoever needs it", async () => {
    const { latchkey, sent } = counted();
    await Promise.all([1, 2, 3].map(() => latchkey.GET("/api/v1/account-keys")));
    await latchkey.GET("/api/v1/account-keys");
    assert.equal(sent.filter((path) => path === "/oauth/token").length, 1);
  });

  it("gets another JWT when its own is no longer taken", async () => {
    const { latchkey, sent } = counted({
      fetch: async (request) => {
        sent.push(new URL(request.url).pathname);
        // What the second call sends with.
        if (sent.length === 3) request.headers.set("Authorization", "Bearer worn.out.token");
        return fetch(request);
      },
    });
    succeeded(await latchkey.GET("/api/v1/account-keys"));
    succeeded(await latchkey.GET("/api/v1/account-keys"));
    const list = "/api/v1/account-keys";
    assert.deepEqual(sent, ["/oauth/token", list, list, "/oauth/token", list]);
  });

  it("tells a refusal by its code, with what to do", async () => {
    const answer = connect(options).GET("/api/v1/account-keys/{id}", { params: { path: { id: nowhere } } });
    const refusal = await refusalOf(answer.then(succeeded));
    assert.equal(refusal.code, "not_found");
    assert.equal(refusal.status, 404);
    assert.match(refusal.requestId, /^[0-9a-f-]{36}$/);
  });

  it("tells a secret that is not good, and does not show it", async () => {
    const clientSecret = `${options.clientSecret}x`;
    const refusal = await refusalOf(connect({ ...options, clientSecret }).GET("/api/v1/account-keys"));
    assert.equal(refusal.code, "invalid_client");
    assert.equal(refusal.status, 401);
    assert.ok(!JSON.stringify([refusal, refusal.message, refusal.stack]).includes(clientSecret));
  });

  it("sends no secret to where the network can read it", () => {
    assert.throws(() => connect({ ...options, url: "http://latchkey.example.com" }), TypeError);
    assert.throws(() => connect({ ...options, url: "http://localhost.example.com" }), TypeError);
  });
});

describe("the credential", () => {
  it("reads a token, and calls Graph with it", async () => {
    const credential = new LatchkeyCredential(connect(options), accountKeyId);
    const { token, expiresOnTimestamp } = await credential.getToken("https://graph.microsoft.com/.default");
    assert.ok(expiresOnTimestamp > Date.now() + 60_000);
    const me = await fetch(`${servers.emulator}/v1.0/me`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(((await me.json()) as { userPrincipalName: string }).userPrincipalName, seed.mara.name);
  });

  it("asks for a token once, while it is good", async () => {
    const { latchkey, sent } = counted();
    const credential = new LatchkeyCredential(latchkey, accountKeyId);
    const tokens = await Promise.all([1, 2, 3].map(() => credential.getToken()));
    assert.equal((await credential.getToken()).token, tokens[0]?.token);
    assert.equal(sent.filter((path) => path.endsWith("/access-token")).length, 1);
  });

  it("gives up when it is no longer wanted", async () => {
    const credential = new LatchkeyCredential(connect(options), accountKeyId);
    await assert.rejects(credential.getToken("", { abortSignal: AbortSignal.abort() }), {
      name: "AbortError",
    });
  });

  it("waits as long as it is told, within bounds", async () => {
    const shortLived = await authorizedKey("Short-lived", { tokenLifetime: "1s" });
    await emulator("POST", "failures", { endpoint: "token", status: 503, retryAfter: "7" });
    const waits: number[] = [];
    const wait = (milliseconds: number) => Promise.resolve(void waits.push(milliseconds));
    const tokens = (change: Partial<LatchkeyOptions>) =>
      new LatchkeyCredential(connect({ ...options, wait, ...change }), shortLived).getToken();
    // Its first token is served for a second.
    while (await tokens({ retries: 0 }).then(Boolean, () => false));
    assert.equal((await refusalOf(tokens({ retries: 2 }))).code, "microsoft_unavailable");
    assert.equal(waits.length, 2);
    assert.ok(waits.every((milliseconds) => milliseconds > 0));
    assert.equal((await refusalOf(tokens({ maxWaitSeconds: 0 }))).code, "microsoft_unavailable");
    assert.equal(waits.length, 2, "it was to wait for longer than it may");
    await emulator("DELETE", "failures");
  });

  it("says why a key serves nothing", async () => {
    await person("POST", `/api/v1/account-keys/${accountKeyId}/suspend`);
    const refusal = await refusalOf(new LatchkeyCredential(connect(options), accountKeyId).getToken());
    assert.equal(refusal.code, "suspended");
    assert.notEqual(refusal.fix, "");
    await person("POST", `/api/v1/account-keys/${accountKeyId}/resume`);
  });
});

describe("the example", () => {
  it("shows a mailbox", async () => {
    await emulator("POST", "users/mara/messages", {
      subject: "Invoice 4711",
      from: { address: "a@b.example" },
    });
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, "../example/mailbox.js")], {
      env: {
        LATCHKEY_URL: servers.url,
        GRAPH_URL: servers.emulator,
        CLIENT_ID: options.clientId,
        CLIENT_SECRET: options.clientSecret,
        ACCOUNT_KEY_ID: accountKeyId,
      },
    });
    assert.match(stdout, /^Invoice 4711$/m);
  });
});
