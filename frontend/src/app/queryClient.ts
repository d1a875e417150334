import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isProblem } from "@/api/problem";
import { forgetSession } from "@/api/session";

/**
 * The one cache of what the server said. A 401 to anything ends the session here: what was read with it is
 * forgotten, and the shell, which watches the session, leads to the sign-in page.
 */
export function createQueryClient(): QueryClient {
  const onError = (error: unknown) => {
    if (isProblem(error) && error.status === 401 && error.code !== "invalid_credentials")
      forgetSession(client);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: { staleTime: 10_000, retry: worthRetrying },
    },
  });
  return client;
}

/** A refusal stays one however often it is asked for; a hiccup may pass. */
function worthRetrying(failures: number, error: unknown): boolean {
  if (failures >= 2 || !isProblem(error)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}
