import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = process.env["LATCHKEY_E2E_BIN"] ?? join(import.meta.dirname, "../../backend/bin");

/** What the emulator has from its first moment on. */
export const seed = {
  tenantId: "7b1d0c5e-3f52-4c0a-9a46-1f0d6f5a2e11",
  clientId: "c2a9e6f0-58d4-4b7e-8f33-90b7d1e4a702",
  clientSecret: "UQH8Q~v1Qz1UMkrtpf1y482NIDaM9WHedvJeASl5",
  mara: { alias: "mara", name: "mara@fabrikam.example", password: "mara-copper-42" },
};

export type Servers = {
  /** Where Latchkey is, as a browser knows it. */
  url: string;
  emulator: string;
  setupCode: string;
  stop: () => Promise<void>;
};

/** Latchkey with nothing in it, and the emulator that it takes for Microsoft. */
export async function startServers(): Promise<Servers> {
  const emulator = start("emulator", ["-addr", "127.0.0.1:0"], {});
  const data = await mkdtemp(join(tmpdir(), "latchkey-e2e-"));
  const authority = await emulator.says(/Authority and Graph URL\s+(http:\S+)/);
  const { latchkey, url, setupCode } = await startLatchkey(data, authority);
  await answers(`${url}/api/v1/instance`);
  return {
    url,
    emulator: authority,
    setupCode,
    stop: async () => {
      await Promise.all([latchkey.stop(), emulator.stop()]);
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Its own URL names the port, so that is chosen beforehand; when somebody else was faster, it takes another. */
async function startLatchkey(data: string, authority: string, tries = 3) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const latchkey = start("latchkey", [], {
    LATCHKEY_PUBLIC_URL: url,
    LATCHKEY_LISTEN_ADDR: `127.0.0.1:${port}`,
    LATCHKEY_DATA_DIR: data,
    LATCHKEY_CLOUDS_EXTRA: JSON.stringify([
      { id: "emulator", name: "Emulator", authorityUrl: authority, graphUrl: authority },
    ]),
    LATCHKEY_DEFAULT_CLOUD: "emulator",
  });
  try {
    return { latchkey, url, setupCode: await latchkey.says(/Set-up code: (\S+)/) };
  } catch (error) {
    if (tries > 1 && String(error).includes("address already in use"))
      return startLatchkey(data, authority, tries - 1);
    throw error;
  }
}

function start(name: string, args: string[], env: Record<string, string>) {
  const child = spawn(join(bin, name), args, {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const hear = new Set<() => void>();
  const add = (chunk: Buffer) => {
    output += chunk.toString();
    for (const listener of hear) listener();
  };
  child.stdout.on("data", add);
  child.stderr.on("data", add);
  return {
    /** Waits for a line that matches, and gives its first group. */
    says: (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(output)?.[1];
          if (found === undefined) return;
          hear.delete(look);
          resolve(found);
        };
        child.once("exit", () => reject(new Error(`${name} ended early:\n${output}`)));
        hear.add(look);
        look();
      }),
    stop: () => end(child),
  };
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  server.close();
  await once(server, "close");
  return address.port;
}

async function answers(url: string) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
