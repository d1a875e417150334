import { CircleDashed } from "lucide-react";
import type { ReactNode } from "react";
import type { CheckReport as Report } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { explain } from "@/lib/explain";
import { Callout } from "@/ui/Callout";
import { Finding, findingTones } from "@/ui/Finding";
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
        {summary && <Callout tone={findingTones[summary.result]} title={summary.message} />}
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
  const { result, message, fix } = check;
  return (
    <Finding result={result} title={t(`check.${check.id}`)} message={message} fix={fix}>
      {mend && <div className="flex flex-wrap gap-2 pt-1">{mend}</div>}
      <MicrosoftFacts facts={check.microsoft} />
    </Finding>
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
