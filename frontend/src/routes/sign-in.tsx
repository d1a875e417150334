import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { instanceQuery } from "@/api/instance";
import { ownPath, type RawSearch } from "@/lib/search";
import { rootRoute } from "./root";

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (raw: RawSearch): { redirect?: string } => ({ redirect: ownPath(raw["redirect"]) }),
  beforeLoad: async ({ context: { queryClient } }) => {
    const instance = await queryClient.ensureQueryData(instanceQuery);
    if (instance.setupRequired) throw redirect({ to: "/setup", replace: true });
  },
  component: lazyRouteComponent(() => import("@/features/session/SignInPage"), "SignInPage"),
});
