import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "./client";
import type { paths } from "./schema.gen";

export type AuditEntry = Schemas["AuditEntry"];
export type AuditAction = Schemas["AuditAction"];
export type AuditChange = Schemas["AuditChange"];
export type AuditObject = Schemas["AuditObject"];
export type Actor = Schemas["Actor"];

/** What narrows the log, as the server's parameters name it. */
export type AuditFilter = NonNullable<paths["/api/v1/audit-entries/export"]["get"]["parameters"]["query"]>;

export const auditEntries = {
  all: ["audit-entries"] as const,
  list: (filter: AuditFilter) =>
    infiniteQueryOptions({
      queryKey: [...auditEntries.all, "list", filter],
      queryFn: ({ pageParam, signal }) =>
        data(
          api.GET("/api/v1/audit-entries", { params: { query: { ...filter, cursor: pageParam } }, signal }),
        ),
      initialPageParam: undefined as string | undefined, // the first page has no cursor
      getNextPageParam: (page) => page.nextCursor ?? undefined,
      // Whatever is done anywhere adds to it, and who opens it wants to see just that.
      staleTime: 0,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...auditEntries.all, "one", id],
      queryFn: ({ signal }) =>
        data(api.GET("/api/v1/audit-entries/{id}", { params: { path: { id } }, signal })),
    }),
};

/** Where a browser downloads all that match. */
export function exportAddress(filter: AuditFilter): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  const text = query.toString();
  return `/api/v1/audit-entries/export${text === "" ? "" : `?${text}`}`;
}
