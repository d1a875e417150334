import type { AccountKeyStatus } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { StatusBadge } from "@/ui/Badge";
import type { Tone } from "@/ui/Callout";

const tones: Record<AccountKeyStatus, Tone> = {
  draft: "accent",
  authorized: "success",
  reauthorization_required: "warning",
  misconfigured: "danger",
  suspended: "neutral",
  revoked: "neutral",
};

export const toneOf = (status: AccountKeyStatus) => tones[status];

export function KeyStatus({ status }: { status: AccountKeyStatus }) {
  return <StatusBadge tone={tones[status]}>{t(`keyStatus.${status}`)}</StatusBadge>;
}
