import { useInfiniteQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { accountKeys, type AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { LoadMore } from "@/ui/LoadMore";
import { QueryView } from "@/ui/QueryView";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";

/** Account keys to choose from, searched on the server. What is inside says how: `{(keys) => <RadioGroup … />}`. */
export function KeyList({ children }: { children: (keys: AccountKey[]) => ReactNode }) {
  const [q, setQ] = useState("");
  const query = useInfiniteQuery(accountKeys.list({ q: q || undefined }));
  return (
    <div className="overflow-hidden rounded-md border border-line">
      <div className="border-b border-line bg-sunken p-2">
        <SearchField label={t("accountKeys.search")} value={q} onChange={setQ} />
      </div>
      <QueryView bare query={query} loading={<Skeleton rows={3} />}>
        {({ pages }) => {
          const keys = pages.flatMap((page) => page.items);
          return (
            <>
              {keys.length === 0 && (
                <p className="p-4 text-muted">
                  {q ? t("accountKeys.noneMatch", { q }) : t("accountKeys.noneYet")}
                </p>
              )}
              <div className="max-h-72 overflow-y-auto empty:hidden">{children(keys)}</div>
              <LoadMore shown={keys.length} query={query} />
            </>
          );
        }}
      </QueryView>
    </div>
  );
}
