import type { ReactNode } from "react";
import { useDecideAuthorization, type Authorization } from "@/api/authorizations";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { DescriptionList } from "@/ui/DescriptionList";
import { toast } from "@/ui/toast";

const named = (account: Authorization["account"]) =>
  account ? `${account.displayName} (${account.userPrincipalName})` : "–";

/** Another account signed in than the key is for: both, and the choice. */
export function ConfirmAccount({ attempt }: { attempt: Authorization }) {
  const decide = useDecideAuthorization(attempt.accountKeyId, attempt.id);
  const choose = (what: "confirm" | "reject") => decide.mutate(what, { onError: toast.error });
  return (
    <Callout
      tone="warning"
      title={t("attempt.confirmTitle")}
      actions={
        <>
          <Button variant="primary" pending={decide.isPending} onClick={() => choose("reject")}>
            {t("attempt.reject")}
          </Button>
          <Button pending={decide.isPending} onClick={() => choose("confirm")}>
            {t("attempt.confirm")}
          </Button>
        </>
      }
    >
      <p>{t("attempt.confirmText")}</p>
      <DescriptionList
        items={[
          [t("attempt.current"), named(attempt.currentAccount)],
          [t("attempt.signedIn"), named(attempt.account)],
        ]}
      />
    </Callout>
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
