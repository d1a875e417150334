import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, done, type Body, type Schemas } from "./client";

export type User = Schemas["User"];

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
    onSuccess: () => client.invalidateQueries({ queryKey: users.all }),
  });
}

export function useDeleteUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => done(api.DELETE("/api/v1/users/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: users.all }),
  });
}
