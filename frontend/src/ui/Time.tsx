import { t } from "@/i18n/t";
import { formatDateTime, formatRelative } from "@/lib/format";

/** A moment as "3 hours ago", with the exact time on hover; "Never" for null. */
export function Time({ value, never = t("time.never") }: { value: string | null; never?: string }) {
  if (value === null) return <span className="text-muted">{never}</span>;
  return (
    <time dateTime={value} title={formatDateTime(value)} className="whitespace-nowrap">
      {formatRelative(value)}
    </time>
  );
}
