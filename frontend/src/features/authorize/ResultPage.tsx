import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import { authorizations } from "@/api/authorizations";
import type { Schemas } from "@/api/client";
import { isProblem } from "@/api/problem";
import { AdminConsent } from "@/features/account-keys";
import { t } from "@/i18n/t";
import { announceAttempt, takeReturn } from "@/lib/authorizing";
import { useSession } from "@/lib/permissions";
import { ButtonLink } from "@/ui/Button";
import { Callout, type Tone } from "@/ui/Callout";
import { PublicPage } from "@/ui/PublicPage";
import { Spinner } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";

const route = getRouteApi("/authorization/$aid");

/**
 * Where Microsoft's answer ends. In a pop-up it tells the page that opened it and closes; in a tab that went to
 * Microsoft itself it goes back to the wizard; otherwise it says what happened.
 */
export function ResultPage() {
  const { aid } = route.useParams();
  const navigate = useNavigate();
  useEffect(() => {
    const keyId = takeReturn(aid);
    if (keyId) {
      void navigate({
        to: "/account-keys/$id/setup",
        params: { id: keyId },
        search: { step: "authorize", attempt: aid },
        replace: true,
      });
      return;
    }
    return announceAttempt(aid, () => window.close());
  }, [aid, navigate]);
  if (aid === "unknown") return <Unknown />;
  if (aid === "error")
    return <Told tone="danger" title={t("result.errorTitle")} text={t("result.errorText")} />;
  return <Outcome id={aid} />;
}

function Outcome({ id }: { id: string }) {
  const query = useQuery(authorizations.result(id));
  if (isProblem(query.error) && query.error.status === 404) return <Unknown />;
  if (query.error) {
    return (
      <PublicPage title={t("result.title")}>
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      </PublicPage>
    );
  }
  if (!query.data) {
    return (
      <PublicPage title={t("result.title")} description={t("result.checking")}>
        <Spinner />
      </PublicPage>
    );
  }
  return <Told {...tell(query.data)} />;
}

function Unknown() {
  return <Told tone="warning" title={t("result.unknownTitle")} text={t("result.unknownText")} />;
}

type Telling = { tone: Tone; title: string; text: ReactNode; more?: ReactNode };

/** The way into the app is for those who have an account here: the owner of a mailbox need have none. */
function Told({ tone, title, text, more }: Telling) {
  const session = useSession();
  return (
    <PublicPage title={title}>
      <div className="grid gap-5">
        <Callout tone={tone}>{typeof text === "string" ? <p>{text}</p> : text}</Callout>
        {more}
        {session && <ButtonLink to="/account-keys">{t("result.toKeys")}</ButtonLink>}
      </div>
    </PublicPage>
  );
}

function tell(result: Schemas["AuthorizationResult"]): Telling {
  const key = result.accountKey.displayName;
  const account = result.account?.userPrincipalName ?? "";
  switch (result.status) {
    case "succeeded":
      return {
        tone: "success",
        title: t("result.succeeded", { key }),
        text: t("result.succeededText", { account }),
      };
    case "needs_confirmation":
      return { tone: "warning", title: t("result.confirm"), text: t("result.confirmText", { key, account }) };
    case "expired":
      return { tone: "warning", title: t("result.failed", { key }), text: t("result.expired") };
    case "pending":
      return { tone: "neutral", title: t("result.title"), text: t("result.pending") };
    case "failed":
      return {
        tone: result.failure?.class === "declined" ? "warning" : "danger",
        title: t("result.failed", { key }),
        text: (
          <>
            <p>{result.failure?.message}</p>
            <p>{result.failure?.fix}</p>
          </>
        ),
        more: <AdminConsent accountKeyId={result.accountKey.id} code={result.failure?.code ?? ""} />,
      };
  }
}
