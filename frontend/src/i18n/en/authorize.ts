/** Texts of features/authorize. */
export const authorize = {
  "authorizing.title": "Checking with Microsoft",
  "authorizing.text": "Microsoft's sign-in opens here in a moment.",

  "result.title": "Authorization",
  "result.checking": "Reading the outcome…",
  "result.unknownTitle": "This sign-in is not known",
  "result.unknownText":
    "It was used before, took too long, or began in another browser. Start again from the account key.",
  "result.errorTitle": "The sign-in could not be recorded",
  "result.errorText":
    "Something went wrong on our side. Close this window and choose Authorize again. The server’s log has the details.",
  "result.succeeded": "{key} is authorized",
  "result.succeededText": "Signed in as {account}. You can close this window.",
  "result.failed": "{key} is not authorized",
  "result.expired": "This attempt took too long. Start again from the account key.",
  "result.pending": "The outcome is not known yet. The account key's page will tell.",
  "result.confirm": "A person must confirm the account",
  "result.confirmText":
    "{key} is for another account. Somebody who looks after it must confirm {account} first.",
  "result.toKeys": "To the account keys",

  "link.title": "Authorize {key}",
  "link.fallbackTitle": "Authorization link",
  "link.text": "{name} asks you to let Latchkey use your mailbox.",
  "link.willHappen":
    "You sign in at Microsoft, which shows what is asked for. Latchkey never sees your password.",
  "link.tenant": "Organisation",
  "link.cloud": "Cloud",
  "link.permissions": "Permissions",
  "link.expires": "Good until",
  "link.continue": "Continue to Microsoft",
} as const;
