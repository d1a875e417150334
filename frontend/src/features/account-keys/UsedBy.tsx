import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { keyUsage, type AccountKeyConsumer, type AccountKeyUsage } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { formatNumber } from "@/lib/format";
import { useCan } from "@/lib/permissions";
import { Badge } from "@/ui/Badge";
import { Section } from "@/ui/Card";
import { QueryView } from "@/ui/QueryView";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";

/** Who uses a key, or may, and how much. */
export function UsedBy({ id }: { id: string }) {
  const query = useQuery(keyUsage(id));
  return (
    <Section flush title={t("key.usedBy")} description={t("key.usedByText")}>
      <QueryView bare query={query}>
        {({ consumers, targets }) => (
          <>
            {consumers.length === 0 ? (
              <p className="px-4 pb-4 text-muted sm:px-5">{t("key.usedByNobody")}</p>
            ) : (
              <Table
                label={t("key.usedBy")}
                head={
                  <>
                    <Th>{t("key.usedByName")}</Th>
                    <Th>{t("key.usesDay")}</Th>
                    <Th>{t("key.usesMonth")}</Th>
                    <Th>{t("accountKeys.used")}</Th>
                  </>
                }
              >
                {consumers.map((consumer) => (
                  <Tr key={consumer.type + consumer.id}>
                    <Td heading>
                      <Name consumer={consumer} />
                    </Td>
                    <Td label={t("key.usesDay")}>{formatNumber(consumer.usesLast24Hours)}</Td>
                    <Td label={t("key.usesMonth")}>{formatNumber(consumer.usesLast30Days)}</Td>
                    <Td label={t("accountKeys.used")}>
                      <Time value={consumer.lastUsedAt} />
                    </Td>
                  </Tr>
                ))}
              </Table>
            )}
            {targets.length > 0 && <Targets targets={targets} />}
          </>
        )}
      </QueryView>
    </Section>
  );
}

/** The ways to Microsoft Graph that call with the key. */
function Targets({ targets }: { targets: AccountKeyUsage["targets"] }) {
  const can = useCan();
  return (
    <div className="border-t border-line px-4 py-3 sm:px-5">
      <h3 className="text-sm font-semibold text-muted">{t("key.targets")}</h3>
      <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
        {targets.map(({ id, name }) => (
          <li key={id}>
            {can("targets:read") ? (
              <Link to="/targets/$id" params={{ id }} className="link">
                {name}
              </Link>
            ) : (
              name
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Name({ consumer }: { consumer: AccountKeyConsumer }) {
  const can = useCan();
  const program = consumer.type === "api_client";
  return (
    <span className="flex flex-wrap items-center gap-2">
      {program && consumer.allowed && can("api-clients:write") ? (
        <Link to="/api-clients/$id" params={{ id: consumer.id }} className="link font-semibold">
          {consumer.name}
        </Link>
      ) : (
        <span className="font-semibold">{consumer.name}</span>
      )}
      {program && !consumer.allowed && <Badge tone="neutral">{t("key.noLongerAllowed")}</Badge>}
      {consumer.type === "user" && <Badge tone="neutral">{t("key.person")}</Badge>}
    </span>
  );
}
