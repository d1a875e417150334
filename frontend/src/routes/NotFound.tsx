import { t } from "@/i18n/t";
import { ButtonLink } from "@/ui/Button";
import { PublicPage } from "@/ui/PublicPage";

export function NotFound() {
  return (
    <PublicPage title={t("error.notFound")} description={t("error.notFoundDetail")}>
      <ButtonLink to="/account-keys" variant="primary">
        {t("error.goHome")}
      </ButtonLink>
    </PublicPage>
  );
}
