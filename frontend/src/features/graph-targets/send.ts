import { Problem } from "@/api/problem";
import { hasBody, type Call } from "./call";

/** How much of an answer is read. */
export const keptBytes = 256 * 1024;

export type Answer = {
  status: number;
  headers: [name: string, value: string][];
  contentType: string;
  /** How many bytes the answer has, or as many as were read of it. */
  size: number;
  /** There is more than was read. */
  cut: boolean;
  /** Null for what is no text. */
  text: string | null;
  /** The answer is Latchkey's own. */
  problem: Problem | null;
};

/**
 * Makes the call with the person's session. The answer comes from a mailbox and may hold anything: it is read as text
 * and never becomes anything else.
 */
export async function send(call: Call, address: string, signal: AbortSignal): Promise<Answer> {
  const body = hasBody(call.method) && call.body !== "" ? call.body : null;
  const response = await fetch(address, {
    method: call.method,
    body,
    headers: body === null ? {} : { "Content-Type": call.contentType },
    // Graph leads to other hosts for some contents: they are none of this page's business.
    redirect: "manual",
    cache: "no-store",
    signal,
  });
  const ours = isProblemDocument(response);
  const copy = ours ? response.clone() : null;
  const { bytes, cut } = await readBytes(response);
  const told = Number(response.headers.get("Content-Length") ?? Number.NaN);
  const contentType = response.headers.get("Content-Type") ?? "";
  return {
    status: response.status,
    headers: [...response.headers],
    contentType,
    size: cut && told > bytes.length ? told : bytes.length,
    cut,
    text: decode(bytes, cut, contentType),
    problem: copy && (await Problem.from(copy)),
  };
}

/** Failures of Graph have its own form; those in ours are Latchkey's. */
const isProblemDocument = (response: Response) =>
  !response.ok && (response.headers.get("Content-Type") ?? "").startsWith("application/problem+json");

async function readBytes(response: Response): Promise<{ bytes: Uint8Array; cut: boolean }> {
  if (!response.body) return { bytes: new Uint8Array(), cut: false };
  const reader = response.body.getReader();
  const kept = new Uint8Array(keptBytes);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: kept.slice(0, length), cut: false };
    const room = value.subarray(0, keptBytes - length);
    kept.set(room, length);
    length += room.length;
    if (room.length < value.length) {
      reader.cancel().catch(() => undefined); // of the rest, nothing is of interest
      return { bytes: kept, cut: true };
    }
  }
}

function decode(bytes: Uint8Array, cut: boolean, contentType: string): string | null {
  const charset = /charset="?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    // Where it was cut may be in the middle of a character.
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: cut });
    return text.includes("\u0000") ? null : text;
  } catch {
    return null;
  }
}
