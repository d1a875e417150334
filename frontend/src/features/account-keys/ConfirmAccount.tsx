import type { ReactNode } from "react";
import { useDecideAuthorization, type Authorization } from "@/api/authorizations";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { DescriptionList } from "@/ui/DescriptionList";
import { toast } from "@/ui/toast";

const named = (account: Authorization["account"]) =>
  account ? `${account.displayName} (${account.userPrincipalName})` : "–";

type ConfirmAccountProps = {
  keyId: string;
  attemptId: string;
  current: Authorization["account"];
  signedIn: Authorization["account"];
  /** Told how it ended, where nothing else on the page says so. */
  onDecided?: (outcome: string) => void;
};

/** Another account signed in than the key is for: both, and the choice for those who have it. */
export function ConfirmAccount({ keyId, attemptId, current, signedIn, onDecided }: ConfirmAccountProps) {
  const can = useCan();
  const mayChoose = can("account-keys:write");
  const decide = useDecideAuthorization(keyId, attemptId);
  // Awaited here: the question may have left the page before the answer is told.
  const choose = async (what: "confirm" | "reject") => {
    try {
      const { currentAccount } = await decide.mutateAsync(what);
      const account = currentAccount?.userPrincipalName ?? "";
      onDecided?.(t(what === "confirm" ? "attempt.succeededTitle" : "attempt.keptTitle", { account }));
    } catch (error) {
      toast.error(error);
    }
  };
  return (
    <Callout
      tone="warning"
      title={t("attempt.confirmTitle")}
      actions={
        mayChoose && (
          <>
            <Button variant="primary" pending={decide.isPending} onClick={() => void choose("reject")}>
              {t("attempt.reject")}
            </Button>
            <Button pending={decide.isPending} onClick={() => void choose("confirm")}>
              {t("attempt.confirm")}
            </Button>
          </>
        )
      }
    >
      <p>{mayChoose ? t("attempt.confirmText") : t("attempt.confirmByOthers")}</p>
      <DescriptionList
        items={[
          [t("attempt.current"), named(current)],
          [t("attempt.signedIn"), named(signedIn)],
        ]}
      />
    </Callout>
  );
}

/** The same, of an attempt that is being followed. */
export function ConfirmAttempt({ attempt }: { attempt: Authorization }) {
  return (
    <ConfirmAccount
      keyId={attempt.accountKeyId}
      attemptId={attempt.id}
      current={attempt.currentAccount}
      signedIn={attempt.account}
    />
  );
}

/** Whether somebody decided that the key stays with its account: nothing went wrong, and nothing changed. */
export const accountKept = ({ failure }: Authorization) => failure?.code === "rejected";

export function AccountKept({ attempt, actions }: { attempt: Authorization; actions?: ReactNode }) {
  const account = attempt.currentAccount?.userPrincipalName;
  return (
    <Callout
      title={account ? t("attempt.keptTitle", { account }) : t("attempt.keptTitleAlone")}
      actions={actions}
    >
      <p>{t("attempt.keptText")}</p>
    </Callout>
  );
}
