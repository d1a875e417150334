import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { isProblem } from "@/api/problem";
import { Card } from "./Card";
import { PageHeader } from "./PageHeader";
import { Skeleton } from "./Skeleton";
import { ErrorState } from "./States";

type QueryViewProps<Data> = {
  query: Pick<UseQueryResult<Data>, "data" | "error" | "refetch">;
  /** What shows inside the card while the first answer is on its way; grey lines unless told. */
  loading?: ReactNode;
  /** Inside a card already: brings none of its own. */
  bare?: boolean;
  /** The page's title until the data brings its own. */
  heading?: string;
  /** The way up, beside that. */
  back?: ReactNode;
  children: (data: Data) => ReactNode;
};

/**
 * The states of something read from the server, in order: loading, failed or denied, there. Data that was read once
 * stays on show when a later refresh fails, unless it is gone or has been forbidden.
 */
export function QueryView<Data>({ query, loading, bare, heading, back, children }: QueryViewProps<Data>) {
  const withdrawn = isProblem(query.error) && [403, 404].includes(query.error.status);
  if (query.data !== undefined && !withdrawn) return children(query.data);
  const state = query.error ? (
    <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  ) : (
    (loading ?? <Skeleton rows={5} tall />)
  );
  return (
    <>
      {heading && <PageHeader title={heading} back={back} />}
      {bare ? state : <Card>{state}</Card>}
    </>
  );
}
