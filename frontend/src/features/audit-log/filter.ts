import { getRouteApi } from "@tanstack/react-router";
import type { AuditFilter } from "@/api/audit-entries";

export const route = getRouteApi("/shell/audit-log");

export type Search = ReturnType<typeof route.useSearch>;

/** The address as the server's parameters. Days are the reader's own, from midnight to midnight. */
export function filterOf({ entry: _, from, to, objectType, ...rest }: Search): AuditFilter {
  return {
    ...rest,
    // What is no type is for the server to refuse.
    objectType: objectType as AuditFilter["objectType"],
    since: from && midnight(from, 0),
    until: to && midnight(to, 1),
  };
}

function midnight(day: string, later: number): string {
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + later);
  return at.toISOString();
}

/** Whether anything narrows the list. */
export const isNarrowed = ({ entry: _, ...rest }: Search) =>
  Object.values(rest).some((value) => value !== undefined);
