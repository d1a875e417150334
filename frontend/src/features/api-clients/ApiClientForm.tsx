import type { ReactNode } from "react";
import type { ApiClient } from "@/api/api-clients";
import type { Permission } from "@/api/session";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { FieldError } from "@/ui/Field";
import { FormError } from "@/ui/FormError";
import { TextArea, TextField } from "@/ui/TextField";
import { AccountKeysField } from "./AccountKeysField";
import { amountOf, counting, draftOf, isAmount, leashOf, leashSchema, type LeashDraft } from "./leash";
import { LeashesField } from "./LeashesField";
import { PermissionsField } from "./PermissionsField";

export type ApiClientValues = {
  name: string;
  description: string;
  permissions: Permission[];
  allAccountKeys: boolean;
  accountKeyIds: string[];
  leashes: LeashDraft[];
  rateLimitPerMinute: string;
};

const schema = z.object({
  name: z.string().trim().min(1, t("apiClients.nameMissing")),
  description: z.string().trim(),
  permissions: z.array(z.custom<Permission>()).min(1, t("apiClients.permissionsMissing")),
  allAccountKeys: z.boolean(),
  accountKeyIds: z.array(z.string()),
  leashes: z.array(leashSchema),
  rateLimitPerMinute: z.string().refine(isAmount, t("apiClients.rateLimitWrong")),
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
  const leashes = useField(form.control, "leashes");
  const keys = { all: all.value, ids: ids.value };
  const ofLeashes = form.problem?.unplaced.filter(({ field }) => field.startsWith("leashes[")) ?? [];
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
      <div className="grid max-w-xl gap-6">
        <AccountKeysField
          value={keys}
          onChange={(next) => {
            all.onChange(next.all);
            ids.onChange(next.ids);
          }}
          error={ids.error ?? all.error}
        />
        <LeashesField keys={keys} value={leashes.value} onChange={leashes.onChange} problems={ofLeashes} />
        <FieldError message={leashes.error} />
        <div className="max-w-72">
          <TextField
            optional
            inputMode="numeric"
            label={t("apiClients.rateLimit")}
            hint={t("apiClients.rateLimitHint")}
            {...form.text("rateLimitPerMinute")}
          />
        </div>
      </div>
      <div className="grid gap-4">
        <FormError
          problem={
            form.problem && {
              ...form.problem,
              unplaced: form.problem.unplaced.filter((field) => !ofLeashes.includes(field)),
            }
          }
        />
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

/** A client as the form holds it. */
export const valuesOf = (client: ApiClient): ApiClientValues => ({
  ...client,
  leashes: client.leashes.map(draftOf),
  rateLimitPerMinute: client.rateLimitPerMinute === null ? "" : String(client.rateLimitPerMinute),
});

/** What the server takes: a list only where it isn't all of them, and leashes of the keys there are. */
export function toBody({ accountKeyIds, leashes, rateLimitPerMinute, ...rest }: ApiClientValues) {
  return {
    ...rest,
    accountKeyIds: rest.allAccountKeys ? [] : accountKeyIds,
    leashes: counting(leashes, { all: rest.allAccountKeys, ids: accountKeyIds }).map(leashOf),
    rateLimitPerMinute: amountOf(rateLimitPerMinute),
  };
}
