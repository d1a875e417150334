import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useDeleteApiClientSecret, type ApiClient, type ApiClientSecret } from "@/api/api-clients";
import { t } from "@/i18n/t";
import { formatDate, hasPassed } from "@/lib/format";
import { StatusBadge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Section } from "@/ui/Card";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { AddSecretDialog } from "./AddSecretDialog";

const atMost = 2;

/** The client's secrets. Two may overlap, so that a program can change over without a gap. */
export function SecretsSection({ client }: { client: ApiClient }) {
  const [adding, setAdding] = useState(false);
  // One that has expired makes room, as it does at the server.
  const full = client.secrets.filter(({ expiresAt }) => !expiresAt || !hasPassed(expiresAt)).length >= atMost;
  return (
    <Section
      flush
      title={t("apiClients.secrets")}
      description={full ? t("apiClients.twoSecrets") : t("apiClients.secretsText")}
      actions={
        <Button
          disabled={full}
          icon={<Plus aria-hidden="true" className="size-4" />}
          onClick={() => setAdding(true)}
        >
          {t("apiClients.addSecret")}
        </Button>
      }
    >
      {client.secrets.length === 0 ? (
        <p className="px-4 pb-5 text-muted sm:px-5">{t("apiClients.noSecrets")}</p>
      ) : (
        <SecretTable client={client} />
      )}
      <AddSecretDialog clientId={client.id} open={adding} onClose={() => setAdding(false)} />
    </Section>
  );
}

function SecretTable({ client }: { client: ApiClient }) {
  return (
    <Table
      label={t("apiClients.secrets")}
      head={
        <>
          <Th>{t("apiClients.secretHint")}</Th>
          <Th>{t("apiClients.secretCreated")}</Th>
          <Th>{t("apiClients.secretExpires")}</Th>
          <Th>{t("apiClients.secretLastUsed")}</Th>
          <Th hidden>{t("apiClients.secretActions")}</Th>
        </>
      }
    >
      {client.secrets.map((secret) => (
        <SecretRow key={secret.id} clientId={client.id} secret={secret} />
      ))}
    </Table>
  );
}

function SecretRow({ clientId, secret }: { clientId: string; secret: ApiClientSecret }) {
  const [asking, setAsking] = useState(false);
  const remove = useDeleteApiClientSecret(clientId);
  const { hint } = secret;

  async function deleteSecret() {
    await remove.mutateAsync(secret.id);
    toast.success(t("apiClients.didDeleteSecret"));
  }

  return (
    <Tr>
      <Td heading>
        <span className="font-mono text-sm">{hint}</span>
      </Td>
      <Td label={t("apiClients.secretCreated")}>{formatDate(secret.createdAt)}</Td>
      <Td label={t("apiClients.secretExpires")}>
        <Expiry expiresAt={secret.expiresAt} />
      </Td>
      <Td label={t("apiClients.secretLastUsed")}>
        <Time value={secret.lastUsedAt} />
      </Td>
      <Td actions>
        <Button
          variant="subtle"
          size="icon"
          aria-label={t("apiClients.deleteSecret", { hint })}
          onClick={() => setAsking(true)}
        >
          <Trash2 aria-hidden="true" className="size-4" />
        </Button>
        <ConfirmDialog
          open={asking}
          onClose={() => setAsking(false)}
          danger
          title={t("apiClients.deleteSecretTitle", { hint })}
          confirmLabel={t("action.delete")}
          onConfirm={deleteSecret}
        >
          <p>{t("apiClients.deleteSecretText")}</p>
        </ConfirmDialog>
      </Td>
    </Tr>
  );
}

function Expiry({ expiresAt }: { expiresAt: string | null }) {
  if (expiresAt === null) return <span className="text-muted">{t("apiClients.secretNeverExpires")}</span>;
  if (hasPassed(expiresAt)) {
    return <StatusBadge tone="danger">{t("apiClients.secretExpired")}</StatusBadge>;
  }
  return formatDate(expiresAt);
}
