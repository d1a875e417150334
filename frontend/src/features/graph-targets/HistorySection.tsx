import { t } from "@/i18n/t";
import { Badge } from "@/ui/Badge";
import { Section } from "@/ui/Card";
import { StatusCode } from "./AnswerSection";
import { formatMilliseconds } from "./units";
import type { Calls, Exchange } from "./useConsole";

/** The calls of this visit, newest first; each comes back at a click, ready to be made again. */
export function HistorySection({ calls: { history, shown, recall } }: { calls: Calls }) {
  return (
    <Section flush title={t("console.history")} description={t("console.historyText")}>
      <ul aria-label={t("console.history")} className="divide-y divide-line border-t border-line">
        {history.map((exchange) => (
          <li key={exchange.number}>
            <button
              type="button"
              aria-current={exchange.number === shown?.number || undefined}
              onClick={() => recall(exchange)}
              className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-left hover:bg-hover aria-current:bg-accent-soft sm:px-5"
            >
              <Outcome exchange={exchange} />
              <span className="min-w-0 flex-1 font-mono text-sm wrap-anywhere">
                {exchange.call.method} {exchange.call.path || "/"}
              </span>
              <span className="text-sm text-muted">{formatMilliseconds(exchange.milliseconds)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Outcome({ exchange: { outcome } }: { exchange: Exchange }) {
  if (outcome === "cancelled") return <Badge>{t("console.cancelled")}</Badge>;
  if (outcome === "unreachable") return <Badge tone="danger">{t("console.unreachable")}</Badge>;
  return <StatusCode status={outcome.status} />;
}
