import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { keyUsage, type AccountKeyConsumer } from "@/api/account-keys";
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
        {({ consumers }) =>
          consumers.length === 0 ? (
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
          )
        }
      </QueryView>
    </Section>
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
