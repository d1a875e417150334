import { useQuery } from "@tanstack/react-query";
import type { ApiClient } from "@/api/api-clients";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { formatDateTime } from "@/lib/format";
import { Section } from "@/ui/Card";
import { CopyField } from "@/ui/Copy";
import { DescriptionList } from "@/ui/DescriptionList";
import { Time } from "@/ui/Time";
import { leashWords } from "./leash";
import { groupPermissions } from "./permissionGroups";
import { useKeyNames } from "./useKeyNames";

/** What a client is, may do, and may use. */
export function ClientDetails({ client }: { client: ApiClient }) {
  const created = t("apiClients.createdBy", {
    when: formatDateTime(client.createdAt),
    who: client.createdBy.name,
  });
  return (
    <Section title={t("apiClients.details")}>
      <div className="grid gap-4">
        <div className="max-w-2xl">
          <CopyField label={t("apiClients.clientId")} value={client.id} />
        </div>
        <DescriptionList
          items={[
            [t("apiClients.permissions"), <Permissions key="permissions" client={client} />],
            [t("apiClients.accountKeys"), <Keys key="keys" client={client} />],
            [t("leash.title"), <Leashes key="leashes" client={client} />],
            [t("apiClients.rateLimit"), rateText(client.rateLimitPerMinute)],
            [t("apiClients.lastUsed"), <Time key="used" value={client.lastUsedAt} />],
            [t("apiClients.created"), created],
          ]}
        />
      </div>
    </Section>
  );
}

function Permissions({ client }: { client: ApiClient }) {
  const known = useQuery(instanceQuery).data?.permissions ?? [];
  const held = client.permissions.map(
    (name) => known.find((permission) => permission.name === name) ?? { name, description: name },
  );
  return (
    <ul className="grid gap-1">
      {groupPermissions(held)
        .flatMap((group) => group.permissions)
        .map(({ name, description }) => (
          <li key={name}>
            {description} <span className="font-mono text-xs text-muted">{name}</span>
          </li>
        ))}
    </ul>
  );
}

function rateText(limit: number | null): string {
  if (limit === null) return t("apiClients.rateConfigured");
  return limit === 0 ? t("apiClients.rateAny") : t("apiClients.rateCount", { count: limit });
}

function Leashes({ client }: { client: ApiClient }) {
  const names = useKeyNames(client.leashes.flatMap(({ accountKeyId }) => accountKeyId ?? []));
  if (client.leashes.length === 0) return t("leash.everything");
  const others = client.leashes.length === 1 ? t("leash.every") : t("leash.everyOther");
  // That of every other key last, after those that it is not for.
  const ordered = client.leashes.toSorted(
    (a, b) => Number(a.accountKeyId === null) - Number(b.accountKeyId === null),
  );
  return (
    <ul className="grid gap-3">
      {ordered.map((leash) => (
        <li key={leash.accountKeyId}>
          <span className="font-semibold">
            {leash.accountKeyId === null ? others : names.get(leash.accountKeyId)}
          </span>
          <ul className="list-disc pl-5 text-sm text-muted">
            {leashWords(leash).map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Keys({ client }: { client: ApiClient }) {
  const names = useKeyNames(client.allAccountKeys ? [] : client.accountKeyIds);
  if (client.allAccountKeys) return t("apiClients.allKeys");
  if (client.accountKeyIds.length === 0) return t("apiClients.noKeys");
  return (
    <ul className="grid gap-1">
      {client.accountKeyIds.map((id) => (
        <li key={id}>{names.get(id) ?? id}</li>
      ))}
    </ul>
  );
}
