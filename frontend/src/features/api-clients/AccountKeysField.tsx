import { RadioGroup } from "@/ui/RadioGroup";
import { t } from "@/i18n/t";
import { KeyPicker } from "./KeyPicker";

export type KeyAccess = { all: boolean; ids: string[] };

type AccountKeysFieldProps = {
  value: KeyAccess;
  onChange: (value: KeyAccess) => void;
  error: string | undefined;
};

/** Which account keys a client may use: all of them, or a list to choose. */
export function AccountKeysField({ value, onChange, error }: AccountKeysFieldProps) {
  return (
    <div className="grid gap-3">
      <RadioGroup
        label={t("apiClients.accountKeys")}
        error={error}
        value={value.all ? "all" : "some"}
        onChange={(choice) => onChange({ ...value, all: choice === "all" })}
        options={[
          { value: "some", label: t("apiClients.someKeys"), description: t("apiClients.someKeysText") },
          { value: "all", label: t("apiClients.allKeys"), description: t("apiClients.allKeysText") },
        ]}
      />
      {!value.all && <KeyPicker chosen={value.ids} onChange={(ids) => onChange({ ...value, ids })} />}
    </div>
  );
}
