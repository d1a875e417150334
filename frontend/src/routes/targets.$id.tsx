import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { oneOf, type RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

type Search = { tab?: "try"; edit?: true };

export const targetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/targets/$id",
  validateSearch: (raw: RawSearch): Search => ({
    tab: oneOf(raw["tab"], ["try"]),
    ...(raw["edit"] === true ? { edit: true } : {}),
  }),
  component: lazyRouteComponent(() => import("@/features/graph-targets/TargetPage"), "TargetPage"),
});
