import { useQuery } from "@tanstack/react-query";
import { accountKeys, type useCheckAccountKey, type AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { Button, ButtonLink } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { AdminConsent } from "./AdminConsent";
import { CheckReport, type Check } from "./CheckReport";
import { StickyActions } from "./StickyActions";

type CheckDialogProps = {
  accountKey: AccountKey;
  check: ReturnType<typeof useCheckAccountKey>;
  /** What led to the checks, if it was not the button for them. */
  before?: string | undefined;
  onClose: () => void;
};

/** How often the key behind the checks is read: the server tries a new secret by itself, and marks the key. */
const readEvery = 2000;

/** The checks of a saved key. The click that opens it has started them. */
export function CheckDialog({ accountKey, check, before, onClose }: CheckDialogProps) {
  useQuery({ ...accountKeys.one(accountKey.id), refetchInterval: readEvery });
  return (
    <Dialog
      open
      size="md"
      onClose={onClose}
      title={t("check.title", { name: accountKey.displayName })}
      description={before ?? t("check.intro")}
    >
      <div className="grid gap-4">
        <CheckReport check={check} mend={(found) => mendAt(found, accountKey.id)} />
        <StickyActions>
          <Button pending={check.isPending} onClick={() => check.mutate()}>
            {t("check.again")}
          </Button>
          <Button onClick={onClose}>{t("action.close")}</Button>
        </StickyActions>
      </div>
    </Dialog>
  );
}

const fields = {
  tenantId: t("wizard.tenantId"),
  clientId: t("wizard.clientId"),
  clientSecret: t("wizard.secret"),
  cloud: t("wizard.cloud"),
};

const isField = (field: string): field is keyof typeof fields => Object.hasOwn(fields, field);

/** Where the fault that a check found can be mended. */
function mendAt(check: Check, id: string) {
  if (check.result !== "failed" && check.result !== "warning") return null;
  const { field = "" } = check;
  if (isField(field)) {
    return (
      <ButtonLink size="sm" to="/account-keys/$id/setup" params={{ id }} search={{ step: "details", field }}>
        {t("check.mendField", { field: fields[field] })}
      </ButtonLink>
    );
  }
  if (field === "redirectUri") {
    return (
      <ButtonLink size="sm" to="/account-keys/$id/setup" params={{ id }} search={{ step: "redirect" }}>
        {t("check.mendRedirect")}
      </ButtonLink>
    );
  }
  if (check.id !== "refresh" && check.id !== "permissions") return null;
  return (
    <>
      <ButtonLink size="sm" to="/account-keys/$id/setup" params={{ id }} search={{ step: "details" }}>
        {t("key.authorizeAgain")}
      </ButtonLink>
      {check.id === "permissions" && <AdminConsent bare accountKeyId={id} />}
    </>
  );
}
