import { t } from "@/i18n/t";
import { PageHeader } from "@/ui/PageHeader";

export function SettingsPage() {
  return <PageHeader title={t("settings.title")} />;
}
