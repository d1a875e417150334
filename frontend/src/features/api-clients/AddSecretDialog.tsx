import { useCreateApiClientSecret } from "@/api/api-clients";
import { t } from "@/i18n/t";
import { useForm } from "@/lib/form";
import { useShownOnce } from "@/lib/shownOnce";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { SecretOnce } from "@/ui/Copy";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { FormError } from "@/ui/FormError";
import { TextField } from "@/ui/TextField";
import { TokenRequest } from "./TokenRequest";

/** A secret is good until the end of its last day, where the person is. */
const endOf = (day: string) => new Date(`${day}T23:59:59`);

const schema = z.object({
  expiresAt: z
    .string()
    .refine((day) => day === "" || endOf(day) > new Date(), t("apiClients.secretExpiryPast")),
});

type AddSecretDialogProps = { clientId: string; open: boolean; onClose: () => void };

/** Asks how long, makes the secret, and shows it the one time. */
export function AddSecretDialog({ clientId, open, onClose }: AddSecretDialogProps) {
  const [secret, setSecret] = useShownOnce<string>(open);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      size="md"
      title={t("apiClients.addSecretTitle")}
      description={secret === null ? t("apiClients.addSecretText") : undefined}
      // Escape at the wrong moment must not lose what is shown once.
      dismissible={secret === null}
    >
      {secret === null ? (
        <AddSecretForm clientId={clientId} onCreated={setSecret} onClose={onClose} />
      ) : (
        <div className="mt-2 grid gap-5">
          <SecretOnce label={t("apiClients.secret")} secret={secret} />
          <TokenRequest clientId={clientId} secret={secret} />
          <div>
            <Button variant="primary" onClick={onClose}>
              {t("apiClients.openClient")}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

type AddSecretFormProps = { clientId: string; onCreated: (secret: string) => void; onClose: () => void };

function AddSecretForm({ clientId, onCreated, onClose }: AddSecretFormProps) {
  const form = useForm(schema, { expiresAt: "" });
  const create = useCreateApiClientSecret(clientId);

  async function submit({ expiresAt }: z.infer<typeof schema>) {
    const created = await create.mutateAsync(
      expiresAt === "" ? {} : { expiresAt: endOf(expiresAt).toISOString() },
    );
    onCreated(created.secret);
  }

  return (
    <form noValidate onSubmit={form.submit(submit)} className="grid gap-4">
      <TextField
        optional
        type="date"
        label={t("apiClients.secretExpiry")}
        hint={t("apiClients.secretExpiryHint")}
        {...form.text("expiresAt")}
      />
      <FormError problem={form.problem} />
      <DialogActions>
        <Button type="submit" variant="primary" pending={form.pending}>
          {t("apiClients.addSecret")}
        </Button>
        <Button disabled={form.pending} onClick={onClose}>
          {t("action.cancel")}
        </Button>
      </DialogActions>
    </form>
  );
}
