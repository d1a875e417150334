import { queryOptions, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { api, data, done, type Body, type Schemas } from "./client";
import { instanceQuery } from "./instance";
import { isProblem } from "./problem";

export type Session = Schemas["Session"];
export type Permission = Schemas["Permission"];
export type Role = Schemas["Role"];

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await data(api.GET("/api/v1/session", { signal }));
    } catch (error) {
      if (isProblem(error) && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** Nobody is signed in any more: what was read by whoever was is dropped. */
export function forgetSession(client: QueryClient) {
  client.setQueryData(sessionQuery.queryKey, null);
  client.removeQueries({
    predicate: ({ queryKey }) => queryKey[0] !== "instance" && queryKey[0] !== "session",
  });
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/session", "post">) => data(api.POST("/api/v1/session", { body })),
    onSuccess: (session) => client.setQueryData(sessionQuery.queryKey, session),
  });
}

export function useSetUp() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/setup", "post">) => data(api.POST("/api/v1/setup", { body })),
    onSuccess: (session) => {
      client.setQueryData(instanceQuery.queryKey, (known) => known && { ...known, setupRequired: false });
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
}

/** Ends the session and forgets everything that was read with it. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.DELETE("/api/v1/session")),
    onSuccess: () => forgetSession(client),
  });
}

export function useChangePassword() {
  return useMutation({
    mutationFn: (body: Body<"/api/v1/session/password", "post">) =>
      done(api.POST("/api/v1/session/password", { body })),
  });
}
