import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { Actor } from "@/api/audit-entries";
import { day, oneOf, text, type RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

type Search = {
  q?: string;
  action?: string;
  outcome?: "success" | "failure";
  actorType?: Actor["type"];
  actorId?: string;
  objectType?: string;
  objectId?: string;
  /** The first and the last day, where the reader is. */
  from?: string;
  to?: string;
  /** The entry whose details are open. */
  entry?: string;
};

export const auditLogRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/audit-log",
  validateSearch: (raw: RawSearch): Search => ({
    q: text(raw["q"]),
    action: text(raw["action"]),
    outcome: oneOf(raw["outcome"], ["success", "failure"]),
    actorType: oneOf(raw["actorType"], ["user", "api_client", "system", "anonymous"]),
    actorId: text(raw["actorId"]),
    objectType: text(raw["objectType"]),
    objectId: text(raw["objectId"]),
    from: day(raw["from"]),
    to: day(raw["to"]),
    entry: text(raw["entry"]),
  }),
  component: lazyRouteComponent(() => import("@/features/audit-log/AuditLogPage"), "AuditLogPage"),
});
