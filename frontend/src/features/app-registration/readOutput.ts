/** What the wizard asks for, by the names of its fields. */
export type FoundDetails = { tenantId?: string; clientId?: string; clientSecret?: string };
type Detail = keyof FoundDetails;

/** How scripts, tools and the portal call the three, in small letters without what stands between. */
const labels: Record<Detail, string[]> = {
  tenantId: ["directorytenantid", "directoryid", "tenantid", "tenant", "azuretenantid", "armtenantid"],
  clientId: [
    "applicationclientid",
    "applicationid",
    "appid",
    "clientid",
    "client",
    "azureclientid",
    "armclientid",
  ],
  clientSecret: [
    "secret",
    "secretkey",
    "secretvalue",
    "secrettext",
    "clientsecret",
    "clientsecretvalue",
    "password",
    "azureclientsecret",
    "armclientsecret",
  ],
};

const details = Object.keys(labels) as Detail[];

function detailOf(label: string): Detail | undefined {
  const plain = label.toLowerCase().replace(/[^a-z]/g, "");
  return details.find((detail) => labels[detail].includes(plain));
}

/**
 * Finds tenant ID, client ID and secret in what a script printed: our three lines, JSON (of the Azure CLI,
 * `terraform output -json`), `name = "value"`, or a label with its value on the next line,
 * as the portal's pages are copied. Where something is said twice the last counts: it is what ran last.
 */
export function readOutput(text: string): FoundDetails {
  const json = readJson(text);
  return json && Object.keys(json).length > 0 ? json : readLines(text);
}

/** How many of the three were found. */
export const countFound = (found: FoundDetails) => Object.keys(found).length;

/** Terraform keeps a sensitive output to itself unless it is asked for JSON. */
export const hidesSecret = (text: string) => text.includes("<sensitive>");

function keep(found: FoundDetails, detail: Detail | undefined, value: string) {
  const text = value.trim();
  if (!detail || text === "" || hidesSecret(text)) return;
  // An id is one word; prose after "Tenant:" is not one.
  if (detail !== "clientSecret" && /\s/.test(text)) return;
  found[detail] = text;
}

function readJson(text: string): FoundDetails | null {
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  if (start < 0 || end < start) return null;
  try {
    const found: FoundDetails = {};
    collect(JSON.parse(text.slice(start, end + 1)), found);
    return found;
  } catch {
    return null;
  }
}

/** Members at any depth; Terraform puts each value into an object of its own. */
function collect(node: unknown, found: FoundDetails) {
  if (typeof node !== "object" || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    const wrapped: unknown =
      typeof value === "object" && value !== null && "value" in value ? value.value : value;
    if (typeof wrapped === "string") keep(found, detailOf(name), wrapped);
    else collect(wrapped, found);
  }
}

const named = /^\s*(?:export\s+|set\s+|\$env:)?(["']?)([A-Za-z][\w ().-]*?)\1\s*([:=])\s*(.*)$/;

function readLines(text: string): FoundDetails {
  const found: FoundDetails = {};
  let waiting: Detail | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (/^\s*:?\s*$/.test(line)) continue;
    const [, quote = "", label = "", sign = "", rest = ""] = named.exec(line) ?? [];
    const detail = detailOf(label);
    if (detail && rest.trim() !== "") {
      keep(found, detail, quote !== "" || sign === "=" ? unquote(rest) : rest);
      waiting = undefined;
    } else if (detail ?? detailOf(line)) {
      waiting = detail ?? detailOf(line);
    } else {
      if (waiting) keep(found, waiting, line.replace(/^\s*:/, ""));
      waiting = undefined;
    }
  }
  return found;
}

/** A value as code writes it: `"…"` with escapes, `'…'`, or bare; a comma or semicolon may follow. */
function unquote(text: string): string {
  const bare = text.trim();
  const [, double, single] = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*[,;]?$/.exec(bare) ?? [];
  if (single !== undefined) return single;
  if (double === undefined) return bare;
  try {
    return String(JSON.parse(`"${double}"`)).replace(/([$%])\1(?=\{)/g, "$1");
  } catch {
    return double;
  }
}
