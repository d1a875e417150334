import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import type { AccountKey } from "@/api/account-keys";
import { useAuthorization, type Authorization } from "@/api/authorizations";
import { t } from "@/i18n/t";
import { followAttempt } from "@/lib/authorizing";
import { formatDateTime } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { QueryView } from "@/ui/QueryView";
import { Spinner } from "@/ui/Spinner";
import { AdminConsent } from "./AdminConsent";
import { AccountKept, accountKept, ConfirmAttempt } from "./ConfirmAccount";
import { isDetail, type PlacedFailure } from "./detailsForm";
import { MicrosoftFacts } from "./MicrosoftFacts";
import { MicrosoftHelp } from "./MicrosoftHelp";
import { MissingScopes } from "./MissingScopes";

type AttemptStepProps = {
  accountKey: AccountKey;
  attemptId: string;
  /** Back to the details, with what to mend there. */
  onAgain: (failure: PlacedFailure | null) => void;
};

/** Follows an attempt live: by what its window says, and by asking the server now and then. */
export function AttemptStep({ accountKey, attemptId, onAgain }: AttemptStepProps) {
  const query = useAuthorization(accountKey.id, attemptId);
  const { refetch } = query;
  useEffect(() => followAttempt(attemptId, () => void refetch()), [attemptId, refetch]);
  return (
    <QueryView bare query={query} loading={<Spinner />}>
      {(attempt) => (
        <div aria-live="polite" className="grid gap-5">
          <Outcome attempt={attempt} accountKey={accountKey} onAgain={onAgain} />
        </div>
      )}
    </QueryView>
  );
}

type OutcomeProps = { attempt: Authorization; accountKey: AccountKey; onAgain: AttemptStepProps["onAgain"] };

function Outcome({ attempt, accountKey, onAgain }: OutcomeProps) {
  const again = (
    <Button variant="primary" onClick={() => onAgain(null)}>
      {t("attempt.startAgain")}
    </Button>
  );
  switch (attempt.status) {
    case "pending":
      return <Pending attempt={attempt} accountKey={accountKey} onAgain={() => onAgain(null)} />;
    case "succeeded":
      return <Succeeded attempt={attempt} accountKey={accountKey} />;
    case "needs_confirmation":
      return <ConfirmAttempt attempt={attempt} />;
    case "expired":
      return (
        <>
          <Callout tone="warning" title={t("attempt.expiredTitle")} actions={again}>
            <p>{t("attempt.expiredText")}</p>
          </Callout>
          <MicrosoftHelp open accountKey={accountKey} />
        </>
      );
    case "failed":
      return accountKept(attempt) ? (
        <AccountKept attempt={attempt} actions={<Finish keyId={accountKey.id} />} />
      ) : (
        <Failed attempt={attempt} accountKey={accountKey} onAgain={onAgain} />
      );
  }
}

type EndProps = Pick<OutcomeProps, "attempt" | "accountKey">;

function Pending({ attempt, accountKey, onAgain }: EndProps & { onAgain: () => void }) {
  return (
    <>
      <div className="flex items-start gap-3">
        <Spinner />
        <div className="grid gap-1">
          <h2 className="text-lg font-semibold">{t("attempt.pendingTitle")}</h2>
          <p>{t("attempt.pendingText")}</p>
          <p className="text-sm text-muted">
            {t("attempt.pendingUntil", { time: formatDateTime(attempt.expiresAt) })}
          </p>
        </div>
      </div>
      <Callout
        title={t("attempt.stuck")}
        actions={<Button onClick={onAgain}>{t("attempt.startAgain")}</Button>}
      >
        <p>{t("attempt.stuckText")}</p>
      </Callout>
      <MicrosoftHelp accountKey={accountKey} />
    </>
  );
}

function Succeeded({ attempt, accountKey }: EndProps) {
  const account = attempt.account?.userPrincipalName ?? "";
  return (
    <>
      <Callout tone="success" title={t("attempt.succeededTitle", { account })}>
        <p>{t("attempt.succeededText")}</p>
      </Callout>
      <MissingScopes accountKey={accountKey} missing={attempt.missingScopes} />
      <div>
        <h2 className="font-semibold">{t("attempt.granted")}</h2>
        <p>{attempt.grantedScopes.join(", ")}</p>
      </div>
      <div>
        <Finish keyId={accountKey.id} />
      </div>
    </>
  );
}

function Finish({ keyId }: { keyId: string }) {
  const navigate = useNavigate();
  return (
    <Button
      variant="primary"
      onClick={() => void navigate({ to: "/account-keys", search: { fresh: keyId } })}
    >
      {t("wizard.finish")}
    </Button>
  );
}

function Failed({ attempt, accountKey, onAgain }: OutcomeProps) {
  const { failure } = attempt;
  const declined = failure?.class === "declined";
  const field = failure?.field ?? "";
  const placed = failure && isDetail(field) ? { field, message: `${failure.message} ${failure.fix}` } : null;
  return (
    <>
      <Callout
        tone={declined ? "warning" : "danger"}
        title={declined ? t("attempt.declinedTitle") : t("attempt.failedTitle")}
        actions={
          <Button variant="primary" onClick={() => onAgain(placed)}>
            {placed ? t("attempt.fixField") : t("attempt.startAgain")}
          </Button>
        }
      >
        <p>{failure?.message}</p>
        <p>{failure?.fix}</p>
      </Callout>
      <AdminConsent accountKeyId={attempt.accountKeyId} code={failure?.code ?? ""} />
      {/* Who leaves a page of Microsoft's with an error on it comes back as one who declined. */}
      {declined && <MicrosoftHelp accountKey={accountKey} />}
      <MicrosoftFacts facts={failure?.microsoft} />
    </>
  );
}
