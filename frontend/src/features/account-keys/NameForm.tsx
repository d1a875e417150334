import type { ReactNode } from "react";
import { t } from "@/i18n/t";
import { useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { FormError } from "@/ui/FormError";
import { TextArea, TextField } from "@/ui/TextField";

const schema = z.object({
  displayName: z.string().trim().min(1, t("wizard.nameMissing")),
  description: z.string().trim(),
});

export type NameValues = z.infer<typeof schema>;

type NameFormProps = {
  initial: NameValues;
  submitLabel: string;
  onSubmit: (values: NameValues) => Promise<unknown>;
  /** Told what is typed, where the form may go and come back. */
  onChange?: (values: NameValues) => void;
  beside?: ReactNode;
};

export function NameForm({ initial, submitLabel, onSubmit, onChange, beside }: NameFormProps) {
  const form = useForm(schema, initial);
  return (
    <form
      noValidate
      onSubmit={form.submit(onSubmit)}
      onChange={() => onChange?.(form.values())}
      className="grid gap-4"
    >
      <TextField
        label={t("wizard.displayName")}
        hint={t("wizard.nameText")}
        autoComplete="off"
        maxLength={100}
        {...form.text("displayName")}
      />
      <TextArea
        optional
        label={t("wizard.descriptionField")}
        rows={2}
        maxLength={1000}
        {...form.text("description")}
      />
      <FormError problem={form.problem} />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" pending={form.pending}>
          {submitLabel}
        </Button>
        {beside}
      </div>
    </form>
  );
}
