import type { ReactNode } from "react";
import { t } from "@/i18n/t";
import { CodeBlock } from "@/ui/Copy";

type ScriptTabProps = {
  /** What has to be there first. */
  needs: ReactNode;
  /** Commands and scripts, in the order in which they are run. */
  code: readonly (readonly [label: string, code: string])[];
};

/** One tool's way: what it needs, what to run, and where what it prints goes. */
export function ScriptTab({ needs, code }: ScriptTabProps) {
  return (
    <div className="grid min-w-0 gap-3 text-pretty">
      {needs}
      {code.map(([label, text]) => (
        <CodeBlock key={label} label={label} code={text} />
      ))}
      <p>{t("registration.scriptPrints")}</p>
      <p className="text-muted">{t("registration.scriptSecret")}</p>
      <p className="text-muted">{t("registration.scriptConsent")}</p>
    </div>
  );
}
