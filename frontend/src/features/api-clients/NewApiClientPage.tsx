import { t } from "@/i18n/t";
import { PageHeader } from "@/ui/PageHeader";

export function NewApiClientPage() {
  return <PageHeader title={t("apiClients.title")} />;
}
