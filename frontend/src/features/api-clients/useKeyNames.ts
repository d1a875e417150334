import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { accountKeys } from "@/api/account-keys";
import { isProblem } from "@/api/problem";
import { t } from "@/i18n/t";

/**
 * The display names of account keys; an id stands for itself until its name is there. The newest come as one list,
 * and only those that are not on it are asked for one by one.
 */
export function useKeyNames(ids: string[]): Map<string, string> {
  const several = ids.length > 1;
  const list = useInfiniteQuery({ ...accountKeys.list(), enabled: several });
  const listed = new Map(
    (list.data?.pages ?? []).flatMap(({ items }) => items.map((key) => [key.id, key.displayName])),
  );
  const others = several && list.isPending ? [] : ids.filter((id) => !listed.has(id));
  const found = useQueries({ queries: others.map((id) => accountKeys.one(id)) });
  others.forEach((id, index) => {
    const { data, error } = found[index] ?? {};
    // What was read before it was deleted is not its name any more.
    const gone = isProblem(error) && error.status === 404;
    listed.set(id, gone ? t("apiClients.deletedKey") : (data?.displayName ?? id));
  });
  return new Map(ids.map((id) => [id, listed.get(id) ?? id]));
}
