import type { AccountKey } from "@/api/account-keys";
import type { Instance } from "@/api/instance";
import { microsoftCloud, type MicrosoftCloud } from "./clouds";

/** Microsoft Graph, in every cloud of Microsoft's. */
export const graphAppId = "00000003-0000-0000-c000-000000000000";

/** What the scripts print before each value, as the fields here are called. */
export const outputLabels = {
  tenantId: "Directory (tenant) ID:  ",
  clientId: "Application (client) ID:",
  clientSecret: "Secret:                 ",
};

/** The ways to make an app that the guide shows. */
export type Way = "portal" | "cli" | "powershell" | "terraform";

/** A delegated permission. Without an id it is one that this Latchkey has no entry for: scripts look the id up. */
export type AskedScope = { name: string; id: string | null };

/** What the app registration of a key has to hold. */
export type Registration = {
  /** What the app is called: people read it when they are asked for their consent. */
  appName: string;
  redirectUri: string;
  /** Empty while nobody has told it. */
  tenantId: string;
  cloudName: string;
  /** Null for a cloud that the operator added: it is not Microsoft's, and none of its tools apply. */
  cloud: MicrosoftCloud | null;
  /** All that an authorization asks for. What always is comes first: consent should cover it too. */
  scopes: AskedScope[];
  /** When the secret that a script makes ends, as YYYY-MM-DD. */
  secretEndsOn: string;
};

export type Chosen = Pick<AccountKey, "tenantId" | "cloud" | "scopes">;

/** Puts together what to register for a key with what is chosen for it at the moment, saved or not. */
export function registrationOf(
  key: Pick<AccountKey, "type" | "displayName" | "redirectUri">,
  chosen: Chosen,
  instance: Pick<Instance, "accountKeyTypes" | "clouds">,
  now: Date,
): Registration {
  const type = instance.accountKeyTypes.find(({ id }) => id === key.type);
  const always = type?.alwaysAskedScopes ?? [];
  const known = [...always, ...(type?.availableScopes ?? [])];
  const names = [...always.map(({ name }) => name), ...chosen.scopes.filter(isScopeName)];
  return {
    appName: `Latchkey: ${oneLine(key.displayName)}`,
    redirectUri: key.redirectUri,
    tenantId: isTenant(chosen.tenantId) ? chosen.tenantId : "",
    cloudName: instance.clouds.find(({ id }) => id === chosen.cloud)?.name ?? chosen.cloud,
    cloud: microsoftCloud(chosen.cloud),
    scopes: [...new Set(names)].map((name) => ({
      name,
      id: known.find((scope) => scope.name === name)?.id ?? null,
    })),
    secretEndsOn: yearAfter(now),
  };
}

/** A name such as Mail.Read. Nothing else ever comes into a script. */
export const isScopeName = (text: string) => /^[A-Za-z][A-Za-z0-9._-]*$/.test(text);

const isTenant = (text: string) => /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text);

/** What can't be seen (line breaks, control characters, marks that turn the direction of text) becomes a space. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
}

function yearAfter(now: Date): string {
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + 1);
  return end.toISOString().slice(0, 10);
}
