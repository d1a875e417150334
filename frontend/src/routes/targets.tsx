import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { text, type RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

export const targetsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/targets",
  validateSearch: (raw: RawSearch): { q?: string } => ({ q: text(raw["q"]) }),
  component: lazyRouteComponent(() => import("@/features/graph-targets/TargetsPage"), "TargetsPage"),
});
