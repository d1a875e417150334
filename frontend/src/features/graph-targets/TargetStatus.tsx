import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { StatusBadge } from "@/ui/Badge";

export function TargetStatus({ target }: { target: Target }) {
  return target.enabled ? (
    <StatusBadge tone="success">{t("targets.enabled")}</StatusBadge>
  ) : (
    <StatusBadge tone="neutral">{t("targets.disabled")}</StatusBadge>
  );
}
