import { useEffect } from "react";
import { useCheckValues, type AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { CheckReport, type Check } from "./CheckReport";

type Values = { tenantId: string; clientId: string; clientSecret: string; cloud: string; scopes?: string[] };

type CheckValuesProps = {
  accountKey: AccountKey;
  form: { values: () => Values; watch: (onChange: () => void) => { unsubscribe: () => void } };
  /** The way to a field that a check found wrong, or nothing. */
  onMend: (field: string, message: string) => (() => void) | null;
};

/** Tries what is typed, before it is saved. What was found is forgotten when something is typed. */
export function CheckValues({ accountKey, form, onMend }: CheckValuesProps) {
  const check = useCheckValues();
  const { watch } = form;
  const { reset } = check;
  useEffect(() => {
    const watching = watch(() => reset());
    return () => watching.unsubscribe();
  }, [watch, reset]);
  const run = () => {
    const { tenantId, clientId, clientSecret, cloud, scopes = accountKey.scopes } = form.values();
    const { id: accountKeyId, type } = accountKey;
    check.mutate({ accountKeyId, type, cloud, tenantId, clientId, clientSecret, scopes });
  };
  return (
    <div className="grid gap-3 border-t border-line pt-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Button pending={check.isPending} onClick={run}>
          {t("check.values")}
        </Button>
        <p className="text-sm text-muted">{t("check.valuesHint")}</p>
      </div>
      <CheckReport check={check} mend={(found) => mendAt(found, onMend)} />
    </div>
  );
}

function mendAt({ id, field, result, message, fix }: Check, onMend: CheckValuesProps["onMend"]) {
  const go = result === "failed" && field ? onMend(field, `${message} ${fix}`) : null;
  if (!go) return null;
  return (
    <Button size="sm" onClick={go}>
      {t("check.mendField", { field: t(`check.${id}`) })}
    </Button>
  );
}
