import type { AccountKeyDetails, CheckReport } from "@/api/account-keys";
import type { ApiClient } from "@/api/api-clients";
import type { Authorization, Sighting } from "@/api/authorizations";
import type { AuditEntry } from "@/api/audit-entries";
import type { Instance } from "@/api/instance";
import type { Invitation, Permission, Session, SessionInfo } from "@/api/session";
import type { Target, TargetReport } from "@/api/targets";
import type { User } from "@/api/users";

export const allPermissions: Permission[] = [
  "account-keys:read",
  "account-keys:write",
  "tokens:issue",
  "mail:read",
  "mail:write",
  "mail:send",
  "graph:call",
  "targets:write",
  "targets:read",
  "events:read",
  "events:write",
  "api-clients:write",
  "users:write",
  "settings:write",
  "audit:read",
];

export const viewerPermissions: Permission[] = [
  "account-keys:read",
  "targets:read",
  "events:read",
  "audit:read",
];

export function anInstance(over: Partial<Instance> = {}): Instance {
  return {
    name: "Latchkey",
    version: "1.2.3",
    publicUrl: "http://localhost:8080",
    redirectUri: "http://localhost:8080/oauth/callback",
    redirectUriWarnings: [],
    setupRequired: false,
    defaultCloud: "global",
    clouds: [
      {
        id: "global",
        name: "Microsoft 365 (worldwide)",
        authorityUrl: "https://login.microsoftonline.com",
        graphUrl: "https://graph.microsoft.com",
      },
      {
        id: "usgov",
        name: "US Government",
        authorityUrl: "https://login.microsoftonline.us",
        graphUrl: "https://graph.microsoft.us",
      },
    ],
    accountKeyTypes: [
      {
        id: "oauth2_microsoft_graph",
        name: "OAuth2 Microsoft Graph Credentials",
        description: "A mailbox or account in Microsoft 365, with the permissions that one person grants.",
        defaultScopes: ["Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"],
        alwaysAskedScopes: [
          { name: "openid", id: "37f7f235-527c-4136-accd-4a02d197296e", description: "Tell who signed in" },
          { name: "profile", id: "14dad69e-099b-42c9-810b-d002981feec1", description: "Tell the name" },
          { name: "email", id: "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", description: "Tell the address" },
          {
            name: "offline_access",
            id: "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
            description: "Keep access without another sign-in",
          },
        ],
        availableScopes: [
          { name: "Mail.Read", id: "570282fd-fa5c-430d-a7fd-fc8dc98a9dca", description: "Read mail" },
          {
            name: "Mail.ReadWrite",
            id: "024d486e-b451-40bb-833d-3e66d98c5c73",
            description: "Read and change mail",
          },
          { name: "Mail.Send", id: "e383f46e-2787-4529-855e-0e479a3ffac0", description: "Send mail" },
          {
            name: "User.Read",
            id: "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
            description: "Read the account’s profile",
          },
          {
            name: "Mail.Send.Shared",
            id: "a367ab51-6b49-43bf-a716-a1fb06d2a174",
            description: "Send for shared mailboxes",
          },
        ],
      },
    ],
    permissions: allPermissions.map((name) => ({ name, description: `What ${name} allows` })),
    ...over,
  };
}

export function aUser(over: Partial<User> = {}): User {
  return {
    id: "0198a1b0-0000-7000-8000-000000000001",
    email: "ada@example.com",
    name: "Ada Admin",
    role: "admin",
    status: "active",
    disabled: false,
    linkExpiresAt: null,
    createdAt: "2026-11-01T09:00:00Z",
    updatedAt: "2026-11-01T09:00:00Z",
    lastSignInAt: "2026-11-20T09:00:00Z",
    ...over,
  };
}

export function aSession(over: Partial<Session> = {}): Session {
  return { user: aUser(), permissions: allPermissions, expiresAt: "2099-01-01T00:00:00Z", ...over };
}

export function aSessionInfo(over: Partial<SessionInfo> = {}): SessionInfo {
  return {
    id: "0198a1b0-0000-7000-8000-0000000000e1",
    current: false,
    ip: "192.0.2.7",
    userAgent:
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    createdAt: "2026-11-20T09:00:00Z",
    lastSeenAt: "2026-11-20T09:05:00Z",
    expiresAt: "2099-01-01T00:00:00Z",
    ...over,
  };
}

export function anInvitation(over: Partial<Invitation> = {}): Invitation {
  return {
    email: "vic@example.com",
    name: "Vic Viewer",
    role: "viewer",
    status: "invited",
    sentBy: "Ada Admin",
    expiresAt: "2099-01-01T00:00:00Z",
    ...over,
  };
}

export function aViewer(): Session {
  return aSession({
    user: aUser({
      id: "0198a1b0-0000-7000-8000-000000000002",
      name: "Vic Viewer",
      email: "vic@example.com",
      role: "viewer",
    }),
    permissions: viewerPermissions,
  });
}

export function anAccountKey(over: Partial<AccountKeyDetails> = {}): AccountKeyDetails {
  return {
    id: "0198a1b0-0000-7000-8000-0000000000a1",
    type: "oauth2_microsoft_graph",
    displayName: "Invoices mailbox",
    description: "AP automation",
    cloud: "global",
    tenantId: "7b1d0c5e-1111-4222-8333-444455556666",
    clientId: "c2a9e6f0-1111-4222-8333-444455556666",
    loginHint: "",
    clientSecret: { set: true, hint: "…w1", expiresOn: "2027-03-01" },
    scopes: ["Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"],
    redirectUri: "http://localhost:8080/oauth/callback",
    status: "authorized",
    statusReason: null,
    account: {
      objectId: "9f1d0c5e-1111-4222-8333-444455556666",
      tenantId: "7b1d0c5e-1111-4222-8333-444455556666",
      userPrincipalName: "invoices@contoso.example",
      displayName: "Invoices",
    },
    grantedScopes: ["Mail.Read", "Mail.ReadWrite", "Mail.Send", "User.Read"],
    missingScopes: [],
    token: { expiresAt: "2026-11-23T11:00:00Z", refreshedAt: "2026-11-23T10:00:00Z" },
    warnings: [],
    createdAt: "2026-11-20T09:00:00Z",
    updatedAt: "2026-11-20T09:00:00Z",
    createdBy: { type: "user", id: "0198a1b0-0000-7000-8000-000000000001", name: "Ada Admin" },
    authorizedAt: "2026-11-20T09:05:00Z",
    lastUsedAt: null,
    pendingConfirmation: null,
    ...over,
  };
}

const checkIds = [
  "redirect_uri",
  "cloud",
  "tenant",
  "client_id",
  "client_secret",
  "refresh",
  "permissions",
  "mailbox",
  "clock",
] as const;

type CheckId = (typeof checkIds)[number];
type Check = CheckReport["checks"][number];

/** What every check found; those that are not named have passed. */
export function aCheckReport(
  over: Partial<Record<CheckId, Partial<Check>>> = {},
  summary: Partial<CheckReport["summary"]> = {},
): CheckReport {
  return {
    checks: checkIds.map((id) => ({
      id,
      title: id,
      result: "passed",
      message: `All is well with ${id}.`,
      fix: "",
      ...over[id],
    })),
    summary: {
      result: "passed",
      message: "Everything is in order.",
      passed: 9,
      warnings: 0,
      failed: 0,
      skipped: 0,
      inconclusive: 0,
      ...summary,
    },
    checkedAt: "2026-11-23T11:00:00Z",
  };
}

export function anAuthorization(over: Partial<Authorization> = {}): Authorization {
  return {
    id: "0198a1b0-0000-7000-8000-0000000000e1",
    accountKeyId: "0198a1b0-0000-7000-8000-0000000000a1",
    mode: "popup",
    status: "pending",
    createdAt: "2026-11-23T10:00:00Z",
    expiresAt: "2026-11-23T10:10:00Z",
    finishedAt: null,
    account: null,
    currentAccount: null,
    grantedScopes: [],
    missingScopes: [],
    failure: null,
    ...over,
  };
}

export function aSighting(over: Partial<Sighting> = {}): Sighting {
  return {
    code: "redirect_uri_not_registered",
    place: "error_page",
    texts: [
      "The redirect URI '…' specified in the request does not match the redirect URIs configured for the application '…'",
      "https://aka.ms/redirectUriMismatchError",
    ],
    numbers: [50011],
    class: "configuration",
    field: "redirectUri",
    message: "The redirect URI is not registered for the app.",
    fix: "Copy the redirect URI from here.",
    ...over,
  };
}

/** Some of what the server lists, of every place. */
export function someSightings(): Sighting[] {
  return [
    aSighting(),
    aSighting({
      code: "client_not_found",
      texts: ["Application with identifier '…' was not found in the directory '…'"],
      numbers: [700016, 700011],
      field: "clientId",
      message: "No app with this client ID exists in the tenant.",
      fix: "Compare the client ID with the app's Overview page.",
    }),
    aSighting({
      code: "tenant_not_found",
      texts: ["Tenant '…' not found"],
      numbers: [90002],
      field: "tenantId",
      message: "No tenant with this ID exists in this cloud.",
      fix: "Copy the Directory (tenant) ID.",
    }),
    aSighting({
      code: "admin_consent_required",
      place: "approval_page",
      texts: ["Need admin approval"],
      numbers: [90094, 90093],
      class: "administrator",
      field: "scopes",
      message: "Only an administrator may consent to these permissions.",
      fix: "Have an administrator grant consent.",
    }),
    aSighting({
      code: "mfa_required",
      place: "sign_in_page",
      texts: ["Verify your identity"],
      numbers: [50076],
      class: "sign_in",
      field: "",
      message: "A second factor is asked for.",
      fix: "Confirm it in the app.",
    }),
    aSighting({
      code: "window_closed",
      place: "window",
      texts: ["Nothing happened, or the window closed", "popup blocked"],
      numbers: [],
      class: "sign_in",
      field: "",
      message: "The window was closed before the sign-in ended.",
      fix: "Start again, and allow pop-ups.",
    }),
    aSighting({
      code: "grant_revoked",
      place: "elsewhere",
      texts: [],
      numbers: [50173],
      class: "sign_in",
      field: "",
      message: "The authorization was revoked.",
      fix: "Authorize the key again.",
    }),
  ];
}

export function anApiClient(over: Partial<ApiClient> = {}): ApiClient {
  return {
    id: "0198a1b0-0000-7000-8000-0000000000c1",
    name: "billing",
    description: "Sends invoices at night",
    permissions: ["tokens:issue", "mail:send"],
    allAccountKeys: false,
    accountKeyIds: ["0198a1b0-0000-7000-8000-0000000000a1"],
    leashes: [],
    rateLimitPerMinute: null,
    disabled: false,
    secrets: [
      {
        id: "0198a1b0-0000-7000-8000-0000000000d1",
        hint: "lk_…9fQ2",
        createdAt: "2026-11-20T09:00:00Z",
        expiresAt: null,
        lastUsedAt: null,
      },
    ],
    createdAt: "2026-11-20T09:00:00Z",
    updatedAt: "2026-11-20T09:00:00Z",
    createdBy: { type: "user", id: "0198a1b0-0000-7000-8000-000000000001", name: "Ada Admin" },
    lastUsedAt: null,
    ...over,
  };
}

export function aTarget(over: Partial<Target> = {}): Target {
  return {
    id: "0198a1b0-0000-7000-8000-0000000000f1",
    name: "Invoices inbox",
    description: "For the AP robot",
    accountKeyId: "0198a1b0-0000-7000-8000-0000000000a1",
    accountKeyName: "Invoices mailbox",
    apiVersion: "v1.0",
    basePath: "/me",
    allowedMethods: ["GET", "POST"],
    allowedPaths: ["/me/messages/**", "/me/sendMail"],
    fixedHeaders: [{ name: "Prefer", value: 'IdType="ImmutableId"' }],
    timeoutSeconds: 60,
    enabled: true,
    url: "https://latchkey.example/api/v1/targets/0198a1b0-0000-7000-8000-0000000000f1/graph",
    createdAt: "2026-11-20T09:00:00Z",
    updatedAt: "2026-11-20T09:00:00Z",
    createdBy: { type: "user", id: "0198a1b0-0000-7000-8000-000000000001", name: "Ada Admin" },
    ...over,
  };
}

export function aTargetReport(over: Partial<TargetReport> = {}): TargetReport {
  return {
    result: "passed",
    checks: [
      { id: "method", title: "Method", result: "passed", message: "The target allows GET.", fix: "" },
      { id: "path", title: "Path", result: "passed", message: "The target allows /me/messages.", fix: "" },
    ],
    checkedAt: "2026-11-23T11:00:00Z",
    ...over,
  };
}

export function anAuditEntry(over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: "0198a1b0-0000-7000-8000-0000000000e1",
    at: "2026-11-20T09:05:00Z",
    action: "account_key.updated",
    outcome: "success",
    message: "Changed display name, secret.",
    actor: { type: "user", id: "0198a1b0-0000-7000-8000-000000000001", name: "Ada Admin" },
    object: {
      type: "account_key",
      id: "0198a1b0-0000-7000-8000-0000000000a1",
      name: "Invoices mailbox",
      deleted: false,
    },
    changes: [
      { field: "displayName", before: "Bills", after: "Invoices mailbox" },
      { field: "clientSecret", before: null, after: "replaced" },
    ],
    requestId: "0198a1b0-0000-7000-8000-0000000000f1",
    ip: "192.0.2.7",
    ...over,
  };
}
