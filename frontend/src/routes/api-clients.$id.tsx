import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "./shell";

export const apiClientRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/api-clients/$id",
  component: lazyRouteComponent(() => import("@/features/api-clients/ApiClientPage"), "ApiClientPage"),
});
