import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { apiClients, useUpdateApiClient, type ApiClient } from "@/api/api-clients";
import type { Versioned } from "@/api/client";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { Card, Section } from "@/ui/Card";
import { PageHeader } from "@/ui/PageHeader";
import { QueryView } from "@/ui/QueryView";
import { DeniedPage } from "@/ui/States";
import { toast } from "@/ui/toast";
import { ApiClientForm, toBody, valuesOf } from "./ApiClientForm";
import { ClientActions } from "./ClientActions";
import { ClientDetails } from "./ClientDetails";
import { ClientStatus } from "./ClientStatus";
import { SecretsSection } from "./SecretsSection";
import { TokenRequest } from "./TokenRequest";

const route = getRouteApi("/shell/api-clients/$id");

export function ApiClientPage() {
  const can = useCan();
  const { id } = route.useParams();
  const { edit } = route.useSearch();
  const query = useQuery({ ...apiClients.one(id), enabled: can("api-clients:write") });
  if (!can("api-clients:write")) return <DeniedPage title={t("apiClients.title")} />;
  return (
    <QueryView
      query={query}
      heading={t("apiClients.one")}
      back={<Link to="/api-clients">{t("apiClients.title")}</Link>}
    >
      {(client) => (edit ? <EditClient client={client} /> : <ShowClient client={client} />)}
    </QueryView>
  );
}

function ShowClient({ client }: { client: Versioned<ApiClient> }) {
  return (
    <>
      <PageHeader
        title={client.name}
        description={client.description}
        badge={<ClientStatus client={client} />}
        back={<Link to="/api-clients">{t("apiClients.title")}</Link>}
        actions={<ClientActions client={client} />}
      />
      <div className="grid gap-5">
        {client.disabled && (
          <Callout tone="warning" title={t("apiClients.disabledCallout")}>
            <p>{t("apiClients.disabledCalloutText")}</p>
          </Callout>
        )}
        <ClientDetails client={client} />
        <SecretsSection client={client} />
        <Section title={t("apiClients.use")} description={t("apiClients.useText")}>
          <div className="max-w-2xl">
            <TokenRequest clientId={client.id} />
          </div>
        </Section>
      </div>
    </>
  );
}

function EditClient({ client: now }: { client: Versioned<ApiClient> }) {
  // What the form was filled with: a version that arrives later is somebody else's change.
  const [client] = useState(now);
  const navigate = route.useNavigate();
  const update = useUpdateApiClient(client.id);
  const leave = () => void navigate({ search: {}, replace: true });
  return (
    <>
      <PageHeader
        title={t("apiClients.editTitle", { name: client.name })}
        back={
          <Link to="/api-clients/$id" params={{ id: client.id }} replace>
            {client.name}
          </Link>
        }
      />
      <Card>
        <ApiClientForm
          initial={valuesOf(client)}
          submitLabel={t("action.saveChanges")}
          onSubmit={async (values) => {
            await update.mutateAsync({ ...toBody(values), etag: client.etag });
            toast.success(t("apiClients.saved"));
            leave();
          }}
          cancel={<Button onClick={leave}>{t("action.cancel")}</Button>}
        />
      </Card>
    </>
  );
}
