import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AccountKey } from "@/api/account-keys";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { useField } from "@/lib/form";
import { Select } from "@/ui/Select";
import { TextField } from "@/ui/TextField";
import type { DetailsForm } from "./detailsForm";
import { ScopePicker } from "./ScopePicker";

type MoreDetailsProps = {
  accountKey: AccountKey;
  form: DetailsForm;
  /** Something in it has to be mended. */
  open: boolean;
};

/** What most keys never need to change. Opens by itself where something in it is wrong, and stays open. */
export function MoreDetails({ accountKey, form, open }: MoreDetailsProps) {
  const instance = useQuery(instanceQuery);
  const cloud = useField(form.control, "cloud");
  const scopes = useField(form.control, "scopes");
  const [opened, setOpened] = useState(open);
  if (!opened && (cloud.error || scopes.error)) setOpened(true);
  const options = (instance.data?.clouds ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <details
      open={opened}
      onToggle={(event) => setOpened(event.currentTarget.open)}
      className="rounded-md border border-line px-3 py-2"
    >
      <summary className="cursor-pointer font-semibold">{t("wizard.more")}</summary>
      <div className="mt-3 grid gap-4 pb-2">
        <Select label={t("wizard.cloud")} options={options} {...cloud} />
        <ScopePicker accountKey={accountKey} {...scopes} />
        <TextField
          optional
          type="date"
          label={t("wizard.secretExpiresOn")}
          hint={t("wizard.secretExpiresHint")}
          {...form.text("clientSecretExpiresOn")}
        />
        <TextField
          optional
          type="email"
          label={t("wizard.loginHint")}
          hint={t("wizard.loginHintHint")}
          autoComplete="off"
          {...form.text("loginHint")}
        />
      </div>
    </details>
  );
}
