import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, done, type Body, type Schemas } from "./client";
import { sessionQuery } from "./session";

export type User = Schemas["User"];
/** A one-time link by which a person chooses a password. The server tells it once. */
export type UserLink = Schemas["UserLink"];

export const users = {
  all: ["users"] as const,
  list: () =>
    infiniteQueryOptions({
      queryKey: [...users.all, "list"],
      queryFn: ({ pageParam, signal }) =>
        data(api.GET("/api/v1/users", { params: { query: { cursor: pageParam } }, signal })),
      initialPageParam: undefined as string | undefined, // the first page has no cursor
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
};

export function useCreateUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/users", "post">) => data(api.POST("/api/v1/users", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: users.all }),
  });
}

export function useUpdateUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string } & Body<"/api/v1/users/{id}", "patch">) =>
      data(api.PATCH("/api/v1/users/{id}", { params: { path: { id } }, body })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: users.all }),
        // It may have been their own role.
        client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]),
  });
}

/** A new link in place of the one before: for somebody invited, or for somebody who forgot their password. */
export function useOfferLink(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (what: "invitation" | "password-reset") =>
      data(api.POST(`/api/v1/users/{id}/${what}`, { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: users.all }),
  });
}

export function useEndUserSessions() {
  return useMutation({
    mutationFn: (id: string) => done(api.DELETE("/api/v1/users/{id}/sessions", { params: { path: { id } } })),
  });
}

export function useDeleteUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => done(api.DELETE("/api/v1/users/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: users.all }),
  });
}
