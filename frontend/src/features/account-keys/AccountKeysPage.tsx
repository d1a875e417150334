import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { KeyRound, Plus, SearchX } from "lucide-react";
import { useState } from "react";
import { accountKeys, type AccountKeyStatus } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button, ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { LoadMore } from "@/ui/LoadMore";
import { NativeSelect } from "@/ui/NativeSelect";
import { PageHeader } from "@/ui/PageHeader";
import { QueryView } from "@/ui/QueryView";
import { SearchField } from "@/ui/SearchField";
import { DeniedPage, EmptyState } from "@/ui/States";
import { KeyTable } from "./KeyTable";

const route = getRouteApi("/shell/account-keys");

const statuses = [
  "draft",
  "authorized",
  "reauthorization_required",
  "misconfigured",
  "suspended",
  "revoked",
] as const satisfies readonly AccountKeyStatus[];

export function AccountKeysPage() {
  const can = useCan();
  if (!can("account-keys:read")) return <DeniedPage title={t("accountKeys.title")} />;
  return <Keys />;
}

function Keys() {
  const can = useCan();
  const { q, status, fresh } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(accountKeys.list({ q, status }));
  const keys = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = q !== undefined || status !== undefined;
  // Whoever clears a filter keeps it at hand while the whole list is read; where there are no keys there is none.
  const [filters, setFilters] = useState(false);
  const some = keys.length > 0 || filtered;
  if (some !== filters && (some || query.isSuccess)) setFilters(some);
  const create = can("account-keys:write") && (
    <ButtonLink
      variant="primary"
      to="/account-keys/new"
      icon={<Plus aria-hidden="true" className="size-4" />}
    >
      {t("accountKeys.new")}
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title={t("accountKeys.title")}
        description={t("accountKeys.description")}
        actions={filters && create}
      />
      {filters && (
        <Filters
          q={q}
          status={status}
          onChange={(change) =>
            void navigate({ search: (before) => ({ ...before, fresh: undefined, ...change }), replace: true })
          }
        />
      )}
      <QueryView query={query}>
        {() => (
          <Card flush>
            {keys.length > 0 && <KeyTable keys={keys} fresh={fresh} />}
            {keys.length === 0 && filtered && (
              <EmptyState
                icon={SearchX}
                title={t("accountKeys.noMatch")}
                action={
                  <Button onClick={() => void navigate({ search: {}, replace: true })}>
                    {t("accountKeys.clearFilters")}
                  </Button>
                }
              >
                {t("accountKeys.noMatchText")}
              </EmptyState>
            )}
            {keys.length === 0 && !filtered && (
              <EmptyState icon={KeyRound} title={t("accountKeys.empty")} action={create}>
                {t("accountKeys.emptyText")}
              </EmptyState>
            )}
            <LoadMore shown={keys.length} query={query} />
          </Card>
        )}
      </QueryView>
    </>
  );
}

type Filter = { q?: string | undefined; status?: AccountKeyStatus | undefined };

/** Each filter changes itself alone: what was typed arrives a moment later, when another may have changed. */
function Filters({ q, status, onChange }: Filter & { onChange: (change: Filter) => void }) {
  const options = [
    { value: "any" as const, label: t("accountKeys.anyStatus") },
    ...statuses.map((value) => ({ value, label: t(`keyStatus.${value}`) })),
  ];
  return (
    <div className="mb-4 grid gap-3 sm:flex sm:items-center">
      <SearchField
        label={t("accountKeys.search")}
        value={q ?? ""}
        onChange={(text) => onChange({ q: text === "" ? undefined : text })}
      />
      <NativeSelect
        hideLabel
        label={t("accountKeys.filterStatus")}
        options={options}
        value={status ?? "any"}
        onChange={(next) => onChange({ status: next === "any" ? undefined : next })}
      />
    </div>
  );
}
