import type { AccountKey, AccountKeyChange } from "@/api/account-keys";
import { useForm } from "@/lib/form";
import { z } from "@/lib/zod";

const schema = z.object({
  tenantId: z.string().trim(),
  clientId: z.string().trim(),
  clientSecret: z.string().trim(),
  cloud: z.string(),
  scopes: z.array(z.string()),
  clientSecretExpiresOn: z.string(),
  loginHint: z.string().trim(),
});

export type DetailsValues = z.infer<typeof schema>;

/** What an attempt found wrong with a field, to show there. */
export type PlacedFailure = { field: keyof DetailsValues; message: string };

const fields: readonly string[] = [
  "tenantId",
  "clientId",
  "clientSecret",
  "cloud",
  "scopes",
] satisfies (keyof DetailsValues)[];

export const isDetail = (field: string): field is keyof DetailsValues => fields.includes(field);

/** The form of the authorization details. It lives above the step, for the guide beside it shows what is chosen. */
export function useDetailsForm(accountKey: AccountKey) {
  return useForm(schema, {
    tenantId: accountKey.tenantId,
    clientId: accountKey.clientId,
    clientSecret: "",
    cloud: accountKey.cloud,
    scopes: accountKey.scopes,
    clientSecretExpiresOn: accountKey.clientSecret.expiresOn ?? "",
    loginHint: accountKey.loginHint,
  });
}

export type DetailsForm = ReturnType<typeof useDetailsForm>;

/** Shows the texts as they were saved: without the space that was pasted along. */
export function showSaved(form: DetailsForm, saved: AccountKey) {
  for (const field of ["tenantId", "clientId", "loginHint"] as const) form.set(field, saved[field]);
}

/** Whether saving the values takes the tokens of a key away: they belong to its cloud, tenant and app. */
export function endsGrant({ authorizedAt, status, ...saved }: AccountKey, values: DetailsValues): boolean {
  if (authorizedAt === null || !["authorized", "misconfigured", "suspended"].includes(status)) return false;
  return (["cloud", "tenantId", "clientId"] as const).some((field) => values[field].trim() !== saved[field]);
}

/** What to save: an empty secret field keeps the secret that is there. */
export function changeOf({ clientSecret, clientSecretExpiresOn, ...rest }: DetailsValues): AccountKeyChange {
  return {
    ...rest,
    ...(clientSecret === "" ? {} : { clientSecret }),
    clientSecretExpiresOn: clientSecretExpiresOn === "" ? null : clientSecretExpiresOn,
  };
}
