import { t } from "@/i18n/t";
import { PublicPage } from "@/ui/PublicPage";
import { Spinner } from "@/ui/Spinner";

/** The pop-up until the page that opened it sends it on to Microsoft. */
export function AuthorizingPage() {
  return (
    <PublicPage title={t("authorizing.title")} description={t("authorizing.text")}>
      <Spinner />
    </PublicPage>
  );
}
