import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { AccountKeyStatus } from "@/api/account-keys";
import { oneOf, text, type RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

const statuses: readonly AccountKeyStatus[] = [
  "draft",
  "authorized",
  "reauthorization_required",
  "misconfigured",
  "suspended",
  "revoked",
];

type Search = { q?: string; status?: AccountKeyStatus; fresh?: string };

export const accountKeysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/account-keys",
  validateSearch: (raw: RawSearch): Search => ({
    q: text(raw["q"]),
    status: oneOf(raw["status"], statuses),
    fresh: text(raw["fresh"]),
  }),
  component: lazyRouteComponent(() => import("@/features/account-keys/AccountKeysPage"), "AccountKeysPage"),
});
