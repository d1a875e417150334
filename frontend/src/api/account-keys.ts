import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
  type QueryClient,
} from "@tanstack/react-query";
import { api, data, done, ifMatch, versioned, type Body, type Schemas } from "./client";

export type AccountKey = Schemas["AccountKey"];
/** One key alone, with what waits for a decision. */
export type AccountKeyDetails = Schemas["AccountKeyDetails"];
export type AccountKeyStatus = Schemas["AccountKeyStatus"];
export type AccountKeyUsage = Schemas["AccountKeyUsage"];
export type AccountKeyConsumer = Schemas["AccountKeyConsumer"];

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

/** What happened to a key, newest first. */
export const keyActivity = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...accountKeys.all, "activity", id],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/api/v1/account-keys/{id}/activity", {
          params: { path: { id }, query: { cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined, // the first page has no cursor
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

/** Who uses a key, or may, and how much. */
export const keyUsage = (id: string) =>
  queryOptions({
    queryKey: [...accountKeys.all, "usage", id],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/account-keys/{id}/usage", { params: { path: { id } }, signal })),
    staleTime: 0, // it changes without anybody here doing anything
  });

const refresh = (client: QueryClient) => client.invalidateQueries({ queryKey: accountKeys.all });

export function useCreateAccountKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/account-keys", "post">) =>
      data(api.POST("/api/v1/account-keys", { body })),
    onSuccess: () => refresh(client),
  });
}

export type AccountKeyChange = Body<"/api/v1/account-keys/{id}", "patch">;

export function useUpdateAccountKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ etag, ...body }: { etag?: string } & AccountKeyChange) =>
      versioned(
        api.PATCH("/api/v1/account-keys/{id}", { params: { path: { id } }, headers: ifMatch(etag), body }),
      ),
    onSuccess: () => refresh(client),
  });
}

/** Suspend, resume or revoke. */
export function useSwitchAccountKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (to: "suspend" | "resume" | "revoke") =>
      data(api.POST(`/api/v1/account-keys/{id}/${to}`, { params: { path: { id } } })),
    onSuccess: () => refresh(client),
  });
}

export type CheckReport = Schemas["AccountKeyCheckReport"];

/** Checks a key as it is saved. That may refresh its token, or find out that its authorization is over. */
export function useCheckAccountKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => data(api.POST("/api/v1/account-keys/{id}/check", { params: { path: { id } } })),
    onSuccess: () => refresh(client),
  });
}

/** Checks values that are not saved. */
export function useCheckValues() {
  return useMutation({
    mutationFn: (body: Body<"/api/v1/account-keys/check", "post">) =>
      data(api.POST("/api/v1/account-keys/check", { body })),
  });
}

export function useDeleteAccountKey(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.DELETE("/api/v1/account-keys/{id}", { params: { path: { id } } })),
    onSuccess: async () => {
      // Its page is still open, and would find it gone: whoever asks for it next shall.
      await client.invalidateQueries({ queryKey: accountKeys.one(id).queryKey, refetchType: "none" });
      await client.invalidateQueries({ queryKey: [...accountKeys.all, "list"] });
    },
  });
}
