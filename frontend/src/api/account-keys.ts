import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, versioned, type Schemas } from "./client";

export type AccountKey = Schemas["AccountKey"];
export type AccountKeyStatus = Schemas["AccountKeyStatus"];

export type AccountKeyFilter = { q?: string | undefined; status?: AccountKeyStatus | undefined };

export const accountKeys = {
  all: ["account-keys"] as const,
  list: ({ q, status }: AccountKeyFilter = {}) =>
    infiniteQueryOptions({
      queryKey: [...accountKeys.all, "list", { q, status }],
      queryFn: ({ pageParam, signal }) =>
        data(
          api.GET("/api/v1/account-keys", { params: { query: { q, status, cursor: pageParam } }, signal }),
        ),
      initialPageParam: undefined as string | undefined, // the first page has no cursor
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...accountKeys.all, "one", id],
      queryFn: ({ signal }) =>
        versioned(api.GET("/api/v1/account-keys/{id}", { params: { path: { id } }, signal })),
    }),
};
