import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "./root";

/** What the pop-up shows from the click until Microsoft's page takes its place. */
export const authorizingRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/authorizing",
  component: lazyRouteComponent(() => import("@/features/authorize/AuthorizingPage"), "AuthorizingPage"),
});

/** Where Microsoft's answer ends. */
export const authorizationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/authorization/$aid",
  component: lazyRouteComponent(() => import("@/features/authorize/ResultPage"), "ResultPage"),
});

/** Where an administrator's consent ends. */
export const adminConsentRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/admin-consent/$cid",
  component: lazyRouteComponent(() => import("@/features/authorize/ConsentPage"), "ConsentPage"),
});

/** A link that somebody was sent. */
export const authorizeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/authorize/$token",
  component: lazyRouteComponent(() => import("@/features/authorize/LinkPage"), "LinkPage"),
});
