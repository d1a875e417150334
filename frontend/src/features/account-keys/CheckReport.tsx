import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleMinus,
  CircleQuestionMark,
  TriangleAlert,
  type LucideIcon,
} from "lucide-react";
import type { ReactNode } from "react";
import type { CheckReport as Report } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { explain } from "@/lib/explain";
import { Callout, toneMark, type Tone } from "@/ui/Callout";
import { Spinner } from "@/ui/Spinner";
import { MicrosoftFacts } from "./MicrosoftFacts";

export type Check = Report["checks"][number];

const ids: readonly Check["id"][] = [
  "redirect_uri",
  "cloud",
  "tenant",
  "client_id",
  "client_secret",
  "refresh",
  "permissions",
  "mailbox",
  "clock",
];

const looks: Record<Check["result"], { icon: LucideIcon; tone: Tone }> = {
  passed: { icon: CircleCheck, tone: "success" },
  warning: { icon: TriangleAlert, tone: "warning" },
  failed: { icon: CircleAlert, tone: "danger" },
  skipped: { icon: CircleMinus, tone: "neutral" },
  inconclusive: { icon: CircleQuestionMark, tone: "neutral" },
};

type CheckReportProps = {
  check: { data: Report | undefined; error: unknown; isPending: boolean };
  /** The way to mend what a check found: a link or button, or nothing. */
  mend: (found: Check) => ReactNode;
};

/** Every check, in order, with its cause and what to do. How it ended is read out when it is known. */
export function CheckReport({ check, mend }: CheckReportProps) {
  const { data: report, error, isPending } = check;
  const summary = !isPending && report?.summary;
  return (
    <>
      <div role="status">
        {isPending && (
          <p className="flex items-center gap-2 text-muted">
            <Spinner />
            {t("check.running")}
          </p>
        )}
        {summary && <Callout tone={looks[summary.result].tone} title={summary.message} />}
      </div>
      {!isPending && error !== null && <Unmade error={error} />}
      {isPending && (
        <ul className="divide-y divide-line">
          {ids.map((id) => (
            <li key={id} className="flex gap-3 py-2.5 text-muted">
              <CircleDashed aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
              {t(`check.${id}`)}
            </li>
          ))}
        </ul>
      )}
      {!isPending && report && (
        <ul className="divide-y divide-line">
          {report.checks.map((item) => (
            <Item key={item.id} check={item} mend={mend(item)} />
          ))}
        </ul>
      )}
    </>
  );
}

function Item({ check, mend }: { check: Check; mend: ReactNode }) {
  const { icon: Icon, tone } = looks[check.result];
  return (
    <li className="flex gap-3 py-2.5">
      <Icon aria-hidden="true" className={toneMark({ tone })} />
      <div className="grid min-w-0 gap-1 wrap-anywhere">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-semibold">{t(`check.${check.id}`)}</span>
          <span className="text-sm text-muted">{t(`checkResult.${check.result}`)}</span>
        </p>
        <p className={check.result === "skipped" ? "text-muted" : undefined}>{check.message}</p>
        {check.fix && <p>{check.fix}</p>}
        {mend && <div className="flex flex-wrap gap-2 pt-1">{mend}</div>}
        <MicrosoftFacts facts={check.microsoft} />
      </div>
    </li>
  );
}

/** The check itself failed: that says nothing about the key. */
function Unmade({ error }: { error: unknown }) {
  const { title, detail, fix, requestId } = explain(error);
  return (
    <Callout live tone="danger" title={t("check.failed")}>
      <p>{[title, detail, fix].filter(Boolean).join(" ")}</p>
      {requestId && <p className="font-mono text-xs text-muted">{requestId}</p>}
    </Callout>
  );
}
