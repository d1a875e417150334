import type { ReactNode } from "react";
import type { Permission } from "@/api/session";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { FormError } from "@/ui/FormError";
import { TextArea, TextField } from "@/ui/TextField";
import { AccountKeysField } from "./AccountKeysField";
import { PermissionsField } from "./PermissionsField";

export type ApiClientValues = {
  name: string;
  description: string;
  permissions: Permission[];
  allAccountKeys: boolean;
  accountKeyIds: string[];
};

const schema = z.object({
  name: z.string().trim().min(1, t("apiClients.nameMissing")),
  description: z.string().trim(),
  permissions: z.array(z.custom<Permission>()).min(1, t("apiClients.permissionsMissing")),
  allAccountKeys: z.boolean(),
  accountKeyIds: z.array(z.string()),
});

type ApiClientFormProps = {
  initial: ApiClientValues;
  submitLabel: string;
  onSubmit: (values: ApiClientValues) => Promise<unknown>;
  /** What stands beside the submit button: the way out. */
  cancel: ReactNode;
};

/** What a client is called, may do, and may use; for making one and for changing one. */
export function ApiClientForm({ initial, submitLabel, onSubmit, cancel }: ApiClientFormProps) {
  const form = useForm(schema, initial);
  const permissions = useField(form.control, "permissions");
  const all = useField(form.control, "allAccountKeys");
  const ids = useField(form.control, "accountKeyIds");
  return (
    <form noValidate onSubmit={form.submit(onSubmit)} className="grid gap-6">
      <div className="grid max-w-xl gap-4">
        <TextField
          label={t("apiClients.name")}
          hint={t("apiClients.nameHint")}
          autoComplete="off"
          {...form.text("name")}
        />
        <TextArea optional label={t("apiClients.descriptionField")} rows={2} {...form.text("description")} />
      </div>
      <PermissionsField {...permissions} />
      <div className="max-w-xl">
        <AccountKeysField
          value={{ all: all.value, ids: ids.value }}
          onChange={(next) => {
            all.onChange(next.all);
            ids.onChange(next.ids);
          }}
          error={ids.error ?? all.error}
        />
      </div>
      <div className="grid gap-4">
        <FormError problem={form.problem} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" pending={form.pending}>
            {submitLabel}
          </Button>
          {cancel}
        </div>
      </div>
    </form>
  );
}

/** What the server takes: a list only where it isn't all of them. */
export function toBody({ allAccountKeys, accountKeyIds, ...rest }: ApiClientValues) {
  return { ...rest, allAccountKeys, accountKeyIds: allAccountKeys ? [] : accountKeyIds };
}
