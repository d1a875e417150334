import type { Actor, AuditAction, AuditObject } from "@/api/audit-entries";
import { en } from "@/i18n/en";
import { hasText, t } from "@/i18n/t";

const prefix = "auditAction.";

/** Every action there is, in the order of the API reference. */
const allActions = Object.keys(en)
  .filter((key) => key.startsWith(prefix))
  .map((key) => key.slice(prefix.length));

const groupOf = (action: string) => action.slice(0, action.indexOf("."));

/** A text that may be missing, of what a newer server sends: then the server's own word. */
const wordFor = (key: string, otherwise: string) => (hasText(key) ? t(key as "audit.what") : otherwise);

export const actionName = (action: AuditAction) => wordFor(`${prefix}${action}`, action);
export const typeName = (type: AuditObject["type"]) => wordFor(`auditType.${type}`, type);
export const actorKind = (type: Actor["type"]) => wordFor(`auditActor.${type}`, type);

/** What the action filter offers: each group as a whole ("account_key."), then its actions. */
export function actionOptions() {
  return [...new Set(allActions.map(groupOf))].flatMap((id) => {
    const group = wordFor(`auditGroup.${id}`, id);
    const members = allActions.filter((action) => groupOf(action) === id);
    const single = members.map((action) => ({
      value: action,
      label: wordFor(prefix + action, action),
      group,
    }));
    return members.length === 1
      ? single
      : [{ value: `${id}.`, label: t("auditLog.allOf", { group }), group }, ...single];
  });
}

/** A member of the API as words: "clientSecretExpiresOn" is "Client secret expires on". */
export function fieldName(member: string): string {
  const words = member.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/\bids?$/, (id) => id.replace("id", "ID"));
}

const valueNames: Record<string, string> = {
  "account_key status": "keyStatus",
  "user role": "role",
};

/** A value of a field as its own page names it: the status `reauthorization_required` is "Sign-in required". */
export function valueName(type: AuditObject["type"], field: string, value: string): string {
  const texts = valueNames[`${type} ${field}`];
  return texts === undefined ? value : wordFor(`${texts}.${value}`, value);
}
