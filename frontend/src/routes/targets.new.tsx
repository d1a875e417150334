import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "./shell";

export const newTargetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/targets/new",
  component: lazyRouteComponent(() => import("@/features/graph-targets/NewTargetPage"), "NewTargetPage"),
});
