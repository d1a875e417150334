import type { Instance } from "@/api/instance";

type KeyType = Instance["accountKeyTypes"][number];

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

export const hasScope = (scopes: readonly string[], name: string) => scopes.some((have) => same(have, name));

export const withoutScope = (scopes: readonly string[], name: string) =>
  scopes.filter((have) => !same(have, name));

export const sameScopes = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((name) => hasScope(b, name));

/** Microsoft names what reaches into other people's mailboxes with an ending of its own. */
export const isOwnMailbox = ({ name }: { name: string }) => !name.endsWith(".Shared");

/**
 * The permissions with one more, however it was written (with Microsoft Graph's address before it, in another letter
 * case). One that is there, or always asked for, changes nothing. Null for what is no single permission's name.
 */
export function addScope(scopes: string[], typed: string, kind: KeyType): string[] | null {
  const name = typed.trim().replace(/^https:\/\/[^/\s]+\//, "");
  // .default stands for all that is registered, and can't be mixed with names.
  if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(name) || /(^|\.)default$/i.test(name)) return null;
  if (hasScope([...scopes, ...kind.alwaysAskedScopes.map((scope) => scope.name)], name)) return scopes;
  return [...scopes, kind.availableScopes.find((scope) => same(scope.name, name))?.name ?? name];
}
