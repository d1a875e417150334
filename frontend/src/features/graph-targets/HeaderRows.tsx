import { Plus, Trash2 } from "lucide-react";
import { t } from "@/i18n/t";
import { useRows, type useForm } from "@/lib/form";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { TextField } from "@/ui/TextField";
import type { TargetValues } from "./targetForm";

type Form = ReturnType<typeof useForm<TargetValues>>;

/** Headers that every call is sent with: a name and a value to each. */
export function HeaderRows({ control, text }: Pick<Form, "control" | "text">) {
  const { fields, append, remove, error } = useRows(control, "fixedHeaders");
  return (
    <Field optional native={false} label={t("targets.headers")} hint={t("targets.headersHint")} error={error}>
      {({ labelId, ...ids }) => (
        <div {...ids} role="group" aria-labelledby={labelId} className="grid gap-3 py-1">
          {fields.map(({ id }, index) => (
            <div
              key={id}
              className="grid grid-cols-[1fr_auto] items-start gap-2 sm:grid-cols-[1fr_1.4fr_auto]"
            >
              <div className="max-sm:col-span-2">
                <TextField
                  mono
                  label={t("targets.headerName")}
                  placeholder="Prefer"
                  autoComplete="off"
                  {...text(`fixedHeaders.${index}.name`)}
                />
              </div>
              <TextField
                mono
                label={t("targets.headerValue")}
                placeholder={'IdType="ImmutableId"'}
                autoComplete="off"
                {...text(`fixedHeaders.${index}.value`)}
              />
              {/* Beside the box, which is below its label. */}
              <div className="pt-6">
                <Button
                  variant="subtle"
                  size="icon"
                  aria-label={t("targets.removeHeader", { n: index + 1 })}
                  onClick={() => remove(index)}
                >
                  <Trash2 aria-hidden="true" className="size-4" />
                </Button>
              </div>
            </div>
          ))}
          <div>
            <Button
              icon={<Plus aria-hidden="true" className="size-4" />}
              onClick={() => append({ name: "", value: "" })}
            >
              {t("targets.addHeader")}
            </Button>
          </div>
        </div>
      )}
    </Field>
  );
}
