import type { ApiClientLeash } from "@/api/api-clients";
import { t } from "@/i18n/t";
import { z } from "@/lib/zod";

/** What the form offers; HEAD goes with GET. */
export const methods = ["GET", "POST", "PATCH", "PUT", "DELETE"] as const;

export type GraphMethod = NonNullable<ApiClientLeash["graphMethods"]>[number];

/** Whole numbers as the server takes them, or nothing. */
export const isAmount = (text: string) => /^\d{0,7}$/.test(text.trim()) && Number(text) <= 1_000_000;

export const amountOf = (text: string) => (text.trim() === "" ? null : Number(text));

export const leashSchema = z.object({
  accountKeyId: z.string().nullable(),
  rawTokens: z.boolean(),
  graphMethods: z.array(z.custom<GraphMethod>()).nullable(),
  graphPaths: z.string().nullable(),
  recipientDomains: z.string().nullable(),
  sendsPerDay: z.string().refine(isAmount, t("leash.sendsWrong")),
});

/** A leash as the form holds it: lists as lines of text, null where nothing is bounded. */
export type LeashDraft = z.infer<typeof leashSchema>;

const lines = (text: string) =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== "");

export const draftOf = (leash: ApiClientLeash): LeashDraft => ({
  ...leash,
  graphPaths: leash.graphPaths?.join("\n") ?? null,
  recipientDomains: leash.recipientDomains?.join("\n") ?? null,
  sendsPerDay: leash.sendsPerDay === null ? "" : String(leash.sendsPerDay),
});

export const leashOf = (draft: LeashDraft): ApiClientLeash => ({
  ...draft,
  graphPaths: draft.graphPaths === null ? null : lines(draft.graphPaths),
  recipientDomains: draft.recipientDomains === null ? null : lines(draft.recipientDomains),
  sendsPerDay: amountOf(draft.sendsPerDay),
});

/** A leash to begin with: everything, but not the token itself. */
export const newDraft = (accountKeyId: string | null): LeashDraft => ({
  accountKeyId,
  rawTokens: false,
  graphMethods: null,
  graphPaths: null,
  recipientDomains: null,
  sendsPerDay: "",
});

export const boundsMail = (draft: LeashDraft) =>
  draft.recipientDomains !== null || draft.sendsPerDay.trim() !== "";

/** Bounds of mail exclude the token itself, and calls that write: the server refuses them together. */
export function settled(draft: LeashDraft): LeashDraft {
  if (!boundsMail(draft)) return draft;
  const reading = draft.graphMethods?.filter((method) => method === "GET" || method === "HEAD") ?? ["GET"];
  return { ...draft, rawTokens: false, graphMethods: reading };
}

/** The leashes that count: of the keys that the client may use, and that of every other one. */
export const counting = (drafts: LeashDraft[], keys: { all: boolean; ids: string[] }) =>
  drafts.filter(({ accountKeyId: id }) => id === null || keys.all || keys.ids.includes(id));

/** What a leash allows, in a few words each. */
export function leashWords(leash: ApiClientLeash): string[] {
  return [
    leash.rawTokens ? t("leash.wordRaw") : t("leash.wordNoRaw"),
    graphWords(leash),
    mailWords(leash.recipientDomains),
    ...(leash.sendsPerDay === null ? [] : [t("leash.wordSends", { count: leash.sendsPerDay })]),
  ];
}

function graphWords({ graphMethods, graphPaths }: ApiClientLeash): string {
  if (graphMethods?.length === 0 || graphPaths?.length === 0) return t("leash.wordGraphNone");
  const by = graphMethods?.join(", ");
  const at = graphPaths?.join(", ");
  if (by && at) return t("leash.wordGraphBoth", { methods: by, paths: at });
  if (by) return t("leash.wordGraphMethods", { methods: by });
  return at ? t("leash.wordGraphPaths", { paths: at }) : t("leash.wordGraphAny");
}

function mailWords(domains: string[] | null): string {
  if (domains === null) return t("leash.wordMailAny");
  return domains.length === 0
    ? t("leash.wordMailNone")
    : t("leash.wordMail", { domains: domains.join(", ") });
}
