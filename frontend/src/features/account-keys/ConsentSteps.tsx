import type { AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { CopyField } from "@/ui/Copy";
import { AdminConsent } from "./AdminConsent";

/** What Microsoft shows in place of its list of permissions when only the tenant's administrator may accept them. */
export const needsAdmin = (code: string) =>
  code === "admin_consent_required" || code === "admin_approval_requested";

/**
 * How the tenant's administrator consents for everybody: in the help, and beside permissions that were not granted.
 */
export function ConsentSteps({ accountKey }: { accountKey: AccountKey }) {
  return (
    <div className="grid gap-3">
      <p>{t("help.consent")}</p>
      <CopyField label={t("wizard.clientId")} value={accountKey.clientId} />
      <AdminConsent bare accountKeyId={accountKey.id} />
    </div>
  );
}
