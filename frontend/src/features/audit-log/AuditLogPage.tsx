import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, SearchX } from "lucide-react";
import { auditEntries, exportAddress, type AuditEntry } from "@/api/audit-entries";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button, ButtonAnchor } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { LoadMore } from "@/ui/LoadMore";
import { PageHeader } from "@/ui/PageHeader";
import { QueryView } from "@/ui/QueryView";
import { DeniedPage, EmptyState } from "@/ui/States";
import { EntryDrawer } from "./EntryDrawer";
import { EntryTable } from "./EntryTable";
import { filterOf, route, type Search } from "./filter";
import { Filters } from "./Filters";

export function AuditLogPage() {
  const can = useCan();
  if (!can("audit:read")) return <DeniedPage title={t("auditLog.title")} />;
  return <Log />;
}

function Log() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = filterOf(search);
  const query = useInfiniteQuery(auditEntries.list(filter));
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  // Onto the address as it is by then: what is typed arrives a moment later than what is chosen.
  const change = (part: Search, resetScroll = true) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll });
  const clear = () => void navigate({ search: {}, replace: true });
  return (
    <>
      <PageHeader
        title={t("auditLog.title")}
        description={t("auditLog.description")}
        actions={
          <ButtonAnchor
            href={exportAddress(filter)}
            download
            title={t("auditLog.exportHint")}
            icon={<Download aria-hidden="true" className="size-4" />}
          >
            {t("auditLog.export")}
          </ButtonAnchor>
        }
      />
      <Filters search={search} onChange={change} onClear={clear} names={namesIn(entries, search)} />
      <QueryView query={query}>
        {() => (
          <Card flush>
            {entries.length === 0 ? (
              <NothingMatches onClear={clear} />
            ) : (
              <EntryTable label={t("auditLog.entries")} entries={entries} search={search} />
            )}
            <LoadMore shown={entries.length} query={query} />
          </Card>
        )}
      </QueryView>
      <EntryDrawer
        id={search.entry}
        listed={entries.find(({ id }) => id === search.entry)}
        onClose={() => change({ entry: undefined }, false)}
      />
    </>
  );
}

function NothingMatches({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={SearchX}
      title={t("auditLog.noMatch")}
      action={<Button onClick={onClear}>{t("auditLog.clear")}</Button>}
    >
      {t("auditLog.noMatchText")}
    </EmptyState>
  );
}

/** What the actor and the thing that the list is narrowed to are called, by the newest entry that tells it. */
function namesIn(entries: AuditEntry[], { actorId, objectId, objectType }: Search) {
  const actor = entries.find((entry) => entry.actor.id === actorId)?.actor.name;
  const object = entries.find((entry) => entry.object.id === objectId)?.object.name;
  return { actor: actor ?? actorId ?? "", object: object ?? objectId ?? objectType ?? "" };
}
