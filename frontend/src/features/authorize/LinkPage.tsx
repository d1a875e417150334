import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { authorizations, useFollowLink } from "@/api/authorizations";
import type { Schemas } from "@/api/client";
import { t } from "@/i18n/t";
import { formatDateTime } from "@/lib/format";
import { Button } from "@/ui/Button";
import { DescriptionList } from "@/ui/DescriptionList";
import { FormError } from "@/ui/FormError";
import { PublicPage } from "@/ui/PublicPage";
import { Spinner } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";

const route = getRouteApi("/authorize/$token");

/** A link that somebody was sent. Opening it changes nothing; Continue starts an attempt. */
export function LinkPage() {
  const { token } = route.useParams();
  const query = useQuery(authorizations.link(token));
  if (query.error || !query.data) {
    return (
      <PublicPage title={t("link.fallbackTitle")}>
        {query.error ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : <Spinner />}
      </PublicPage>
    );
  }
  return <Invitation token={token} link={query.data} />;
}

function Invitation({ token, link }: { token: string; link: Schemas["AuthorizationLink"] }) {
  const follow = useFollowLink(token);
  return (
    <PublicPage
      title={t("link.title", { key: link.displayName })}
      description={t("link.text", { name: link.requestedBy })}
    >
      <div className="grid gap-5">
        <p>{t("link.willHappen")}</p>
        <DescriptionList
          items={[
            [
              t("link.tenant"),
              <span key="tenant" className="font-mono text-sm">
                {link.tenantId}
              </span>,
            ],
            [t("link.cloud"), link.cloudName],
            [t("link.permissions"), link.scopes.join(", ")],
            [t("link.expires"), formatDateTime(link.expiresAt)],
          ]}
        />
        <FormError problem={follow.error ? { error: follow.error, unplaced: [] } : null} />
        <Button
          variant="primary"
          wide
          pending={follow.isPending || follow.isSuccess}
          onClick={() => follow.mutate(undefined, { onSuccess: ({ url }) => window.location.assign(url) })}
        >
          {t("link.continue")}
        </Button>
      </div>
    </PublicPage>
  );
}
