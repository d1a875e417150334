import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
  type QueryClient,
} from "@tanstack/react-query";
import { api, data, done, ifMatch, versioned, type Body, type Schemas } from "./client";

export type ApiClient = Schemas["ApiClient"];
export type ApiClientCreated = Schemas["ApiClientCreated"];
export type ApiClientLeash = Schemas["ApiClientLeash"];
export type ApiClientSecret = Schemas["ApiClientSecret"];

export const apiClients = {
  all: ["api-clients"] as const,
  list: () =>
    infiniteQueryOptions({
      queryKey: [...apiClients.all, "list"],
      queryFn: ({ pageParam, signal }) =>
        data(api.GET("/api/v1/api-clients", { params: { query: { cursor: pageParam } }, signal })),
      initialPageParam: undefined as string | undefined, // the first page has no cursor
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...apiClients.all, "one", id],
      queryFn: ({ signal }) =>
        versioned(api.GET("/api/v1/api-clients/{id}", { params: { path: { id } }, signal })),
    }),
};

const refresh = (client: QueryClient) => client.invalidateQueries({ queryKey: apiClients.all });

export function useCreateApiClient() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/api-clients", "post">) =>
      data(api.POST("/api/v1/api-clients", { body })),
    onSuccess: () => refresh(client),
  });
}

export function useUpdateApiClient(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ etag, ...body }: { etag?: string } & Body<"/api/v1/api-clients/{id}", "patch">) =>
      versioned(
        api.PATCH("/api/v1/api-clients/{id}", { params: { path: { id } }, headers: ifMatch(etag), body }),
      ),
    onSuccess: () => refresh(client),
  });
}

export function useDeleteApiClient(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.DELETE("/api/v1/api-clients/{id}", { params: { path: { id } } })),
    // Not the client itself: its page is still open, and would find it gone.
    onSuccess: () => client.invalidateQueries({ queryKey: [...apiClients.all, "list"] }),
  });
}

export function useCreateApiClientSecret(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/api-clients/{id}/secrets", "post">) =>
      data(api.POST("/api/v1/api-clients/{id}/secrets", { params: { path: { id } }, body })),
    onSuccess: () => refresh(client),
  });
}

export function useDeleteApiClientSecret(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (sid: string) =>
      done(api.DELETE("/api/v1/api-clients/{id}/secrets/{sid}", { params: { path: { id, sid } } })),
    onSuccess: () => refresh(client),
  });
}
