import { Link, type LinkProps } from "@tanstack/react-router";
import { Bot, KeyRound, ScrollText, Settings, Waypoints, type LucideIcon } from "lucide-react";
import type { Permission } from "@/api/session";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";

type Place = { to: LinkProps["to"]; label: string; icon: LucideIcon; permission?: Permission };

/** In the order of the product: Account Keys · Email Events · Targets · API Clients · Audit Log · Settings. */
const places: Place[] = [
  { to: "/account-keys", label: t("nav.accountKeys"), icon: KeyRound, permission: "account-keys:read" },
  { to: "/targets", label: t("nav.targets"), icon: Waypoints, permission: "targets:read" },
  { to: "/api-clients", label: t("nav.apiClients"), icon: Bot, permission: "api-clients:write" },
  { to: "/audit-log", label: t("nav.auditLog"), icon: ScrollText, permission: "audit:read" },
  { to: "/settings", label: t("nav.settings"), icon: Settings },
];

export function Navigation({ onNavigate }: { onNavigate?: () => void }) {
  const can = useCan();
  return (
    <nav aria-label={t("nav.label")} className="px-2 py-1">
      <ul className="grid gap-0.5">
        {places
          .filter((place) => !place.permission || can(place.permission))
          .map((place) => (
            <li key={place.to}>
              <Link
                to={place.to}
                onClick={onNavigate}
                className="relative flex min-h-9 items-center gap-3 rounded-md px-3 hover:bg-hover data-[status=active]:bg-hover data-[status=active]:font-semibold data-[status=active]:before:absolute data-[status=active]:before:inset-y-2 data-[status=active]:before:left-0 data-[status=active]:before:w-0.75 data-[status=active]:before:rounded-full data-[status=active]:before:bg-accent pointer-coarse:min-h-11"
              >
                <place.icon aria-hidden="true" className="size-5 shrink-0 text-muted" strokeWidth={1.75} />
                {place.label}
              </Link>
            </li>
          ))}
      </ul>
    </nav>
  );
}
