import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "./shell";

export const accountKeysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/account-keys",
  component: lazyRouteComponent(() => import("@/features/account-keys/AccountKeysPage"), "AccountKeysPage"),
});
