import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { shellQuote } from "@/lib/quote";

/** A call as somebody writes it. `path` has the query with it. */
export type Call = { method: string; path: string; contentType: string; body: string };

export const hasBody = (method: string) => ["POST", "PUT", "PATCH"].includes(method);

export const changesThings = (method: string) => method !== "GET" && method !== "HEAD";

/** The methods that a call of the target may have. HEAD goes with GET. */
export function methodsOf({ allowedMethods }: Pick<Target, "allowedMethods">): string[] {
  return ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].filter(
    (method) => allowedMethods.includes(method) || (method === "HEAD" && allowedMethods.includes("GET")),
  );
}

type Address = { local: string; shared: string; error?: undefined } | { error: string };

/**
 * Where a call goes: here, for this page, and by the public URL, for everybody else. What the browser would take for
 * a step out of the target is refused: it would be another call of ours, with the person's own session.
 */
export function addressOf(target: Pick<Target, "id" | "url">, text: string): Address {
  const written = pathOf(target, text);
  const [path = ""] = written.split("?");
  const segments = path.split("/").map((segment) => segment.replace(/%2e/gi, "."));
  if (segments.includes(".") || segments.includes("..")) return { error: t("console.dots") };
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\\\u0000-\u001f\u007f]/.test(written)) return { error: t("console.characters") };
  const base = `/api/v1/targets/${target.id}/graph`;
  const url = new URL(window.location.origin + base + written.replaceAll("#", "%23"));
  const below = url.pathname.slice(base.length) + url.search;
  return { local: base + below, shared: target.url + below };
}

/** What follows the target's address; a whole address of the target's (a nextLink) is cut down to that. */
export function pathOf({ url }: Pick<Target, "url">, text: string): string {
  const trimmed = text.trim();
  const below = trimmed.startsWith(`${url}/`) ? trimmed.slice(url.length) : trimmed;
  return below === "" || /^[/?]/.test(below) ? below : `/${below}`;
}

/** The same call for a terminal, with an API client's token. */
export function curlOf({ method, contentType, body }: Omit<Call, "path">, url: string): string {
  const lines = ["curl"];
  if (method === "HEAD") lines[0] += " --head";
  else if (method !== "GET") lines[0] += ` -X ${method}`;
  if (/[[\]{}]/.test(url)) lines[0] += " --globoff";
  lines.push('-H "Authorization: Bearer $LATCHKEY_TOKEN"');
  if (hasBody(method) && body !== "") {
    lines.push(`-H ${shellQuote(`Content-Type: ${contentType}`)}`, `--data-raw ${shellQuote(body)}`);
  }
  lines.push(shellQuote(url));
  return lines.join(" \\\n  ");
}
