/** Texts of the shell and of the shared parts. */
export const common = {
  "app.name": "Latchkey",
  "app.documentTitle": "{page} · Latchkey",
  "app.skipToContent": "Skip to content",
  "app.loading": "Loading",

  "nav.label": "Main",
  "nav.open": "Open navigation",
  "nav.close": "Close navigation",
  "nav.accountKeys": "Account Keys",
  "nav.targets": "Targets",
  "nav.apiClients": "API Clients",
  "nav.auditLog": "Audit Log",
  "nav.settings": "Settings",

  "userMenu.label": "Account menu of {name}",
  "userMenu.appearance": "Appearance",
  "userMenu.account": "Your account",
  "userMenu.changePassword": "Change password",
  "userMenu.signOut": "Sign out",

  "theme.label": "Appearance",
  "theme.system": "Same as this device",
  "theme.light": "Light",
  "theme.dark": "Dark",

  "role.admin": "Administrator",
  "role.operator": "Operator",
  "role.viewer": "Viewer",

  "action.cancel": "Cancel",
  "action.close": "Close",
  "action.saveChanges": "Save changes",
  "action.delete": "Delete",
  "action.edit": "Edit",
  "action.retry": "Try again",
  "action.loadMore": "Load more",
  "action.back": "Back",
  "action.more": "More actions",
  "action.moreFor": "More actions for {name}",

  "field.optional": "(optional)",
  "field.showPassword": "Show password",
  "field.hidePassword": "Hide password",
  "field.clearSearch": "Clear search",

  "copy.copy": "Copy",
  "copy.copyNamed": "Copy {label}",
  "copy.copied": "Copied",
  "copy.failed": "Press Ctrl+C to copy",

  "secret.onceTitle": "Copy this secret now",
  "secret.onceText": "It is shown this one time only. Latchkey keeps no copy that anybody could read.",

  "confirm.typeName": "Type “{name}” to confirm",
  "confirm.nameDiffers": "That is not the same name.",

  "stepper.label": "Steps",
  "stepper.done": "done",
  "stepper.current": "current",
  "stepper.todo": "not done yet",

  "list.shown": { one: "{count} shown", other: "{count} shown" },

  "time.never": "Never",

  "error.title": "Something went wrong",
  "error.network": "Latchkey can’t be reached",
  "error.networkDetail": "The connection may be down, or the server is restarting.",
  "error.server": "Latchkey ran into a problem",
  "error.serverDetail":
    "The request was not carried out. If this goes on, give the request number to your administrator.",
  "error.requestId": "Request number",
  "error.changedElsewhere": "Somebody else changed this meanwhile",
  "error.changedElsewhereFix": "Reload the page to see the newest version, then make your change again.",
  "error.notFound": "This page doesn’t exist",
  "error.notFoundDetail": "The address may be mistyped, or what was here has been deleted.",
  "error.goHome": "Go to Account Keys",
  "error.crashed": "This page stopped working",
  "error.crashedDetail": "The error is on our side. Reloading usually helps.",
  "error.reload": "Reload",

  "denied.title": "You don’t have access to this",
  "denied.text": "Ask an administrator of this Latchkey if you need it.",
} as const;
