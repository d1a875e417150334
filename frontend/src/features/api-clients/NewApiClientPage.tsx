import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useCreateApiClient, type ApiClientCreated } from "@/api/api-clients";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button, ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { CopyField, SecretOnce } from "@/ui/Copy";
import { PageHeader } from "@/ui/PageHeader";
import { DeniedPage } from "@/ui/States";
import { ApiClientForm, toBody } from "./ApiClientForm";
import { TokenRequest } from "./TokenRequest";

const empty = {
  name: "",
  description: "",
  permissions: [],
  allAccountKeys: false,
  accountKeyIds: [],
  leashes: [],
  rateLimitPerMinute: "",
};

export function NewApiClientPage() {
  const can = useCan();
  const create = useCreateApiClient();
  // Held here only: leaving the page is the end of the secret.
  const [created, setCreated] = useState<ApiClientCreated | null>(null);
  if (!can("api-clients:write")) return <DeniedPage title={t("apiClients.newTitle")} />;
  if (created) return <Created client={created} />;
  return (
    <>
      <PageHeader
        title={t("apiClients.newTitle")}
        back={<Link to="/api-clients">{t("apiClients.title")}</Link>}
      />
      <Card>
        <ApiClientForm
          initial={empty}
          submitLabel={t("apiClients.create")}
          onSubmit={async (values) => setCreated(await create.mutateAsync(toBody(values)))}
          cancel={<ButtonLink to="/api-clients">{t("action.cancel")}</ButtonLink>}
        />
      </Card>
    </>
  );
}

function Created({ client }: { client: ApiClientCreated }) {
  const navigate = useNavigate();
  return (
    <>
      <PageHeader
        title={t("apiClients.createdTitle", { name: client.name })}
        description={t("apiClients.createdText")}
      />
      <Card>
        <div className="grid max-w-2xl gap-5">
          <CopyField label={t("apiClients.clientId")} value={client.id} />
          <SecretOnce label={t("apiClients.secret")} secret={client.secret} />
          <TokenRequest clientId={client.id} secret={client.secret} />
          <div>
            <Button
              variant="primary"
              onClick={() =>
                void navigate({ to: "/api-clients/$id", params: { id: client.id }, replace: true })
              }
            >
              {t("apiClients.openClient")}
            </Button>
          </div>
        </div>
      </Card>
    </>
  );
}
