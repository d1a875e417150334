import { powerShellQuote } from "@/lib/quote";
import { graphAppId, outputLabels, type Registration } from "./registration";

/** Makes the app with the Microsoft.Graph module. One block, so that it stops at the first failure. */
export function powerShellScript({ appName, redirectUri, tenantId, cloud, scopes }: Registration): string {
  if (!cloud) return "";
  const ids = scopes.flatMap(({ id }) => (id === null ? [] : `'${id}'`));
  const lookedUp = scopes.flatMap(({ id, name }) => (id === null ? `'${name}'` : []));
  const names = powerShellQuote(scopes.map(({ name }) => name).join(" "));
  const where = [
    cloud.powerShell === "Global" ? "" : ` -Environment ${cloud.powerShell}`,
    tenantId ? ` -TenantId ${powerShellQuote(tenantId)}` : "",
  ].join("");
  return [
    "& {",
    "  $ErrorActionPreference = 'Stop'",
    `  Connect-MgGraph -Scopes 'Application.ReadWrite.All','DelegatedPermissionGrant.ReadWrite.All'${where}`,
    `  $graph = '${graphAppId}'`,
    `  $gsp = Get-MgServicePrincipal -Filter "appId eq '$graph'"`,
    `  $ids = @(${ids.join(",\n    ")})`,
    ...(lookedUp.length === 0
      ? []
      : [
          `  foreach ($name in ${lookedUp.join(",")}) {`,
          "    $scope = $gsp.Oauth2PermissionScopes | Where-Object Value -EQ $name",
          '    if (-not $scope) { throw "Microsoft Graph has no delegated permission $name" }',
          "    $ids += $scope.Id",
          "  }",
        ]),
    `  $app = New-MgApplication -DisplayName ${powerShellQuote(appName)} -SignInAudience 'AzureADMyOrg' \``,
    `    -Web @{ RedirectUris = @(${powerShellQuote(redirectUri)}) } \``,
    "    -RequiredResourceAccess @(@{ ResourceAppId = $graph",
    "      ResourceAccess = @($ids | ForEach-Object { @{ Id = $_; Type = 'Scope' } }) })",
    "  $sp = New-MgServicePrincipal -AppId $app.AppId",
    "  try {",
    "    New-MgOauth2PermissionGrant -ClientId $sp.Id -ConsentType 'AllPrincipals' -ResourceId $gsp.Id `",
    `      -Scope ${names} | Out-Null`,
    '  } catch { Write-Warning "Not consented yet: an administrator has to do it. $_" }',
    "  $pw = Add-MgApplicationPassword -ApplicationId $app.Id -PasswordCredential @{",
    "    displayName = 'latchkey'; endDateTime = (Get-Date).AddMonths(12) }",
    `  "${outputLabels.tenantId} $((Get-MgContext).TenantId)"`,
    `  "${outputLabels.clientId} $($app.AppId)"`,
    `  "${outputLabels.clientSecret} $($pw.SecretText)"`,
    "}",
  ].join("\n");
}
