import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { AccountKey, AccountKeyChange } from "@/api/account-keys";
import { useStartAuthorization } from "@/api/authorizations";
import { t } from "@/i18n/t";
import { openDialogWindow, rememberReturn } from "@/lib/authorizing";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { CopyField } from "@/ui/Copy";
import { FormError } from "@/ui/FormError";
import { PasswordField } from "@/ui/PasswordField";
import { TextField } from "@/ui/TextField";
import { toast } from "@/ui/toast";
import { CheckValues } from "./CheckValues";
import {
  changeOf,
  isDetail,
  showSaved,
  type DetailsForm,
  type DetailsValues,
  type PlacedFailure,
} from "./detailsForm";
import { MoreDetails } from "./MoreDetails";
import { PasteBox, usePaste } from "./PasteBox";

type DetailsStepProps = {
  accountKey: AccountKey;
  form: DetailsForm;
  onSave: (change: AccountKeyChange) => Promise<AccountKey>;
  failure: PlacedFailure | null;
  onStarted: (attemptId: string) => void;
};

/** The ids, the secret, and the button that saves, checks and opens Microsoft's dialog. */
export function DetailsStep({ accountKey, form, onSave, failure, onStarted }: DetailsStepProps) {
  const start = useStartAuthorization(accountKey.id);
  const navigate = useNavigate();
  const popup = useRef<Window | null>(null);
  const paste = usePaste(form);
  const { setError } = form;
  useEffect(() => {
    if (failure) setError(failure.field, { message: failure.message }, { shouldFocus: true });
  }, [failure, setError]);

  const save = async (values: DetailsValues) => showSaved(form, await onSave(changeOf(values)));

  async function authorize(values: DetailsValues) {
    const dialog = popup.current;
    popup.current = null;
    try {
      await save(values);
      form.set("clientSecret", "");
      const { id, url } = await start.mutateAsync("popup");
      if (url === undefined) throw new Error("no url");
      if (dialog) {
        dialog.location.replace(url);
        onStarted(id);
      } else {
        rememberReturn(id, accountKey.id);
        window.location.assign(url);
      }
    } catch (error) {
      dialog?.close();
      throw error;
    }
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        // At the click, or the browser takes it for an advertisement. What is missing is found without one.
        const { tenantId, clientId, clientSecret } = form.values();
        const complete = tenantId && clientId && (clientSecret || accountKey.clientSecret.set);
        popup.current = complete ? openDialogWindow() : null;
        form.submit(authorize)(event);
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
      <PasswordField
        mono
        label={t("wizard.secret")}
        hint={
          accountKey.clientSecret.set
            ? t("wizard.secretSaved", { hint: accountKey.clientSecret.hint })
            : t("wizard.secretHint")
        }
        autoComplete="new-password"
        onPaste={paste.onPaste}
        {...form.text("clientSecret")}
      />
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
        <Button type="submit" variant="primary" pending={form.pending}>
          {t("wizard.authorize")}
        </Button>
        <Button
          onClick={() =>
            void save(form.values())
              .then(() => {
                toast.success(t("wizard.savedDraft", { name: accountKey.displayName }));
                return navigate({ to: "/account-keys", search: { fresh: accountKey.id } });
              })
              .catch((error: unknown) => form.place(error))
          }
        >
          {t("wizard.saveLater")}
        </Button>
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
  );
}
