import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { instanceQuery } from "@/api/instance";
import { sessionQuery } from "@/api/session";
import { rootRoute } from "./root";

/** Everything that needs a signed-in person. Its children's ids start with "/shell". */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  component: lazyRouteComponent(() => import("@/app/shell/Shell"), "Shell"),
  beforeLoad: async ({ context: { queryClient }, location }) => {
    const [instance, session] = await Promise.all([
      queryClient.ensureQueryData(instanceQuery),
      queryClient.ensureQueryData({ ...sessionQuery, revalidateIfStale: true }),
    ]);
    if (instance.setupRequired) throw redirect({ to: "/setup", replace: true });
    if (!session) throw redirect({ to: "/sign-in", search: { redirect: location.href }, replace: true });
  },
});
