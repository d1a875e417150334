import { t } from "@/i18n/t";
import { PageHeader } from "@/ui/PageHeader";

export function AccountKeysPage() {
  return <PageHeader title={t("accountKeys.title")} />;
}
