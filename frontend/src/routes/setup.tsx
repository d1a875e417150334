import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { instanceQuery } from "@/api/instance";
import { rootRoute } from "./root";

export const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup",
  beforeLoad: async ({ context: { queryClient } }) => {
    const instance = await queryClient.ensureQueryData(instanceQuery);
    if (!instance.setupRequired) throw redirect({ to: "/account-keys", replace: true });
  },
  component: lazyRouteComponent(() => import("@/features/session/SetupPage"), "SetupPage"),
});
