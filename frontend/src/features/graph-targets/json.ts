/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * JSON, one member to a line. Nothing but the space between is touched: numbers stay as long and members in the order
 * in which they were sent, which parsing would lose.
 */
export function indent(json: string): string {
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  tokens.forEach((token, index) => {
    const before = tokens[index - 1] ?? "";
    if (token === "{" || token === "[") {
      depth++;
      out += token;
      if (!/^[}\]]$/.test(tokens[index + 1] ?? "")) out += line();
    } else if (token === "}" || token === "]") {
      depth--;
      out += /^[{[]$/.test(before) ? token : line() + token;
    } else if (token === ",") out += token + line();
    else out += token === ":" ? ": " : token;
  });
  return out;
}

/** The address of the next page that an answer of Graph's names. */
export function nextLink(json: string): string | null {
  const body: unknown = JSON.parse(json);
  if (typeof body !== "object" || body === null || !("@odata.nextLink" in body)) return null;
  const link = body["@odata.nextLink"];
  return typeof link === "string" ? link : null;
}
