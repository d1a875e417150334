import type { Schemas } from "@/api/client";
import { t } from "@/i18n/t";
import { DescriptionList } from "@/ui/DescriptionList";

/** What Microsoft's support asks for. */
export function MicrosoftFacts({ facts }: { facts: Schemas["MicrosoftError"] | null | undefined }) {
  if (!facts) return null;
  const codes = facts.codes.map((code) => `AADSTS${code}`).join(", ");
  return (
    <details className="rounded-md border border-line px-3 py-2">
      <summary className="cursor-pointer font-semibold">{t("attempt.microsoft")}</summary>
      <div className="mt-3 pb-2">
        <DescriptionList
          items={[
            [t("attempt.microsoftError"), [facts.error, codes].filter(Boolean).join(" · ")],
            [t("attempt.traceId"), facts.traceId || null],
            [t("attempt.correlationId"), facts.correlationId || null],
            [t("attempt.timestamp"), facts.timestamp || null],
          ]}
        />
      </div>
    </details>
  );
}
