import { t } from "@/i18n/t";

const widths = ["w-2/3", "w-1/2", "w-3/5", "w-2/5"];

/** Grey lines in the shape of what is coming. `rows` of them, each with an optional second line. */
export function Skeleton({ rows = 3, tall }: { rows?: number; tall?: boolean }) {
  return (
    <div role="status" className="grid animate-pulse gap-4 p-4">
      <span className="sr-only">{t("app.loading")}</span>
      {Array.from({ length: rows }, (_, row) => (
        // The rows are all alike and never move.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={row} className="grid gap-2">
          <div className={`h-3.5 rounded-sm bg-pressed ${widths[row % widths.length]}`} />
          {tall && <div className="h-3 w-1/3 rounded-sm bg-hover" />}
        </div>
      ))}
    </div>
  );
}
