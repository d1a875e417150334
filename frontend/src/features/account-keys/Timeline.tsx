import { useInfiniteQuery } from "@tanstack/react-query";
import { keyActivity } from "@/api/account-keys";
import { EntryTable } from "@/features/audit-log";
import { t } from "@/i18n/t";
import { Section } from "@/ui/Card";
import { LoadMore } from "@/ui/LoadMore";
import { QueryView } from "@/ui/QueryView";

/** What happened to a key, newest first. */
export function Timeline({ id }: { id: string }) {
  const query = useInfiniteQuery(keyActivity(id));
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section flush title={t("key.timeline")}>
      <QueryView bare query={query}>
        {() => (
          <>
            <EntryTable label={t("key.timeline")} entries={entries} about={{ type: "account_key", id }} />
            <LoadMore shown={entries.length} query={query} />
          </>
        )}
      </QueryView>
    </Section>
  );
}
