import { isProblem } from "@/api/problem";
import { useCreateUser } from "@/api/users";
import { email, newPassword, personName } from "@/features/session";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { FormError } from "@/ui/FormError";
import { PasswordField } from "@/ui/PasswordField";
import { RadioGroup } from "@/ui/RadioGroup";
import { TextField } from "@/ui/TextField";
import { toast } from "@/ui/toast";
import { roleOptions } from "./roles";

const schema = z.object({
  name: personName,
  email,
  role: z.enum(["admin", "operator", "viewer"]),
  password: newPassword,
});

type AddPersonDialogProps = { open: boolean; onClose: () => void };

export function AddPersonDialog({ open, onClose }: AddPersonDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={t("users.addTitle")}>
      <AddPersonForm onClose={onClose} />
    </Dialog>
  );
}

function AddPersonForm({ onClose }: { onClose: () => void }) {
  const form = useForm(schema, { name: "", email: "", role: "operator", password: "" });
  const role = useField(form.control, "role");
  const create = useCreateUser();

  async function submit(values: z.infer<typeof schema>) {
    try {
      await create.mutateAsync(values);
    } catch (error) {
      if (!isProblem(error, "email_taken")) throw error;
      form.setError("email", { message: t("users.emailTaken") }, { shouldFocus: true });
      return;
    }
    toast.success(t("users.added", { name: values.name }));
    onClose();
  }

  return (
    <form noValidate onSubmit={form.submit(submit)} className="mt-2 grid gap-4">
      <TextField label={t("users.name")} autoComplete="off" {...form.text("name")} />
      <TextField
        label={t("users.email")}
        type="email"
        autoComplete="off"
        autoCapitalize="none"
        {...form.text("email")}
      />
      <RadioGroup label={t("users.role")} options={roleOptions} {...role} />
      <PasswordField
        label={t("users.initialPassword")}
        hint={
          <>
            {t("password.rule")} {t("users.initialPasswordHint")}
          </>
        }
        autoComplete="new-password"
        {...form.text("password")}
      />
      <FormError problem={form.problem} />
      <DialogActions>
        <Button type="submit" variant="primary" pending={form.pending}>
          {t("users.addSubmit")}
        </Button>
        <Button onClick={onClose}>{t("action.cancel")}</Button>
      </DialogActions>
    </form>
  );
}
