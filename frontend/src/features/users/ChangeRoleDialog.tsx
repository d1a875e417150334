import { useUpdateUser, type User } from "@/api/users";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { FormError } from "@/ui/FormError";
import { RadioGroup } from "@/ui/RadioGroup";
import { toast } from "@/ui/toast";
import { roleOptions } from "./roles";

const schema = z.object({ role: z.enum(["admin", "operator", "viewer"]) });

type ChangeRoleDialogProps = { user: User; open: boolean; onClose: () => void };

export function ChangeRoleDialog({ user, open, onClose }: ChangeRoleDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={t("users.changeRoleTitle", { name: user.name })}>
      <ChangeRoleForm user={user} onClose={onClose} />
    </Dialog>
  );
}

function ChangeRoleForm({ user, onClose }: Omit<ChangeRoleDialogProps, "open">) {
  const form = useForm(schema, { role: user.role });
  const role = useField(form.control, "role");
  const update = useUpdateUser();

  async function submit(values: z.infer<typeof schema>) {
    await update.mutateAsync({ id: user.id, role: values.role });
    toast.success(t("users.roleChanged", { name: user.name, role: t(`role.${values.role}`) }));
    onClose();
  }

  return (
    <form noValidate onSubmit={form.submit(submit)} className="mt-2 grid gap-4">
      <RadioGroup label={t("users.role")} options={roleOptions} {...role} />
      <FormError problem={form.problem} />
      <DialogActions>
        <Button type="submit" variant="primary" pending={form.pending}>
          {t("users.changeRole")}
        </Button>
        <Button disabled={form.pending} onClick={onClose}>
          {t("action.cancel")}
        </Button>
      </DialogActions>
    </form>
  );
}
