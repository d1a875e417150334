import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bot, Plus } from "lucide-react";
import { apiClients, type ApiClient } from "@/api/api-clients";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { LoadMore } from "@/ui/LoadMore";
import { PageHeader } from "@/ui/PageHeader";
import { QueryView } from "@/ui/QueryView";
import { DeniedPage, EmptyState } from "@/ui/States";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";
import { ClientStatus } from "./ClientStatus";

export function ApiClientsPage() {
  const can = useCan();
  if (!can("api-clients:write")) return <DeniedPage title={t("apiClients.title")} />;
  return <Clients />;
}

function Clients() {
  const query = useInfiniteQuery(apiClients.list());
  const clients = query.data?.pages.flatMap((page) => page.items) ?? [];
  const create = (
    <ButtonLink variant="primary" to="/api-clients/new" icon={<Plus aria-hidden="true" className="size-4" />}>
      {t("apiClients.new")}
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title={t("apiClients.title")}
        description={t("apiClients.description")}
        actions={clients.length > 0 && create}
      />
      <QueryView query={query}>
        {() => (
          <Card flush>
            {clients.length === 0 ? (
              <EmptyState icon={Bot} title={t("apiClients.empty")} action={create}>
                {t("apiClients.emptyText")}
              </EmptyState>
            ) : (
              <ClientTable clients={clients} />
            )}
            <LoadMore shown={clients.length} query={query} />
          </Card>
        )}
      </QueryView>
    </>
  );
}

function ClientTable({ clients }: { clients: ApiClient[] }) {
  return (
    <Table
      label={t("apiClients.title")}
      head={
        <>
          <Th>{t("apiClients.name")}</Th>
          <Th>{t("apiClients.permissions")}</Th>
          <Th>{t("apiClients.accountKeys")}</Th>
          <Th>{t("apiClients.status")}</Th>
          <Th>{t("apiClients.lastUsed")}</Th>
        </>
      }
    >
      {clients.map((client) => (
        <Tr key={client.id}>
          <Td heading>
            <Link to="/api-clients/$id" params={{ id: client.id }} className="link font-semibold">
              {client.name}
            </Link>
            {client.description && (
              <span className="line-clamp-2 max-w-md text-sm text-muted">{client.description}</span>
            )}
          </Td>
          <Td label={t("apiClients.permissions")}>
            {t("apiClients.permissionCount", { count: client.permissions.length })}
          </Td>
          <Td label={t("apiClients.accountKeys")}>{keysText(client)}</Td>
          <Td label={t("apiClients.status")}>
            <ClientStatus client={client} />
          </Td>
          <Td label={t("apiClients.lastUsed")}>
            <Time value={client.lastUsedAt} />
          </Td>
        </Tr>
      ))}
    </Table>
  );
}

function keysText(client: ApiClient): string {
  if (client.allAccountKeys) return t("apiClients.allKeys");
  const count = client.accountKeyIds.length;
  return count === 0 ? t("apiClients.noKeys") : t("apiClients.keyCount", { count });
}
