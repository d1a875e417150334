import { useEffect, type ComponentProps } from "react";
import type { AccountKey, AccountKeyChange } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { CopyField } from "@/ui/Copy";
import { FormError } from "@/ui/FormError";
import { PasswordField } from "@/ui/PasswordField";
import { TextField } from "@/ui/TextField";
import { CheckValues } from "./CheckValues";
import { isDetail, type DetailsForm, type PlacedFailure } from "./detailsForm";
import { MoreDetails } from "./MoreDetails";
import { PasteBox, usePaste } from "./PasteBox";
import { useSaveDetails } from "./useSaveDetails";

type DetailsStepProps = {
  accountKey: AccountKey;
  form: DetailsForm;
  onSave: (change: AccountKeyChange) => Promise<AccountKey>;
  failure: PlacedFailure | null;
  onStarted: (attemptId: string) => void;
};

/** The ids, the secret, and the button that saves, checks and opens Microsoft's dialog. */
export function DetailsStep({ accountKey, form, onSave, failure, onStarted }: DetailsStepProps) {
  const paste = usePaste(form);
  const saving = useSaveDetails({ accountKey, form, onSave, onStarted });
  const { setError } = form;
  useEffect(() => {
    if (failure) setError(failure.field, { message: failure.message }, { shouldFocus: true });
  }, [failure, setError]);

  return (
    <>
      <form
        {...saving.form}
        noValidate
        onSubmit={(event) => {
          paste.forget();
          saving.form.onSubmit(event);
        }}
        className="grid gap-4"
      >
        <h2 className="text-lg font-semibold">{t("wizard.detailsTitle")}</h2>
        <CopyField label={t("wizard.redirectUri")} value={accountKey.redirectUri} />
        <p className="text-muted">{t("wizard.detailsText")}</p>
        <PasteBox filled={paste.filled} onFound={paste.fill} />
        <TextField
          mono
          label={t("wizard.tenantId")}
          autoComplete="off"
          onPaste={paste.onPaste}
          {...form.text("tenantId")}
        />
        <TextField
          mono
          label={t("wizard.clientId")}
          autoComplete="off"
          onPaste={paste.onPaste}
          {...form.text("clientId")}
        />
        <SecretField accountKey={accountKey} onPaste={paste.onPaste} {...form.text("clientSecret")} />
        {accountKey.warnings.map((warning) => (
          <Callout key={warning.code} tone="warning">
            <p>{warning.message}</p>
          </Callout>
        ))}
        <MoreDetails
          accountKey={accountKey}
          form={form}
          open={failure?.field === "cloud" || failure?.field === "scopes"}
        />
        <FormError problem={form.problem} />
        <div className="flex flex-wrap items-center gap-2">
          <Button variant="primary" {...saving.by("authorize")}>
            {t("wizard.authorize")}
          </Button>
          <Button {...saving.by("later")}>{t("wizard.saveLater")}</Button>
        </div>
        <p className="text-sm text-muted">{t("wizard.authorizeHint")}</p>
        <CheckValues
          accountKey={accountKey}
          form={form}
          onMend={(field, message) =>
            isDetail(field) ? () => setError(field, { message }, { shouldFocus: true }) : null
          }
        />
      </form>
      <ConfirmDialog
        danger
        open={saving.asking}
        onClose={saving.closeQuestion}
        title={t("wizard.endGrantTitle", { name: accountKey.displayName })}
        confirmLabel={t("wizard.endGrant")}
        onConfirm={saving.agree}
      >
        <p>{t("wizard.endGrantText", { account: accountKey.account?.userPrincipalName ?? "" })}</p>
        <p>{t("wizard.endGrantAdvice")}</p>
      </ConfirmDialog>
    </>
  );
}

type SecretFieldProps = Omit<ComponentProps<typeof PasswordField>, "label"> & { accountKey: AccountKey };

/** The saved secret may stay, unless it is what is wrong. */
function SecretField({ accountKey: { clientSecret }, ...field }: SecretFieldProps) {
  const keep = clientSecret.set && !field.error;
  return (
    <PasswordField
      {...field}
      mono
      label={t("wizard.secret")}
      hint={keep ? t("wizard.secretSaved", { hint: clientSecret.hint }) : t("wizard.secretHint")}
      autoComplete="new-password"
    />
  );
}
