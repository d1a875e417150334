import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { oneOf, type RawSearch } from "@/lib/search";
import { shellRoute } from "./shell";

const tabs = ["people", "account", "appearance", "about"] as const;

export const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  validateSearch: (raw: RawSearch): { tab?: (typeof tabs)[number] } => ({ tab: oneOf(raw["tab"], tabs) }),
  component: lazyRouteComponent(() => import("@/features/settings/SettingsPage"), "SettingsPage"),
});
