import { t } from "@/i18n/t";
import { formatNumber } from "@/lib/format";

/** "1,234 ms". */
export const formatMilliseconds = (n: number) => t("console.milliseconds", { n });

const tenths = (n: number) => formatNumber(Math.round(n * 10) / 10);

/** "812 B", "3.4 kB", "1.2 MB". */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return t("console.bytes", { n: bytes });
  if (bytes < 1_000_000) return t("console.kilobytes", { n: tenths(bytes / 1000) });
  return t("console.megabytes", { n: tenths(bytes / 1_000_000) });
}
