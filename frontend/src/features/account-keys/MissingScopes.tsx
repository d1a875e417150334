import type { AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { Callout } from "@/ui/Callout";
import { ConsentSteps } from "./ConsentSteps";

type MissingScopesProps = { accountKey: AccountKey; missing: string[] };

/** What the key asks for and was not granted, why that may be, and who can change it. */
export function MissingScopes({ accountKey, missing }: MissingScopesProps) {
  if (missing.length === 0) return null;
  return (
    <Callout tone="warning" title={t("attempt.missing")}>
      <p className="font-mono text-sm">{missing.join(", ")}</p>
      <p>{t("attempt.missingText")}</p>
      <ConsentSteps accountKey={accountKey} />
    </Callout>
  );
}
