import type { ReactNode } from "react";
import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { Button } from "@/ui/Button";
import { Section } from "@/ui/Card";
import { Checkbox } from "@/ui/Checkbox";
import { FormError } from "@/ui/FormError";
import { RadioGroup } from "@/ui/RadioGroup";
import { TextArea, TextField } from "@/ui/TextField";
import { HeaderRows } from "./HeaderRows";
import { KeyField } from "./KeyField";
import { MethodsField } from "./MethodsField";
import { PathExamples } from "./PathExamples";
import { bodyOf, placed, targetSchema, valuesOf, type TargetBody } from "./targetForm";

type TargetFormProps = {
  /** What is changed; without it a new one is made. */
  target?: Target;
  submitLabel: string;
  onSubmit: (body: TargetBody) => Promise<unknown>;
  /** What stands beside the submit button: the way out. */
  cancel: ReactNode;
};

/** What a target is called, where it leads and what it allows; for making one and for changing one. */
export function TargetForm({ target, submitLabel, onSubmit, cancel }: TargetFormProps) {
  const form = useForm(targetSchema, valuesOf(target));
  const accountKey = useField(form.control, "accountKeyId");
  const version = useField(form.control, "apiVersion");
  const methods = useField(form.control, "allowedMethods");
  const enabled = useField(form.control, "enabled");
  const submit = form.submit((values) =>
    onSubmit(bodyOf(values)).catch((error: unknown) => {
      throw placed(error, values);
    }),
  );
  return (
    <form noValidate onSubmit={submit} className="grid gap-5">
      <Section title={t("targets.groupWhat")}>
        <div className="grid max-w-xl gap-4">
          <TextField
            label={t("targets.name")}
            hint={t("targets.nameHint")}
            autoComplete="off"
            {...form.text("name")}
          />
          <TextArea optional label={t("targets.descriptionField")} rows={2} {...form.text("description")} />
          <Checkbox
            label={t("targets.enabled")}
            description={t("targets.enabledText")}
            checked={enabled.value}
            onChange={enabled.onChange}
          />
        </div>
      </Section>
      <Section title={t("targets.groupWhere")}>
        <div className="grid max-w-xl gap-5">
          <KeyField
            {...accountKey}
            known={target && { id: target.accountKeyId, name: target.accountKeyName }}
          />
          <RadioGroup
            label={t("targets.apiVersion")}
            options={[
              { value: "v1.0", label: t("targets.v1"), description: t("targets.v1Text") },
              { value: "beta", label: t("targets.beta"), description: t("targets.betaText") },
            ]}
            {...version}
          />
          <TextField
            mono
            optional
            label={t("targets.basePath")}
            hint={t("targets.basePathHint")}
            placeholder="/me"
            autoComplete="off"
            {...form.text("basePath")}
          />
        </div>
      </Section>
      <Section title={t("targets.groupBounds")}>
        <div className="grid max-w-xl gap-5">
          <MethodsField {...methods} />
          <div className="grid gap-2">
            <TextArea
              mono
              rows={5}
              label={t("targets.paths")}
              hint={t("targets.pathsHint")}
              {...form.text("allowedPaths")}
            />
            <PathExamples />
          </div>
        </div>
      </Section>
      <Section title={t("targets.groupHow")}>
        <div className="grid max-w-xl gap-5">
          <HeaderRows control={form.control} text={form.text} />
          <div className="max-w-48">
            <TextField
              label={t("targets.timeout")}
              hint={t("targets.timeoutHint")}
              inputMode="numeric"
              autoComplete="off"
              {...form.text("timeoutSeconds")}
            />
          </div>
        </div>
      </Section>
      <FormError problem={form.problem} />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" pending={form.pending}>
          {submitLabel}
        </Button>
        {cancel}
      </div>
    </form>
  );
}
