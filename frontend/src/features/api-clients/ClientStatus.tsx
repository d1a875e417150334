import type { ApiClient } from "@/api/api-clients";
import { t } from "@/i18n/t";
import { StatusBadge } from "@/ui/Badge";

export function ClientStatus({ client }: { client: ApiClient }) {
  return client.disabled ? (
    <StatusBadge tone="neutral">{t("apiClients.disabled")}</StatusBadge>
  ) : (
    <StatusBadge tone="success">{t("apiClients.active")}</StatusBadge>
  );
}
