import {
  CircleAlert,
  CircleCheck,
  CircleMinus,
  CircleQuestionMark,
  TriangleAlert,
  type LucideIcon,
} from "lucide-react";
import type { ReactNode } from "react";
import { t } from "@/i18n/t";
import { toneMark, type Tone } from "./Callout";

export type FindingResult = "passed" | "warning" | "failed" | "skipped" | "inconclusive";

export const findingTones: Record<FindingResult, Tone> = {
  passed: "success",
  warning: "warning",
  failed: "danger",
  skipped: "neutral",
  inconclusive: "neutral",
};

const icons: Record<FindingResult, LucideIcon> = {
  passed: CircleCheck,
  warning: TriangleAlert,
  failed: CircleAlert,
  skipped: CircleMinus,
  inconclusive: CircleQuestionMark,
};

type FindingProps = {
  result: FindingResult;
  title: string;
  message: string;
  /** What to do about it; may be empty. */
  fix: string;
  /** More facts, or the way to mend it. */
  children?: ReactNode;
};

/** What one check found, with its cause and what to do: an item of a list. */
export function Finding({ result, title, message, fix, children }: FindingProps) {
  const Icon = icons[result];
  return (
    <li className="flex gap-3 py-2.5">
      <Icon aria-hidden="true" className={toneMark({ tone: findingTones[result] })} />
      <div className="grid min-w-0 gap-1 wrap-anywhere">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-semibold">{title}</span>
          <span className="text-sm text-muted">{t(`checkResult.${result}`)}</span>
        </p>
        <p className={result === "skipped" ? "text-muted" : undefined}>{message}</p>
        {fix && <p>{fix}</p>}
        {children}
      </div>
    </li>
  );
}
