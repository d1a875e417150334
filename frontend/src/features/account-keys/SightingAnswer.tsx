import type { AccountKey } from "@/api/account-keys";
import type { Sighting } from "@/api/authorizations";
import { t } from "@/i18n/t";
import { CopyField } from "@/ui/Copy";
import { ConsentSteps, needsAdmin } from "./ConsentSteps";

type SightingAnswerProps = { sighting: Sighting; accountKey: AccountKey; open: boolean };

/** What is seen; opened, why, what to do, and this key's own values to compare or paste. */
export function SightingAnswer({ sighting, accountKey, open }: SightingAnswerProps) {
  const { texts, numbers, message, fix } = sighting;
  const [first = message, ...others] = texts;
  return (
    <details open={open}>
      <summary className="cursor-pointer py-2 text-pretty hover:text-accent-ink">
        <span className="wrap-anywhere">{first}</span>{" "}
        <span className="font-mono text-xs text-muted">
          {numbers.map((number) => `AADSTS${number}`).join(" ")}
        </span>
      </summary>
      <div className="grid gap-2 pb-4 pl-4 text-pretty">
        {others.length > 0 && (
          <p className="text-sm wrap-anywhere text-muted">{t("help.also", { texts: others.join(" · ") })}</p>
        )}
        {texts.length > 0 && <p>{message}</p>}
        <p className="font-semibold">{fix}</p>
        <OwnValues field={sighting.field} accountKey={accountKey} />
        {needsAdmin(sighting.code) && <ConsentSteps accountKey={accountKey} />}
      </div>
    </details>
  );
}

/** What this key has where the fault is. */
function OwnValues({ field, accountKey }: { field: string; accountKey: AccountKey }) {
  const { redirectUri, clientId, tenantId, scopes } = accountKey;
  switch (field) {
    case "redirectUri":
      return <CopyField label={t("wizard.redirectUri")} value={redirectUri} />;
    case "clientId":
    case "tenantId":
    case "cloud":
      return (
        <>
          <CopyField label={t("wizard.clientId")} value={clientId} />
          <CopyField label={t("wizard.tenantId")} value={tenantId} />
        </>
      );
    case "scopes":
      return <p className="font-mono text-sm wrap-anywhere">{scopes.join(", ")}</p>;
    default:
      return null;
  }
}
