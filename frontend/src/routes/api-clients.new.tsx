import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "./shell";

export const newApiClientRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/api-clients/new",
  component: lazyRouteComponent(() => import("@/features/api-clients/NewApiClientPage"), "NewApiClientPage"),
});
