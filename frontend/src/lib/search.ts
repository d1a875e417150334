/**
 * Readers for search parameters, which anybody can type: what does not fit is left out. Routes are in the first
 * load, so this is small on purpose; forms, which load later, have a schema library.
 */
export type RawSearch = Record<string, unknown>;

/** One of a few words: `oneOf(raw["tab"], ["people", "about"])`. */
export function oneOf<const Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value);
}

/** Any text that is not empty. Numbers that the router has parsed are text again. */
export function text(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A day as date inputs write it: "2026-03-01". */
export function day(value: unknown): string | undefined {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : undefined;
}

/** A path of ours to go on to, never another site's address. */
export function ownPath(value: unknown): string | undefined {
  return typeof value === "string" && /^\/(?![/\\])/.test(value) ? value : undefined;
}
