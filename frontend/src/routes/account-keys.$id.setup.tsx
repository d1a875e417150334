import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { oneOf, text, type RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

const steps = ["name", "redirect", "details", "authorize"] as const;

type Search = { step?: (typeof steps)[number]; attempt?: string };

export const setUpKeyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/account-keys/$id/setup",
  validateSearch: (raw: RawSearch): Search => ({
    step: oneOf(raw["step"], steps),
    attempt: text(raw["attempt"]),
  }),
  component: lazyRouteComponent(() => import("@/features/account-keys/SetUpKeyPage"), "SetUpKeyPage"),
});
