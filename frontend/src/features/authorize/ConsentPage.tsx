import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { adminConsents } from "@/api/authorizations";
import type { Schemas } from "@/api/client";
import { isProblem } from "@/api/problem";
import { t } from "@/i18n/t";
import { Callout } from "@/ui/Callout";
import { PublicPage } from "@/ui/PublicPage";
import { Spinner } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";

const route = getRouteApi("/admin-consent/$cid");

/** Where an administrator's consent ends. Whoever reads this need have no account here. */
export function ConsentPage() {
  const { cid } = route.useParams();
  const query = useQuery(adminConsents.result(cid));
  if (isProblem(query.error) && query.error.status === 404) {
    return (
      <PublicPage title={t("consent.unknown")}>
        <Callout tone="warning">
          <p>{t("consent.unknownText")}</p>
          <p>{t("consent.close")}</p>
        </Callout>
      </PublicPage>
    );
  }
  if (query.error) {
    return (
      <PublicPage title={t("consent.title")}>
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      </PublicPage>
    );
  }
  if (!query.data) {
    return (
      <PublicPage title={t("consent.title")} description={t("consent.checking")}>
        <Spinner />
      </PublicPage>
    );
  }
  return <Outcome consent={query.data} />;
}

function Outcome({ consent: { status, requestedBy: name, failure } }: { consent: Schemas["AdminConsent"] }) {
  if (status === "granted") {
    return (
      <PublicPage title={t("consent.granted")}>
        <Callout tone="success">
          <p>{t("consent.grantedText", { name })}</p>
          <p>{t("consent.close")}</p>
        </Callout>
      </PublicPage>
    );
  }
  return (
    <PublicPage title={t("consent.failed")}>
      <Callout tone={failure?.class === "declined" ? "warning" : "danger"}>
        <p>{failure?.message}</p>
        <p>{failure?.fix}</p>
        <p>{t("consent.failedText", { name })}</p>
        <p>{t("consent.close")}</p>
      </Callout>
    </PublicPage>
  );
}
