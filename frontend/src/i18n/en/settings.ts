/** Texts of features/settings. */
export const settings = {
  "settings.title": "Settings",
  "settings.tabs": "Settings",
  "settings.people": "People",
  "settings.account": "Your account",
  "settings.appearance": "Appearance",
  "settings.appearanceText": "How Latchkey looks on this device. Nobody else’s changes.",
  "settings.about": "About",
  "settings.aboutText": "What this Latchkey is, and the addresses that others know it by.",
  "settings.version": "Version",
  "settings.publicUrl": "Public URL",
  "settings.redirectUri": "Redirect URI",
  "settings.redirectUriHint":
    "Register it in each app in Microsoft Entra: Authentication → Add a platform → Web.",
  "settings.redirectUriWarning": "Microsoft may refuse this redirect URI",
  "settings.developers": "For developers",
  "settings.developersText": "Everything that these pages do, a program can do too.",
  "settings.apiDocs": "API documentation",
  "settings.openapi": "OpenAPI document (JSON)",
} as const;
