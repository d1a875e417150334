import { useQueries } from "@tanstack/react-query";
import { accountKeys } from "@/api/account-keys";
import { isProblem } from "@/api/problem";
import { t } from "@/i18n/t";

/** The display names of account keys; an id stands for itself until its name is there. */
export function useKeyNames(ids: string[]): Map<string, string> {
  const results = useQueries({
    queries: ids.map((id) => ({ ...accountKeys.one(id), staleTime: 60_000 })),
  });
  return new Map(
    ids.map((id, index) => {
      const result = results[index];
      const gone = isProblem(result?.error) && result.error.status === 404;
      return [id, result?.data?.displayName ?? (gone ? t("apiClients.deletedKey") : id)];
    }),
  );
}
