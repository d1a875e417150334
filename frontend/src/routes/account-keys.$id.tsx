import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "./shell";

export const accountKeyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/account-keys/$id",
  component: lazyRouteComponent(() => import("@/features/account-keys/KeyPage"), "KeyPage"),
});
