import { useInfiniteQuery } from "@tanstack/react-query";
import { keyActivity } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { Section } from "@/ui/Card";
import { LoadMore } from "@/ui/LoadMore";
import { QueryView } from "@/ui/QueryView";
import { Time } from "@/ui/Time";

/** What happened to a key, newest first. */
export function Timeline({ id }: { id: string }) {
  const query = useInfiniteQuery(keyActivity(id));
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section flush title={t("key.timeline")}>
      <QueryView bare query={query}>
        {() => (
          <>
            <ol className="grid">
              {entries.map((entry) => (
                <li
                  key={entry.id}
                  className="grid gap-x-4 gap-y-0.5 border-t border-line px-4 py-2.5 sm:grid-cols-[1fr_auto] sm:px-5"
                >
                  <span className={entry.outcome === "failure" ? "text-danger" : ""}>{entry.message}</span>
                  <span className="text-sm text-muted">
                    {t("key.by", { name: entry.actor.name })} · <Time value={entry.at} />
                  </span>
                </li>
              ))}
            </ol>
            <LoadMore shown={entries.length} query={query} />
          </>
        )}
      </QueryView>
    </Section>
  );
}
