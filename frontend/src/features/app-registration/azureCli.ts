import { shellQuote } from "@/lib/quote";
import { graphAppId, outputLabels, type AskedScope, type Registration } from "./registration";

/**
 * Makes the app with the Azure CLI. All in one subshell, so that what is pasted stops at the first failure; without
 * comments, which zsh does not take when pasted. `--display-name=` is one word, or the CLI would take a name such as
 * "a=@file" for a file to read.
 */
export function azureCliScript({ appName, redirectUri, tenantId, cloud, scopes }: Registration): string {
  if (!cloud) return "";
  const national = cloud.azureCli !== "AzureCloud";
  const names = shellQuote(scopes.map(({ name }) => name).join(" "));
  return [
    "(",
    "set -e",
    `az cloud set --name ${cloud.azureCli}`,
    `az login --allow-no-subscriptions --output none${tenantId ? ` --tenant ${shellQuote(tenantId)}` : ""}`,
    `SCOPES=${shellQuote(known(scopes))}`,
    ...lookedUp(scopes),
    `APP=$(az ad app create --display-name=${shellQuote(appName)} --sign-in-audience AzureADMyOrg \\`,
    `  --web-redirect-uris ${shellQuote(redirectUri)} \\`,
    `  --required-resource-accesses "[{\\"resourceAppId\\":\\"${graphAppId}\\",\\"resourceAccess\\":[$SCOPES]}]" \\`,
    "  --query appId --output tsv)",
    'az ad sp create --id "$APP" --output none',
    "sleep 30",
    // The short command works in the global cloud only; this is what it comes to.
    national
      ? `az ad app permission grant --id "$APP" --api ${graphAppId} --scope ${names} --output none || \\`
      : 'az ad app permission admin-consent --id "$APP" || \\',
    "  echo 'Not consented yet: an administrator has to do it.' >&2",
    "TENANT=$(az account show --query tenantId --output tsv)",
    'SECRET=$(az ad app credential reset --id "$APP" --append --display-name latchkey --years 1 \\',
    "  --query password --output tsv)",
    `printf '${outputLabels.tenantId} %s\\n' "$TENANT"`,
    `printf '${outputLabels.clientId} %s\\n' "$APP"`,
    `printf '${outputLabels.clientSecret} %s\\n' "$SECRET"`,
    ")",
  ].join("\n");
}

/** The permissions whose ids are known, as an app's manifest lists them. */
const known = (scopes: AskedScope[]) =>
  scopes.flatMap(({ id }) => (id === null ? [] : `{"id":"${id}","type":"Scope"}`)).join(",\n ");

/** Asks Microsoft Graph for the ids of the others, before there is an app. */
function lookedUp(scopes: AskedScope[]): string[] {
  const names = scopes.flatMap(({ id, name }) => (id === null ? name : []));
  if (names.length === 0) return [];
  return [
    `for NAME in ${names.join(" ")}; do`,
    `  ID=$(az ad sp show --id ${graphAppId} --output tsv \\`,
    `    --query "oauth2PermissionScopes[?value=='$NAME'].id")`,
    `  [ -n "$ID" ] || { echo "Microsoft Graph has no delegated permission $NAME" >&2; exit 1; }`,
    `  SCOPES="$SCOPES,{\\"id\\":\\"$ID\\",\\"type\\":\\"Scope\\"}"`,
    "done",
  ];
}
