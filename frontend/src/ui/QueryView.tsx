import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Card } from "./Card";
import { Skeleton } from "./Skeleton";
import { ErrorState } from "./States";

type QueryViewProps<Data> = {
  query: Pick<UseQueryResult<Data>, "data" | "error" | "refetch">;
  /** What shows while the first answer is on its way; grey lines unless told. */
  loading?: ReactNode;
  /** What shows in place of a 404, where the thing can have been deleted. */
  children: (data: Data) => ReactNode;
};

/**
 * The states of something read from the server, in order: loading, failed or denied, there. Data that was read once
 * stays on show when a later refresh fails.
 */
export function QueryView<Data>({ query, loading, children }: QueryViewProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    return (
      <Card>
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      </Card>
    );
  }
  return (
    loading ?? (
      <Card>
        <Skeleton rows={5} tall />
      </Card>
    )
  );
}
