/** What Microsoft's portal and tools call one of its clouds. */
export type MicrosoftCloud = {
  portal: { name: string; url: string };
  /** Where the portal has App registrations. */
  registrations: string;
  azureCli: string;
  powerShell: string;
  terraform: string;
};

const azurePortal = "Microsoft Entra ID → App registrations";

const clouds: Record<string, MicrosoftCloud> = {
  global: {
    portal: { name: "Microsoft Entra admin center", url: "https://entra.microsoft.com" },
    registrations: "Entra ID → App registrations",
    azureCli: "AzureCloud",
    powerShell: "Global",
    terraform: "global",
  },
  usgov: {
    portal: { name: "Azure Government portal", url: "https://portal.azure.us" },
    registrations: azurePortal,
    azureCli: "AzureUSGovernment",
    powerShell: "USGov",
    terraform: "usgovernmentl4",
  },
  "usgov-dod": {
    portal: { name: "Azure Government portal", url: "https://portal.azure.us" },
    registrations: azurePortal,
    azureCli: "AzureUSGovernment",
    powerShell: "USGovDoD",
    terraform: "usgovernmentl5",
  },
  china: {
    portal: { name: "Azure portal of 21Vianet", url: "https://portal.azure.cn" },
    registrations: azurePortal,
    azureCli: "AzureChinaCloud",
    powerShell: "China",
    terraform: "china",
  },
};

/** Null for a cloud that is not Microsoft's. Its id can't be one of theirs: the server refuses that. */
export function microsoftCloud(id: string): MicrosoftCloud | null {
  return Object.hasOwn(clouds, id) ? (clouds[id] ?? null) : null;
}
