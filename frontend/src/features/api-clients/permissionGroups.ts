import type { Permission } from "@/api/session";
import { t } from "@/i18n/t";

type Group = { label: string; permissions: { name: Permission; description: string }[] };

/** Which permissions stand together, by what comes before the colon. What is new to us goes to the last group. */
const groups: readonly { label: string; nouns: readonly string[] }[] = [
  { label: t("apiClients.groupTokens"), nouns: ["tokens"] },
  { label: t("apiClients.groupKeys"), nouns: ["account-keys"] },
  { label: t("apiClients.groupMail"), nouns: ["mail"] },
  { label: t("apiClients.groupGraph"), nouns: ["graph", "targets"] },
  { label: t("apiClients.groupEvents"), nouns: ["events"] },
];

export function groupPermissions(permissions: Group["permissions"]): Group[] {
  const rest = new Set(permissions);
  const take = (nouns: readonly string[]) => {
    const taken = [...rest].filter(({ name }) => nouns.includes(name.split(":")[0] ?? ""));
    for (const permission of taken) rest.delete(permission);
    return taken;
  };
  const known = groups.map(({ label, nouns }) => ({ label, permissions: take(nouns) }));
  return [...known, { label: t("apiClients.groupAdmin"), permissions: [...rest] }].filter(
    (group) => group.permissions.length > 0,
  );
}
