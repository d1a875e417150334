import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { accountKeys, keyActivity } from "./account-keys";
import { api, data, type Schemas } from "./client";

export type Authorization = Schemas["Authorization"];
export type Sighting = Schemas["Sighting"];

/** What people may see on Microsoft's pages, which the server never hears of. Changes with a new version only. */
export const sightingsQuery = queryOptions({
  queryKey: ["microsoft-errors"],
  queryFn: ({ signal }) => data(api.GET("/api/v1/microsoft-errors", { signal })),
  staleTime: Infinity,
});

/** How often an attempt under way is looked at. The browser that finishes it says so at once; this is the safety net. */
const pollEvery = 2000;

export const authorizations = {
  one: (keyId: string, id: string) =>
    queryOptions({
      queryKey: ["authorizations", keyId, id],
      queryFn: ({ signal }) =>
        data(
          api.GET("/api/v1/account-keys/{id}/authorizations/{aid}", {
            params: { path: { id: keyId, aid: id } },
            signal,
          }),
        ),
      refetchInterval: (query) =>
        query.state.data === undefined || query.state.data.status === "pending" ? pollEvery : false,
      refetchIntervalInBackground: true,
    }),
  /** The outcome, for the browser that made the attempt: nobody needs to be signed in. */
  result: (id: string) =>
    queryOptions({
      queryKey: ["authorizations", "result", id],
      queryFn: ({ signal }) =>
        data(api.GET("/oauth/callback/{aid}", { params: { path: { aid: id } }, signal })),
      retry: false,
    }),
  link: (token: string) =>
    queryOptions({
      queryKey: ["authorizations", "link", token],
      queryFn: ({ signal }) => data(api.GET("/oauth/links/{token}", { params: { path: { token } }, signal })),
      retry: false,
    }),
};

/** An attempt, followed until it ends. By then its key is no longer what was read before. */
export function useAuthorization(keyId: string, id: string) {
  const client = useQueryClient();
  const query = useQuery(authorizations.one(keyId, id));
  const status = query.data?.status;
  useEffect(() => {
    if (status !== undefined && status !== "pending") {
      void client.invalidateQueries({ queryKey: accountKeys.all });
    }
  }, [client, status]);
  return query;
}

export function useStartAuthorization(keyId: string) {
  return useMutation({
    mutationFn: (mode: "popup" | "link") =>
      data(
        api.POST("/api/v1/account-keys/{id}/authorizations", {
          params: { path: { id: keyId } },
          body: { mode },
        }),
      ),
  });
}

export const adminConsents = {
  /** The outcome, for the browser that came back with it: nobody needs to be signed in. */
  result: (id: string) =>
    queryOptions({
      queryKey: ["admin-consents", id],
      queryFn: ({ signal }) =>
        data(api.GET("/oauth/admin-consents/{cid}", { params: { path: { cid: id } }, signal })),
      retry: false,
    }),
};

/** Makes a link to Microsoft's page, for an administrator of the tenant. */
export function useRequestAdminConsent(keyId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      data(api.POST("/api/v1/account-keys/{id}/admin-consent", { params: { path: { id: keyId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keyActivity(keyId).queryKey }),
  });
}

/**
 * A person's decision about a sign-in by another account: the one that was shown, by its own id, whatever else came
 * of the link that it was made with.
 */
export function useDecideAuthorization(keyId: string, id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (what: "confirm" | "reject") =>
      data(
        api.POST(`/api/v1/account-keys/{id}/authorizations/{aid}/${what}`, {
          params: { path: { id: keyId, aid: id } },
        }),
      ),
    onSuccess: (after) =>
      client.setQueriesData<Authorization>({ queryKey: ["authorizations", keyId] }, (shown) =>
        shown?.id === id ? after : shown,
      ),
    // Somebody else may have decided meanwhile.
    onError: () => client.invalidateQueries({ queryKey: ["authorizations", keyId] }),
    onSettled: () => client.invalidateQueries({ queryKey: accountKeys.all }),
  });
}

export function useFollowLink(token: string) {
  return useMutation({
    mutationFn: () => data(api.POST("/oauth/links/{token}", { params: { path: { token } } })),
  });
}
