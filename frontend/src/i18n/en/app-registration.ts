/** Texts of features/app-registration. */
export const appRegistration = {
  "registration.open": "How to make the Azure app",
  "registration.title": "How to make the Azure app",
  "registration.close": "Close the guide",
  "registration.intro":
    "Four ways to the same app in {cloud}, each filled in for {name}: its redirect URI and permissions.",
  "registration.ways": "Ways to make the app",
  "registration.portal": "Portal",
  "registration.cli": "Azure CLI",
  "registration.powershell": "PowerShell",
  "registration.terraform": "Terraform",

  "registration.portalOpen": "Open the {portal}",
  "registration.portalRole":
    "You need at least the role Application Developer, and Cloud Application Administrator to grant consent for everybody in step 5.",
  "registration.portalNew": "Choose {menu} → New registration.",
  "registration.portalNewOlder": "Older menus: Identity → Applications → App registrations.",
  "registration.portalName": "Name",
  "registration.portalNewFill":
    "Supported account types: Accounts in this organizational directory only (single tenant). Redirect URI: platform Web, with the address above. Then choose Register.",
  "registration.portalOverview":
    "On the Overview page, copy Application (client) ID and Directory (tenant) ID into the wizard. The Object ID next to them is neither.",
  "registration.portalRedirect":
    "If you gave no redirect URI in step 2: Manage → Authentication → Add a platform → Web, paste it, Configure. Newer pages: Add Redirect URI. Leave both implicit-grant boxes off.",
  "registration.portalPermissions":
    "Manage → API permissions → Add a permission → Microsoft Graph → Delegated permissions (not Application permissions). Tick these, then choose Add permissions:",
  "registration.portalConsent":
    "On the same page choose Grant admin consent for your organisation → Yes. The Status column turns to green ticks. In most tenants people cannot consent to mail permissions themselves.",
  "registration.portalSecret":
    "Manage → Certificates & secrets → Client secrets → New client secret. Give it at most 24 months (under 12 is advised), choose Add, and copy the Value at once: it is shown this one time. The Secret ID next to it is not the secret.",
  "registration.portalAssign":
    "Optional: under Enterprise applications → {app} → Properties, “Assignment required?” limits who may sign in. With Yes, add the mailbox's owner under Users and groups.",

  "registration.cliNeeds":
    "For bash or zsh with the Azure CLI, on your computer or in Azure Cloud Shell. It signs you in, makes the app, waits half a minute and grants admin consent.",
  "registration.cliDod":
    "The Azure CLI has one cloud for the US Government. If it does not find your tenant's apps, use PowerShell, which knows the DoD's Graph.",
  "registration.cliScript": "Script for the Azure CLI",
  "registration.powershellNeeds":
    "For PowerShell 7 or 5.1 with Microsoft's Graph module. It signs you in, makes the app and grants admin consent.",
  "registration.powershellModule": "Once, to get the module",
  "registration.powershellScript": "Script for PowerShell",
  "registration.terraformNeeds":
    "For Terraform with the azuread provider, signed in with the Azure CLI. The secret ends on {date}, and is in Terraform's state: keep that safe.",
  "registration.terraformCloud": "Once, to sign in to the right cloud",
  "registration.terraformScript": "main.tf",
  "registration.terraformCommands": "Then run",
  "registration.scriptConsent":
    "Admin consent takes a Cloud Application Administrator or higher. With fewer rights everything else still works, and an administrator chooses Grant admin consent on the app's API permissions page.",
  "registration.scriptPrints":
    "It prints tenant ID, client ID and the secret's Value. Paste all of it into any of the three fields of Authorization Details: each finds its place.",
  "registration.scriptSecret":
    "The secret is good for a year. Enter its last day under More, and Latchkey warns before it comes.",

  "registration.otherTitle": "{cloud} is not one of Microsoft's clouds",
  "registration.otherText":
    "Whoever runs this Latchkey added it. Microsoft's portal and tools don't know it: its own administrator registers an app there, as a confidential web client with a secret, and these values.",
  "registration.otherScopes": "Scopes",
} as const;
