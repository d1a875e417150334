import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus, SearchX, Waypoints } from "lucide-react";
import { targets, type Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button, ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { LoadMore } from "@/ui/LoadMore";
import { PageHeader } from "@/ui/PageHeader";
import { QueryView } from "@/ui/QueryView";
import { SearchField } from "@/ui/SearchField";
import { DeniedPage, EmptyState } from "@/ui/States";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { KeyLink } from "./KeyLink";
import { inWords } from "./paths";
import { TargetStatus } from "./TargetStatus";

const route = getRouteApi("/shell/targets");

export function TargetsPage() {
  const can = useCan();
  if (!can("targets:read")) return <DeniedPage title={t("targets.title")} />;
  return <Targets />;
}

function Targets() {
  const can = useCan();
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(targets.list({ q }));
  const found = query.data?.pages.flatMap((page) => page.items) ?? [];
  const some = found.length > 0 || q !== undefined;
  const search = (text: string) =>
    void navigate({ search: { q: text === "" ? undefined : text }, replace: true });
  const create = can("targets:write") && (
    <ButtonLink variant="primary" to="/targets/new" icon={<Plus aria-hidden="true" className="size-4" />}>
      {t("targets.new")}
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title={t("targets.title")}
        description={t("targets.description")}
        actions={some && create}
      />
      {some && (
        <div className="mb-4">
          <SearchField label={t("targets.search")} value={q ?? ""} onChange={search} />
        </div>
      )}
      <QueryView query={query}>
        {() => (
          <Card flush>
            {found.length > 0 && <TargetTable targets={found} />}
            {found.length === 0 && some && (
              <EmptyState
                icon={SearchX}
                title={t("targets.noMatch")}
                action={<Button onClick={() => search("")}>{t("targets.showAll")}</Button>}
              >
                {t("targets.noMatchText")}
              </EmptyState>
            )}
            {!some && (
              <EmptyState icon={Waypoints} title={t("targets.empty")} action={create}>
                <p>{t("targets.emptyText")}</p>
                {!create && <p className="mt-2">{t("targets.emptyReader")}</p>}
              </EmptyState>
            )}
            <LoadMore shown={found.length} query={query} />
          </Card>
        )}
      </QueryView>
    </>
  );
}

function TargetTable({ targets: rows }: { targets: Target[] }) {
  return (
    <Table
      label={t("targets.title")}
      head={
        <>
          <Th>{t("targets.name")}</Th>
          <Th>{t("targets.accountKey")}</Th>
          <Th>{t("targets.allows")}</Th>
          <Th>{t("targets.status")}</Th>
        </>
      }
    >
      {rows.map((target) => (
        <Tr key={target.id}>
          <Td heading>
            <Link to="/targets/$id" params={{ id: target.id }} className="link font-semibold">
              {target.name}
            </Link>
            {target.description && (
              <span className="line-clamp-2 max-w-md text-sm text-muted">{target.description}</span>
            )}
          </Td>
          <Td label={t("targets.accountKey")}>
            <KeyLink target={target} />
          </Td>
          <Td label={t("targets.allows")}>
            <span className="block font-mono text-sm">{target.allowedMethods.join(", ")}</span>
            <span className="block text-sm text-muted">{pathsText(target)}</span>
          </Td>
          <Td label={t("targets.status")}>
            <TargetStatus target={target} />
          </Td>
        </Tr>
      ))}
    </Table>
  );
}

function pathsText({ allowedPaths: [first = "", ...others] }: Target): string {
  return others.length === 0 ? inWords(first) : t("targets.pathCount", { count: others.length + 1 });
}
