import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "./client";

export type Instance = Schemas["Instance"];

/** What this Latchkey is: version, addresses, clouds, account key types, permissions. Changes with a restart only. */
export const instanceQuery = queryOptions({
  queryKey: ["instance"],
  queryFn: ({ signal }) => data(api.GET("/api/v1/instance", { signal })),
  staleTime: Infinity,
});
