import { useRequestAdminConsent } from "@/api/authorizations";
import { isProblem } from "@/api/problem";
import { t } from "@/i18n/t";
import { copyText } from "@/lib/clipboard";
import { formatDateTime } from "@/lib/format";
import { useCan } from "@/lib/permissions";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { CopyField } from "@/ui/Copy";
import { FormError } from "@/ui/FormError";
import { toast } from "@/ui/toast";

/**
 * What an administrator's consent can mend, by the codes of failures and of a key's status. A person who is told on
 * Microsoft's page that an administrator must approve can only turn back, which arrives here as declined.
 */
const mendable: readonly string[] = [
  "admin_consent_required",
  "admin_approval_requested",
  "consent_required",
  "declined",
];

type AdminConsentProps = {
  accountKeyId: string;
  /** Why it is offered; other codes show nothing. Leave it out where it always fits. */
  code?: string | undefined;
  /** The button alone, where the text around it explains it. */
  bare?: boolean;
};

/** Offers a link by which the tenant's administrator allows the key's permissions. */
export function AdminConsent({ accountKeyId, code, bare }: AdminConsentProps) {
  const can = useCan();
  if (!can("account-keys:write") || (code !== undefined && !mendable.includes(code))) return null;
  const link = <ConsentLink accountKeyId={accountKeyId} />;
  if (bare) return link;
  return (
    <Callout title={t("consent.offer")}>
      <p>{t("consent.offerText")}</p>
      <div className="mt-2 grid gap-2">{link}</div>
    </Callout>
  );
}

/** Made at the click, which also copies it; then it stays to be copied again. */
function ConsentLink({ accountKeyId }: { accountKeyId: string }) {
  const request = useRequestAdminConsent(accountKeyId);
  if (request.data) {
    const { url, expiresAt } = request.data;
    return (
      <CopyField
        label={t("consent.link")}
        value={url}
        hint={t("consent.linkHint", { time: formatDateTime(expiresAt), timeline: t("key.timeline") })}
      />
    );
  }
  const { error } = request;
  return (
    <>
      <FormError problem={error && { error, unplaced: isProblem(error) ? error.fields : [] }} />
      <div>
        <Button
          wrap
          pending={request.isPending}
          onClick={() =>
            request.mutate(undefined, {
              onSuccess: ({ url }) =>
                void copyText(url).then((copied) => copied && toast.success(t("consent.copied"))),
            })
          }
        >
          {t("consent.copy")}
        </Button>
      </div>
    </>
  );
}
