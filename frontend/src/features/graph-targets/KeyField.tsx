import { useState, type Ref } from "react";
import { KeyList } from "@/features/account-keys";
import { t } from "@/i18n/t";
import { Field } from "@/ui/Field";
import { Radios } from "@/ui/RadioGroup";

type KeyFieldProps = {
  value: string;
  onChange: (id: string) => void;
  error: string | undefined;
  /** The key that was chosen before. */
  known: { id: string; name: string } | undefined;
  ref?: Ref<HTMLDivElement>;
};

/** The one account key that calls are made with. It stays on offer when a search finds others. */
export function KeyField({ value, onChange, error, known, ref }: KeyFieldProps) {
  const [chosen, setChosen] = useState(known);
  return (
    <Field native={false} label={t("targets.accountKey")} hint={t("targets.keyHint")} error={error}>
      {(ids) => (
        <KeyList>
          {(keys) => {
            const options = keys.map((key) => ({
              value: key.id,
              label: key.displayName,
              description: key.account?.userPrincipalName,
            }));
            if (chosen && !options.some((option) => option.value === chosen.id))
              options.unshift({ value: chosen.id, label: chosen.name, description: undefined });
            return (
              options.length > 0 && (
                <div className="px-3 py-2">
                  <Radios
                    {...ids}
                    ref={ref}
                    options={options}
                    value={value}
                    onChange={(id) => {
                      const name = options.find((option) => option.value === id)?.label ?? id;
                      setChosen({ id, name });
                      onChange(id);
                    }}
                  />
                </div>
              )
            );
          }}
        </KeyList>
      )}
    </Field>
  );
}
