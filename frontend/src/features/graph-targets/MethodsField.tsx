import type { Ref } from "react";
import { t } from "@/i18n/t";
import { Checkbox } from "@/ui/Checkbox";
import { Field } from "@/ui/Field";

/** What each method is for. */
const methods = {
  GET: t("targets.get"),
  HEAD: t("targets.head"),
  POST: t("targets.post"),
  PUT: t("targets.put"),
  PATCH: t("targets.patch"),
  DELETE: t("targets.delete"),
};

type MethodsFieldProps = {
  value: string[];
  onChange: (value: string[]) => void;
  error: string | undefined;
  ref?: Ref<HTMLDivElement>;
};

/** HEAD goes with GET, and is on offer only where it was chosen by itself. */
export function MethodsField({ value, onChange, error, ref }: MethodsFieldProps) {
  return (
    <Field native={false} label={t("targets.methods")} error={error}>
      {({ labelId, ...ids }) => (
        <div
          {...ids}
          ref={ref}
          role="group"
          tabIndex={-1}
          aria-labelledby={labelId}
          className="grid gap-2.5 py-1 outline-none"
        >
          {Object.entries(methods)
            .filter(([name]) => name !== "HEAD" || value.includes("HEAD"))
            .map(([name, description]) => (
              <Checkbox
                key={name}
                label={<span className="font-mono">{name}</span>}
                description={description}
                checked={value.includes(name)}
                onChange={(on) => onChange(on ? [...value, name] : value.filter((other) => other !== name))}
              />
            ))}
        </div>
      )}
    </Field>
  );
}
