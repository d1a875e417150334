import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

export const apiClientRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/api-clients/$id",
  validateSearch: (raw: RawSearch): { edit?: true } => (raw["edit"] === true ? { edit: true } : {}),
  component: lazyRouteComponent(() => import("@/features/api-clients/ApiClientPage"), "ApiClientPage"),
});
