/** Texts of the checks of an account key, and of an administrator's consent. */
export const checks = {
  "check.action": "Check",
  "check.title": "Check {name}",
  "check.intro":
    "Asks Microsoft about every part of this key. An authorized key is refreshed once, and its mailbox looked at.",
  "check.values": "Check",
  "check.valuesHint": "Tries these details with Microsoft. Nothing is saved, and nobody signs in.",
  "check.running": "Checking with Microsoft…",
  "check.again": "Check again",
  "check.failed": "The check could not be made",
  "check.mendField": "Go to {field}",
  "check.foundHere": "A check found that this is not right.",
  "check.mendRedirect": "See where it is registered",

  "check.redirect_uri": "Redirect URI",
  "check.cloud": "Cloud",
  "check.tenant": "Directory (tenant) ID",
  "check.client_id": "Application (client) ID",
  "check.client_secret": "Secret Key",
  "check.refresh": "Authorization",
  "check.permissions": "Permissions",
  "check.mailbox": "Mailbox",
  "check.clock": "Clock",

  "checkResult.passed": "Passed",
  "checkResult.warning": "Warning",
  "checkResult.failed": "Failed",
  "checkResult.skipped": "Skipped",
  "checkResult.inconclusive": "Not certain",

  "consent.offer": "Must an administrator approve it?",
  "consent.offerText":
    "An administrator of the tenant can allow these permissions for everybody, once, on a page of Microsoft's. They need no account here.",
  "consent.copy": "Copy link for your administrator",
  "consent.link": "Link for your administrator",
  "consent.copied": "The link was copied.",
  "consent.linkHint": "Good for one answer, until {time}. What comes of it is told under “{timeline}”.",

  "consent.title": "Administrator's consent",
  "consent.checking": "Reading the outcome…",
  "consent.granted": "Thank you",
  "consent.grantedText":
    "Microsoft reports that the permissions are allowed. Tell {name} that the account key can be authorized now.",
  "consent.failed": "The permissions were not allowed",
  "consent.failedText": "This link is used up. If it should be tried again, ask {name} for a new one.",
  "consent.close": "You can close this window.",
  "consent.unknown": "This consent is not known in this browser",
  "consent.unknownText": "What came of it is told on the account key's page, to whoever looks after the key.",
} as const;
