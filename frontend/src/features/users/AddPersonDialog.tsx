import { isProblem } from "@/api/problem";
import { useCreateUser, type UserLink } from "@/api/users";
import { email, personName } from "@/features/session";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { useShownOnce } from "@/lib/shownOnce";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { FormError } from "@/ui/FormError";
import { RadioGroup } from "@/ui/RadioGroup";
import { TextField } from "@/ui/TextField";
import { LinkOnce } from "./LinkOnce";
import { roleOptions } from "./roles";

const schema = z.object({ name: personName, email, role: z.enum(["admin", "operator", "viewer"]) });

type Invited = { name: string; link: UserLink };

type AddPersonDialogProps = { open: boolean; onClose: () => void };

/** Asks who it is, and shows the link for them the one time. */
export function AddPersonDialog({ open, onClose }: AddPersonDialogProps) {
  const [invited, setInvited] = useShownOnce<Invited>(open);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      size={invited ? "md" : "sm"}
      title={invited ? t("users.linkReadyTitle", { name: invited.name }) : t("users.addTitle")}
      description={invited ? undefined : t("users.addText")}
      // Escape at the wrong moment must not lose what is shown once.
      dismissible={invited === null}
    >
      {invited ? (
        <LinkOnce {...invited} label={t("users.invitationLink")} onClose={onClose} />
      ) : (
        <AddPersonForm onInvited={setInvited} onClose={onClose} />
      )}
    </Dialog>
  );
}

type AddPersonFormProps = { onInvited: (invited: Invited) => void; onClose: () => void };

function AddPersonForm({ onInvited, onClose }: AddPersonFormProps) {
  const form = useForm(schema, { name: "", email: "", role: "operator" });
  const role = useField(form.control, "role");
  const create = useCreateUser();

  async function submit(values: z.infer<typeof schema>) {
    try {
      const { name, invitation } = await create.mutateAsync(values);
      if (invitation) onInvited({ name, link: invitation });
    } catch (error) {
      if (!isProblem(error, "email_taken")) throw error;
      form.setError("email", { message: t("users.emailTaken") }, { shouldFocus: true });
    }
  }

  return (
    <form noValidate onSubmit={form.submit(submit)} className="grid gap-4">
      <TextField label={t("users.name")} autoComplete="off" {...form.text("name")} />
      <TextField
        label={t("users.email")}
        type="email"
        autoComplete="off"
        autoCapitalize="none"
        {...form.text("email")}
      />
      <RadioGroup label={t("users.role")} options={roleOptions} {...role} />
      <FormError problem={form.problem} />
      <DialogActions>
        <Button type="submit" variant="primary" pending={form.pending}>
          {t("users.addSubmit")}
        </Button>
        <Button disabled={form.pending} onClick={onClose}>
          {t("action.cancel")}
        </Button>
      </DialogActions>
    </form>
  );
}
