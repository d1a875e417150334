import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useUpdateAccountKey, type AccountKey } from "@/api/account-keys";
import { useStartAuthorization } from "@/api/authorizations";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { openDialogWindow, rememberReturn } from "@/lib/authorizing";
import { useField, useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { CopyField } from "@/ui/Copy";
import { FormError } from "@/ui/FormError";
import { PasswordField } from "@/ui/PasswordField";
import { Select } from "@/ui/Select";
import { TextField } from "@/ui/TextField";
import { toast } from "@/ui/toast";
import { CheckValues } from "./CheckValues";

const schema = z.object({
  tenantId: z.string().trim(),
  clientId: z.string().trim(),
  clientSecret: z.string().trim(),
  cloud: z.string(),
  clientSecretExpiresOn: z.string(),
  loginHint: z.string().trim(),
});

type Values = z.infer<typeof schema>;

/** What an attempt found wrong with a field, to show there. */
export type PlacedFailure = { field: keyof Values; message: string };

const fields: readonly string[] = [
  "tenantId",
  "clientId",
  "clientSecret",
  "cloud",
] satisfies (keyof Values)[];

export const isDetail = (field: string): field is keyof Values => fields.includes(field);

type DetailsStepProps = {
  accountKey: AccountKey & { etag: string };
  failure: PlacedFailure | null;
  onStarted: (attemptId: string) => void;
};

/** The ids, the secret, and the button that saves, checks and opens Microsoft's dialog. */
export function DetailsStep({ accountKey, failure, onStarted }: DetailsStepProps) {
  const form = useForm(schema, {
    tenantId: accountKey.tenantId,
    clientId: accountKey.clientId,
    clientSecret: "",
    cloud: accountKey.cloud,
    clientSecretExpiresOn: accountKey.clientSecret.expiresOn ?? "",
    loginHint: accountKey.loginHint,
  });
  const update = useUpdateAccountKey(accountKey.id);
  const start = useStartAuthorization(accountKey.id);
  const navigate = useNavigate();
  const popup = useRef<Window | null>(null);
  const { setError } = form;
  useEffect(() => {
    if (failure) setError(failure.field, { message: failure.message }, { shouldFocus: true });
  }, [failure, setError]);

  const save = (values: Values) => update.mutateAsync(changeOf(values, accountKey));

  async function authorize(values: Values) {
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
      <TextField mono label={t("wizard.tenantId")} autoComplete="off" {...form.text("tenantId")} />
      <TextField mono label={t("wizard.clientId")} autoComplete="off" {...form.text("clientId")} />
      <PasswordField
        mono
        label={t("wizard.secret")}
        hint={
          accountKey.clientSecret.set
            ? t("wizard.secretSaved", { hint: accountKey.clientSecret.hint })
            : t("wizard.secretHint")
        }
        autoComplete="new-password"
        {...form.text("clientSecret")}
      />
      {accountKey.warnings.map((warning) => (
        <Callout key={warning.code} tone="warning">
          <p>{warning.message}</p>
        </Callout>
      ))}
      <MoreDetails form={form} open={failure?.field === "cloud"} />
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

type DetailsForm = ReturnType<typeof useForm<Values>>;

function MoreDetails({ form, open }: { form: DetailsForm; open: boolean }) {
  const instance = useQuery(instanceQuery);
  const cloud = useField(form.control, "cloud");
  const options = (instance.data?.clouds ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <details open={open || Boolean(cloud.error)} className="rounded-md border border-line px-3 py-2">
      <summary className="cursor-pointer font-semibold">{t("wizard.more")}</summary>
      <div className="mt-3 grid gap-4 pb-2">
        <Select label={t("wizard.cloud")} options={options} {...cloud} />
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

/** What to save: an empty secret field keeps the secret that is there. */
function changeOf(
  { clientSecret, clientSecretExpiresOn, ...rest }: Values,
  key: AccountKey & { etag: string },
) {
  return {
    ...rest,
    ...(clientSecret === "" ? {} : { clientSecret }),
    clientSecretExpiresOn: clientSecretExpiresOn === "" ? null : clientSecretExpiresOn,
    etag: key.etag,
  };
}
