import { t } from "@/i18n/t";
import { Button } from "./Button";

type LoadMoreProps = {
  shown: number;
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
};

/** The foot of a list that comes page by page. Nothing at all when everything is on show. */
export function LoadMore({ shown, query }: LoadMoreProps) {
  if (!query.hasNextPage) return null;
  return (
    <div className="flex items-center justify-between gap-4 border-t border-line px-4 py-3 sm:px-5">
      <span role="status" className="text-sm text-muted">
        {t("list.shown", { count: shown })}
      </span>
      <Button pending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t("action.loadMore")}
      </Button>
    </div>
  );
}
