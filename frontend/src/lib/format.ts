import { locale } from "@/i18n/t";

const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const plainDate = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
const number = new Intl.NumberFormat(locale);
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];

/** "12 Mar 2027, 14:05" in the reader's own time zone. */
export const formatDateTime = (iso: string) => dateTime.format(new Date(iso));

/** "12 Mar 2027, 14:05:09 CET": to the second, with the time zone. */
export const formatExactly = (iso: string) => exact.format(new Date(iso));

/** "12 Mar 2027": the day of a moment, or a date without a time ("2027-03-12"), which no time zone may shift. */
export const formatDate = (iso: string) => (iso.length === 10 ? plainDate : date).format(new Date(iso));

/** "3 hours ago", "in 2 days". Not by the second: what is shown is older than that, and uses are noted by the minute. */
export function formatRelative(iso: string, now = Date.now()): string {
  let amount = (new Date(iso).getTime() - now) / 60_000;
  for (const [unit, size] of units) {
    if (Math.abs(amount) < size) return relative.format(Math.round(amount), unit);
    amount /= size;
  }
  return formatDate(iso);
}

/** "1,234". */
export const formatNumber = (n: number) => number.format(n);

/** Whether a moment is over. */
export const hasPassed = (iso: string) => new Date(iso).getTime() <= Date.now();
