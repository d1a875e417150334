import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
  type QueryClient,
} from "@tanstack/react-query";
import { api, data, done, ifMatch, versioned, type Body, type Schemas } from "./client";

export type Target = Schemas["Target"];
export type TargetReport = Schemas["TargetReport"];

export const targets = {
  all: ["targets"] as const,
  list: ({ q }: { q?: string | undefined } = {}) =>
    infiniteQueryOptions({
      queryKey: [...targets.all, "list", { q }],
      queryFn: ({ pageParam, signal }) =>
        data(api.GET("/api/v1/targets", { params: { query: { q, cursor: pageParam } }, signal })),
      initialPageParam: undefined as string | undefined, // the first page has no cursor
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...targets.all, "one", id],
      queryFn: ({ signal }) =>
        versioned(api.GET("/api/v1/targets/{id}", { params: { path: { id } }, signal })),
    }),
};

const refresh = (client: QueryClient) => client.invalidateQueries({ queryKey: targets.all });

export function useCreateTarget() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/targets", "post">) => data(api.POST("/api/v1/targets", { body })),
    onSuccess: () => refresh(client),
  });
}

export function useUpdateTarget(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ etag, ...body }: { etag?: string } & Body<"/api/v1/targets/{id}", "patch">) =>
      versioned(
        api.PATCH("/api/v1/targets/{id}", { params: { path: { id } }, headers: ifMatch(etag), body }),
      ),
    onSuccess: () => refresh(client),
  });
}

export function useDeleteTarget(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.DELETE("/api/v1/targets/{id}", { params: { path: { id } } })),
    // Not the target itself: its page is still open, and would find it gone.
    onSuccess: () => client.invalidateQueries({ queryKey: [...targets.all, "list"] }),
  });
}

/** Whether the target's key can make a call there. Nothing is changed: only what reads is tried. */
export function useValidateTarget(id: string) {
  return useMutation({
    mutationFn: (body: Body<"/api/v1/targets/{id}/validate", "post">) =>
      data(api.POST("/api/v1/targets/{id}/validate", { params: { path: { id } }, body })),
  });
}
