import { useState } from "react";
import { useUpdateAccountKey, type AccountKey } from "@/api/account-keys";
import { useAuthorization, useStartAuthorization, type Authorization } from "@/api/authorizations";
import type { Versioned } from "@/api/client";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { formatDateTime } from "@/lib/format";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { CopyField } from "@/ui/Copy";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { FormError } from "@/ui/FormError";
import { PasswordField } from "@/ui/PasswordField";
import { TextField } from "@/ui/TextField";
import { toast } from "@/ui/toast";
import { AccountKept, accountKept, ConfirmAttempt } from "./ConfirmAccount";
import { NameForm } from "./NameForm";
import { ScopePicker } from "./ScopePicker";
import { StickyActions } from "./StickyActions";

type EditDialogsProps = {
  accountKey: Versioned<AccountKey>;
  asking: "rename" | "scopes" | "secret" | "link";
  onClose: () => void;
  /** A new secret is saved: now to try it. */
  onReplaced: () => void;
};

/** The dialogs with forms; they load when first opened. */
export function EditDialogs({ accountKey: now, asking, onClose, onReplaced }: EditDialogsProps) {
  // What the form was filled with. A version that arrives later is somebody else's change: to send its ETag
  // would undo it unseen.
  const [accountKey] = useState(now);
  if (asking === "link") return <LinkDialog accountKey={accountKey} onClose={onClose} />;
  if (asking === "scopes") return <ScopesDialog accountKey={accountKey} onClose={onClose} />;
  if (asking === "secret")
    return <SecretDialog accountKey={accountKey} onClose={onClose} onReplaced={onReplaced} />;
  return <RenameDialog accountKey={accountKey} onClose={onClose} />;
}

type DialogProps = Pick<EditDialogsProps, "accountKey" | "onClose">;

function RenameDialog({ accountKey, onClose }: DialogProps) {
  const update = useUpdateAccountKey(accountKey.id);
  return (
    <Dialog open onClose={onClose} title={t("key.rename")}>
      <NameForm
        initial={accountKey}
        submitLabel={t("action.saveChanges")}
        onSubmit={async ({ displayName, description }) => {
          await update.mutateAsync({ displayName, description, etag: accountKey.etag });
          toast.success(t("key.saved"));
          onClose();
        }}
        beside={<Button onClick={onClose}>{t("action.cancel")}</Button>}
      />
    </Dialog>
  );
}

const scopesSchema = z.object({ scopes: z.array(z.string()) });

function ScopesDialog({ accountKey, onClose }: DialogProps) {
  const form = useForm(scopesSchema, { scopes: accountKey.scopes });
  const scopes = useField(form.control, "scopes");
  const update = useUpdateAccountKey(accountKey.id);
  return (
    <Dialog
      open
      size="md"
      onClose={onClose}
      title={t("key.editScopes")}
      description={t("key.editScopesText")}
    >
      <form
        noValidate
        onSubmit={form.submit(async (change) => {
          await update.mutateAsync({ ...change, etag: accountKey.etag });
          toast.success(t("key.saved"));
          onClose();
        })}
        className="grid gap-4"
      >
        <ScopePicker accountKey={accountKey} {...scopes} />
        <FormError problem={form.problem} />
        <StickyActions>
          <Button type="submit" variant="primary" pending={form.pending}>
            {t("action.saveChanges")}
          </Button>
          <Button disabled={form.pending} onClick={onClose}>
            {t("action.cancel")}
          </Button>
        </StickyActions>
      </form>
    </Dialog>
  );
}

const secretSchema = z.object({
  clientSecret: z.string().trim().min(1, t("wizard.secretMissing")),
  clientSecretExpiresOn: z.string(),
});

function SecretDialog({ accountKey, onClose, onReplaced }: Omit<EditDialogsProps, "asking">) {
  const form = useForm(secretSchema, { clientSecret: "", clientSecretExpiresOn: "" });
  const update = useUpdateAccountKey(accountKey.id);
  return (
    <Dialog open onClose={onClose} title={t("key.replaceSecret")} description={t("key.replaceSecretText")}>
      <form
        noValidate
        onSubmit={form.submit(async ({ clientSecret, clientSecretExpiresOn }) => {
          await update.mutateAsync({
            clientSecret,
            clientSecretExpiresOn: clientSecretExpiresOn || null,
            etag: accountKey.etag,
          });
          onReplaced();
        })}
        className="grid gap-4"
      >
        <PasswordField
          mono
          label={t("wizard.secret")}
          hint={t("wizard.secretHint")}
          autoComplete="new-password"
          {...form.text("clientSecret")}
        />
        <TextField
          optional
          type="date"
          label={t("wizard.secretExpiresOn")}
          hint={t("wizard.secretExpiresHint")}
          {...form.text("clientSecretExpiresOn")}
        />
        <FormError problem={form.problem} />
        <DialogActions>
          <Button type="submit" variant="primary" pending={form.pending}>
            {t("key.replaceSecret")}
          </Button>
          <Button disabled={form.pending} onClick={onClose}>
            {t("action.cancel")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function LinkDialog({ accountKey, onClose }: DialogProps) {
  const start = useStartAuthorization(accountKey.id);
  return (
    <Dialog open onClose={onClose} title={t("key.linkTitle")} description={t("key.linkIntro")}>
      <div className="grid gap-4">
        {start.data && <MadeLink key={start.data.id} attempt={start.data} />}
        <FormError problem={start.error ? { error: start.error, unplaced: [] } : null} />
        <DialogActions>
          {!start.data && (
            <Button variant="primary" pending={start.isPending} onClick={() => start.mutate("link")}>
              {t("key.linkMake")}
            </Button>
          )}
          <Button onClick={onClose}>{t("action.close")}</Button>
        </DialogActions>
      </div>
    </Dialog>
  );
}

/** The link, and what became of it while the dialog is open. */
function MadeLink({ attempt }: { attempt: Authorization }) {
  const { data: now } = useAuthorization(attempt.accountKeyId, attempt.id);
  return (
    <>
      <p>{t("key.linkText", { time: formatDateTime(attempt.expiresAt) })}</p>
      <CopyField label={t("key.linkTitle")} value={attempt.url ?? ""} />
      {now && <LinkOutcome attempt={now} />}
    </>
  );
}

function LinkOutcome({ attempt }: { attempt: Authorization }) {
  const { account, failure, status } = attempt;
  switch (status) {
    case "pending":
      return null;
    case "succeeded":
      return (
        <Callout
          live
          tone="success"
          title={t("attempt.succeededTitle", { account: account?.userPrincipalName ?? "" })}
        />
      );
    case "needs_confirmation":
      return <ConfirmAttempt attempt={attempt} />;
    case "expired":
      return (
        <Callout live tone="warning" title={t("attempt.expiredTitle")}>
          <p>{t("key.linkExpired")}</p>
        </Callout>
      );
    case "failed":
      return accountKept(attempt) ? (
        <AccountKept attempt={attempt} />
      ) : (
        <Callout live tone="danger" title={t("attempt.failedTitle")}>
          <p>{failure?.message}</p>
          <p>{failure?.fix}</p>
        </Callout>
      );
  }
}
