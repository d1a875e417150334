import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "./shell";

export const newAccountKeyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/account-keys/new",
  component: lazyRouteComponent(() => import("@/features/account-keys/NewKeyPage"), "NewKeyPage"),
});
