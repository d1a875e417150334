import { useChangePassword } from "@/api/session";
import { t } from "@/i18n/t";
import { useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { FormError } from "@/ui/FormError";
import { PasswordField } from "@/ui/PasswordField";
import { toast } from "@/ui/toast";
import { NewPasswordField } from "./formParts";
import { newPassword } from "./schema";

const schema = z.object({
  currentPassword: z.string().min(1, t("changePassword.currentMissing")),
  newPassword,
});

/** Shown when it is mounted: mount it to open it. */
export function ChangePasswordDialog({ onClose }: { onClose: () => void }) {
  const form = useForm(schema, { currentPassword: "", newPassword: "" });
  const change = useChangePassword();

  async function submit(values: z.infer<typeof schema>) {
    await change.mutateAsync(values);
    toast.success(t("changePassword.done"));
    onClose();
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t("changePassword.title")}
      description={t("changePassword.description")}
    >
      <form noValidate onSubmit={form.submit(submit)} className="grid gap-4">
        <PasswordField
          label={t("changePassword.current")}
          autoComplete="current-password"
          {...form.text("currentPassword")}
        />
        <NewPasswordField label={t("changePassword.new")} {...form.text("newPassword")} />
        <FormError problem={form.problem} />
        <DialogActions>
          <Button type="submit" variant="primary" pending={form.pending}>
            {t("changePassword.submit")}
          </Button>
          <Button disabled={form.pending} onClick={onClose}>
            {t("action.cancel")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
