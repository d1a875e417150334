import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "./root";

/** A one-time link by which somebody chooses a password. Its secret is in the fragment. */
export const invitationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/invitation",
  component: lazyRouteComponent(() => import("@/features/session/InvitationPage"), "InvitationPage"),
});
