import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "./shell";

export const apiClientsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/api-clients",
  component: lazyRouteComponent(() => import("@/features/api-clients/ApiClientsPage"), "ApiClientsPage"),
});
