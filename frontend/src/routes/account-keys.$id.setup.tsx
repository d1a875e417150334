import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { oneOf, text, type RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

const steps = ["name", "redirect", "details", "authorize"] as const;

/** The fields that a check can send people to. */
const fields = ["tenantId", "clientId", "clientSecret", "cloud"] as const;

/** How the guide beside the wizard makes the app; without one it is closed. */
const guides = ["portal", "cli", "powershell", "terraform"] as const;

type Search = {
  step?: (typeof steps)[number];
  attempt?: string;
  field?: (typeof fields)[number];
  guide?: (typeof guides)[number];
};

export const setUpKeyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/account-keys/$id/setup",
  validateSearch: (raw: RawSearch): Search => ({
    step: oneOf(raw["step"], steps),
    attempt: text(raw["attempt"]),
    field: oneOf(raw["field"], fields),
    guide: oneOf(raw["guide"], guides),
  }),
  component: lazyRouteComponent(() => import("@/features/account-keys/SetUpKeyPage"), "SetUpKeyPage"),
});
