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
