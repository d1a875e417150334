import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
  type QueryClient,
} from "@tanstack/react-query";
import { api, data, done, type Body, type Schemas } from "./client";
import { instanceQuery } from "./instance";
import { isProblem } from "./problem";

export type Session = Schemas["Session"];
export type Permission = Schemas["Permission"];
export type Role = Schemas["Role"];
export type SessionInfo = Schemas["SessionInfo"];
export type Invitation = Schemas["Invitation"];

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

/** What anybody may read, signed in or not. */
const forAnybody: readonly unknown[] = ["instance", "session", "invitation"];

/** Nobody is signed in any more: what was read by whoever was is dropped. */
export function forgetSession(client: QueryClient) {
  client.setQueryData(sessionQuery.queryKey, null);
  client.removeQueries({ predicate: ({ queryKey }) => !forAnybody.includes(queryKey[0]) });
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
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/session/password", "post">) =>
      done(api.POST("/api/v1/session/password", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: sessions.all }), // the others have ended
  });
}

/** The browsers in which the person is signed in. */
export const sessions = {
  all: ["sessions"] as const,
  list: () =>
    infiniteQueryOptions({
      queryKey: [...sessions.all, "list"],
      queryFn: ({ pageParam, signal }) =>
        data(api.GET("/api/v1/sessions", { params: { query: { cursor: pageParam } }, signal })),
      initialPageParam: undefined as string | undefined, // the first page has no cursor
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
};

export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => done(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: sessions.all }),
  });
}

export function useEndOtherSessions() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.DELETE("/api/v1/sessions")),
    onSuccess: () => client.invalidateQueries({ queryKey: sessions.all }),
  });
}

/** Whom a one-time link is for. Asked once: after it has been used the answer would be that it is not good. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => data(api.POST("/api/v1/invitations/inspect", { body: { token }, signal })),
    retry: false,
    staleTime: Infinity,
  });

/** Chooses the password and signs in, in place of whoever was signed in here before. */
export function useAcceptInvitation() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"/api/v1/invitations/accept", "post">) =>
      data(api.POST("/api/v1/invitations/accept", { body })),
    onSuccess: (session) => {
      forgetSession(client);
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
}
